"""Commands of the command line that have modules of their own; :mod:`harness.cli` imports them when one is called."""
