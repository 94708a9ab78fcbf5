import importlib.util
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, SupportsIndex

import pytest

from harness.analysis.accuracy import word_counts
from harness.normalizer import basic
from harness.stage import Refused, Request, Result, Unusable, Word
from plugins.stages.pocketsphinx import PocketsphinxAligner, PocketsphinxAsr

SAMPLES = Path(__file__).parents[3] / "samples"
REFERENCE = (SAMPLES / "jfk.txt").read_text(encoding="utf-8").strip()
AUDIO_MS = 11_000.0
BYTES_PER_MS = 32


class Tape(bytes):
    """Samples that know how far they were read piece by piece, in milliseconds."""

    reached_ms = 0.0

    def __getitem__(self, key: SupportsIndex | slice) -> Any:
        """Give a piece, and remember its end."""
        if isinstance(key, slice) and key.start is not None:
            self.reached_ms = min(key.stop, len(self)) / BYTES_PER_MS
        return super().__getitem__(key)


@dataclass(frozen=True)
class Heard:
    """One transcription: what came out, and after how much of the audio each hypothesis did."""

    result: Result
    deliveries: tuple[tuple[float, str], ...]


@pytest.fixture(scope="module")
def pcm() -> bytes:
    """Return the samples of the shipped recording."""
    with wave.open(str(SAMPLES / "jfk.wav"), "rb") as audio:
        assert (audio.getframerate(), audio.getnchannels(), audio.getsampwidth()) == (16_000, 1, 2)
        return audio.readframes(audio.getnframes())


@pytest.fixture(scope="module")
def asr() -> Iterator[PocketsphinxAsr]:
    """Return an ASR as it is shipped, loaded."""
    stage = PocketsphinxAsr(PocketsphinxAsr.Options())
    stage.prepare()
    stage.load()
    yield stage
    stage.unload()


@pytest.fixture(scope="module")
def heard(asr: PocketsphinxAsr, pcm: bytes) -> Heard:
    """Transcribe the recording once."""
    tape = Tape(pcm)
    deliveries: list[tuple[float, str]] = []
    result = asr.run(Request("", AUDIO_MS / 1e3, tape), lambda text: deliveries.append((tape.reached_ms, text)))
    return Heard(result, tuple(deliveries))


@pytest.fixture(scope="module")
def aligner() -> Iterator[PocketsphinxAligner]:
    """Return an aligner, loaded."""
    stage = PocketsphinxAligner(PocketsphinxAligner.Options())
    stage.prepare()
    stage.load()
    yield stage
    stage.unload()


def align(stage: PocketsphinxAligner, text: str, pcm: bytes) -> tuple[Word, ...]:
    """Return the words of a text; nothing is emitted meanwhile."""
    emitted: list[str] = []
    result = stage.run(Request("", len(pcm) / BYTES_PER_MS / 1e3, pcm, text), emitted.append)
    assert emitted == []
    return result.words


def assert_in_order(words: tuple[Word, ...]) -> None:
    """Check that words follow each other, last some time, and lie inside the audio."""
    assert all(0 <= word.start_ms < word.end_ms <= AUDIO_MS for word in words)
    assert all(earlier.end_ms <= later.start_ms for earlier, later in pairwise(words))


def test_word_error_rate(heard: Heard) -> None:
    """The shipped configuration gets at least three words of four right."""
    counts = word_counts(basic(REFERENCE), basic(heard.result.text))
    assert counts.length == 22
    assert counts.edits / counts.length <= 0.25


def test_first_hypothesis_comes_early(heard: Heard) -> None:
    """The first text is there after two seconds of eleven, and it is a beginning, not the whole."""
    reached_ms, text = heard.deliveries[0]
    assert 0 < reached_ms <= 2_000
    assert text
    assert len(text.split()) <= len(heard.result.text.split()) // 4


