"""CMU pocketsphinx 5 with the en-us model that its wheel carries: ASR with partial hypotheses, and forced alignment.

One thread, whatever is asked. The ASR hears the audio in pieces, as a live system would, but needs the mean of the
cepstra beforehand, as its acoustic model was trained with it: a first cheap pass over the utterance estimates it,
inside the inference call.
"""

import importlib.util
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from harness.stage import Emit, Refused, Request, Result, Stage, Unusable, Word, hookimpl

_BYTES_PER_MS = 32
"""16 kHz, mono, 16 bit."""
_FRAME_MS = 10
_FILLER = re.compile(r"^(<.*>|\[.*\]|\+\+.*\+\+)$")
_VARIANT = re.compile(r"\(\d+\)$")
_SHOWN = 10
_UNKNOWN = ("leave_out", "refuse")
_EDGE = re.compile(r"^[^\w']+|[^\w']+$")
_ESTIMATE = {"lm": None, "keyphrase": "zygote zygote", "ds": 100_000, "topn": 1}
"""For the estimating pass, which needs the features' mean and no score: words that nobody says, the full codebooks
evaluated on no frame but the first, one Gaussian kept. The mean is the same to the last digit, for a twentieth of the
work."""


class _Pocketsphinx(Stage):
    """What both roles share: the library, the model that comes with it, and letting go of a decoder."""

    name = "pocketsphinx"
    uses_threads = False
    takes_pcm = True

    def preflight(self) -> None:
        """Look for the package without importing it."""
        if importlib.util.find_spec("pocketsphinx") is None:
            raise Unusable("no package 'pocketsphinx'", "pip install pocketsphinx", fix="pip install pocketsphinx")

    def prepare(self) -> Mapping[str, Any]:
        """Import the library, and say its version and where its model lies."""
        import pocketsphinx

        self._library = pocketsphinx
        self._decoders: dict[str, Any] = {}
        from importlib import metadata

        model = pocketsphinx.get_model_path("en-us")
        return {"version": metadata.version("pocketsphinx"), "files": [model]}

    def unload(self) -> None:
        """Drop the decoders; the C library frees them with their last reference."""
        self._decoders.clear()

    def _decoder(self, **options: Any) -> Any:
        return self._library.Decoder(loglevel="ERROR", **options)


class PocketsphinxAsr(_Pocketsphinx):
    """Transcribes English; hands out a hypothesis whenever it changes."""

    role = "asr"
    streams = "hypotheses"

    @dataclass(frozen=True)
    class Options:
        """The keys of ``conf/asr/pocketsphinx.yaml``."""

        piece_ms: int = 100
        topn: int = 2
        fwdflat: bool = False
        maxhmmpf: int = 5_000
        wbeam: float = 7e-24
        lpbeam: float = 1e-32
        lponlybeam: float = 7e-24

    def preflight(self) -> None:
        """Check the numbers that the library would take without a word."""
        super().preflight()
        for key in ("piece_ms", "topn", "maxhmmpf"):
            if getattr(self.options, key) < 1:
                raise Unusable(repr(getattr(self.options, key)), "a whole number of at least 1", key)
        for key in ("wbeam", "lpbeam", "lponlybeam"):
            if not 0 < getattr(self.options, key) < 1:
                raise Unusable(repr(getattr(self.options, key)), "a probability between 0 and 1", key)

    def load(self) -> None:
        """Load the language model's decoder, and the small one that estimates the cepstral mean."""
        search = {name: value for name, value in asdict(self.options).items() if name != "piece_ms"}
        self._decoders["asr"] = self._decoder(**search)
        self._decoders["mean"] = self._decoder(**_ESTIMATE)

    def run(self, request: Request, emit: Emit) -> Result:
        """Estimate the mean, then decode piece by piece."""
        if not request.pcm:
            raise Refused("the audio holds no sample")
        decoder = self._decoders["asr"]
        decoder.set_cmn(self._cepstral_mean(request.pcm))
        decoder.start_utt()
        heard = ""
        for piece in self._pieces(request.pcm):
            decoder.process_raw(piece, full_utt=False)
            hypothesis = decoder.hyp()
            text = hypothesis.hypstr if hypothesis else ""
            if text != heard:
                emit(text)
                heard = text
        decoder.end_utt()
        final = decoder.hyp()
        return Result(text=final.hypstr if final else "", words=tuple(_words(decoder)))

    def restart(self) -> None:
        """Forget the cepstral state that an utterance leaves behind."""
        for decoder in self._decoders.values():
            decoder.reinit_feat()

    def _cepstral_mean(self, pcm: bytes) -> str:
        decoder = self._decoders["mean"]
        decoder.start_utt()
        decoder.process_raw(pcm, full_utt=True)
        decoder.end_utt()
        mean: str = decoder.get_cmn(False)
        return mean

    def _pieces(self, pcm: bytes) -> Iterator[bytes]:
        size = self.options.piece_ms * _BYTES_PER_MS
        return (pcm[start : start + size] for start in range(0, len(pcm), size))


