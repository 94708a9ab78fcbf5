"""The listener that draws a progress bar with the time left, on a terminal."""

from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text

from harness.hookspecs import hookimpl
from harness.printable import printable
from harness.records import Run, Trial
from harness.report.figures import heading
from harness.report.status_line import duration, last_figures, rss_mib
from harness.sweeping.place import Place

_BAR_COLUMNS = 12
_PERIOD_S = 86_400.0
"""The time left is told by the trials of a day; by those of half a minute, as by default, slow ones would have none."""


class _CutColumn(TextColumn):
    """A text that gives way on a narrow terminal, in its one line; counts and times stay whole."""

    def __init__(self, text: str) -> None:
        super().__init__(text, markup=False, table_column=Column())

    def render(self, task: Task) -> Text:
        """Cut the text where its column ends."""
        text = super().render(task)
        text.no_wrap, text.overflow = True, "ellipsis"
        return text


def _whole() -> Column:
    return Column(no_wrap=True)


class ProgressBar:
    """A bar over ``trials`` trials, with the last figures and memory now; ``place`` says which cell of a sweep it is.

    ``done`` of them are behind it when it begins: those of a resumed run's earlier legs.

    It is drawn when a phase begins and when a trial ends, never by a thread of its own: nothing of ours runs while the
    engine does.
    """

    def __init__(self, trials: int, place: Place | None = None, done: int = 0) -> None:
        self._console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
        self._progress = Progress(
            _CutColumn("{task.description}"),
            BarColumn(_BAR_COLUMNS),
            MofNCompleteColumn(table_column=_whole()),
            TimeElapsedColumn(table_column=_whole()),
            TextColumn("left"),
            TimeRemainingColumn(table_column=_whole()),
            _CutColumn("{task.fields[now]}"),
            console=self._console,
            auto_refresh=False,
            transient=True,
            speed_estimate_period=_PERIOD_S,
        )
        self._place = place
        self._run: Run | None = None
        self._before = f"[{printable(str(place))}] " if place else ""
        self._bar = self._progress.add_task(f"{self._before}starting", total=trials, completed=done, now="")

    def write(self, line: str) -> None:
        """Print a line above the bar."""
        self._console.print(line)

    @hookimpl
    def run_started(self, run: Run, folder: Path) -> None:
        """Draw the bar."""
        self._run = run
        self._progress.start()

    @hookimpl
    def phase_started(self, trial: int, stage: str, phase: str) -> None:
        """Show what the worker is about to do."""
        self._progress.update(self._bar, description=f"{self._before}{printable(heading(stage))} {phase}", refresh=True)

    @hookimpl
    def trial_finished(self, trial: Trial) -> None:
        """Move the bar."""
        self._progress.update(self._bar, advance=1)
        self._progress.update(self._bar, now=self._now(trial), refresh=True)

    @hookimpl
    def run_finished(self, run: Run, folder: Path) -> None:
        """Take the bar away."""
        self._progress.stop()

    def _now(self, trial: Trial) -> str:
        """Return the last figures, memory now, and the time left of the sweep where it can be told."""
        rss, left_s = rss_mib(trial), self._progress.tasks[0].time_remaining
        sweep_s = self._place.left_s(left_s) if self._place and left_s is not None else None
        parts = [
            "" if sweep_s is None else f"sweep {duration(sweep_s)}",
            "" if rss is None else f"{rss:.1f} MiB",
            last_figures(self._run, trial) if self._run else "",
        ]
        return " ".join(part for part in parts if part)
