"""Where modules are imported from: never from the working directory, but for those that ``plugins`` names.

``python -m`` puts the working directory before everything else, so that a file of a stranger's named ``random.py``
would be imported in place of the standard library's, in the supervisor and in the measured process.
"""

# pathlib would be imported before the path is in order:
# ruff: noqa: PTH100, PTH109, PTH120

import os
import sys

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def leave_out_working_directory() -> None:
    """Take the working directory from the head of the search path, where ``python -m`` has put it.

    It stays where this package itself is there: a checkout. Elsewhere in the path it stays too, for ``PYTHONPATH`` is
    the user's own word.
    """
    if sys.path and not sys.flags.safe_path and _is_here(sys.path[0]) and not is_checkout():
        del sys.path[0]


def working_directory_last(module: str) -> None:
    """Let a module that ``plugins`` names, and that is nowhere else, be found in the working directory."""
    if not _is_found(module.partition(".")[0]) and not any(map(_is_here, sys.path)):
        sys.path.append(os.getcwd())


def added_last() -> list[str]:
    """Return the working directory where :func:`working_directory_last` has added it: a worker has to, too."""
    return sys.path[-1:] if _is_here(sys.path[-1]) else []


def is_checkout() -> bool:
    """Tell whether this package lies in the working directory."""
    return os.path.realpath(_PACKAGE) == os.path.realpath(os.getcwd())


def worker_flags() -> tuple[str, ...]:
    """Return the options of Python with which the measured process leaves the working directory out, too."""
    return () if is_checkout() else ("-P",)


def _is_found(name: str) -> bool:
    from importlib.util import find_spec  # later than leave_out_working_directory

    try:
        return find_spec(name) is not None
    except ValueError:  # no name, or that of what has none; importing it says what is wrong
        return True


def _is_here(place: str) -> bool:
    return os.path.realpath(place or os.curdir) == os.path.realpath(os.getcwd())
