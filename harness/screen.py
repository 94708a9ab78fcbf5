"""The listener that shows a run: a progress bar with the time left on a terminal, plain lines when piped."""

import sys
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from harness.hookspecs import hookimpl
from harness.records import Run, Trial
from harness.report import screen_text
from harness.report.publish import Published
from harness.report.tables import heading


class Screen:
    """Prints banner, trials and summary to standard output; warnings go to standard error.

    ``trials`` is how many there will be. The bar is drawn when a phase begins or a trial ends, never by a thread of
    its own, so that nothing of ours runs while the engine does.
    """

    def __init__(self, reference: str | None, trials: int, *, quiet: bool = False, verbose: bool = False) -> None:
        self._reference = reference
        self._quiet = quiet
        self._verbose = verbose
        self._console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self._console,
            auto_refresh=False,
            transient=True,
            disable=quiet or not self._console.is_terminal,
        )
        self._bar = self._progress.add_task("starting", total=trials)
        self._run: Run | None = None

    @hookimpl
    def run_started(self, run: Run, folder: Path) -> None:
        """Print the banner."""
        self._run = run
        self._print(screen_text.banner(run, self._reference))
        self._progress.start()

    @hookimpl
    def phase_started(self, trial: int, stage: str, phase: str) -> None:
        """Show what the worker is about to do."""
        if self._verbose:
            self._print([f"[{heading(stage)}] {phase} (trial {trial})"])
        self._progress.update(self._bar, description=f"{heading(stage)} {phase}", refresh=True)

    @hookimpl
    def trial_finished(self, trial: Trial) -> None:
        """Print the trial's block, and move the bar."""
        if self._run is not None:
            self._print(screen_text.trial_block(self._run, trial))
        self._progress.update(self._bar, advance=1, refresh=True)

    @hookimpl
    def run_finished(self, run: Run, folder: Path) -> None:
        """Take the bar away."""
        self._progress.stop()

    def show(self, published: Published) -> None:
        """Print the summary, and where the results are."""
        self._print(screen_text.ending(published, verbose=self._verbose))
        self._console.print(f"Results: {published.stored.folder}")

    def warn(self, lines: Iterable[str]) -> None:
        """Print warnings, also when quiet."""
        for line in lines:
            print(f"warning: {line}", file=sys.stderr)

    def _print(self, lines: Iterable[str]) -> None:
        if not self._quiet:
            for line in lines:
                self._console.print(line)
