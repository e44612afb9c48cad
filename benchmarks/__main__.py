"""python -m benchmarks"""

if __name__ == "__main__":  # the contestants' processes import this file as well
    from benchmarks.run import main

    main()
