from dataclasses import replace
from pathlib import Path

import pytest

from harness import store
from harness.records import Outcome, Run, Seam, Trial
from harness.resuming.begun import Begun, begun, is_finished, set_aside
from tests import stored


def cut_short(index: int, worker: int = 0) -> Trial:
    """Return a trial that a signal ended."""
    visits = (stored.asr_visit(index, worker=worker),)
    return replace(stored.trial(index), visits=visits, outcome=Outcome("interrupted"))


def seam(leg: int) -> Seam:
    """Return where a leg begins."""
    return Seam(leg=leg, at="2026-11-22T10:00:00.000+00:00", hostname="here", harness_version="0.1.0", kept=2)


def test_what_is_done_stays() -> None:
    """Failures are results, an interrupted trial is none; workers are counted on, for each is a process of its own."""
    trials = [stored.trial(0), stored.failed(1), cut_short(2, worker=4)]
    found = begun(stored.run(trials=5), trials)
    assert found == Begun(1, frozenset({0, 1}), 5, {"ok": 1, "crashed": 1})


def test_each_leg_has_its_number() -> None:
    """The first is 0, and each seam begins another."""
    assert begun(stored.run(seams=(seam(1), seam(2))), []).leg == 3
    assert Begun().leg == 0


@pytest.mark.parametrize(
    ("run", "trials", "finished"),
    [
        (stored.run(trials=2), [stored.trial(0)], False),
        (stored.run(trials=2), [stored.trial(0), cut_short(1)], False),
        (stored.run(trials=2), [stored.trial(0), stored.failed(1)], True),
        (stored.run(trials=3), [stored.trial(0), stored.failed(1)], False),
        (
            stored.run(trials=3, protocol=replace(stored.run().protocol, on_crash="stop")),
            [stored.trial(0), stored.failed(1)],
            True,
        ),
        (
            stored.run(trials=3, protocol=replace(stored.run().protocol, on_crash="stop")),
            [stored.trial(0), cut_short(1)],
            False,
        ),
    ],
)
def test_a_run_is_finished_where_nothing_is_left(run: Run, trials: list[Trial], finished: bool) -> None:
    """Every trial is there, or one failed that was to stop the run."""
    assert is_finished(run, trials) is finished


def test_what_was_cut_short_is_set_aside(tmp_path: Path) -> None:
    """The finished trials are as they were, the others in a file of their own; a torn line is in neither."""
    folder = stored.write(tmp_path / "run", stored.run(), (stored.trial(0), cut_short(1), cut_short(2)))
    with (folder / store.TRIALS).open("ab") as file:
        file.write(b'{"index": 3, "iter')
    assert set_aside(folder) == 2
    assert store.read_run(folder).trials == (stored.trial(0),)
    aside = (folder / store.INTERRUPTED).read_bytes()
    assert [line for line in aside.splitlines(keepends=True) if not line.endswith(b"\n")] == []
    assert aside.count(b'"kind":"interrupted"') == 2
    assert set_aside(folder) == 0
    assert (folder / store.INTERRUPTED).read_bytes() == aside


def test_a_last_line_that_lacks_its_end_alone_is_a_trial(tmp_path: Path) -> None:
    """It is kept, and what is appended afterwards is on a line of its own."""
    folder = stored.write(tmp_path / "run", stored.run(), (stored.trial(0), stored.trial(1)))
    path = folder / store.TRIALS
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert set_aside(folder) == 0
    log = store.TrialLog(folder)
    log.append(stored.trial(2))
    log.close()
    assert [trial.index for trial in store.read_run(folder).trials] == [0, 1, 2]
