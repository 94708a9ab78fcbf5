from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from harness import store
from harness.analysis.blocks import merged, pooled
from harness.analysis.stored_summary import SummarisedRun, read_summary
from harness.errors import StoreError
from harness.records import Trial
from tests import stored
from tests.stored_sweep import faster


def cold_at(trials: Sequence[Trial], ttft_ms: float) -> list[Trial]:
    """Return trials whose first has another TTFT."""
    return [*faster(trials[:1], ttft_ms), *trials[1:]]


def blocks(folder: Path, *trials: Sequence[Trial], notes: Sequence[str] = ()) -> list[SummarisedRun]:
    """Write a run for each block, and return what can be read of them."""
    made = []
    for number, done in enumerate(trials):
        run = stored.run(block=number, blocks=len(trials), trials=len(done), notes=tuple(notes[number : number + 1]))
        made.append(read_summary(stored.write(folder / str(number), run, done)))
    return made


def test_one_block_is_its_own_summary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is read for it."""
    found = blocks(tmp_path, stored.trials())
    monkeypatch.setattr(store, "read_run", None)
    assert merged(found) is found[0].summary


def test_numbers_are_counted_on() -> None:
    """A trial, an iteration and a worker of one block have no number that another block's has."""
    found = pooled([stored.trials(3), stored.trials(2), stored.trials(2)])
    assert [trial.index for trial in found] == list(range(7))
    assert [trial.iteration for trial in found] == list(range(7))
    assert [trial.cold for trial in found] == [True, False, False, True, False, True, False]
    workers = [{phase.worker for visit in trial.visits for phase in visit.phases} for trial in found]
    assert workers == [{0}] * 3 + [{1}] * 2 + [{2}] * 2
    read = [{one.worker for visit in trial.visits for one in visit.observations} for trial in found]
    assert read == workers


def test_a_block_without_trials_takes_no_number() -> None:
    """The next one goes on where the one before it ended."""
    found = pooled([stored.trials(2), (), stored.trials(1)])
    assert [trial.index for trial in found] == [0, 1, 2]
    assert [trial.visits[0].phases[0].worker for trial in found] == [0, 0, 1]


def test_samples_are_of_all_trials(tmp_path: Path) -> None:
    """The median of the steady trials of all blocks; each block's first is cold, and the median of those is quoted."""
    slow, fast = cold_at(faster(stored.trials(4), 400.0), 900.0), cold_at(faster(stored.trials(3), 100.0), 500.0)
    entry = merged(blocks(tmp_path, slow, fast)).metrics["asr.ttft_ms"]
    assert (entry.n, entry.value, entry.min, entry.max) == (5, 400.0, 100.0, 400.0)
    assert entry.cold == 700.0


def test_ratios_are_sums_over_sums(tmp_path: Path) -> None:
    """Word errors of all trials over words of all trials, cold ones included."""
    entry = merged(blocks(tmp_path, stored.trials(3), stored.trials(2))).metrics["asr.wer"]
    assert (entry.n, entry.numerator, entry.denominator, entry.value) == (5, 5.0, 25.0, 0.2)


def test_growth_never_crosses_a_seam(tmp_path: Path) -> None:
    """It is of the block with the most points; over the seam memory falls back to where it began."""
    found = merged(blocks(tmp_path, stored.trials(4), stored.trials(6), stored.trials(3)))
    entry = found.metrics["memory.growth_mib_per_iteration"]
    assert (entry.n, entry.value) == (5, stored.GROWTH_MIB)
    assert found.verdicts["memory"].n == 5
    assert found.notes[-1] == (
        "measured in 3 blocks: figures are of all blocks' trials, cold is the median of their first ones; growth and "
        "verdicts are those of the longest block, or of one that leaks, for each begins with a new process"
    )


