"""The commands of the command line: a module, and in it a function, of each one's name.

:mod:`harness.cli` imports the one that is called. Its signature is the usage, its docstring the help; what it returns
is the exit status, nothing for 0.
"""
