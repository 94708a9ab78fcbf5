"""Word timings in the formats of other programs."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from praatio import textgrid

from harness.config import SUBTITLES
from harness.protocol import Protocol
from harness.records import Outcome, Run, Trial, Utterance, Visit, Word
from harness.report import subtitles

WORDS = (Word("ask", 500.0, 740.0), Word("not", 740.0, 1000.0), Word('"what"', 2000.0, 2_340.5))


def _run(*formats: str) -> Run:
    return Run(
        id="run",
        started_at="2026-01-01T00:00:00.000+00:00",
        harness_version="0",
        protocol=Protocol(order=("aligner",)),
        stages=(),
        probes=(),
        dataset={},
        trials=1,
        subtitles=formats,
    )


def _trial(
    utterance: str,
    offset_s: float = 0.0,
    *,
    index: int = 0,
    words: tuple[Word, ...] = WORDS,
    recording: str = "speech",
) -> Trial:
    heard = Utterance(utterance, "a.wav", "/a.wav", 4.0, recording=recording, offset_s=offset_s)
    return Trial(index, 0, heard, "", visits=(Visit("aligner", "aligner", words=words),))


def test_srt_has_numbered_cues_with_commas() -> None:
    """A pause of a second parts two cues."""
    assert subtitles.srt(WORDS, 4000.0, "speech") == (
        '1\n00:00:00,500 --> 00:00:01,000\nask not\n\n2\n00:00:02,000 --> 00:00:02,340\n"what"\n'
    )


def test_vtt_has_a_header_points_and_escapes() -> None:
    """What a browser would take for markup, or for an arrow of times, is text."""
    words = (Word("a<b>&", 0.0, 3_600_001.0),)
    assert subtitles.vtt(words, 0.0, "") == "WEBVTT\n\n00:00:00.000 --> 01:00:00.001\na&lt;b&gt;&amp;\n"


def test_a_cue_holds_no_more_than_a_line() -> None:
    """Words that would make a line longer than 42 characters begin a new cue."""
    words = [Word("twelve chars", 100.0 * at, 100.0 * at + 100) for at in range(4)]
    lines = subtitles.srt(words, 0.0, "").splitlines()
    assert [lines[2], lines[6]] == ["twelve chars twelve chars twelve chars", "twelve chars"]


def test_textgrid_covers_the_recording_once() -> None:
    """Pauses are empty intervals, quotes are doubled, and the last interval ends with the audio."""
    lines = [line.strip() for line in subtitles.textgrid(WORDS, 4000.0, "").splitlines()]
    bounds = [(lines[at + 1], lines[at + 2], lines[at + 3]) for at, line in enumerate(lines) if "intervals [" in line]
    assert bounds == [
        ("xmin = 0.000", "xmax = 0.500", 'text = ""'),
        ("xmin = 0.500", "xmax = 0.740", 'text = "ask"'),
        ("xmin = 0.740", "xmax = 1.000", 'text = "not"'),
        ("xmin = 1.000", "xmax = 2.000", 'text = ""'),
        ("xmin = 2.000", "xmax = 2.341", 'text = """what"""'),
        ("xmin = 2.341", "xmax = 4.000", 'text = ""'),
    ]
    assert "intervals: size = 6" in lines


def test_textgrid_has_no_overlap_where_words_overlap() -> None:
    """Praat refuses overlapping intervals: a later word begins where the earlier one ends."""
    words = (Word("a", 0.0, 500.0), Word("b", 400.0, 600.0), Word("c", 450.0, 500.0))
    lines = [line.strip() for line in subtitles.textgrid(words, 600.0, "").splitlines()]
    assert [line for line in lines if line.startswith("text")] == ['text = "a"', 'text = "b"']


def test_no_word_ends_a_cue() -> None:
    """An arrow would be a line of times, a line feed the end of the cue; WebVTT has an escape for the one."""
    words = (Word("a\n\n2", 0.0, 500.0), Word("-->", 500.0, 900.0))
    assert subtitles.srt(words, 1e3, "") == "1\n00:00:00,000 --> 00:00:00,900\na 2 \u2192\n"
    assert subtitles.vtt(words, 1e3, "") == "WEBVTT\n\n00:00:00.000 --> 00:00:00.900\na 2 --&gt;\n"


def test_ctm_has_start_and_duration_in_seconds() -> None:
    """NIST's five columns; spaces in the recording's name would be two."""
    assert subtitles.ctm(WORDS[:1], 0.0, "my speech") == "my_speech 1 0.500 0.240 ask\n"


def test_json_is_what_the_original_prints() -> None:
    """Milliseconds and text, in a list."""
    assert json.loads(subtitles.as_json(WORDS[:1], 0.0, "")) == [{"start": 500.0, "end": 740.0, "text": "ask"}]


def test_chunks_of_a_recording_are_put_into_one_file() -> None:
    """Each chunk's words are moved by its offset."""
    trials = [_trial("speech-0000"), _trial("speech-0001", 4.0, index=1)]
    ((name, content),) = subtitles.word_files(_run("json"), trials)
    assert name == "speech.aligner.json"
    assert [word["start"] for word in json.loads(content)] == [500.0, 740.0, 2000.0, 4500.0, 4740.0, 6000.0]


