"""How right the word times of a run are: against reference times, against themselves, and two aligners with each other.

A stage that was given the reference text (an oracle) and the same one on a transcript are told apart: the second pays
for the words that the ASR got wrong with coverage, and for what stands in their place with times.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from harness.analysis.probe_options import normalizer_of
from harness.analysis.time_errors import ErrorsSoFar, TimeErrors
from harness.analysis.timed_visit import gives_times, qualities, source
from harness.analysis.word_match import Matcher
from harness.analysis.word_sanity import Sanity, sanity
from harness.records import Role, Run, Trial, Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedText:
    """The word times that a stage gave to one source of text, over the completed trials of a run.

    ``text_from`` is a stage's key or ``reference``; an ASR that times its own words is its own source. ``errors`` is
    None where no utterance has reference times; those of ``timed_utterances`` are in it. ``quality`` is the mean of the
    words' own, where the stage gives any. ``synthetic`` says how utterances were made that nobody spoke.
    """

    stage: str
    role: Role
    text_from: str
    trials: int
    utterances: int
    timed_utterances: int
    sanity: Sanity
    errors: TimeErrors | None = None
    quality: float | None = None
    synthetic: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Two stages on the same text: how far ``second`` is from ``first``, which need not be right.

    The fields of ``differences`` are those of errors, with the first one's words in the reference's place.
    """

    first: str
    second: str
    text_from: str
    differences: TimeErrors


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """All that a run tells of word times: a row a stage and source of text, and a row a pair of them.

    ``normalizer`` is what words are matched by: that of the probe which measures AAS, or where it is not known here
    ``basic``.
    """

    normalizer: str = "basic"
    texts: tuple[TimedText, ...] = ()
    agreements: tuple[Agreement, ...] = ()


def alignment(run: Run, trials: Iterable[Trial]) -> Alignment:
    """Return what the completed trials of a run tell; every one counts, for how right a word is needs no warmth."""
    known = normalizer_of(run, "aas_ms")
    matcher = Matcher(known.normalize)
    texts: dict[tuple[str, str], _Text] = {}
    pairs: dict[tuple[str, str, str], ErrorsSoFar] = {}
    for trial in trials:
        timed = [visit for visit in trial.visits if trial.outcome.ok and gives_times(visit)]
        for visit in timed:
            key = visit.stage, source(visit)
            texts.setdefault(key, _Text(visit, source(visit))).add(visit, trial, matcher)
        for first, second in combinations(timed, 2):
            if source(first) == source(second):
                pair = pairs.setdefault((first.stage, second.stage, source(first)), ErrorsSoFar())
                found = matcher.match(first.words, second.words)
                pair.add(found, trial.utterance.id, trial.utterance.speaker)
    return Alignment(
        normalizer=known.name,
        texts=tuple(text.told() for text in texts.values()),
        agreements=tuple(
            Agreement(first=first, second=second, text_from=text_from, differences=so_far.errors())
            for (first, second, text_from), so_far in pairs.items()
        ),
    )


@dataclass(slots=True)
class _Text:
    """A row while trials are added to it."""

    visit: Visit
    text_from: str
    trials: int = 0
    utterances: set[str] = field(default_factory=set)
    timed: set[str] = field(default_factory=set)
    sane: Sanity = field(default_factory=Sanity)
    errors: ErrorsSoFar = field(default_factory=ErrorsSoFar)
    qualities: list[float] = field(default_factory=list)
    synthetic: dict[str, None] = field(default_factory=dict)

    def add(self, visit: Visit, trial: Trial, matcher: Matcher) -> None:
        """Add what a stage gave in one trial."""
        utterance = trial.utterance
        self.trials += 1
        self.utterances.add(utterance.id)
        self.sane += sanity(visit.words, utterance.duration_s * 1e3)
        self.qualities += qualities(visit)
        if utterance.synthetic:
            self.synthetic[utterance.synthetic] = None
        if utterance.reference_words:
            self.timed.add(utterance.id)
            self.errors.add(matcher.match(utterance.reference_words, visit.words), utterance.id, utterance.speaker)

    def told(self) -> TimedText:
        """Return the row."""
        return TimedText(
            stage=self.visit.stage,
            role=self.visit.role,
            text_from=self.text_from,
            trials=self.trials,
            utterances=len(self.utterances),
            timed_utterances=len(self.timed),
            sanity=self.sane,
            errors=self.errors.errors(quantiles=True) if self.timed else None,
            quality=_mean(self.qualities),
            synthetic=tuple(self.synthetic),
        )


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
