from collections.abc import Sequence
from dataclasses import replace

import pytest

from harness.analysis.series import Series, StageSeries, series
from harness.protocol import Isolation, Lifecycle, Protocol, Residency, Trim
from harness.records import Observation, Outcome, Phase, Run, Trial, Visit
from tests import stored

SECOND = 1_000_000_000
Reading = tuple[str, str, float] | tuple[str, str, float, int]
"""Stage, point, anon in MiB, and the worker where that is not 0."""


def run(
    order: tuple[str, ...] = ("asr",),
    *,
    trim: Trim = "end",
    lifecycle: Lifecycle = "recreate",
    residency: Residency = "one_at_a_time",
    isolation: Isolation = "run",
) -> Run:
    """Return a run of a protocol."""
    protocol = Protocol(order=order, trim=trim, lifecycle=lifecycle, residency=residency, isolation=isolation)
    return stored.run(protocol=protocol)


def trial(index: int, readings: Sequence[Reading], *, iteration: int | None = None, warmup: bool = False) -> Trial:
    """Return a trial of what was read one after the other, a millisecond apart; RSS peaks are anon and 2 MiB more."""
    iteration = index if iteration is None else iteration
    at_ns = index * 10 * SECOND
    observations: dict[str, list[Observation]] = {}
    for number, (stage, point, anon_mib, *worker) in enumerate(readings):
        values = stored.counters(anon_mib + 1, anon_mib, anon_mib + 2)
        one = Observation(point, at_ns + number * stored.MS, "rss", worker[0] if worker else 0, values)
        observations.setdefault(stage, []).append(one)
    visits = tuple(
        Visit(stage, "asr", phases=(Phase("run", at_ns, at_ns + SECOND, 0, 0, 1),), observations=tuple(seen))
        for stage, seen in observations.items()
    )
    return stored.trial(index, iteration=iteration, visits=visits, warmup=warmup)


def loop(level: float, left: float, stage: str = "asr", worker: int = 0, model: float = 100.0) -> list[Reading]:
    """Return the readings of a load, a run and an unload: from a level to what is left."""
    return [
        (stage, "before_load", level, worker),
        (stage, "loaded", level + model, worker),
        (stage, "before_run", level + model, worker),
        (stage, "ran", level + model + 5, worker),
        (stage, "unloaded", left, worker),
    ]


def test_load_run_unload() -> None:
    """Anon after each unload but the first; what the stage took; where it began; the pace; the last peak."""
    trials = [trial(i, loop(10.0 + i, 11.0 + i)) for i in range(4)]
    assert series(run(), trials) == Series(
        iterations=(1, 2, 3),
        anon_mib=(12.0, 13.0, 14.0),
        base_mib=10.0,
        end_mib=14.0,
        iteration_s=10.0,
        peak_mib=13.0 + 105.0 + 2.0,
        stages=(StageSeries("asr", "load, run, unload", (1.0, 1.0)),),
        rounds=4,
        served=4,
    )


def test_a_run_loop_with_a_trim_after_each_run() -> None:
    """The trimmed level is that of the loaded model; the trim that follows the last unload stands apart."""
    stays = [("asr", "before_run", 110.0, 0), ("asr", "ran", 119.0, 0), ("asr", "trimmed", 111.0, 0)]
    trials = [trial(0, [("asr", "before_load", 10.0, 0), ("asr", "loaded", 110.0, 0), *stays])]
    trials += [trial(i, [(stage, point, anon + i, worker) for stage, point, anon, worker in stays]) for i in (1, 2)]
    trials += [trial(3, [*stays, ("asr", "unloaded", 20.0, 0), ("asr", "trimmed", 12.0, 0)])]
    found = series(run(lifecycle="reuse", trim="each"), trials)
    assert found.trimmed_mib == (112.0, 113.0, 111.0)
    assert (found.anon_mib, found.end_mib, found.end_trimmed_mib) == ((120.0, 121.0, 119.0), 20.0, 12.0)


