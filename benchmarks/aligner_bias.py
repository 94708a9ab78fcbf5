"""How far each aligner that can run here is from exactly known word times.

The speech is synthetic (:mod:`harness.synthetic`), from a fixed seed: words cut out of the shipped sample at the
bounds that the shipped aligner found and laid out again, kind by kind; and, where espeak-ng is installed, sentences
that it speaks. Every aligner is given the same audio and the right text, in this process. Errors are aligner minus
truth, positive where it is late. AAS = 1 / (2N) x sum of (|start error| + |end error|).
"""

import wave
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.results import Result, Table, Unmeasurable
from benchmarks.setting import Setting, utterance
from harness.analysis.time_errors import ErrorsSoFar, TimeErrors
from harness.analysis.word_match import WITHIN_MS, Matched, Matcher
from harness.errors import InputError
from harness.plugins import discover
from harness.stage import Refused, Request, Stage, Unusable
from harness.synthetic.corpus import Shape, shuffled_corpus
from harness.synthetic.espeak import ENGINE, speak
from harness.synthetic.folder import write
from harness.synthetic.recordings import Recording
from harness.synthetic.sentences import KINDS, plain
from harness.synthetic.spoken import Spoken

NAME = "aligner_bias"
SEED = 0
_SHIPPED = "pocketsphinx"
_OURS = "plugins."
_SENTENCES_PER_KIND = 15
_UNITS = "AAS and biases (medians) in ms; then the shares of boundaries that are at most so far off"
_VOICES = ("en-us", "en-us+f3", "en-gb-scotland")
_SAID = (
    "The old man carried his books to the market every morning.",
    "Seven small birds were sitting on the roof of the house.",
    "Please open the window before you leave the kitchen.",
    "He asked for water, bread and a little salt.",
    "Nobody knew where the road would take them after the river.",
    "It rained so hard that the children stayed at home.",
    "She sold her car and bought a piece of land near the sea.",
    "When the train stopped, two women and a dog got off.",
)


@dataclass(slots=True)
class Aligned:
    """What an aligner made of some speech: its errors by sentence, and the sentences that it did not align."""

    matched: dict[str, Matched] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    @property
    def errors(self) -> TimeErrors:
        """Return the errors over all words."""
        so_far = ErrorsSoFar()
        for sentence, matched in self.matched.items():
            so_far.add(matched, sentence, None)
        return so_far.errors()


def run(setting: Setting) -> Result:
    """Make the speech, align it with every aligner, and compare."""
    aligners, lacking = _aligners(small=setting.small)
    if _SHIPPED not in aligners:
        raise Unmeasurable(f"no aligner {_SHIPPED}, which cuts the sample into words: {lacking}")
    aligned: dict[tuple[str, str], Aligned] = {}
    with setting.folder() as folder:
        speeches, silent = _speeches(aligners[_SHIPPED], small=setting.small)
        for name, speech in speeches.items():
            write(folder / name, speech)
        for aligner, stage in aligners.items():
            stage.load()
            for name, speech in speeches.items():
                aligned[aligner, name] = _aligned(stage, speech, folder / name)
            stage.unload()
    notes = [*(f"{name} could not run: {why}" for name, why in lacking.items()), *silent]
    raw = {f"{aligner}, {name}": vars_of(found) for (aligner, name), found in aligned.items()}
    return Result(NAME, (table(aligned, notes),), (), {"seed": SEED, "errors": raw})


def table(aligned: Mapping[tuple[str, str], Aligned], notes: Sequence[str] = ()) -> Table:
    """Return a row for each aligner and speech."""
    shares = [f"{limit} ms" for limit in WITHIN_MS]
    headers = ("aligner, speech", "words", "AAS", "start bias", "end bias", *shares, "not aligned")
    rows = [[f"{aligner}, {name}", *_cells(found)] for (aligner, name), found in aligned.items()]
    return Table(f"Aligners against exactly known times, seed {SEED}", headers, rows, [_UNITS, *notes])


