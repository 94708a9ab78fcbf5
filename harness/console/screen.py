"""The listener that shows a run as lines: the banner, a block for each trial, in verbose mode each phase."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from harness.errors import DiskError
from harness.hookspecs import hookimpl
from harness.printable import printable
from harness.records import Run, Trial
from harness.report import screen_text
from harness.report.figures import heading

Write = Callable[[str], None]


def print_at_once(line: str) -> None:
    """Print a line that is seen now, also by who reads it through a pipe.

    Raises :class:`DiskError` where it goes to a file that takes no more.
    """
    try:
        print(line, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise DiskError(Path("/dev/stdout"), error) from None


class Screen:
    """Prints what happens through ``write``, a line at a time; nothing but warnings where ``quiet``.

    ``reference`` is the transcript of the first utterance, for the banner. Without ``blocks`` the trials are left to
    somebody else; ``troubles`` says then what went wrong in one. Control characters, which a transcript may have, are
    shown and not sent to the terminal.
    """

    def __init__(
        self,
        reference: str | None,
        write: Write = print_at_once,
        *,
        quiet: bool = False,
        verbose: bool = False,
        blocks: bool = True,
        troubles: bool = False,
    ) -> None:
        self._reference = reference
        self._write = write
        self._quiet = quiet
        self._verbose = verbose
        self._blocks = blocks
        self._troubles = troubles
        self._run: Run | None = None

    @hookimpl
    def run_started(self, run: Run, folder: Path) -> None:
        """Print the banner."""
        self._run = run
        self.show(screen_text.banner(run, self._reference))

    @hookimpl
    def phase_started(self, trial: int, stage: str, phase: str) -> None:
        """Say what the worker is about to do."""
        if self._verbose:
            self.show([f"[{heading(stage)}] {phase} (trial {trial})"])

    @hookimpl
    def trial_finished(self, trial: Trial) -> None:
        """Print the trial's block."""
        if self._run is not None and self._blocks:
            self.show(screen_text.trial_block(self._run, trial))
        elif self._troubles:
            self.show(screen_text.trouble_lines(trial))

    def show(self, lines: Iterable[str]) -> None:
        """Print lines, unless quiet."""
        if not self._quiet:
            for line in lines:
                self._write(printable(line))

    def warn(self, lines: Iterable[str]) -> None:
        """Print warnings on standard error, also when quiet."""
        for line in lines:
            print(f"warning: {printable(line)}", file=sys.stderr, flush=True)
