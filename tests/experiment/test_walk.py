from dataclasses import replace

import psutil
import pytest

from harness.plan import Plan
from tests.conftest import MakeSettings, RunPlan
from tests.experiment.trials import chronicle

A, B = "Pas{0} Las{0} Ras{0} Uas{0}", "Pal{0} Lal{0} Ral{0} Ual{0}"
A_AGAIN, B_AGAIN = "Las{0} Ras{0} Uas{0}", "Lal{0} Ral{0} Ual{0}"
TOGETHER = "Pas{0} Las{0} Pal{1} Lal{1} Ras{0} Ral{1} Uas{0} Ual{1}"
CHRONICLES: dict[tuple[str, str, str], list[str]] = {
    ("one_at_a_time", "recreate", "run"): [f"{A} {B}".format(0), f"{A_AGAIN} {B_AGAIN}".format(0)],
    ("one_at_a_time", "recreate", "iteration"): [f"{A} {B}".format(0), f"{A} {B}".format(1)],
    ("one_at_a_time", "recreate", "stage"): [f"{A.format(0)} {B.format(1)}", f"{A.format(2)} {B.format(3)}"],
    # one stage: of two, one would have to stay while the other comes
    ("one_at_a_time", "restart", "run"): ["Pas0 Las0 Ras0", "Sas0 Ras0 Uas0"],
    ("one_at_a_time", "restart", "iteration"): [A.format(0), A.format(1)],
    ("one_at_a_time", "restart", "stage"): ["Pas0 Las0 Ras0", "Sas0 Ras0 Uas0"],
    ("one_at_a_time", "reuse", "run"): ["Pas0 Las0 Ras0", "Ras0 Uas0"],
    ("one_at_a_time", "reuse", "iteration"): [A.format(0), A.format(1)],
    ("one_at_a_time", "reuse", "stage"): ["Pas0 Las0 Ras0", "Ras0 Uas0"],
    # two utterances: the trials are (iteration, utterance) = (0, 0), (0, 1), (1, 0), (1, 1)
    ("phase_batched", "recreate", "run"): [
        f"{A} {B}".format(0),
        *[f"{A_AGAIN} {B_AGAIN}".format(0)] * 3,
    ],
    ("phase_batched", "recreate", "iteration"): [
        f"{A} {B}".format(0),
        f"{A_AGAIN} {B_AGAIN}".format(0),
        f"{A} {B}".format(1),
        f"{A_AGAIN} {B_AGAIN}".format(1),
    ],
    ("phase_batched", "recreate", "stage"): [
        f"{A.format(0)} {B.format(2)}",
        f"{A.format(1)} {B.format(3)}",
    ],
    ("phase_batched", "restart", "run"): [
        "Pas0 Las0 Ras0 Pal0 Lal0 Ral0",
        "Sas0 Ras0 Uas0 Sal0 Ral0 Ual0",
        "Las0 Ras0 Lal0 Ral0",
        "Sas0 Ras0 Uas0 Sal0 Ral0 Ual0",
    ],
    ("phase_batched", "restart", "iteration"): [
        "Pas0 Las0 Ras0 Pal0 Lal0 Ral0",
        "Sas0 Ras0 Uas0 Sal0 Ral0 Ual0",
        "Pas1 Las1 Ras1 Pal1 Lal1 Ral1",
        "Sas1 Ras1 Uas1 Sal1 Ral1 Ual1",
    ],
    ("phase_batched", "restart", "stage"): [
        "Pas0 Las0 Ras0 Pal1 Lal1 Ral1",
        "Sas0 Ras0 Uas0 Sal1 Ral1 Ual1",
    ],
    ("phase_batched", "reuse", "run"): [
        "Pas0 Las0 Ras0 Pal0 Lal0 Ral0",
        "Ras0 Uas0 Ral0 Ual0",
        "Las0 Ras0 Lal0 Ral0",
        "Ras0 Uas0 Ral0 Ual0",
    ],
    ("phase_batched", "reuse", "iteration"): [
        "Pas0 Las0 Ras0 Pal0 Lal0 Ral0",
        "Ras0 Uas0 Ral0 Ual0",
        "Pas1 Las1 Ras1 Pal1 Lal1 Ral1",
        "Ras1 Uas1 Ral1 Ual1",
    ],
    ("phase_batched", "reuse", "stage"): [
        "Pas0 Las0 Ras0 Pal1 Lal1 Ral1",
        "Ras0 Uas0 Ral1 Ual1",
        "Pas2 Las2 Ras2 Pal3 Lal3 Ral3",
        "Ras2 Uas2 Ral3 Ual3",
    ],
    ("all_resident", "recreate", "run"): [TOGETHER.format(0, 0), "Las0 Lal0 Ras0 Ral0 Uas0 Ual0"],
    ("all_resident", "recreate", "iteration"): [TOGETHER.format(0, 0), TOGETHER.format(1, 1)],
    ("all_resident", "recreate", "stage"): [TOGETHER.format(0, 1), TOGETHER.format(2, 3)],
    ("all_resident", "restart", "run"): ["Pas0 Las0 Pal0 Lal0 Ras0 Ral0", "Sas0 Ras0 Sal0 Ral0 Uas0 Ual0"],
    ("all_resident", "restart", "iteration"): [TOGETHER.format(0, 0), TOGETHER.format(1, 1)],
    ("all_resident", "restart", "stage"): ["Pas0 Las0 Pal1 Lal1 Ras0 Ral1", "Sas0 Ras0 Sal1 Ral1 Uas0 Ual1"],
    ("all_resident", "reuse", "run"): ["Pas0 Las0 Pal0 Lal0 Ras0 Ral0", "Ras0 Ral0 Uas0 Ual0"],
    ("all_resident", "reuse", "iteration"): [TOGETHER.format(0, 0), TOGETHER.format(1, 1)],
    ("all_resident", "reuse", "stage"): ["Pas0 Las0 Pal1 Lal1 Ras0 Ral1", "Ras0 Ral1 Uas0 Ual1"],
}