def test_a_last_trim_is_apart() -> None:
    """What follows a trim at the end is in no point of the series and in nobody's takings."""
    trials = [trial(i, loop(10.0 + i, 11.0 + i)) for i in range(3)]
    trials[-1] = trial(2, [*loop(12.0, 13.0), ("asr", "trimmed", 10.5)])
    found = series(run(), trials)
    assert (found.anon_mib, found.trimmed_mib) == ((12.0, 13.0), None)
    assert (found.end_mib, found.end_trimmed_mib) == (13.0, 10.5)
    assert found.stages[0].net_mib == (1.0,)


def test_each_trim() -> None:
    """Two series: before each iteration's last trim and after it. A stage's takings are what its trim leaves."""
    trials = [
        trial(
            i,
            [
                *loop(10.0 + i, 40.0 + i, "asr"),
                ("asr", "trimmed", 11.0 + i),
                *loop(11.0 + i, 31.0 + i, "aligner"),
                ("aligner", "trimmed", 11.0 + i),
            ],
        )
        for i in range(3)
    ]
    found = series(run(("asr", "aligner"), trim="each"), trials)
    assert (found.anon_mib, found.trimmed_mib) == ((32.0, 33.0), (12.0, 13.0))
    assert (found.end_mib, found.end_trimmed_mib) == (33.0, 13.0)
    assert [(one.stage, one.net_mib) for one in found.stages] == [("asr", (1.0,)), ("aligner", (0.0,))]


def test_a_trim_of_an_earlier_stage_is_not_the_end() -> None:
    """Where the last stage's trim could not be read, the iteration did not end with one."""
    readings = [*loop(10.0, 40.0, "asr"), ("asr", "trimmed", 10.0), *loop(10.0, 30.0, "aligner")]
    found = series(run(("asr", "aligner"), trim="each"), [trial(i, readings) for i in range(3)])
    assert (found.anon_mib, found.trimmed_mib, found.end_trimmed_mib) == ((30.0, 30.0), None, None)


def test_a_model_that_stays_loaded() -> None:
    """The series stands on a loaded model to its end; that the model leaves then is no fall and nobody's gift."""
    trials = [
        trial(
            0,
            [("asr", "before_load", 10.0), ("asr", "loaded", 110.0), ("asr", "before_run", 110.0), ("asr", "ran", 112)],
        ),
        trial(1, [("asr", "before_run", 112.0), ("asr", "ran", 114.0)]),
        trial(2, [("asr", "before_run", 114.0), ("asr", "ran", 116.0)]),
        trial(
            3,
            [("asr", "before_run", 116.0), ("asr", "ran", 118.0), ("asr", "unloaded", 18.0), ("asr", "trimmed", 17.0)],
        ),
    ]
    found = series(run(lifecycle="restart"), trials)
    assert (found.base_mib, found.anon_mib) == (10.0, (114.0, 116.0, 118.0))
    assert (found.end_mib, found.end_trimmed_mib, found.peak_mib) == (18.0, 17.0, 120.0)
    assert found.stages == (StageSeries("asr", "run", (2.0, 2.0)),)


def test_what_a_restart_gives_back_counts() -> None:
    """A run that takes 10 MiB, all of which the restart before the next one frees, takes nothing."""
    first: list[Reading] = [("asr", "before_load", 10.0), ("asr", "loaded", 110.0), ("asr", "before_run", 110.0)]
    trials = [trial(0, [*first, ("asr", "ran", 120.0)])]
    trials += [trial(i, [("asr", "before_run", 110.0), ("asr", "ran", 120.0)]) for i in (1, 2, 3)]
    assert series(run(lifecycle="restart"), trials).stages == (StageSeries("asr", "run", (0.0, 0.0)),)


