from collections.abc import Mapping
from dataclasses import replace

import pytest

from harness.analysis.ledger import ledger
from harness.analysis.residency import Chain, StageNeed, chain
from harness.protocol import Protocol, Residency
from harness.records import Observation, Run, Trial, Visit
from tests import stored

ORDER = ("asr", "aligner")
# one process, both models loaded: 100 and 50 MiB on a base of 20, which work with 30 and 60
TOGETHER: tuple[tuple[str, str, tuple[float, float, float]], ...] = (
    ("asr", "before_load", (20, 10, 20)),
    ("asr", "loaded", (120, 110, 125)),
    ("aligner", "before_load", (120, 110, 120)),
    ("aligner", "loaded", (170, 160, 170)),
    ("asr", "before_run", (170, 160, 170)),
    ("asr", "ran", (172, 162, 200)),
    ("aligner", "before_run", (172, 162, 172)),
    ("aligner", "ran", (172, 162, 232)),
)


def found(trials: tuple[Trial, ...], run: Run | None = None) -> Chain | None:
    """Return what the chain needs."""
    run = run or stored.run()
    return chain(run, trials, ledger(run, trials))


def trimmed(trial: Trial) -> Trial:
    """Return a trial with a heap trim after each unload."""

    def with_trim(visit: Visit) -> Visit:
        last = visit.observations[-1]
        look = Observation("trimmed", last.at_ns + stored.MS, "rss", last.worker, stored.counters(20.0, 8.0, 30.0))
        return replace(visit, observations=(*visit.observations, look))

    return replace(trial, visits=tuple(with_trim(visit) for visit in trial.visits))


def together(workers: Mapping[str, int]) -> Trial:
    """Return one trial with both models resident, each stage in the worker that is named."""
    visits = []
    for stage in ORDER:
        looks = tuple(
            Observation(point, number * stored.MS, "rss", workers[key], stored.counters(*values))
            for number, (key, point, values) in enumerate(TOGETHER)
            if key == stage
        )
        plain = stored.asr_visit() if stage == "asr" else stored.aligner_visit()
        visits.append(replace(plain, observations=looks))
    return stored.trial(0, visits=tuple(visits))


def run_with(residency: Residency) -> Run:
    """Return the hand-made run with another residency."""
    return stored.run(protocol=Protocol(order=ORDER, iterations=3, residency=residency))


def test_clean_loads() -> None:
    """With a trim after each unload every figure is a median of the steady trials, and the other side is inferred."""
    assert found(tuple(map(trimmed, stored.trials()))) == Chain(
        "one_at_a_time",
        {
            "asr": StageNeed(20.75, 104.0, 112.0, 0.32),
            "aligner": StageNeed(30.75, 36.0, 40.0, 0.128),
        },
        one_at_a_time_mib=132.75,
        all_resident_mib=30.75 + 104 + 36 + 8,
        saved_mib=46.0,
        paid_s=pytest.approx(0.448),  # type: ignore[arg-type]
    )


def test_loads_into_kept_memory() -> None:
    """The ASR leaves 8 MiB, so what the aligner adds is a lower bound, and the ASR's own size is the cold trial's."""
    made = found(stored.trials())
    assert made is not None
    assert made.stages["asr"] == StageNeed(20.0, 104.0, 112.0, 0.32)
    assert made.stages["aligner"] == StageNeed(30.75, 36.0, 40.0, 0.128, clean=False)
    assert (made.at_least, made.saved_mib) == (("aligner",), None)
    assert (made.one_at_a_time_mib, made.all_resident_mib) == (132.75, 20 + 104 + 36 + 8)


def test_all_resident_is_measured_in_one_process() -> None:
    """The exact peak is the chain's; one at a time is the largest base and need."""
    made = found((together({"asr": 0, "aligner": 0}),), run_with("all_resident"))
    assert made is not None
    assert made.stages["asr"] == StageNeed(20.0, 102.0, 130.0, 0.32)
    assert made.stages["aligner"] == StageNeed(20.0, 50.0, 110.0, 0.128)
    assert (made.all_resident_mib, made.one_at_a_time_mib, made.saved_mib) == (232.0, 150.0, 82.0)


