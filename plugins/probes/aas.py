"""How right word times are: AAS with bias, coverage and shares within a tolerance; and whether they can be true."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, ClassVar

from harness.analysis.timed_visit import gives_times, qualities
from harness.analysis.word_match import WITHIN_MS, Matched, Matcher
from harness.analysis.word_sanity import sanity
from harness.hookspecs import Probe, hookimpl
from harness.metrics import Better, Kind, Measurement, Metric, absent, ratio, sample
from harness.normalizer import normalizer
from harness.records import Trial, Visit


def _share(name: str, description: str, *, better: Better = "higher", main: bool = False) -> Metric:
    return Metric(
        name=name,
        unit="share",
        quantity="accuracy",
        kind=Kind.RATIO,
        better=better,
        format=".2%",
        main=main,
        cold_apart=False,
        description=description,
    )


def _bias(name: str, what: str) -> Metric:
    return Metric(
        name=name,
        unit="ms",
        quantity="accuracy",
        better="neither",
        format="+.1f",
        cold_apart=False,
        description=f"median signed error of a trial's word {what}, positive: late; over all words: table Alignment",
    )


_ERRORS: tuple[Metric, ...] = (
    Metric(
        name="aas_ms",
        unit="ms",
        quantity="accuracy",
        kind=Kind.RATIO,
        format=".1f",
        main=True,
        cold_apart=False,
        description="accumulated average shift: 1 / 2N x sum of (|start error| + |end error|) over N matched words",
    ),
    *(_share(f"within_{limit}ms", f"starts and ends that are off by at most {limit} ms / 2N") for limit in WITHIN_MS),
    _bias("start_bias_ms", "starts"),
    _bias("end_bias_ms", "ends"),
)
_SANITY = (
    _share("out_of_order", "words that begin before the word before them begins / words", better="lower"),
    _share("overlapping", "words that begin before the word before them ends / words", better="lower"),
    _share("outside_audio", "words that begin before the audio or end after it / words", better="lower"),
    _share("negative_or_empty", "words that end where they begin, or before / words", better="lower"),
)


class Aas(Probe):
    """Word times against reference times where there are any, and what can be told of them without."""

    name = "aas"
    metrics: ClassVar[Sequence[Metric]] = (
        *_ERRORS,
        _share("coverage", "N, the words that were matched / words of the reference", main=True),
        *_SANITY,
        Metric(
            name="word_quality",
            unit="1",
            quantity="accuracy",
            kind=Kind.RATIO,
            better="higher",
            format=".3f",
            cold_apart=False,
            description="mean of the words' own quality, between 0 and 1, by the engine's account",
        ),
    )

    @dataclass(frozen=True)
    class Options:
        """The keys of ``conf/probe/aas.yaml``."""

        normalizer: str = "basic"

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._normalizer = normalizer(options.normalizer, "probe.aas.normalizer")
        self._matcher = Matcher(self._normalizer.normalize)

    def recorded(self) -> Mapping[str, Any]:
        """Return the options, with the version of the normaliser that they name."""
        return {**super().recorded(), "normalizer_version": self._normalizer.version}

    @hookimpl
    def measure(self, trial: Trial) -> Iterator[Measurement]:
        """Hold the words of each stage that gives their times against the utterance's."""
        for visit in trial.visits:
            if not gives_times(visit):
                reason = _why_none(visit)
                yield from (absent(visit.stage, metric.name, reason) for metric in self.metrics)
                continue
            yield from self._errors(visit, trial)
            yield from _sanity(visit, trial.utterance.duration_s * 1e3)
            yield _quality(visit)

    def _errors(self, visit: Visit, trial: Trial) -> Iterator[Measurement]:
        found = self._matcher.match(trial.utterance.reference_words, visit.words)
        reason = _why_no_errors(found, trial)
        if found.words:
            yield ratio(visit.stage, "coverage", len(found.start_ms), found.words)
        else:
            yield absent(visit.stage, "coverage", reason)
        if reason:
            yield from (absent(visit.stage, metric.name, reason) for metric in _ERRORS)
            return
        boundaries = 2 * len(found.start_ms)
        yield ratio(visit.stage, "aas_ms", found.total_ms, boundaries)
        for limit in WITHIN_MS:
            yield ratio(visit.stage, f"within_{limit}ms", found.boundaries_within(limit), boundaries)
        yield sample(visit.stage, "start_bias_ms", median(found.start_ms))
        yield sample(visit.stage, "end_bias_ms", median(found.end_ms))


def _why_none(visit: Visit) -> str:
    if visit.text is None:
        return "nothing was run to its end"
    return f"the role {visit.role} need not give word times, and this stage gave none"


def _why_no_errors(found: Matched, trial: Trial) -> str:
    if not trial.utterance.reference_words:
        return "the dataset has no reference times"
    if not found.words:
        return "nothing is left of the reference's words after normalising"
    return "" if found.start_ms else "no word of the reference was found"


def _sanity(visit: Visit, duration_ms: float) -> Iterator[Measurement]:
    if not visit.words:
        yield from (absent(visit.stage, metric.name, "the stage gave no words") for metric in _SANITY)
        return
    counted = sanity(visit.words, duration_ms)
    yield ratio(visit.stage, "out_of_order", counted.out_of_order, counted.words)
    yield ratio(visit.stage, "overlapping", counted.overlapping, counted.words)
    yield ratio(visit.stage, "outside_audio", counted.outside_audio, counted.words)
    yield ratio(visit.stage, "negative_or_empty", counted.negative + counted.empty, counted.words)


def _quality(visit: Visit) -> Measurement:
    said = qualities(visit)
    if not said:
        return absent(visit.stage, "word_quality", "the stage says nothing of its words' quality")
    return ratio(visit.stage, "word_quality", sum(said), len(said))


@hookimpl
def harness_probes() -> Sequence[type[Probe]]:
    """Say which probes this file holds."""
    return [Aas]