def test_two_models_in_one_process_at_one_time() -> None:
    """Loads and unloads cross; each stage's takings are its own steps, here 1 MiB of the aligner's unload."""
    trials = [
        trial(
            i,
            [
                ("asr", "before_load", 10.0 + i),
                ("asr", "loaded", 110.0 + i),
                ("aligner", "before_load", 110.0 + i),
                ("aligner", "loaded", 160.0 + i),
                ("asr", "before_run", 160.0 + i),
                ("asr", "ran", 160.0 + i),
                ("aligner", "before_run", 160.0 + i),
                ("aligner", "ran", 160.0 + i),
                ("asr", "unloaded", 60.0 + i),
                ("aligner", "unloaded", 11.0 + i),
            ],
        )
        for i in range(3)
    ]
    found = series(run(("asr", "aligner"), residency="all_resident"), trials)
    assert (found.base_mib, found.anon_mib) == (10.0, (12.0, 13.0))
    assert [(one.stage, one.net_mib) for one in found.stages] == [("asr", (0.0,)), ("aligner", (1.0,))]


def test_processes_that_live_at_one_time_are_added_up() -> None:
    """A stage with a process of its own: anon, base and peak are sums, the trims of both make the end."""
    trials = [
        trial(i, [*loop(10.0, 11.0 + i, "asr", worker=0), *loop(20.0, 20.0 + 2 * i, "aligner", worker=1)])
        for i in range(3)
    ]
    last = [
        *loop(10.0, 13.0, "asr", worker=0),
        *loop(20.0, 24.0, "aligner", worker=1),
        ("asr", "trimmed", 10.0, 0),
        ("aligner", "trimmed", 21.0, 1),
    ]
    found = series(run(("asr", "aligner"), residency="all_resident"), [*trials[:2], trial(2, last)])
    assert (found.base_mib, found.anon_mib) == (30.0, (34.0, 37.0))
    assert (found.end_mib, found.end_trimmed_mib, found.peak_mib) == (37.0, 31.0, 117.0 + 127.0)
    assert [one.net_mib for one in found.stages] == [(3.0,), (4.0,)]


def test_half_a_trim_is_none() -> None:
    """Where only one of two processes was trimmed, there is no level after it."""
    readings = [*loop(10.0, 11.0, "asr"), *loop(20.0, 20.0, "aligner", worker=1), ("asr", "trimmed", 10.0)]
    found = series(run(("asr", "aligner"), residency="all_resident"), [trial(i, readings) for i in range(2)])
    assert found.end_trimmed_mib is None


def test_warm_up_is_left_out() -> None:
    """Beside the first iteration also those that the user asked to leave out; the process served them all the same."""
    trials = [trial(i, loop(10.0 + i, 11.0 + i), warmup=i in (1, 2)) for i in range(5)]
    found = series(run(), trials)
    assert (found.iterations, found.anon_mib, found.rounds, found.served) == ((3, 4), (14.0, 15.0), 5, 5)


def test_several_utterances_are_one_iteration() -> None:
    """The last utterance has the reading, takings are added up, the peak is the highest of all."""
    trials = []
    for i in range(3):
        trials.append(trial(2 * i, loop(10.0 + 2 * i, 11.0 + 2 * i, model=300.0), iteration=i))
        trials.append(trial(2 * i + 1, loop(11.0 + 2 * i, 12.0 + 2 * i), iteration=i))
    found = series(run(), trials)
    assert (found.iterations, found.anon_mib, found.iteration_s) == ((1, 2), (14.0, 16.0), 20.0)
    assert (found.stages[0].net_mib, found.peak_mib) == ((2.0,), 14.0 + 305.0 + 2.0)


