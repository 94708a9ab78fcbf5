"""The command line, and the one place that prints errors and exits.

``python -m harness`` with Hydra's overrides runs; a first word of :data:`COMMANDS` calls the
module of that name in :mod:`harness.commands`, which is imported then, so that none waits for the others.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module, metadata
from pathlib import Path
from typing import NoReturn

from harness.errors import DiskError, UserError
from harness.printable import printable
from harness.stopping import heed_outside_a_run

COMMANDS = ("report", "resume", "rescore", "compare", "baseline", "watch", "known-times", "doctor", "plugins")
FAILED, BAD_INPUT, INTERRUPTED, CLOSED_PIPE = 1, 2, 130, 141


def main() -> NoReturn:
    """Run the command line of this process and exit with its status."""
    try:
        heed_outside_a_run()
        status = status_of(sys.argv[1:])
    except KeyboardInterrupt:  # a second signal, while the first was dealt with
        status = INTERRUPTED
    sys.exit(status)


def status_of(argv: Sequence[str]) -> int:
    """Carry out a command line and return its exit status.

    0: everything was done. 1: a trial or a job failed, a threshold is broken, or a disk took no more: what is done is
    kept. 2: what was given cannot be used. 130: interrupted. 141: nobody reads what is printed.
    """
    try:
        if list(argv) == ["--version"]:
            print(f"asr-align-harness {metadata.version('asr-align-harness')}")
            return 0
        if argv and argv[0] in COMMANDS:
            return _command(argv)
        from harness.hydra_app import run

        return run(argv)
    except UserError as error:
        print(f"harness: {error.shown()}", file=sys.stderr)
        if isinstance(error, DiskError):
            _print_nothing_more()
            return FAILED
        return BAD_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _print_nothing_more()
        return CLOSED_PIPE
    except OSError as error:
        if error.filename is not None:
            raise
        print(f"harness: {DiskError(Path('/dev/stdout'), error)}", file=sys.stderr)  # what has no name is our output
        _print_nothing_more()
        return FAILED


def _print_nothing_more() -> None:
    """Let the interpreter flush what it holds at its end, where nobody reads it or a full disk does not take it."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _command(argv: Sequence[str]) -> int:
    """Carry out one of :data:`COMMANDS`, the function of that name in the module of that name."""
    import typer

    name, *arguments = argv
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    function = name.replace("-", "_")
    app.command()(getattr(import_module(f"harness.commands.{function}"), function))
    usage_error: type[BaseException] = typer.BadParameter.__bases__[0]  # typer carries click under a private name
    try:
        status = app(arguments, prog_name=f"harness {name}", standalone_mode=False)
    except typer.Exit as leaving:
        return int(leaving.exit_code)
    except typer.Abort:  # what typer makes of Ctrl-C
        return INTERRUPTED
    except usage_error as error:
        said = getattr(error, "format_message", error.__str__)()  # names the option, which the text alone does not
        print(f"harness: {printable(said)}", file=sys.stderr)
        return BAD_INPUT
    return status if isinstance(status, int) else 0
