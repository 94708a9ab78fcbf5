import pytest

from harness.analysis.audio_length import AudioSlope
from harness.analysis.summary import summarise
from harness.metrics import ratio, sample
from harness.protocol import Protocol
from harness.records import Trial
from harness.report.length_chart import MOST_POINTS, Lengths, length_chart, length_sketches
from tests import stored
from tests.report.test_charts import marks, rows, valid

HUE = "#0072b2"
SLOPE = AudioSlope(metric="latency_ms", n=3, per_minute=30.0, at_zero=0.5)
POINTS = [(2.0, 1.5), (4.0, 2.5), (6.0, 3.5)]


def trial(index: int, audio_s: float) -> Trial:
    """Return a trial that takes half as long as its audio."""
    utterance = stored.utterance(id=f"clip-{audio_s:g}", duration_s=audio_s)
    values = (ratio("asr", "rtf", audio_s / 2, audio_s), sample("asr", "latency_ms", audio_s * 500))
    return stored.trial(index, utterance=utterance, measurements=values)


def test_points_and_lines() -> None:
    """A point an utterance, the line of the slope from end to end, and that of real time."""
    chart = valid(length_chart([Lengths("ASR", HUE, POINTS, SLOPE)]))
    (points,) = marks(chart, "point")
    assert rows(points) == [{"audio": audio, "took": took} for audio, took in POINTS]
    real, line = marks(chart, "line")
    assert rows(real) == [{"audio": 2.0, "took": 2.0}, {"audio": 3.71, "took": 3.71}]
    assert rows(line) == [{"audio": 2.0, "took": 1.5}, {"audio": 6.0, "took": 3.5}]


def test_without_a_slope() -> None:
    """The points alone; and no real time where nothing is near it."""
    chart = valid(length_chart([Lengths("ASR", HUE, [(2.0, 0.01), (4.0, 0.02)])]))
    assert list(marks(chart, "line")) == []
    with pytest.raises(ValueError, match="no utterances of different lengths"):
        length_chart([])


def test_many_utterances_are_thinned() -> None:
    """The fastest and the slowest of each stretch are kept, and it is said."""
    points = [(1 + index / 1000, 0.5) for index in range(3000)]
    points[1234] = (points[1234][0], 9.0)
    chart = valid(length_chart([Lengths("ASR", HUE, points)]))
    (drawn,) = marks(chart, "point")
    assert len(rows(drawn)) <= MOST_POINTS
    assert max(row["took"] for row in rows(drawn)) == 9.0
    assert chart["vconcat"][0]["title"]["text"] == "ASR, 3,000 utterances: fastest and slowest"


def test_sketch() -> None:
    """Where utterances have three lengths; a run of one recording has no such chart."""
    run = stored.run(protocol=Protocol(order=("asr",)))
    trials = [trial(index, audio_s) for index, audio_s in enumerate((2.0, 2.0, 4.0, 6.0))]
    names = {"asr": "ASR", "aligner": "Aligner"}
    (sketch,) = length_sketches(run, trials, summarise(run, trials), names)
    assert sketch.text == (
        "Latency of each utterance against its length. ASR: 3 utterances, 30.00 s for a minute of audio."
    )
    valid(dict(sketch.chart()))
    assert length_sketches(run, trials[:3], summarise(run, trials[:3]), names) == []