def test_the_last_completed_pass_gives_the_words() -> None:
    """A later trial replaces an earlier one; a failed one does not."""
    later = _trial("speech", index=1, words=WORDS[:1])
    failed = replace(_trial("speech", index=2, words=()), outcome=Outcome("crashed"))
    ((_, content),) = subtitles.word_files(_run("ctm"), [_trial("speech"), later, failed])
    assert content == "speech 1 0.500 0.240 ask\n"


ODD = (Word("a\x00b\nc", -20.0, 100.0, 0.5), Word("\x1b", 100.0, 200.0), Word("d", 300.0, 250.0, 0.25))
"""Control characters, a word of nothing else, times before the audio, and one that ends before it begins."""


def test_odd_words_as_cues() -> None:
    """A cue has one line of text, begins no earlier than the audio, and lasts a millisecond at least."""
    assert subtitles.srt(ODD, 1000.0, "") == "1\n00:00:00,000 --> 00:00:00,250\na b c d\n"
    assert subtitles.vtt(ODD[2:], 1000.0, "") == "WEBVTT\n\n00:00:00.300 --> 00:00:00.301\nd\n"


def test_ctm_has_the_quality_as_confidence() -> None:
    """A field has no spaces, no duration is negative, and a word without a quality has no sixth field."""
    assert subtitles.ctm((*ODD, Word("e", 0.0, 40.0)), 1000.0, "my talk") == (
        "my_talk 1 0.000 0.120 a_b_c 0.500\nmy_talk 1 0.100 0.100 _\nmy_talk 1 0.300 0.000 d 0.250\n"
        "my_talk 1 0.000 0.040 e\n"
    )


def test_json_has_everything_as_it_came() -> None:
    """Odd times and control characters stay, and the quality is there where it is known."""
    assert json.loads(subtitles.as_json(ODD[:2], 1000.0, "")) == [
        {"start": -20.0, "end": 100.0, "text": "a\x00b\nc", "quality": 0.5},
        {"start": 100.0, "end": 200.0, "text": "\x1b"},
    ]


def test_praatio_reads_the_textgrid_back(tmp_path: Path) -> None:
    """What was written is one tier of words with their times; a word that is too short to be printed is left out."""
    words = (
        *WORDS,
        Word("short", 2500.0, 2500.2),
        Word("na\N{LATIN SMALL LETTER I WITH DIAERESIS}ve\n", 3000.0, 4100.0),
    )
    path = tmp_path / "speech.TextGrid"
    path.write_text(subtitles.textgrid(words, 4000.0, "speech"), encoding="utf-8")
    read = textgrid.openTextgrid(str(path), includeEmptyIntervals=False)
    assert (read.tierNames, read.maxTimestamp) == (("words",), 4.0)
    assert [tuple(entry) for entry in read.getTier("words").entries] == [
        (0.5, 0.74, "ask"),
        (0.74, 1.0, "not"),
        (2.0, 2.341, '"what"'),
        (3.0, 4.0, "na\N{LATIN SMALL LETTER I WITH DIAERESIS}ve"),
    ]


def test_a_corpus_has_one_file_where_one_can_hold_it() -> None:
    """CTM and JSON hold all recordings; of the others there is a file each, in a folder, by names that can be."""
    trials = [_trial("a", words=WORDS[:1], recording="x/A"), _trial("b", index=1, words=WORDS[:1], recording="x:a")]
    found = dict(subtitles.word_files(_run("ctm", "json", "srt"), trials))
    assert list(found) == [
        "words.aligner.ctm",
        "words.aligner.json",
        "words/x_A.aligner.srt",
        "words/x_a-2.aligner.srt",
    ]
    assert found["words.aligner.ctm"] == "x/A 1 0.500 0.240 ask\nx:a 1 0.500 0.240 ask\n"
    item = {"start": 500.0, "end": 740.0, "text": "ask"}
    assert json.loads(found["words.aligner.json"]) == {"x/A": [item], "x:a": [item]}


def test_quality_of_a_chunk_stays() -> None:
    """Moving a word in time changes nothing else."""
    trial = _trial("speech", 4.0, words=(Word("ask", 0.0, 10.0, 0.75),))
    ((_, content),) = subtitles.word_files(_run("json"), [trial])
    assert json.loads(content) == [{"start": 4000.0, "end": 4010.0, "text": "ask", "quality": 0.75}]


@pytest.mark.parametrize("form", sorted(subtitles.FORMATS))
def test_no_words_make_a_file_without_words(form: str) -> None:
    """An aligner that found nothing still has a valid file."""
    assert "ask" not in subtitles.FORMATS[form]((), 1000.0, "speech")


def test_nothing_is_written_that_was_not_asked_for() -> None:
    """A run without formats has no files."""
    assert list(subtitles.word_files(_run(), [_trial("speech")])) == []


def test_the_configuration_offers_what_is_written() -> None:
    """The formats that a configuration may name are those that there are."""
    assert tuple(subtitles.FORMATS) == SUBTITLES