@pytest.mark.parametrize("utterance", [0, 1])
def test_an_iteration_with_a_failed_trial_is_a_gap(utterance: int) -> None:
    """Whichever of its utterances failed; what it took is not the next one's."""
    trials = [trial(i, loop(10.0 + i, 11.0 + i), iteration=i // 2) for i in range(10)]
    trials[4 + utterance] = replace(trials[4 + utterance], outcome=Outcome("error", "asr", "run", "no"))
    found = series(run(), trials)
    assert (found.iterations, found.anon_mib, found.rounds) == ((1, 3, 4), (14.0, 18.0, 20.0), 4)
    assert found.stages[0].net_mib == (2.0, 2.0)


def test_the_first_level_is_that_before_any_load_also_where_the_first_trial_failed() -> None:
    """Its model had been loaded, and what was held from then on was not there before."""
    trials = [trial(i, loop(10.0 + i, 11.0 + i)) for i in range(4)]
    trials[0] = replace(trials[0], outcome=Outcome("error"))
    assert (series(run(), trials).base_mib, series(run(), trials).iterations) == (10.0, (2, 3))


def test_the_longest_stretch_counts() -> None:
    """After a crash another process serves; the one that served longer is judged, without its own cold iteration."""
    trials = [trial(i, loop(10.0 + i, 11.0 + i)) for i in range(3)]
    trials += [replace(trial(3, loop(13.0, 14.0)), outcome=Outcome("crashed"))]
    trials += [trial(i, loop(50.0 + i, 51.0 + i, worker=1)) for i in range(4, 8)]
    found = series(run(), trials)
    assert (found.iterations, found.anon_mib) == ((5, 6, 7), (56.0, 57.0, 58.0))
    assert (found.base_mib, found.rounds, found.served) == (54.0, 7, 4)


@pytest.mark.parametrize("isolation", ["iteration", "stage"])
def test_no_process_serves_two_iterations(isolation: Isolation) -> None:
    """Each iteration has its own process or processes: there is no series."""
    workers = {"iteration": (1, 0, 0), "stage": (2, 0, 1)}[isolation]
    trials = []
    for i in range(3):
        asr, aligner = (workers[0] * i + more for more in workers[1:])
        trials.append(trial(i, [*loop(10.0, 11.0, worker=asr), *loop(10.0, 11.0, "aligner", worker=aligner)]))
    assert series(run(("asr", "aligner"), isolation=isolation), trials) == Series(
        rounds=3, served=1, isolation=isolation
    )


def test_a_loop_of_which_a_load_is_a_part_only_sometimes_is_a_run_loop() -> None:
    """A model that came again after a crash was not loaded in each iteration."""
    runs: list[Reading] = [("asr", "before_run", 110.0), ("asr", "ran", 110.0)]
    loads: list[Reading] = [("asr", "before_load", 10.0), ("asr", "loaded", 110.0), *runs]
    found = series(run(lifecycle="reuse"), [trial(0, loads), trial(1, runs), trial(2, loads), trial(3, runs)])
    assert [(one.loop, one.net_mib) for one in found.stages] == [("run", (100.0, 0.0))]


def test_a_stage_that_was_not_read_in_each_iteration_has_no_series() -> None:
    """Of two stages, the one without a reading in iteration 2 is left out."""
    both = [*loop(10.0, 10.0, "asr"), *loop(10.0, 10.0, "aligner")]
    trials = [trial(0, both), trial(1, both), trial(2, loop(10.0, 10.0, "asr"))]
    assert [one.stage for one in series(run(("asr", "aligner")), trials).stages] == ["asr"]


def test_other_probes_and_missing_counters_are_no_readings() -> None:
    """A probe of another name is not looked at, and a machine without anonymous memory gives no series."""
    made = [trial(i, loop(10.0, 11.0)) for i in range(3)]

    def changed(**changes: object) -> list[Trial]:
        return [
            replace(
                one,
                visits=tuple(
                    replace(visit, observations=tuple(replace(seen, **changes) for seen in visit.observations))  # type: ignore[arg-type]
                    for visit in one.visits
                ),
            )
            for one in made
        ]

    assert series(run(), changed(probe="heap")) == Series(rounds=3)
    assert series(run(), changed(values={"anon_kib": None, "peak_kib": 1.0})) == Series(rounds=3)


def test_no_trial() -> None:
    """Nothing was done."""
    assert series(run(), []) == Series()


def test_the_hand_made_run() -> None:
    """Two stages in one process, half a MiB more in each trial, a trim after the last."""
    found = series(stored.run(), stored.trials(3))
    assert (found.iterations, found.anon_mib, found.base_mib) == ((1, 2), (18.5, 19.0), 8.0)
    assert (found.end_mib, found.end_trimmed_mib, found.iteration_s) == (19.0, 11.0, 60.05)
    assert [(one.stage, one.loop) for one in found.stages] == [
        ("asr", "load, run, unload"),
        ("aligner", "load, run, unload"),
    ]
    assert [one.net_mib for one in found.stages] == [(8.0,), (2.0,)]
