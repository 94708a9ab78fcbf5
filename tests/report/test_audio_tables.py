from collections.abc import Mapping
from dataclasses import replace

import pytest

from harness.analysis.audio_length import AudioLength, AudioSlope, LongestClip
from harness.analysis.summary import Summary, summarise
from harness.report.audio_tables import audio_lines, audio_tables
from tests import stored

WORKING = AudioSlope(metric="working_memory_mib", n=5, per_minute=30.0, interval=(28.0, 33.5), at_zero=-0.001)
PEAK = AudioSlope(metric="run_peak_mib", n=5, per_minute=3.0, interval=(-1.0, 4.0), at_zero=120.0)
LATENCY = AudioSlope(metric="latency_ms", n=5, per_minute=15.0, interval=(14.0, 16.0), at_zero=0.25)
REASON = "it takes 3 different durations, the steady trials have 2"
MISSING = AudioSlope(metric="run_peak_mib", n=9, reason=REASON)
DEFINITION = (
    "Theil-Sen slopes over the utterances of the steady trials, each the median of its trials; memory of the inference "
    "call. Memory that a process keeps from longer audio hides what shorter audio needs: trim=each shows it."
)


def length(*slopes: AudioSlope, clip: LongestClip | None = None) -> AudioLength:
    """Return five utterances of a stage."""
    return AudioLength(utterances=5, durations=5, shortest_s=5.0, longest_s=30.0, slopes=slopes, longest_clip=clip)


def summary(found: Mapping[str, AudioLength]) -> Summary:
    """Return a summary that has this of audio lengths."""
    return replace(summarise(stored.run(), ()), audio_length=found)


def test_table() -> None:
    """A row for each stage and figure; what is shown to grow is said in words, and what is not."""
    (table,) = audio_tables(summary({"asr": length(WORKING, PEAK, LATENCY)}))
    assert table.title == "Audio length"
    assert table.rows == (
        ("ASR", "working memory", "MiB", "+30.00", "+28.00 .. +33.50", "0.00", "5", "5.00 .. 30.00"),
        ("ASR", "peak memory", "MiB", "+3.00", "-1.00 .. +4.00", "120.00", "5", "5.00 .. 30.00"),
        ("ASR", "latency", "s", "+15.00", "+14.00 .. +16.00", "0.25", "5", "5.00 .. 30.00"),
    )
    assert len(table.headers) == len(table.rows[0])
    assert table.notes == (
        "asr: a minute of audio takes +30.00 MiB of working memory and +15.00 s of latency; "
        "no growth of peak memory with the audio's length is shown.",
        DEFINITION,
    )


def test_missing_slopes() -> None:
    """Dashes have one reason together, and nothing is concluded from a slope without an interval."""
    latency = replace(LATENCY, interval=None)
    nothing = AudioSlope(metric="run_peak_mib", n=0, reason="nothing was measured")
    (table,) = audio_tables(summary({"asr": length(MISSING, latency), "aligner": length(nothing)}))
    assert [row[3:] for row in table.rows] == [
        ("-", "-", "-", "9", "5.00 .. 30.00"),
        ("+15.00", "-", "0.25", "5", "5.00 .. 30.00"),
        ("-", "-", "-", "0", "-"),
    ]
    assert table.notes == (
        DEFINITION,
        f"no slope of asr peak memory: {REASON}",
        "no slope of aligner peak memory: nothing was measured",
    )


@pytest.mark.parametrize(
    ("clip", "said"),
    [
        (
            LongestClip(budget_mib=512.0, longest_s=1800.0, interval_s=(1500.0, 2100.0), times_measured=60.0),
            "30.0 min in 512 MiB (95 % interval 25.0 min .. 35.0 min), "
            "extrapolated on a straight line to 60.0 times the longest one measured (30.0 s)",
        ),
        (
            LongestClip(budget_mib=512.5, longest_s=20.0, interval_s=(18.0, 22.0), times_measured=2 / 3),
            "20.0 s in 512.5 MiB (95 % interval 18.0 s .. 22.0 s), within what was measured",
        ),
        (LongestClip(budget_mib=512.0, reason=REASON), f"not told for 512 MiB: {REASON}"),
    ],
    ids=["beyond", "within", "none"],
)
def test_longest_clip(clip: LongestClip, said: str) -> None:
    """How long, how sure, and how far beyond what was measured; or why there is no answer."""
    found = summary({"asr": length(PEAK, clip=clip), "aligner": length(PEAK)})
    assert list(audio_lines(found)) == [f"Longest clip (asr): {said}"]
    (table,) = audio_tables(found)
    assert f"Longest clip (asr): {said}" in table.notes


def test_nothing_to_say() -> None:
    """Utterances of one duration, and a run without trials, have no table and no line."""
    for found in ({}, {"asr": length()}):
        assert list(audio_tables(summary(found))) == []
        assert list(audio_lines(summary(found))) == []
