"""A listener that keeps what it hears."""

from pathlib import Path

import msgspec

from harness import store
from harness.hookspecs import hookimpl
from harness.records import Run, Trial


class Diary:
    """Writes down what it hears, and what is on disk at that moment."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.on_disk: list[tuple[Trial, ...]] = []
        self.heard: list[Trial] = []
        self._folder = Path()

    @hookimpl
    def run_started(self, run: Run, folder: Path) -> None:
        """Note the run."""
        self._folder = folder
        self.lines.append(f"run_started {run.id} {folder.is_dir()}")

    @hookimpl
    def phase_started(self, trial: int, stage: str, phase: str) -> None:
        """Note the command."""
        self.lines.append(f"phase_started {trial} {stage} {phase}")

    @hookimpl
    def trial_finished(self, trial: Trial) -> None:
        """Note the trial, and read the file as another process would."""
        lines = (self._folder / store.TRIALS).read_bytes().splitlines()
        self.on_disk.append(tuple(msgspec.json.decode(line, type=Trial) for line in lines))
        self.heard.append(trial)
        self.lines.append(f"trial_finished {trial.index}")

    @hookimpl
    def run_finished(self, run: Run, folder: Path) -> None:
        """Note the end."""
        self.lines.append(f"run_finished {run.id}")