def test_a_block_that_has_no_growth_does_not_take_it_away(tmp_path: Path) -> None:
    """Three points make a slope, two do not; the reason stands only where no block has one."""
    name = "memory.growth_mib_per_iteration"
    assert merged(blocks(tmp_path / "a", stored.trials(3), stored.trials(4))).metrics[name].value == stored.GROWTH_MIB
    none = merged(blocks(tmp_path / "b", stored.trials(3), stored.trials(3))).metrics[name]
    assert (none.value, none.null_reason) == (None, "a slope needs 3 points in one process, there are 2")


def test_a_transcript_that_changes_between_blocks(tmp_path: Path) -> None:
    """Constancy is of all trials: another process may say something else."""
    other = [
        replace(
            trial,
            measurements=tuple(
                replace(one, text="something else") if one.name == "asr.transcript" else one
                for one in trial.measurements
            ),
        )
        for trial in stored.trials(2)
    ]
    metrics = merged(blocks(tmp_path, stored.trials(3), other)).metrics
    texts = [entry.text for entry in metrics.values() if entry.text is not None and entry.scope == "asr"]
    assert texts
    assert all(text.startswith("differs first in trial 3 (iteration 3, jfk): word 1 'and'") for text in texts)


def test_outcomes_are_counted_together(tmp_path: Path) -> None:
    """And problems say which block they are of."""
    failing = (replace(stored.trials(1)[0], problems=("odd",)), stored.failed(1))
    found = merged(blocks(tmp_path, stored.trials(3), failing))
    assert (found.outcomes, found.trials) == ({"ok": 4, "crashed": 1}, 5)
    assert found.problems == ("block 1: trial 0: odd",)
    assert found.guard == {"residency": "one_at_a_time", "most_loaded": 1, "allowed": 1, "held": True}


def test_a_guard_that_was_broken_in_one_block(tmp_path: Path) -> None:
    """It was broken in the cell."""
    broken = [replace(trial, most_loaded=2) for trial in stored.trials(3)]
    found = merged(blocks(tmp_path, stored.trials(3), broken))
    assert (found.guard["held"], found.guard["most_loaded"]) == (False, 2)
    assert found.broken == ("block 1: 2 models were loaded at one time, 1 may be",)


def test_notes(tmp_path: Path) -> None:
    """What all blocks say is said once; what one says has its number."""
    same = merged(blocks(tmp_path / "a", stored.trials(3), stored.trials(3), notes=("n", "n"))).notes
    apart = merged(blocks(tmp_path / "b", stored.trials(3), stored.trials(3), notes=("n", "m"))).notes
    assert same[:-1] == ("n",)
    assert apart[:-1] == ("block 0: n", "block 1: m")


def test_the_largest_residual_is_kept(tmp_path: Path) -> None:
    """What a stage held in the worst block."""
    found = blocks(tmp_path, stored.trials(3), stored.trials(6))
    held = [one.summary.residuals["asr"].held_mib for one in found]
    assert held[0] != held[1]
    assert merged(found).residuals["asr"].held_mib == max(value for value in held if value is not None)


def test_trials_that_are_damaged(tmp_path: Path) -> None:
    """They were not looked at while their summary stood for them; now they are."""
    found = blocks(tmp_path, stored.trials(3), stored.trials(3))
    (tmp_path / "1" / store.TRIALS).write_text("{\n{\n", encoding="utf-8")
    with pytest.raises(StoreError, match=r"trials\.jsonl' line 1"):
        merged(found)


def test_a_leak_in_a_shorter_block_is_the_cells(tmp_path: Path) -> None:
    """What any of the processes lost is lost, however short its series."""
    made = blocks(tmp_path, stored.trials(6), stored.trials(4))
    leaking = replace(made[1].summary.verdicts["memory"], verdict="leak")
    short = replace(made[1], summary=replace(made[1].summary, verdicts={"memory": leaking}))
    assert merged([made[0], short]).verdicts["memory"] == leaking
    assert merged(made).verdicts["memory"].n == 5
