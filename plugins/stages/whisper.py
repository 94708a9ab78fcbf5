"""Whisper on CTranslate2, by faster-whisper's classes: ASR with an honest first token, and alignment of a given text.

faster-whisper's own ``transcribe`` returns at once and hands out nothing before a window of 30 s is done, so neither
tells when the first token was there. Here the decoder is asked twice: for one token, which is emitted, and for the rest
with that token given. Greedily decoded, the text is that of one call.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any

from harness.stage import Emit, Refused, Request, Result, Stage, Unusable, Word, hookimpl
from plugins.stages.whisper_heard import LONGEST_TOKENS, Heard
from plugins.stages.whisper_model import (
    COMPUTE_TYPES,
    check_language,
    files_of,
    find_model,
    first_of,
    libraries,
    missing_packages,
    name_of,
)
from plugins.stages.whisper_windows import RATE, frame_powers, samples, windows
from plugins.stages.whisper_words import Unit, fit_of, pieces_of, share, trimmed, units_of, words_of

_UNLOAD_TIMEOUT_S = 5.0
"""A batch counts as active for moments after its answer is there, and unloading is ignored meanwhile."""
_LONGEST_TEXT = 440
"""Tokens of text that fit beside the prompt when a window is aligned."""
_FIRST_TOKENS = 4
"""A character may be spread over several tokens; so many are asked for, at most, until the first text is whole."""
_WIDEST_BEAM = 100
"""Wider ones cost memory and time and gain nothing; a mistyped one would take all there is."""
_SHORTEST_MS = 100
"""The aligner's median filter spans 140 ms; of nearly nothing the engine raises an IndexError."""


class _Whisper(Stage):
    """What both roles share: the weights, the engine's life, encoding a window."""

    name = "whisper"
    uses_threads = True
    takes_pcm = True

    _model: Any = None

    def preflight(self) -> None:
        """Check packages, weights and options, importing no engine."""
        for lacking in self._lacking():
            raise lacking

    def lacks(self) -> Sequence[Unusable]:
        """Check each for itself: who installs the package may as well fetch the weights."""
        return list(self._lacking())

    def _packages(self) -> tuple[str, ...]:
        return ("faster_whisper",)

    def _lacking(self) -> Iterator[Unusable]:
        yield from missing_packages(*self._packages())
        yield from first_of(iter((self._check_numbers, self._check_weights)))

    def _check_weights(self) -> None:
        check_language(self.options.language, self.options.model, find_model(self.options.model))

    def _check_numbers(self) -> None:
        if self.options.threads < 1:
            raise Unusable(repr(self.options.threads), "a whole number of at least 1", "threads")
        if self.options.compute_type not in COMPUTE_TYPES:
            raise Unusable(f"'{self.options.compute_type}'", "how to compute on a CPU", "compute_type", COMPUTE_TYPES)

    def label(self) -> str:
        """Return the model's name, or its folder's."""
        return name_of(self.options.model) or self.name

    def prepare(self) -> Mapping[str, Any]:
        """Import the engine; say its versions, and which files it will read.

        ``faster_whisper`` is imported whole, as its users do: PyAV comes with it, which nothing here needs.
        """
        import ctranslate2
        import faster_whisper
        from faster_whisper.audio import pad_or_trim
        from faster_whisper.tokenizer import Tokenizer

        self._engine, self._pad, self._tokenizer_class = faster_whisper, pad_or_trim, Tokenizer
        self._folder = find_model(self.options.model)
        version = f"{faster_whisper.__version__} on CTranslate2 {ctranslate2.__version__}"
        return {"version": version, "files": files_of(self._folder), "libraries": libraries()}

    def load(self) -> Mapping[str, Any]:
        """Load the weights, from the folder that was found: faster-whisper never asks the network for them."""
        self._model = self._engine.WhisperModel(
            self._folder,
            device="cpu",
            compute_type=self.options.compute_type,
            cpu_threads=self.options.threads,
            local_files_only=True,
        )
        own = self._model.model
        return {"compute_type": own.compute_type, "multilingual": own.is_multilingual, "threads": self.options.threads}

    def unload(self) -> bool:
        """Unload by the engine's own means and believe its own flag; then let go of tokenizer and thread pool too."""
        own = self._model.model
        deadline = monotonic() + _UNLOAD_TIMEOUT_S
        while own.num_active_batches and monotonic() < deadline:
            sleep(0.001)
        own.unload_model()
        unloaded = not own.model_is_loaded
        if unloaded:
            self._model = None
        return unloaded

    def restart(self) -> None:
        """Do nothing: no window is decoded with the text of another, so there is nothing to forget."""

    def _encoded(self, request: Request, start: int, end: int) -> Any:
        features = self._model.feature_extractor(samples(request.pcm, start, end))
        return self._model.encode(self._pad(features))

    def _tokenizer(self, encoded: Any) -> Any:
        """Return the tokenizer for the language that was given, else for the one that is heard."""
        multilingual, language = self._model.model.is_multilingual, self.options.language
        if multilingual and language is None:
            token, _ = self._model.model.detect_language(encoded)[0][0]
            language = token.strip("<|>")
        return self._tokenizer_class(self._model.hf_tokenizer, multilingual, task="transcribe", language=language)

    def _decoded(self, encoded: Any, prompt: list[int], **more: Any) -> Any:
        return self._model.model.generate(encoded, [prompt], **{"beam_size": 1, "max_length": LONGEST_TOKENS, **more})[
            0
        ]

    def _facts(self, tokenizer: Any) -> dict[str, Any]:
        detected = self._model.model.is_multilingual and self.options.language is None
        return {"language": tokenizer.language_code} if detected else {}