@pytest.mark.parametrize(
    ("residency", "lifecycle", "isolation", "expected"),
    [(*key, expected) for key, expected in CHRONICLES.items()],
)
def test_every_schedule_runs_as_it_is_written(
    residency: str, lifecycle: str, isolation: str, expected: list[str], settings: MakeSettings, run_plan: RunPlan
) -> None:
    """Over and over: which commands each trial sent, to which worker, by the workers' own stamps."""
    order = ("asr", "aligner") if "al" in expected[0] else ("asr",)
    utterances = 2 if residency == "phase_batched" else 1
    iterations = len(expected) // utterances
    chosen = settings(order=order, iterations=iterations, residency=residency, lifecycle=lifecycle, isolation=isolation)
    ran = run_plan(chosen, utterances=utterances)
    trials = sorted(ran.trials, key=lambda trial: trial.index)
    assert [chronicle(trial) for trial in trials] == expected
    assert ran.ending.outcomes == {"ok": len(expected)}
    assert [trial.problems for trial in trials] == [()] * len(expected)
    assert not any(psutil.pid_exists(pid) for pid in ran.pids)


def test_a_stage_that_stands_no_second_model_has_its_own_worker(settings: MakeSettings, run_plan: RunPlan) -> None:
    """Under all_resident the declared capability decides, not a name."""

    def alone(plan: Plan) -> Plan:
        aligner = plan.stages["aligner"]
        record = replace(aligner.record, one_per_process=True)
        return replace(plan, stages={**plan.stages, "aligner": replace(aligner, record=record)})

    ran = run_plan(settings(residency="all_resident", iterations=2), change=alone)
    assert [chronicle(trial) for trial in ran.trials] == [
        TOGETHER.format(0, 1),
        "Las0 Lal1 Ras0 Ral1 Uas0 Ual1",
    ]


@pytest.mark.parametrize(
    ("isolation", "expected"),
    [("run", ["asr0"]), ("iteration", ["asr0", "asr1"]), ("stage", ["asr0", "aligner1", "asr2", "aligner3"])],
)
def test_a_start_stands_first_in_the_visit_that_needed_it(
    isolation: str, expected: list[str], settings: MakeSettings, run_plan: RunPlan
) -> None:
    """Each worker's start is recorded once, before everything that it did."""
    ran = run_plan(settings(iterations=2, isolation=isolation))
    visits = [visit for trial in ran.trials for visit in trial.visits]
    firsts = [(visit, phase) for visit in visits for phase in visit.phases[:1] if phase.name == "start"]
    assert [f"{visit.stage}{phase.worker}" for visit, phase in firsts] == expected
    assert sum(phase.name == "start" for visit in visits for phase in visit.phases) == len(expected)
    for visit, start in firsts:
        assert start.start_ns < start.end_ns <= visit.phases[1].start_ns
    assert not any(psutil.pid_exists(pid) for pid in ran.pids)
