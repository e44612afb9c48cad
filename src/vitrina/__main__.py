"""`python -m vitrina` is the command `vitrina`, where that is not on the path."""

from vitrina.cli import main

if __name__ == "__main__":
    main()
