from dataclasses import replace

import pytest

from harness.analysis.ledger import LedgerRow, StageLedger, ledger
from harness.protocol import Protocol
from harness.records import Observation, Phase, Trial
from tests import stored

STARTED = (
    "no peak for 'start': the high-water mark is reset for the first time when the worker stands",
    "no change of anon for 'start': nothing was read before it",
)


def of(stage: str, *trials: Trial) -> StageLedger:
    """Return the ledger of one stage of the hand-made run, or of other trials of it."""
    return ledger(stored.run(), trials or stored.trials())[stage]


def test_rows_of_the_hand_made_run() -> None:
    """Levels are medians of two trials 0.5 MiB apart, peaks the largest, changes the difference of two readings."""
    assert of("asr") == StageLedger(
        "asr",
        (
            LedgerRow("start", 1, 90.0, 80.0, 12.0, 4.0, 8.0, 0.0, None, None),
            LedgerRow("import", 1, 50.0, 40.0, 20.0, 8.0, 12.0, 0.0, 20.0, 4.0),
            LedgerRow("first load", 1, 300.0, 290.0, 116.0, 72.0, 44.0, 0.0, 120.0, 64.0),
            LedgerRow("load", 2, 300.0, 290.0, 116.75, 72.75, 44.0, 0.0, 121.0, 64.0),
            LedgerRow("first run", 1, 2000.0, 1900.0, 124.0, 80.0, 44.0, 0.0, 132.0, 8.0),
            LedgerRow("steady run", 2, 2000.0, 1900.0, 124.75, 80.75, 44.0, 0.0, 133.0, 8.0),
            LedgerRow("unload", 2, 20.0, 10.0, 30.75, 16.75, 14.0, 0.0, 126.0, -64.0),
        ),
        STARTED,
    )


def test_a_phase_that_did_not_happen_has_no_row() -> None:
    """The aligner shares a worker that has started and imports nothing."""
    assert [row.phase for row in of("aligner").rows] == ["first load", "load", "first run", "steady run", "unload"]


def test_one_trial_has_first_rows_and_its_unload() -> None:
    """What happened in the cold trial alone is shown from there."""
    assert [(row.phase, row.n) for row in of("asr", *stored.trials(1)).rows] == [
        ("start", 1),
        ("import", 1),
        ("first load", 1),
        ("first run", 1),
        ("unload", 1),
    ]


def test_trim() -> None:
    """A trim is a row where it happened; its change is what it gave back."""
    trial = stored.trial(1, trimmed=True)
    aligner = trial.visits[1]
    trim = Phase("trim", 20_000 * stored.MS, 20_003 * stored.MS, 2 * stored.MS, 0, 4242)
    found = of("aligner", replace(trial, visits=(trial.visits[0], replace(aligner, phases=(*aligner.phases, trim)))))
    assert found.rows[-1] == LedgerRow("after trim", 1, 3.0, 2.0, 26.5, 10.5, 16.0, 0.0, 34.5, -8.0)


def test_start_of_a_worker() -> None:
    """A phase named start is the first row; nothing was read and reset before it: it has no change and no peak."""
    found = of("asr", stored.trial(0))
    assert found.rows[0] == LedgerRow("start", 1, 90.0, 80.0, 12.0, 4.0, 8.0, 0.0, None, None)
    assert found.reasons == STARTED


def test_restart_has_times_and_no_memory() -> None:
    """No probe looks after a restart, and the ledger says so."""
    trial = stored.trial(1)
    asr = trial.visits[0]
    restart = Phase("restart", 0, 7 * stored.MS, 6 * stored.MS, 0, 4242)
    found = of("asr", replace(trial, visits=(replace(asr, phases=(restart, *asr.phases)),)))
    assert found.row("restart") == LedgerRow("restart", 1, 7.0, 6.0)
    assert found.reasons == ("no memory for 'restart': nothing is read after it",)


def test_warmup_and_failed_trials_are_in_no_row() -> None:
    """Only trials that were done count, and those of the warm-up do not."""
    trials = [*stored.trials(2), replace(stored.trials(3)[2], warmup=True), stored.failed(3)]
    assert [row.n for row in of("asr", *trials).rows] == [1] * 7


def test_run_without_a_trial() -> None:
    """Nothing was done: every stage is there and has no rows."""
    assert ledger(stored.run(), []) == {"asr": StageLedger("asr", ()), "aligner": StageLedger("aligner", ())}


def without(counters: set[str]) -> Trial:
    """Return a trial of a machine that lacks counters."""
    trial = stored.trial(1)

    def poorer(one: Observation) -> Observation:
        return replace(one, values={name: None if name in counters else value for name, value in one.values.items()})

    visits = (replace(visit, observations=tuple(map(poorer, visit.observations))) for visit in trial.visits)
    return replace(trial, visits=tuple(visits))


@pytest.mark.parametrize(
    ("lacking", "reason"),
    [
        ({"peak_kib"}, "no peak: this machine has none for another process"),
        ({"peak_kib", "anon_kib", "file_kib"}, "no anon, file, peak: this machine has none for another process"),
    ],
)
def test_a_counter_that_the_machine_lacks(lacking: set[str], reason: str) -> None:
    """Figures are none, and the reason is given once for all rows."""
    found = of("asr", without(lacking))
    assert found.reasons == (reason,)
    assert {row.peak_mib for row in found.rows} == {None}
    assert [row.rss_mib for row in found.rows] == [116.5, 124.5, 30.5]


def test_run_without_the_probe() -> None:
    """Times are there without memory."""
    trial = stored.trial(1)
    found = of("asr", replace(trial, visits=tuple(replace(visit, observations=()) for visit in trial.visits)))
    assert found.row("load") == LedgerRow("load", 1, 300.0, 290.0)
    assert found.reasons == ("no memory: the probe 'rss' read nothing",)


def test_first_row_that_there_is() -> None:
    """Of several names the first that has a row is taken; of none, nothing."""
    run = stored.run(protocol=Protocol(order=("asr", "aligner"), iterations=1))
    found = ledger(run, stored.trials(1))["asr"]
    assert found.row("load", "first load") == found.rows[2]
    assert found.row("load") is None


def test_a_change_is_not_from_a_leg_to_the_next() -> None:
    """Not even where worker, number and time are those of the earlier leg; first rows are of the legs' first trials."""
    first = stored.trial(0)
    later = stored.of_leg(stored.trial(0), 1, cold=True)
    found = of("asr", first, replace(later, index=1, iteration=1), stored.trial(2))
    assert (found.row("first load").n, found.row("load").n) == (2, 1)  # type: ignore[union-attr]
    alone = of("asr", first)
    for name in ("start", "import", "first load", "first run"):
        ours, theirs = found.row(name), alone.row(name)
        assert ours is not None
        assert theirs is not None
        assert replace(ours, n=1) == replace(theirs, n=1)