class WhisperAsr(_Whisper):
    """Transcribes with Whisper on CTranslate2, any length in windows of at most 30 s; emits its first token at once."""

    role = "asr"
    streams = "pieces"

    @dataclass(frozen=True)
    class Options:
        """The keys of ``conf/asr/whisper.yaml``."""

        model: str = "tiny.en"
        compute_type: str = "int8"
        threads: int = 4
        beam_size: int = 1
        language: str | None = None
        vad: bool = False

    def _packages(self) -> tuple[str, ...]:
        return ("faster_whisper", "onnxruntime") if self.options.vad else ("faster_whisper",)

    def _check_numbers(self) -> None:
        super()._check_numbers()
        if not 1 <= self.options.beam_size <= _WIDEST_BEAM:
            raise Unusable(repr(self.options.beam_size), f"a whole number from 1 to {_WIDEST_BEAM}", "beam_size")

    def load(self) -> Mapping[str, Any]:
        """Load the weights, and those of the voice activity detector where it is asked for."""
        if self.options.vad:
            from faster_whisper.vad import get_vad_model

            get_vad_model()
        return super().load()

    def unload(self) -> bool:
        """Unload both; faster-whisper keeps its detector for the life of the process, unless it is told."""
        if self.options.vad:
            from faster_whisper.vad import get_vad_model

            get_vad_model.cache_clear()
        return super().unload()

    def run(self, request: Request, emit: Emit) -> Result:
        """Transcribe window by window, each by itself.

        Facts: ``windows`` and ``tokens`` are counts; ``no_speech`` are the windows (seconds, and the model's
        probability) that it takes for ones without speech, whatever text it gave them; ``cut_short`` those in which it
        ran out of tokens, as it does where it repeats itself.
        """
        if len(request.pcm) < 2:
            raise Refused("the audio holds no sample")
        spoken = self._spoken(request.pcm) if self.options.vad else None
        heard = Heard(emit)
        tokenizer = None
        last = spoken[-1][1] if spoken else len(request.pcm) // 2
        for start, end in windows(request.pcm, spoken):
            encoded = self._encoded(request, start, end)
            tokenizer = tokenizer or self._tokenizer(encoded)
            heard.begin(start / RATE, end / RATE, is_last=end >= last)
            self._hear(encoded, tokenizer, heard)
        facts = heard.facts | (self._facts(tokenizer) if tokenizer else {})
        if spoken is not None:
            facts["spoken_s"] = round(sum(end - start for start, end in spoken) / RATE, 2)
        return Result(text=heard.text, facts=facts)

    def _hear(self, encoded: Any, tokenizer: Any, heard: Heard) -> None:
        """Decode one window, in two calls where nothing that a later token says can change the first."""
        prompt = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
        if self.options.beam_size > 1:
            whole = self._decoded(encoded, prompt, beam_size=self.options.beam_size, return_no_speech_prob=True)
            heard.end(tokenizer.decode(whole.sequences_ids[0]), len(whole.sequences_ids[0]), whole.no_speech_prob)
            return
        for count in range(1, _FIRST_TOKENS + 1):
            begun = self._decoded(encoded, prompt, max_length=len(prompt) + count, return_no_speech_prob=True)
            first = begun.sequences_ids[0]
            if "\N{REPLACEMENT CHARACTER}" not in tokenizer.decode(first):
                heard.first(tokenizer.decode(first))
                break
        # An end is forbidden before the first token, and only there: the second call begins after it.
        tokens = self._decoded(encoded, prompt + first, suppress_blank=False).sequences_ids[0] if first else []
        heard.end(tokenizer.decode(tokens), len(tokens), begun.no_speech_prob)

    def _spoken(self, pcm: bytes) -> list[tuple[int, int]]:
        from faster_whisper.vad import get_speech_timestamps

        return [(one["start"], one["end"]) for one in get_speech_timestamps(samples(pcm, 0, len(pcm) // 2))]


class WhisperAligner(_Whisper):
    """Finds when each word of a given text is spoken, by the decoder's attention; says how well each word fits."""

    role = "aligner"

    @dataclass(frozen=True)
    class Options:
        """The keys of ``conf/aligner/whisper.yaml``."""

        model: str = "tiny.en"
        compute_type: str = "int8"
        threads: int = 4
        language: str | None = None
        trim_pauses: bool = False
        min_fit: float = 0.3

    def _check_numbers(self) -> None:
        super()._check_numbers()
        if not 0 <= self.options.min_fit < 1:
            raise Unusable(repr(self.options.min_fit), "a probability: at least 0, below 1", "min_fit")

    def run(self, request: Request, emit: Emit) -> Result:
        """Align ``request.text``. Facts: ``fit``, the mean quality of the words, and ``windows``, a count.

        Raises :class:`Refused` for a text that does not fit the audio, that is in no letters of the model's, or that
        is too long for it.
        """
        self._check(request)
        found = list(self._windows(request))
        words = tuple(word for _, aligned in found for word in aligned)
        fit = fit_of(words)
        if fit < self.options.min_fit:
            raise Refused(f"the text does not fit the audio: fit {fit:.2f}, below min_fit {self.options.min_fit:g}")
        if self.options.trim_pauses:
            words = tuple(trimmed(words, frame_powers(request.pcm, 0, len(request.pcm) // 2)))
        return Result(words=words, facts={"fit": round(fit, 4), "windows": len(found), **self._facts(found[0][0])})

    def _check(self, request: Request) -> None:
        if not any(character.isalnum() for character in request.text):
            raise Refused("there is no text to align")
        length_ms = len(request.pcm) // 2 * 1000 // RATE
        if length_ms < _SHORTEST_MS:
            raise Refused(f"{length_ms} ms of audio, too short to align; at least {_SHORTEST_MS} ms are needed")
        if not self._model.model.is_multilingual and (foreign := foreign_words(request.text)):
            raise Refused(f"the model {self.label()} knows English only; in other letters: {foreign}")

    def _windows(self, request: Request) -> Iterator[tuple[Any, Sequence[Word]]]:
        """Yield the tokenizer and the words of each window, in order.

        A window is given the words of the text that are spoken in it: of a recording of several windows each is
        transcribed too, to tell which those are; the last one gets all that are left.
        """
        left: list[str] | None = None
        places = list(windows(request.pcm))
        tokenizer = None
        for start, end in places:
            encoded = self._encoded(request, start, end)
            tokenizer = tokenizer or self._tokenizer(encoded)
            if left is None:
                left = pieces_of(request.text, tokenizer.language_code)
            count = len(left)
            if end < places[-1][1]:
                prompt = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
                heard = tokenizer.decode(self._decoded(encoded, prompt).sequences_ids[0])
                count = share(pieces_of(heard, tokenizer.language_code), left)
            text, left = "".join(left[:count]).strip(), left[count:]
            units = self._aligned(encoded, tokenizer, text, (start, end)) if text else ()
            yield tokenizer, list(words_of(units, tokenizer.language_code))

    def _aligned(self, encoded: Any, tokenizer: Any, text: str, window: tuple[int, int]) -> list[Unit]:
        tokens = tokenizer.encode(f" {text}")
        if len(tokens) > _LONGEST_TEXT:
            start_s, end_s = (place / RATE for place in window)
            where = f"from {start_s:.1f} to {end_s:.1f} s"
            raise Refused(f"{len(tokens)} tokens of text for the audio {where}; the model takes {_LONGEST_TEXT}")
        frames = (window[1] - window[0]) * 100 // RATE
        aligned = self._model.find_alignment(tokenizer, [tokens], encoded, frames)[0]
        return list(units_of(aligned, 1e3 * window[0] / RATE))


def foreign_words(text: str) -> str:
    """Return the first words of a text that is mostly in letters that English does not have, empty for any other."""
    if text.isascii():
        return ""
    import unicodedata  # with a library of its own, which English text does not need

    letters = [character for character in text if character.isalpha()]
    latin = [character for character in letters if unicodedata.name(character, "").startswith("LATIN ")]
    return "" if 2 * len(latin) >= len(letters) else " ".join(text.split()[:3])


@hookimpl
def harness_stages() -> Sequence[type[Stage]]:
    """Say which stages this file holds."""
    return [WhisperAsr, WhisperAligner]
