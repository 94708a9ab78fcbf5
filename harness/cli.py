"""The command line, and the one place that prints errors and exits.

``python -m harness`` with Hydra's overrides runs; a first word of :data:`COMMANDS` does something with what there is.
What a command needs is imported when it runs, so that none waits for the others.
"""

import os
import signal
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import NoReturn

from harness.errors import ConfigError, UserError
from harness.printable import printable

COMMANDS = ("report", "compare", "baseline", "watch", "doctor", "plugins")
BAD_INPUT, INTERRUPTED, CLOSED_PIPE = 2, 130, 141


def main() -> NoReturn:
    """Run the command line of this process and exit with its status. SIGTERM ends a run as Ctrl-C does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if not {"", str(Path.cwd())} & set(sys.path):
        sys.path.insert(0, str(Path.cwd()))  # as python -m does, so that plugins=[my_module] is found
    sys.exit(status_of(sys.argv[1:]))


def status_of(argv: Sequence[str]) -> int:
    """Carry out a command line and return its exit status.

    0: everything was done. 1: a trial or a job failed, or a threshold is broken. 2: what was given cannot be used. 130:
    interrupted. 141: nobody reads what is printed.
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
        print(f"harness: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the interpreter can flush at its end
        return CLOSED_PIPE


def _command(argv: Sequence[str]) -> int:
    import typer

    from harness.commands.baseline import baseline
    from harness.commands.compare import compare

    app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
    app.command()(report)
    app.command()(watch)
    app.command()(plugins)
    app.command()(doctor)
    app.command()(compare)
    app.command()(baseline)
    usage_error: type[BaseException] = typer.BadParameter.__bases__[0]  # typer carries click under a private name
    try:
        status = app(list(argv), prog_name="harness", standalone_mode=False)
    except typer.Exit as leaving:
        return int(leaving.exit_code)
    except usage_error as error:
        print(f"harness: {error}", file=sys.stderr)
        return BAD_INPUT
    return status if isinstance(status, int) else 0


def report(folder: Path, baseline: str | None = None) -> None:
    """Make the reports of a stored run, sweep or search for a memory limit again, and print them.

    --baseline names the cell of a sweep that the others are compared with: threads=1, or a job's number.
    """
    from harness.analysis.fit import is_search, read_search
    from harness.analysis.sweep import is_sweep, read_sweep
    from harness.report.fit_report import publish_search, search_table, sentence
    from harness.report.publish import ending, publish
    from harness.report.sweep_page import publish_page
    from harness.report.sweep_report import publish_sweep, sweep_text
    from harness.report.sweep_table import sweep_figures

    if is_sweep(folder):
        sweep = read_sweep(folder, baseline)
        shown = sweep_figures(sweep)
        publish_sweep(sweep, shown)
        print(printable(sweep_text(sweep, shown)), flush=True)
        publish_page(sweep, shown)
    elif baseline is not None:
        raise ConfigError("--baseline", f"'{folder}'", "the folder of a sweep, whose cells can be compared")
    elif is_search(folder):
        search = read_search(folder)
        publish_search(search, folder)
        print(f"{search_table(search).text()}\n\nFit: {sentence(search)}")
    else:
        print(printable("\n".join(ending(publish(folder), verbose=True))))
    print(f"Results: {folder}")


def watch(folder: Path, once: bool = False, follow: bool = False) -> int:
    """Show a running or finished run or sweep, live: --once as it is now, --follow also before and after."""
    from harness.watch import watch as show

    try:
        show(folder, once=once, follow=follow)
    except KeyboardInterrupt:  # which typer would take for an error of its own
        return INTERRUPTED
    return 0


def plugins() -> None:
    """List stages, probes and exporters with their options, metrics, units and where each comes from."""
    from harness.catalogue import catalogue
    from harness.plugins import discover

    print("\n".join(catalogue(discover())))


def doctor(json: bool = False) -> int:
    """Say what of this machine blurs figures, which engines can run, and what mends the rest."""
    from harness.doctor.examination import examine
    from harness.doctor.finding import written

    examination = examine()
    print(written(examination, as_json=json))
    return 0 if examination.ok else 1