def vars_of(aligned: Aligned) -> dict[str, Any]:
    """Return the raw values, as they are stored."""
    found = aligned.matched.values()
    return {
        "start_error_ms": [error for matched in found for error in matched.start_ms],
        "end_error_ms": [error for matched in found for error in matched.end_ms],
        "refused": aligned.refused,
    }


def _cells(aligned: Aligned) -> list[str]:
    found = aligned.errors
    if not found.n:
        return ["0", *["-"] * (3 + len(WITHIN_MS)), str(len(aligned.refused))]
    return [
        str(found.n),
        f"{found.aas_ms:.1f}",
        f"{found.start_bias_ms:+.1f}",
        f"{found.end_bias_ms:+.1f}",
        *(f"{share:.0%}" for share in found.within),
        str(len(aligned.refused)),
    ]


def _aligners(*, small: bool) -> tuple[dict[str, Stage], dict[str, str]]:
    """Return the aligners that ship and can run here, prepared, and why the others cannot."""
    aligners: dict[str, Stage] = {}
    lacking: dict[str, str] = {}
    for (role, name), found in sorted(discover().stages.items()):
        if role != "aligner" or not found.cls.__module__.startswith(_OURS) or (small and name != _SHIPPED):
            continue
        try:
            stage: Stage = found.cls(found.cls.Options())
            stage.preflight()
        except Unusable as error:
            lacking[name] = str(error)
        except TypeError:
            lacking[name] = "it has options without a default"
        else:
            stage.prepare()
            aligners[name] = stage
    return aligners, lacking


def _speeches(shipped: Stage, *, small: bool) -> tuple[dict[str, list[Spoken]], list[str]]:
    """Return the sentences by how they were made, and notes on what could not be."""
    sample = _sample(shipped)
    if small:
        return {"cut, all kinds": list(shuffled_corpus([sample], Shape(sentences=3), SEED))}, []
    shapes = {f"cut, {kind}": Shape(_SENTENCES_PER_KIND, kinds=(kind,)) for kind in KINDS}
    speeches = {name: list(shuffled_corpus([sample], shape, SEED)) for name, shape in shapes.items()}
    lines = list(enumerate(_SAID, start=1))
    try:
        return {**speeches, ENGINE: [one for voice in _VOICES for one in _voiced(lines, voice)]}, []
    except InputError as error:
        return speeches, [str(error)]


def _voiced(lines: Sequence[tuple[int, str]], voice: str) -> Iterator[Spoken]:
    for one in speak(lines, voice, SEED):
        yield Spoken(f"{voice}-{one.name}", one.samples, one.words, one.speaker, one.synthetic)


def _sample(stage: Stage) -> Recording:
    """Return the sample that ships, with the words where the aligner finds them."""
    heard = utterance()
    audio = Path(heard.canonical)
    stage.load()
    words = stage.run(_request(stage, audio, heard.duration_s, heard.reference or ""), _ignored).words
    stage.unload()
    return Recording(heard.id, heard.id, audio, words, str(audio), f"the bounds that the aligner {stage.name} found")


def _aligned(stage: Stage, speech: Sequence[Spoken], folder: Path) -> Aligned:
    aligned, matcher = Aligned(), Matcher(plain)
    for one in speech:
        stage.restart()
        try:
            found = stage.run(_request(stage, folder / f"{one.name}.wav", one.duration_s, one.text), _ignored).words
        except Refused as refusal:
            aligned.refused.append(f"{one.name}: {refusal}")
            continue
        if [plain(word.text) for word in found] != [plain(word.text) for word in one.words]:
            aligned.refused.append(f"{one.name}: other words: {' '.join(word.text for word in found)}")
        else:
            aligned.matched[one.name] = matcher.match(one.words, found)
    return aligned


def _request(stage: Stage, audio: Path, duration_s: float, text: str) -> Request:
    pcm = b""
    if stage.takes_pcm:
        with wave.open(str(audio), "rb") as file:
            pcm = file.readframes(file.getnframes())
    return Request(str(audio), duration_s, pcm, text)


def _ignored(text: str) -> None:
    """Take no notice of what a stage emits while it works."""