def test_the_two_ways_agree() -> None:
    """What would be inferred for all resident from the stages' needs is what was measured."""
    made = found((together({"asr": 0, "aligner": 0}),), run_with("phase_batched"))
    assert made is not None
    assert made.all_resident_mib == 20 + 102 + 50 + 60 == 232


def test_processes_that_live_together_are_added() -> None:
    """Where each stage has its worker, a peak counts with what the other worker last had."""
    made = found((together({"asr": 0, "aligner": 1}),), run_with("all_resident"))
    assert made is not None
    assert made.all_resident_mib == 232.0 + 172.0


def test_processes_of_one_at_a_time_are_not_added() -> None:
    """Where the first worker has ended before the second began, the largest peak is the chain's."""
    made = found((together({"asr": 0, "aligner": 1}),), run_with("one_at_a_time"))
    assert made is not None
    assert made.one_at_a_time_mib == 232.0


def test_a_process_a_stage_has_a_base_each() -> None:
    """With isolation=stage all resident would hold every process at once."""
    run = stored.run(protocol=Protocol(order=ORDER, iterations=3, isolation="stage"))
    made = found(tuple(map(trimmed, stored.trials())), run)
    assert made is not None
    assert made.all_resident_mib == 20.75 + 30.75 + 104 + 36 + 8


def test_stage_that_stands_no_other_in_its_process() -> None:
    """Where all are resident, a stage that is one per process brings a base of its own."""
    run = stored.run()
    run = replace(run, stages=(run.stages[0], replace(run.stages[1], one_per_process=True)))
    made = found(tuple(map(trimmed, stored.trials())), run)
    assert made is not None
    assert made.all_resident_mib == 20.75 + 30.75 + 104 + 36 + 8


@pytest.mark.parametrize(("residency", "times"), [("one_at_a_time", 4), ("phase_batched", 1)])
def test_loads_of_an_iteration(residency: Residency, times: int) -> None:
    """One at a time loads for each utterance; a batch for each iteration."""
    run = replace(run_with(residency), trials=12)
    made = found(stored.trials(), run)
    assert made is not None
    assert made.paid_s == pytest.approx(0.448 * times)


def test_one_stage_has_no_choice() -> None:
    """A chain of one stage has no chain figure."""
    run = stored.run()
    assert chain(replace(run, stages=run.stages[:1]), stored.trials(), ledger(run, stored.trials())) is None


def test_no_trial() -> None:
    """Without a trial there is a reason and no figure."""
    made = found(())
    assert made == Chain("one_at_a_time", {}, null_reason="no trial was completed")


def test_machine_without_exact_peaks() -> None:
    """Without peaks nothing is made up."""
    trial = stored.trial(0)
    visits = tuple(
        replace(
            visit, observations=tuple(replace(o, values={**o.values, "peak_kib": None}) for o in visit.observations)
        )
        for visit in trial.visits
    )
    made = found((replace(trial, visits=visits),))
    assert made is not None
    assert (made.one_at_a_time_mib, made.all_resident_mib, made.saved_mib) == (None, None, None)
    assert made.null_reason == "no exact peak of load and run of asr, aligner was read"


def test_trials_that_all_failed() -> None:
    """What is missing is a trial, not a reading."""
    made = found((stored.failed(0),))
    assert made is not None
    assert made.null_reason == "no trial was completed"


def test_no_process_of_an_earlier_leg_is_added() -> None:
    """All resident, a process a stage: the later leg's peak is its own, though the first one's stamps are later."""
    run = run_with("all_resident")
    workers = {"asr": 0, "aligner": 1}
    one = together(workers)
    later = replace(stored.of_leg(one, 1, worker=2, later_ns=-500_000, cold=True), index=1, iteration=1)
    first, second, both = (found(trials, run) for trials in ((one,), (later,), (one, later)))
    assert first is not None
    assert second is not None
    assert both is not None
    assert first.all_resident_mib is not None
    assert second.all_resident_mib is not None
    assert both.all_resident_mib == (first.all_resident_mib + second.all_resident_mib) / 2
