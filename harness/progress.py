"""The listener that draws a progress bar with the time left, on a terminal."""

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from harness.hookspecs import hookimpl
from harness.records import Run, Trial
from harness.report.figures import heading


class ProgressBar:
    """A bar over ``trials`` trials.

    It is drawn when a phase begins and when a trial ends, never by a thread of its own: nothing of ours runs while the
    engine does.
    """

    def __init__(self, trials: int) -> None:
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
        )
        self._bar = self._progress.add_task("starting", total=trials)

    def write(self, line: str) -> None:
        """Print a line above the bar."""
        self._console.print(line)

    @hookimpl
    def run_started(self, run: Run, folder: Path) -> None:
        """Draw the bar."""
        self._progress.start()

    @hookimpl
    def phase_started(self, trial: int, stage: str, phase: str) -> None:
        """Show what the worker is about to do."""
        self._progress.update(self._bar, description=f"{heading(stage)} {phase}", refresh=True)

    @hookimpl
    def trial_finished(self, trial: Trial) -> None:
        """Move the bar."""
        self._progress.update(self._bar, advance=1, refresh=True)

    @hookimpl
    def run_finished(self, run: Run, folder: Path) -> None:
        """Take the bar away."""
        self._progress.stop()
