"""The commands, one to a file. They ask, show and write; whatever they know comes from the rest of Vitrina.

Nothing heavy is imported until a command runs, so that `vitrina --help` answers at once.
"""
