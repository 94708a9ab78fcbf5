from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from harness.analysis.audio_length import AudioLength, AudioSlope, LongestClip, audio_length
from harness.metrics import absent, sample
from harness.protocol import Budgets, Protocol
from harness.records import Outcome, Run, Trial
from tests import stored

FIVE = (10.0, 20.0, 30.0, 40.0, 60.0)
"""Durations in seconds that are enough for an interval."""


def run(budget_mib: float | None = None, *order: str) -> Run:
    """Return a run of the ASR alone, or of other stages."""
    protocol = Protocol(order=order or ("asr",))
    return stored.run(protocol=protocol, budgets=Budgets(memory_mib=budget_mib))


def trial(index: int, duration_s: float, *, name: str = "", stage: str = "asr", **values: float) -> Trial:
    """Return a trial of an utterance of this duration; the first is cold. Values not given are in proportion to it."""
    given = {
        "working_memory_mib": 0.5 * duration_s,
        "run_peak_mib": 100.0 + 0.5 * duration_s,
        "latency_ms": 250.0 * duration_s,
        "load_peak_mib": 90.0,
        **values,
    }
    return stored.trial(
        index,
        utterance=stored.utterance(id=name or f"clip-{duration_s:g}", duration_s=duration_s),
        measurements=tuple(sample(stage, metric, value) for metric, value in given.items()),
    )


def trials(*durations_s: float) -> list[Trial]:
    """Return a cold trial of the first duration, and one of each."""
    return [trial(index, duration_s) for index, duration_s in enumerate((durations_s[0], *durations_s))]


def slopes(found: Mapping[str, AudioLength]) -> dict[str, AudioSlope]:
    """Return the ASR's slopes by metric."""
    return {one.metric: one for one in found["asr"].slopes}


def clip(budget_mib: float | None, made: Sequence[Trial]) -> LongestClip | None:
    """Return the longest clip of the ASR."""
    return audio_length(run(budget_mib), made)["asr"].longest_clip


def test_slopes() -> None:
    """What is in proportion to the duration rises by so much a minute, and begins at what there is without audio."""
    found = audio_length(run(), trials(*FIVE))
    assert (found["asr"].utterances, found["asr"].durations) == (5, 5)
    assert (found["asr"].shortest_s, found["asr"].longest_s, found["asr"].longest_clip) == (10.0, 60.0, None)
    assert found["asr"].slopes == (
        AudioSlope(metric="working_memory_mib", n=5, per_minute=30.0, interval=(30.0, 30.0), at_zero=0.0),
        AudioSlope(metric="run_peak_mib", n=5, per_minute=30.0, interval=(30.0, 30.0), at_zero=100.0),
        AudioSlope(metric="latency_ms", n=5, per_minute=15.0, interval=(15.0, 15.0), at_zero=0.0),
    )


def test_an_utterance_is_one_point() -> None:
    """The median of its trials, however many; the cold one, warm-up and failed ones are in none."""
    made = [
        trial(0, 60.0, run_peak_mib=900.0),
        *(trial(number, 10.0 * number) for number in (1, 2, 3, 4, 5)),
        trial(6, 10.0, run_peak_mib=105.0),
        trial(7, 10.0, run_peak_mib=700.0),
        replace(trial(8, 50.0, run_peak_mib=900.0), warmup=True),
        replace(trial(9, 50.0, run_peak_mib=900.0), outcome=Outcome("crashed")),
        replace(trial(10, 99.0), warmup=True),
    ]
    found = slopes(audio_length(run(), made))["run_peak_mib"]
    assert (found.n, found.per_minute, found.at_zero, found.interval) == (5, 30.0, 100.0, (30.0, 30.0))


def test_an_interval() -> None:
    """Of ten slopes between five utterances the extremes, in MiB a minute."""
    peaks = {10.0: 105.0, 20.0: 110.0, 30.0: 121.0, 40.0: 120.0, 50.0: 125.0}
    made = [trial(index, at, run_peak_mib=peaks[at]) for index, at in enumerate((10.0, *peaks))]
    found = slopes(audio_length(run(), made))["run_peak_mib"]
    assert found.per_minute == pytest.approx(30.0)
    assert found.interval == pytest.approx((-6.0, 66.0))


@pytest.mark.parametrize(
    ("durations", "intervals"), [((10.0, 20.0, 30.0), 0), ((10.0, 20.0, 30.0, 40.0), 0), (FIVE, 3)]
)
def test_few_utterances(durations: tuple[float, ...], intervals: int) -> None:
    """Three durations have slopes, and five an interval."""
    found = slopes(audio_length(run(), trials(*durations))).values()
    assert [one.per_minute for one in found] == pytest.approx([30.0, 30.0, 15.0])
    assert sum(one.interval is not None for one in found) == intervals


