from dataclasses import fields, is_dataclass

import pytest

from harness import records
from harness.records import Observation, Outcome, Phase, Trial, Utterance, Visit

UTTERANCE = Utterance("jfk", "jfk.wav", "/jfk.wav", 11.0)


def phase(name: str, start_ns: int, end_ns: int) -> Phase:
    """Return a phase of which only name and stamps matter."""
    return Phase(name, start_ns, end_ns, 0, 0, 1)


def test_a_phase_lasts_from_start_to_end() -> None:
    """In seconds."""
    assert phase("run", 1_000_000_000, 3_500_000_000).duration_s == 2.5


def test_a_visit_finds_its_last_phase_of_a_name() -> None:
    """The last one counts where there are two; None where there is none."""
    visit = Visit("asr", "asr", phases=(phase("run", 1, 2), phase("unload", 3, 4), phase("run", 5, 6)))
    assert visit.phase("run") == phase("run", 5, 6)
    assert visit.phase("load") is None


def test_a_visit_finds_what_a_probe_read_last_at_a_point() -> None:
    """By point and probe."""
    seen = (
        Observation("ran", 1, "rss", 0, {"rss_kib": 1.0}),
        Observation("ran", 1, "heap", 0, {"heap_kib": 2.0}),
        Observation("ran", 2, "rss", 0, {"rss_kib": 3.0}),
        Observation("unloaded", 3, "heap", 0, {"heap_kib": 4.0}),
    )
    visit = Visit("asr", "asr", observations=seen)
    assert visit.observed("ran", "rss") == {"rss_kib": 3.0}
    assert visit.observed("ran", "heap") == {"heap_kib": 2.0}
    assert visit.observed("unloaded", "rss") is None


def test_a_trial_finds_a_stages_visit() -> None:
    """By the stage's key."""
    trial = Trial(0, 0, UTTERANCE, "", visits=(Visit("asr", "asr"), Visit("aligner", "aligner")))
    assert trial.visit("aligner") == Visit("aligner", "aligner")
    assert trial.visit("asr2") is None


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        (Outcome(), "ok"),
        (Outcome("crashed", "asr", "run", "SIGSEGV"), "crashed: SIGSEGV in run (asr)"),
        (Outcome("timeout", "aligner", "run", "after 30 s"), "timeout in run after 30 s (aligner)"),
        (Outcome("oom", "asr", "load", "at 1800 MiB"), "oom at 1800 MiB in load (asr)"),
        (Outcome("error", "asr", "load", "ValueError: no"), "error: ValueError: no in load (asr)"),
        (Outcome("interrupted"), "interrupted"),
    ],
)
def test_an_outcome_is_one_line(outcome: Outcome, line: str) -> None:
    """Kind, detail, phase and stage, as far as there are any."""
    assert str(outcome) == line
    assert outcome.ok == (line == "ok")


@pytest.mark.parametrize("record", [kind for kind in vars(records).values() if is_dataclass(kind)])
def test_records_are_frozen(record: type) -> None:
    """Every dataclass of the module, so that nobody changes what was measured."""
    assert record.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert fields(record)


def test_a_trial_tells_the_last_reading_of_each_worker() -> None:
    """Whatever the visit; other points and other probes are left alone."""

    def seen(worker: int, value: float, point: str = "rested", probe: str = "mine") -> Observation:
        return Observation(point, 0, probe, worker, {"x": value})

    visits = (
        Visit("asr", "asr", observations=(seen(0, 1.0), seen(1, 2.0), seen(0, 9.0, point="ran"))),
        Visit("aligner", "aligner", observations=(seen(1, 3.0), seen(2, 9.0, probe="other"))),
    )
    trial = Trial(0, 0, UTTERANCE, "2026-01-01", visits=visits)
    assert trial.observed("rested", "mine") == ({"x": 1.0}, {"x": 3.0})
    assert trial.observed("idle", "mine") == ()