class PocketsphinxAligner(_Pocketsphinx):
    """Finds when each word of a given English text is spoken."""

    role = "aligner"

    @dataclass(frozen=True)
    class Options:
        """The keys of ``conf/aligner/pocketsphinx.yaml``.

        ``unknown`` is what becomes of words that the dictionary lacks: left out of the alignment, and named, so that
        one name in a corpus costs no utterance its figures; or the whole text is refused, for who wants every word
        timed.
        """

        unknown: str = "leave_out"

    def preflight(self) -> None:
        """Check what is to be done with words that the dictionary lacks."""
        super().preflight()
        if self.options.unknown not in _UNKNOWN:
            raise Unusable(f"'{self.options.unknown}'", "what becomes of unknown words", "unknown", _UNKNOWN)

    def load(self) -> None:
        """Load the acoustic model and the dictionary, without a language model."""
        self._decoders["aligner"] = self._decoder(lm=None)

    def run(self, request: Request, emit: Emit) -> Result:
        """Align all at once: in pieces, words would shift by up to a second."""
        decoder = self._decoders["aligner"]
        words = list(_dictionary_words(request.text, decoder))
        if not words:
            raise Refused("there is no text to align")
        unknown = [word for word in words if decoder.lookup_word(word) is None]
        known = [word for word in words if decoder.lookup_word(word) is not None]
        if unknown and (self.options.unknown == "refuse" or not known):
            raise Refused(f"words that the dictionary does not know: {_named(unknown)}")
        if not request.pcm:
            raise Refused("the audio holds no sample")
        decoder.set_align_text(" ".join(known))
        decoder.start_utt()
        decoder.process_raw(request.pcm, full_utt=True)
        decoder.end_utt()
        if decoder.hyp() is None:
            raise Refused("the text does not fit the audio")
        return Result(words=tuple(_words(decoder)), facts={"unknown_words": unknown} if unknown else {})

    def restart(self) -> None:
        """Forget the cepstral state that an utterance leaves behind."""
        self._decoders["aligner"].reinit_feat()


def _named(unknown: Sequence[str]) -> str:
    """Name words in one line, each once; a text in another script is one word after the other."""
    names = sorted(set(unknown))
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _dictionary_words(text: str, decoder: Any) -> Iterator[str]:
    """Yield the words of a text as the dictionary spells them: lower case, without punctuation around them."""
    for token in text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split():
        word = _EDGE.sub("", token)
        if decoder.lookup_word(word) is None:
            word = word.strip("'")  # a quotation mark; 'cause and dogs' the dictionary knows as they are
        if word:
            yield word


def _words(decoder: Any) -> Iterator[Word]:
    """Yield the spoken words of the last utterance; frames are 10 ms long, the last one included."""
    for segment in decoder.seg() or ():
        if not _FILLER.match(segment.word):
            start_ms, end_ms = _FRAME_MS * segment.start_frame, _FRAME_MS * (segment.end_frame + 1)
            yield Word(_VARIANT.sub("", segment.word), float(start_ms), float(end_ms))


@hookimpl
def harness_stages() -> Sequence[type[Stage]]:
    """Say which stages this file holds."""
    return [PocketsphinxAsr, PocketsphinxAligner]
