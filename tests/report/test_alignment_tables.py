from dataclasses import replace

import pytest

from harness.analysis.alignment import Agreement, Alignment, TimedText
from harness.analysis.summary import Summary, summarise
from harness.analysis.time_errors import TimeErrors
from harness.analysis.word_sanity import Sanity
from harness.records import ProbeRecord
from harness.report.alignment_tables import alignment_lines, alignment_tables
from plugins.probes.aas import Aas
from tests import stored

ERRORS = TimeErrors(
    n=90,
    words=100,
    aas_ms=31.24,
    interval=(28.0, 35.06),
    clusters=10,
    start_bias_ms=-12.04,
    end_bias_ms=0.04,
    bias_ms=-5.0,
    within=(0.4, 0.755, 0.9, 1.0),
)
ORACLE = TimedText(
    stage="oracle",
    role="aligner",
    text_from="reference",
    trials=20,
    utterances=10,
    timed_utterances=10,
    sanity=Sanity(words=100),
    errors=ERRORS,
    quality=0.875,
)
ALIGNER = replace(
    ORACLE,
    stage="aligner",
    text_from="asr",
    timed_utterances=8,
    sanity=Sanity(words=1100, overlapping=1000, outside_audio=2),
    errors=TimeErrors(n=0, words=80),
    quality=None,
)
OWN = replace(ALIGNER, stage="asr", role="asr", errors=None, timed_utterances=0, sanity=Sanity(words=7))
PAIR = Agreement(first="asr", second="aligner", text_from="asr", differences=replace(ERRORS, interval=None))


def summary(*texts: TimedText, agreements: tuple[Agreement, ...] = (), asked: bool = True) -> Summary:
    """Return a summary that has this of word times, of a run with the probe or without it."""
    probes = (ProbeRecord(name="aas", origin="here", options={}, metrics=tuple(Aas.metrics)),) if asked else ()
    found = Alignment(texts=texts, agreements=agreements)
    return replace(summarise(stored.run(probes=probes), ()), alignment=found)


def test_errors() -> None:
    """A row a stage and text; which words count, what intervals are over, and that ours has the 1/2."""
    errors, sanity = alignment_tables(summary(ORACLE, ALIGNER))
    assert (errors.title, sanity.title) == ("Alignment", "Word times")
    first, second = errors.rows
    assert first[:8] == (
        "Oracle", "reference text", "90 of 100", "90.0%", "31.2", "28.0 .. 35.1", "-12.0", "+0.0"
    )  # fmt: skip
    assert first[8:] == ("-5.0", "40.0%", "75.5%", "90.0%", "100.0%")
    assert second == ("Aligner", "text of ASR", "0 of 80", "0.0%", *["-"] * 9)
    assert len(errors.headers) == len(first)
    assert errors.notes[:3] == (
        "Words are equal by the normaliser basic; those of every trial count: 10 utterances in 20 trials.",
        "Intervals: bootstrap over 10 utterances, for the words of one are alike.",
        "2 of 10 utterances of aligner have no reference times, and are not in it.",
    )
    assert "Our AAS has the 1/2; some published code leaves it out" in errors.notes[3]


def test_synthetic_speech_is_said_first() -> None:
    """Where reference times are of speech that nobody spoke, the table and the screen say so."""
    made = summary(replace(ORACLE, synthetic=("tts",)))
    said = "The speech is synthetic (tts): nobody spoke it so, and what was spoken may be easier or harder to align."
    assert next(alignment_tables(made)).notes[0] == said
    assert list(alignment_lines(made))[1] == said
    assert list(alignment_lines(summary(replace(OWN, synthetic=("tts",))))) == []


def test_agreement() -> None:
    """Two stages on one text have a table of their own, which says that it is no accuracy."""
    agreement, _ = alignment_tables(summary(OWN, agreements=(PAIR,)))
    assert agreement.title == "Agreement of word times, not accuracy"
    assert agreement.rows[0][:7] == ("ASR", "Aligner", "text of ASR", "90 of 100", "90.0%", "31.2", "-")
    assert len(agreement.headers) == len(agreement.rows[0])
    assert agreement.notes[1] == "No interval: it takes 3 utterances."
    assert "agreement, not accuracy" in agreement.notes[2]


def test_what_nobody_asked_for() -> None:
    """Without the probe there are errors where there are reference times; words in order are no news."""
    assert list(alignment_tables(summary(OWN, agreements=(PAIR,), asked=False))) == []
    titles = [table.title for table in alignment_tables(summary(ORACLE, agreements=(PAIR,), asked=False))]
    assert titles == ["Alignment", "Word times"]
    wrong = replace(OWN, sanity=Sanity(words=7, negative=1))
    (table,) = alignment_tables(summary(wrong, agreements=(PAIR,), asked=False))
    assert table.title == "Word times"


def test_sanity() -> None:
    """Any words are counted by what is wrong with them, with their own quality where there is one."""
    *_, sanity = alignment_tables(summary(ORACLE, ALIGNER, OWN))
    assert sanity.headers[2:] == (
        "Words", "Out of order", "Overlapping", "Outside the audio", "Without length", "Of negative length", "Quality"
    )  # fmt: skip
    assert sanity.rows == (
        ("Oracle", "reference text", "100", "0", "0", "0", "0", "0", "0.875"),
        ("Aligner", "text of ASR", "1,100", "0", "1,000", "2", "0", "0", "-"),
        ("ASR", "its own text", "7", "0", "0", "0", "0", "0", "-"),
    )


def test_lines() -> None:
    """A line for each row of errors, and one for times that cannot be true."""
    assert list(alignment_lines(summary(ORACLE, ALIGNER, agreements=(PAIR,)))) == [
        "Alignment (oracle, reference text): AAS 31.2 ms (95 % interval 28.0 .. 35.1) over 90 of 100 words; bias start "
        "-12.0 ms, end +0.0 ms; within 20/50/100/200 ms: 40%, 76%, 90%, 100%",
        "Alignment (aligner, text of ASR): no word of the reference was found",
        "Word times (aligner, text of ASR): of 1100 words, 1,000 overlapping and 2 outside the audio",
    ]


@pytest.mark.parametrize("asked", [True, False])
def test_line_of_agreement(asked: bool) -> None:
    """Without reference times it is on the screen of a run that was asked about word times, and of no other."""
    lines = list(alignment_lines(summary(OWN, agreements=(PAIR,), asked=asked)))
    said = (
        "Agreement, not accuracy (aligner against asr): mean 31.2 ms over 90 of 100 words; bias start -12.0 ms, "
        "end +0.0 ms; within 20/50/100/200 ms: 40%, 76%, 90%, 100%"
    )
    assert lines == ([said] if asked else [])


def test_nothing_to_say() -> None:
    """A run without word times has no table and no line."""
    assert list(alignment_tables(summary())) == []
    assert list(alignment_lines(summary())) == []
