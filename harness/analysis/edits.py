"""Which words of a recording were written wrongly, and when they were spoken: edits put on an aligner's times.

The alignment of texts is jiwer's, of normalised texts, as in the word error rate. An aligner that got the ASR's
transcript has times for what was written; one that got the reference has times for what was said. Either way each timed
word is right, substituted or extra, and what has no time of its own stands between two words.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.analysis.accuracy import aligned_words
from harness.analysis.marked_text import Edit
from harness.analysis.probe_options import normalizer_of
from harness.records import Run, Trial, Visit, Word


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word with its times, and what is wrong with it; without length where it is only known between which it lies.

    ``text`` is what the aligner was given. ``other`` is, of a substitution, what stands for it in the other text: what
    was said, where the aligner was given the transcript, and what was written, where it was given the reference.
    """

    text: str
    start_s: float
    end_s: float
    edit: Edit = "none"
    other: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """The words of one trial on its audio: ``text_is`` says of which text, ``unknown`` why no edit is known."""

    trial: Trial
    stage: str
    words: tuple[HeardWord, ...]
    text_is: Literal["written", "said"] = "written"
    unknown: str = ""

    @property
    def wrong_places(self) -> int:
        """Return at how many places what was written is not what was said."""
        return sum(word.edit != "none" for word in self.words)


def heard(run: Run, trial: Trial) -> Heard | None:
    """Return the words of a trial with their times and edits, None where no stage gave words.

    The aligner's, else those of an ASR that gives times itself.
    """
    visits = sorted((visit for visit in trial.visits if visit.words), key=lambda visit: visit.role != "aligner")
    if not visits:
        return None
    timed, reference = visits[0], trial.utterance.reference
    text_is: Literal["written", "said"] = "said" if timed.text_from == "reference" else "written"
    transcript = _transcript(trial, timed)
    if reference is None or transcript is None:
        unknown = trial.utterance.no_reference or "no transcript to compare with"
        words = tuple(HeardWord(word.text, word.start_ms / 1e3, word.end_ms / 1e3) for word in timed.words)
        return Heard(trial, timed.stage, words, text_is, unknown)
    other = reference if text_is == "written" else transcript
    marked = marked_words(timed.words, other, normalizer_of(run, "wer").normalize, timed_is_said=text_is == "said")
    return Heard(trial, timed.stage, tuple(marked), text_is)


def _transcript(trial: Trial, timed: Visit) -> str | None:
    """Return what an ASR wrote: the one that the aligner's text came from, else the last."""
    asr = [visit for visit in trial.visits if visit.role == "asr" and visit.text is not None]
    own = [visit for visit in asr if visit.stage in (timed.text_from, timed.stage)]
    return (own or asr)[-1].text if asr else None


def marked_words(
    timed: Sequence[Word], other: str, normalize: Callable[[str], str], *, timed_is_said: bool = False
) -> list[HeardWord]:
    """Compare timed words with another text: the reference, or where ``timed_is_said`` the transcript.

    A word that normalises to several counts as wrong where one of them is; one that normalises to nothing is right.
    """
    owners = [(token, index) for index, word in enumerate(timed) for token in normalize(word.text).split()]
    ours, theirs = [token for token, _ in owners], normalize(other).split()
    if not ours or not theirs:
        return [_plain(word, "none" if not ours else "deletion" if timed_is_said else "insertion") for word in timed]
    said, written = (ours, theirs) if timed_is_said else (theirs, ours)
    wrong: dict[int, HeardWord] = {}
    between: dict[int, list[str]] = {}
    for chunk in aligned_words(said, written).alignments[0]:
        reference = range(chunk.ref_start_idx, chunk.ref_end_idx)
        hypothesis = range(chunk.hyp_start_idx, chunk.hyp_end_idx)
        mine, others = (reference, hypothesis) if timed_is_said else (hypothesis, reference)
        if chunk.type == "equal":
            continue
        if not mine:
            at = owners[mine.start][1] if mine.start < len(owners) else len(timed)
            between.setdefault(at, []).extend(theirs[index] for index in others)
        for place, number in enumerate(mine):
            index = owners[number][1]
            instead = theirs[others[place]] if place < len(others) else ""
            wrong[index] = _wrong(timed[index], instead, timed_is_said, wrong.get(index))
    return _in_order(timed, wrong, between, "insertion" if timed_is_said else "deletion")


def _wrong(word: Word, instead: str, timed_is_said: bool, before: HeardWord | None) -> HeardWord:
    texts = " ".join(filter(None, (before.other if before else "", instead)))
    edit: Edit = "substitution" if texts else "deletion" if timed_is_said else "insertion"
    return HeardWord(word.text, word.start_ms / 1e3, word.end_ms / 1e3, edit, texts)


def _plain(word: Word, edit: Edit) -> HeardWord:
    return HeardWord(word.text, word.start_ms / 1e3, word.end_ms / 1e3, edit)


def _in_order(
    timed: Sequence[Word], wrong: dict[int, HeardWord], between: dict[int, list[str]], edit: Edit
) -> list[HeardWord]:
    """Return all words in their order; what has no time stands in the middle between its neighbours."""
    words: list[HeardWord] = []
    for index in range(len(timed) + 1):
        if index in between:
            left = timed[index - 1].end_ms if index > 0 else 0.0
            right = timed[index].start_ms if index < len(timed) else left
            middle_s = (left + right) / 2e3
            words.append(HeardWord(" ".join(between[index]), middle_s, middle_s, edit))
        if index < len(timed):
            words.append(wrong.get(index) or _plain(timed[index], "none"))
    return words