def test_two_durations() -> None:
    """Pieces of one length and a rest: what is missing is said, however many pieces there are."""
    made = [trial(index, 10.0, name=f"piece-{index}") for index in range(9)]
    found = audio_length(run(200.0), [*made, trial(9, 4.0)])["asr"]
    reason = "it takes 3 different durations, the steady trials have 2"
    assert (found.utterances, found.durations) == (9, 2)
    assert [(one.n, one.per_minute, one.reason) for one in found.slopes] == [(9, None, reason)] * 3
    assert found.longest_clip == LongestClip(budget_mib=200.0, reason=reason)


def test_one_duration() -> None:
    """Where all are of the same length there is no question, with a budget either."""
    assert audio_length(run(200.0), trials(10.0, 10.0)) == {
        "asr": AudioLength(utterances=1, durations=1, shortest_s=10.0, longest_s=10.0)
    }


def test_no_steady_trial() -> None:
    """A run of its cold trial alone, and one without any, have nothing."""
    assert audio_length(run(), [trial(0, 10.0)]) == {}
    assert audio_length(run(), []) == {}


def test_what_was_not_measured() -> None:
    """Another stage's values are not this one's, and a reading that failed is no point."""
    made = [
        replace(one, measurements=(*one.measurements, absent("aligner", "run_peak_mib", "forbidden")))
        for one in trials(*FIVE)
    ]
    found = audio_length(run(500.0, "asr", "aligner"), made)
    assert found["aligner"].slopes[1] == AudioSlope(metric="run_peak_mib", n=0, reason="nothing was measured")
    assert found["aligner"].longest_clip == LongestClip(budget_mib=500.0, reason="nothing was measured")
    assert found["asr"].slopes[1].per_minute == 30.0


@pytest.mark.parametrize(("budget_mib", "longest_s", "times"), [(400.0, 600.0, 10.0), (115.0, 30.0, 0.5)])
def test_longest_clip(budget_mib: float, longest_s: float, times: float) -> None:
    """Where working memory on top of the level before it meets the budget, by the longest clip that was measured."""
    assert clip(budget_mib, trials(*FIVE)) == LongestClip(
        budget_mib=budget_mib, longest_s=longest_s, interval_s=(longest_s, longest_s), times_measured=times
    )


def test_the_longest_clip_has_the_interval_of_the_slope() -> None:
    """The steepest slope through the points meets the budget first, the flattest last."""
    works = {10.0: 5.0, 20.0: 10.0, 30.0: 17.0, 40.0: 20.0, 50.0: 25.0}
    made = [
        trial(index, at, working_memory_mib=works[at], run_peak_mib=100.0 + works[at])
        for index, at in enumerate((10.0, *works))
    ]
    # slopes from 0.3 to 0.7 MiB/s around 0.5; on top of 100 MiB they leave medians of 108, 96 and 100
    found = clip(200.0, made)
    assert found is not None
    assert found.longest_s == pytest.approx((200 - 100) / 0.5)
    steep, flat = (200 - 96.0) / 0.7, (200 - 108.0) / 0.3
    assert found.interval_s == pytest.approx((steep, flat))
    assert found.times_measured == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("budget_mib", "values", "reason"),
    [
        (95.0, {}, "without any audio the peak is 100.0 MiB"),
        (80.0, {}, "the load alone reaches 90.0 MiB"),
        (500.0, {"working_memory_mib": 4.0}, "the working memory is not shown to grow with the audio's length"),
    ],
)
def test_no_longest_clip(budget_mib: float, values: dict[str, Any], reason: str) -> None:
    """Nothing fits, or no length is told by a slope that may be 0."""
    made = [trial(index, at, **values) for index, at in enumerate((10.0, *FIVE))]
    assert clip(budget_mib, made) == LongestClip(budget_mib=budget_mib, reason=reason)


def test_the_highest_level_counts() -> None:
    """A call that began with more in the process leaves less room for any other, and does not blur the slope."""
    made = trials(*FIVE)
    made[2] = trial(2, 20.0, run_peak_mib=160.0)
    assert clip(400.0, made) == LongestClip(
        budget_mib=400.0, longest_s=500.0, interval_s=(500.0, 500.0), times_measured=500 / 60
    )


def test_an_utterance_whose_peak_was_not_read() -> None:
    """It has a working memory and no level; the others have both."""
    made = trials(*FIVE)
    made[3] = replace(made[3], measurements=tuple(m for m in made[3].measurements if m.metric != "run_peak_mib"))
    found = clip(400.0, made)
    assert found is not None
    assert found.longest_s == 600.0


def test_no_longest_clip_without_an_interval() -> None:
    """A slope that may be anything tells no length."""
    reason = "the slope of 4 utterances has no interval; 5 of different durations have one"
    assert clip(500.0, trials(10.0, 20.0, 30.0, 40.0)) == LongestClip(budget_mib=500.0, reason=reason)
