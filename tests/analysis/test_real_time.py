from dataclasses import replace

import pytest

from harness.analysis.real_time import UtteranceTime, real_time, utterance_times
from harness.analysis.statistics import corpus_interval, spread
from harness.metrics import absent, ratio
from harness.protocol import Protocol
from harness.records import Outcome, Run, Trial
from tests import stored


def run() -> Run:
    """Return a run of the ASR alone."""
    return stored.run(protocol=Protocol(order=("asr",)))


def trial(index: int, name: str, took_s: float, audio_s: float = 10.0) -> Trial:
    """Return a trial of an utterance; the first is cold."""
    utterance = stored.utterance(id=name, duration_s=audio_s)
    return stored.trial(index, utterance=utterance, measurements=(ratio("asr", "rtf", took_s, audio_s),))


def test_sums_and_distribution() -> None:
    """Every steady trial is in the sums; an utterance is one value of the distribution, the median of its trials."""
    trials = [
        trial(0, "a", 99.0),
        trial(1, "a", 5.0),
        trial(2, "b", 8.0, 4.0),
        trial(3, "c", 4.0, 20.0),
        trial(4, "a", 7.0),
        trial(5, "a", 60.0),
    ]
    found = real_time(run(), trials)["asr"]
    assert (found.utterances, found.slower) == (3, 1)
    assert found.rtf == pytest.approx((72 + 8 + 4) / (30 + 4 + 20))
    assert found.interval == corpus_interval([72, 8, 4], [30, 4, 20])
    assert found.by_utterance == spread([0.7, 2.0, 0.2])


def test_an_utterance_that_takes_as_long_as_it_lasts() -> None:
    """It keeps up; only what takes longer is slower than real time."""
    found = real_time(run(), [trial(index, str(index), 10.0 + (index == 4)) for index in range(5)])["asr"]
    assert (found.utterances, found.slower) == (4, 1)


def test_p90_takes_many_utterances() -> None:
    """As of trials: from 64 on."""
    found = [real_time(run(), [trial(n, str(n), float(n)) for n in range(count + 1)])["asr"] for count in (63, 64)]
    assert [one.by_utterance.p90 is None for one in found] == [True, False]
    assert found[1].by_utterance.p90 == pytest.approx(5.77)


def test_what_is_not_counted() -> None:
    """The cold trial, warm-up, failed trials, and those without a value; of two utterances nothing is said."""
    trials = [trial(index, str(index), 5.0) for index in range(6)]
    trials[1] = replace(trials[1], warmup=True)
    trials[2] = replace(trials[2], outcome=Outcome("timeout"))
    trials[3] = replace(trials[3], measurements=(absent("asr", "rtf", "nothing was run"),))
    assert utterance_times(trials) == {
        "asr": {name: UtteranceTime(audio_s=10.0, took_s=[5.0]) for name in ("4", "5")},
    }
    assert real_time(run(), trials) == {}
    assert list(real_time(run(), [*trials, trial(6, "6", 5.0)])) == ["asr"]
