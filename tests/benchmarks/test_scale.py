import json
from pathlib import Path

import pytest

from benchmarks import scale
from benchmarks.generated import write_run
from benchmarks.results import Unmeasurable
from harness import store
from harness.analysis.stored_summary import read_summary
from harness.analysis.sweep import read_sweep


def test_a_generated_run_is_the_same_every_time(tmp_path: Path) -> None:
    """A seed gives its run to the last byte, another one another run."""
    first, again, other = (write_run(tmp_path / name, 3, seed) for name, seed in (("a", 1), ("b", 1), ("c", 2)))
    assert (first / store.TRIALS).read_bytes() == (again / store.TRIALS).read_bytes()
    assert (first / store.TRIALS).read_bytes() != (other / store.TRIALS).read_bytes()


def test_a_generated_run_is_one_of_so_many_trials(tmp_path: Path) -> None:
    """It goes on past the sixty trials that a minute has seconds for, in the order of time and without growth."""
    found = store.read_run(write_run(tmp_path / "run", 130, seed=1, curve=True))
    assert [trial.index for trial in found.trials] == list(range(130))
    starts = [trial.visits[0].phases[0].start_ns for trial in found.trials]
    assert starts == sorted(starts)
    assert {trial.outcome.kind for trial in found.trials} == {"ok"}
    assert (found.folder / store.CURVE).stat().st_size > 0


def test_a_generated_sweep(tmp_path: Path) -> None:
    """Runs that share a file of trials are cells of their own, and none has to be summarised again."""
    folder = scale.write_sweep(tmp_path / "sweep", runs=6, trials=3, distinct=2)
    made = [read_summary(folder / str(number)) for number in range(6)]
    assert len({one.summary.made_from for one in made}) == 2
    stored = json.loads((folder / "5" / store.SUMMARY).read_text())
    assert stored["made_from"]["size_bytes"] == store.read_run(folder / "5").stamp.size_bytes  # type: ignore[union-attr]
    sweep = read_sweep(folder)
    assert [cell.outcome for cell in sweep.cells] == ["ok"] * 6
    assert sweep.swept == ("threads", "context_length")
    assert len({scale.overrides_of(number) for number in range(2000)}) == 2000


def test_what_cannot_be_reported_is_no_figure(tmp_path: Path) -> None:
    """The command's own line says why."""
    with pytest.raises(Unmeasurable, match=r"the report of nothing: harness: run folder|expected the folder of a run"):
        scale.reported(tmp_path / "nothing")