def test_hypotheses_come_while_it_listens(heard: Heard) -> None:
    """Hypotheses are spread over the audio: there is one in each of its quarters."""
    quarters = {int(reached_ms // (AUDIO_MS / 4)) for reached_ms, _ in heard.deliveries}
    assert quarters >= {0, 1, 2, 3}


def test_hypotheses_are_handed_out_when_they_change(heard: Heard) -> None:
    """No hypothesis is the one before it, and none is empty."""
    texts = [text for _, text in heard.deliveries]
    assert all(earlier != later for earlier, later in pairwise(texts))
    assert all(texts)


def test_transcribed_words(heard: Heard) -> None:
    """The ASR's word timings are its transcript, in order, inside the audio, without fillers."""
    words = heard.result.words
    assert [word.text for word in words] == heard.result.text.split()
    assert_in_order(words)


def test_no_audio_to_transcribe(asr: PocketsphinxAsr) -> None:
    """Audio without a sample is refused."""
    with pytest.raises(Refused, match=r"^the audio holds no sample$"):
        asr.run(Request("", 0.0, b""), print)


@pytest.mark.parametrize("length", [1, 2, 400, 32_000])
def test_hardly_any_audio(asr: PocketsphinxAsr, length: int) -> None:
    """Half a sample, a few milliseconds or a second of digital silence have no text, and do no harm."""
    emitted: list[str] = []
    assert asr.run(Request("", 0.0, bytes(length)), emitted.append) == Result(text="", words=())
    assert emitted == []


def test_aligned_words(aligner: PocketsphinxAligner, pcm: bytes) -> None:
    """Every word of the reference has its time: in their order, one after the other, inside the audio."""
    words = align(aligner, REFERENCE, pcm)
    assert [word.text for word in words] == basic(REFERENCE).split()
    assert len(words) == 22
    assert_in_order(words)


def test_capitals_and_punctuation_do_not_matter(aligner: PocketsphinxAligner, pcm: bytes) -> None:
    """The words are what is aligned, however the text is written."""
    assert align(aligner, f"\u201c{REFERENCE.upper()}\u201d ...", pcm) == align(aligner, basic(REFERENCE), pcm)


def test_the_same_again(aligner: PocketsphinxAligner, pcm: bytes) -> None:
    """A second run gives identical words, with a restart before it and without."""
    first = align(aligner, REFERENCE, pcm)
    assert align(aligner, REFERENCE, pcm) == first
    aligner.restart()
    assert align(aligner, REFERENCE, pcm) == first


def test_the_same_after_loading_again(pcm: bytes) -> None:
    """What was unloaded and loaded again gives identical words."""
    stage = PocketsphinxAligner(PocketsphinxAligner.Options())
    stage.prepare()
    found = []
    for _ in range(2):
        stage.load()
        found.append(align(stage, REFERENCE, pcm))
        stage.unload()
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("text", "length_ms", "message"),
    [
        ("", AUDIO_MS, "there is no text to align"),
        (" \n ", AUDIO_MS, "there is no text to align"),
        ("... - !", AUDIO_MS, "there is no text to align"),
        ("zzyzx, blorf, Zzyzx!", AUDIO_MS, "words that the dictionary does not know: blorf, zzyzx"),
        ("1961", AUDIO_MS, "words that the dictionary does not know: 1961"),
        ("שלום עולם", AUDIO_MS, "words that the dictionary does not know: עולם, שלום"),
        ("你好世界", AUDIO_MS, "words that the dictionary does not know: 你好世界"),
        (
            "a1 b1 c1 d1 e1 f1 g1 h1 i1 j1 k1",
            AUDIO_MS,
            "words that the dictionary does not know: a1, b1, c1, d1, e1, f1, g1, h1, i1, j1 and 1 more",
        ),
        (REFERENCE, 0, "the audio holds no sample"),
        (REFERENCE, 500, "the text does not fit the audio"),
        (REFERENCE, 1, "the text does not fit the audio"),
        ("zygote " * 30, AUDIO_MS, "the text does not fit the audio"),
    ],
)
def test_refused(aligner: PocketsphinxAligner, pcm: bytes, text: str, length_ms: float, message: str) -> None:
    """What cannot be aligned is refused with its reason."""
    with pytest.raises(Refused) as caught:
        align(aligner, text, pcm[: int(length_ms * BYTES_PER_MS)])
    assert str(caught.value) == message


def test_unknown_words_are_left_out_and_named(aligner: PocketsphinxAligner, pcm: bytes) -> None:
    """The words that the dictionary knows have the times that they have without the others; each unknown is named."""
    text = REFERENCE.replace("fellow", "blorf 1961 fellow") + " Blorf!"
    result = aligner.run(Request("", AUDIO_MS / 1e3, pcm, text), print)
    assert result.words == align(aligner, REFERENCE, pcm)
    assert result.facts == {"unknown_words": ["blorf", "1961", "blorf"]}
    assert aligner.run(Request("", AUDIO_MS / 1e3, pcm, REFERENCE), print).facts == {}


def test_unknown_words_can_be_refused(
    aligner: PocketsphinxAligner, pcm: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the option, for who wants a time for every word."""
    monkeypatch.setattr(aligner, "options", PocketsphinxAligner.Options(unknown="refuse"))
    with pytest.raises(Refused, match=r"^words that the dictionary does not know: 1961$"):
        align(aligner, f"{REFERENCE} 1961", pcm)


def test_what_becomes_of_unknown_words_has_to_be_known() -> None:
    """The option has two values."""
    with pytest.raises(Unusable) as caught:
        PocketsphinxAligner(PocketsphinxAligner.Options(unknown="drop")).preflight()
    assert (caught.value.key, caught.value.found) == ("unknown", "'drop'")
    assert caught.value.choices == ("leave_out", "refuse")


def test_whole_after_a_refusal(aligner: PocketsphinxAligner, pcm: bytes) -> None:
    """A refusal leaves nothing behind: what can be aligned is aligned as before."""
    before = align(aligner, REFERENCE, pcm)
    for text, samples in (("blorf", pcm), (REFERENCE, b""), (REFERENCE, pcm[:16_000]), ("zygote " * 30, pcm)):
        with pytest.raises(Refused):
            align(aligner, text, samples)
    assert align(aligner, REFERENCE, pcm) == before


@pytest.mark.parametrize(
    "text",
    ["don't blorf", "don\N{RIGHT SINGLE QUOTATION MARK}t blorf", "'ask' blorf", "ask ' blorf", "the dogs' blorf"],
    ids=["straight", "curly", "quoted", "by itself", "at the end"],
)
def test_apostrophes(aligner: PocketsphinxAligner, pcm: bytes, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An apostrophe inside a word belongs to it, straight or curly; around a word it is punctuation."""
    monkeypatch.setattr(aligner, "options", PocketsphinxAligner.Options(unknown="refuse"))
    with pytest.raises(Refused) as caught:
        align(aligner, text, pcm)
    assert str(caught.value) == "words that the dictionary does not know: blorf"


@pytest.mark.parametrize("piece_ms", [0, -100])
def test_piece_of_no_length(piece_ms: int) -> None:
    """Audio cannot be handed over in pieces of nothing: the option is named, and what would be right."""
    stage = PocketsphinxAsr(PocketsphinxAsr.Options(piece_ms=piece_ms))
    with pytest.raises(Unusable) as caught:
        stage.preflight()
    assert (caught.value.key, caught.value.found) == ("piece_ms", str(piece_ms))
    assert caught.value.expected == "a whole number of at least 1"


@pytest.mark.parametrize("cls", [PocketsphinxAsr, PocketsphinxAligner])
def test_package_that_is_not_installed(
    cls: type[PocketsphinxAsr | PocketsphinxAligner], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing package is told before a worker starts, with the command that fetches it."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Unusable) as caught:
        cls(cls.Options()).preflight()
    assert (caught.value.found, caught.value.expected) == ("no package 'pocketsphinx'", "pip install pocketsphinx")
    assert str(caught.value) == "found no package 'pocketsphinx', expected pip install pocketsphinx"


@pytest.mark.parametrize("cls", [PocketsphinxAsr, PocketsphinxAligner])
def test_ready(cls: type[PocketsphinxAsr | PocketsphinxAligner]) -> None:
    """As it is shipped, each stage can run here."""
    cls(cls.Options()).preflight()


def test_facts() -> None:
    """The engine says its version and where the files are that it will read."""
    facts = PocketsphinxAligner(PocketsphinxAligner.Options()).prepare()
    assert facts["version"].split(".")[0] == "5"
    assert [Path(path).exists() for path in facts["files"]] == [True]
