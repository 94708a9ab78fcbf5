"""What it takes to score a corpus: counts a trial, error rates with their intervals, worst utterances and confusions.

Utterances are generated with known errors, so that what is timed is also right: sums that differ from the known ones
are no figure.
"""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from benchmarks.results import Goal, Result, Table, Unmeasurable, Verdict
from benchmarks.setting import Setting
from harness.analysis.accuracy import Counts
from harness.analysis.corpus_accuracy import corpus_accuracy
from harness.analysis.metric_summary import Measured, metric_summary
from harness.normalizer import names, normalizer
from harness.records import ProbeRecord, Run, Trial, Utterance, Visit
from plugins.probes.wer import Wer
from tests import stored

NAME = "scoring"

_UTTERANCES, _SMALL = 10_000, 200
_WORDS, _EVERY = 20, 4
"""Words of an utterance; one in four may be wrong, so that no two errors touch and their alignment is one alone."""
_SPEAKERS = 40
_GOAL = Goal(10, "s")
_TEXTS = 500
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Corpus:
    """Trials that are not measured yet, and the errors that were put into them."""

    trials: Sequence[Trial]
    known: Counts


@dataclass(frozen=True, slots=True)
class Step:
    """What one step of the scoring took: seconds, and CPU seconds, which a busy machine changes less."""

    wall_s: float
    cpu_s: float


def run(setting: Setting) -> Result:
    """Generate a corpus, measure each trial with the probe, and summarise."""
    corpus = generated(_SMALL if setting.small else _UTTERANCES)
    steps = scored(corpus)
    total, cpu_s = sum(step.wall_s for step in steps.values()), sum(step.cpu_s for step in steps.values())
    rows = [
        (name, f"{step.wall_s:.2f}", f"{step.cpu_s:.2f}", f"{step.wall_s / total:.0%}", "-")
        for name, step in steps.items()
    ]
    verdict = Verdict(f"scoring of {len(corpus.trials):,} utterances", _GOAL, total)
    title = f"Scoring {len(corpus.trials):,} utterances of {_WORDS} words, one process"
    table = Table(
        title,
        ("step", "s", "CPU s", "share", "goal"),
        [*rows, ("all", f"{total:.2f}", f"{cpu_s:.2f}", "100%", str(verdict))],
    )
    costs = normalising(corpus, 20 if setting.small else _TEXTS)
    normalisers = Table(
        "What normalising a text costs",
        ("normaliser", "us a text"),
        [(name, f"{microseconds:.0f}") for name, microseconds in costs.items()],
        (f"texts of {_WORDS} words, each for the first time",),
    )
    seconds = {name: {"wall_s": step.wall_s, "cpu_s": step.cpu_s} for name, step in steps.items()}
    raw = {"utterances": len(corpus.trials), "steps": seconds, "normalising_us": costs}
    return Result(NAME, (table, normalisers), (verdict,), raw)


def generated(count: int, seed: int = 0) -> Corpus:
    """Return a corpus of one trial an utterance, by speakers in turn, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - nothing is kept secret
    words = ["".join(chance.choices("abcdefghijklmnoprstuvw", k=chance.randint(2, 9))) for _ in range(3_000)]
    known = Counts(0, 0, 0, 0)
    trials = []
    for index in range(count):
        said = chance.sample(words, _WORDS)
        written, counts = _with_errors(said, chance)
        known += counts
        reference = f"{' '.join(said).capitalize()}."
        utterance = Utterance(f"u{index}", "a.flac", "a.wav", 8.0, reference, speaker=f"s{index % _SPEAKERS}")
        visits = (Visit("asr", "asr", text=" ".join(written)), Visit("aligner", "aligner", text_from="asr"))
        trials.append(Trial(index, 0, utterance, "2026-01-02T03:04:05+00:00", cold=index == 0, visits=visits))
    return Corpus(trials, known)


def _with_errors(said: Sequence[str], chance: random.Random) -> tuple[list[str], Counts]:
    """Return what is written, and which errors that has. No word that is put in is one that could be said."""
    written: list[str] = []
    substitutions = deletions = insertions = 0
    for place, word in enumerate(said):
        kind = chance.choice(("hit", "hit", "substitution", "deletion", "insertion")) if place % _EVERY == 0 else "hit"
        substitutions += kind == "substitution"
        deletions += kind == "deletion"
        insertions += kind == "insertion"
        if kind in ("hit", "insertion"):
            written.append(word)
        if kind in ("substitution", "insertion"):
            written.append(f"x{chance.randint(0, 50)}")
    return written, Counts(substitutions, deletions, insertions, len(said) - substitutions - deletions)


def scored(corpus: Corpus) -> dict[str, Step]:
    """Return what each step took. Raises :class:`Unmeasurable` where the errors found are not the known ones."""
    probe, steps = Wer(Wer.Options()), dict[str, Step]()
    described = _run(probe, len(corpus.trials))
    trials = _timed(
        steps,
        "counts of each trial (probe wer)",
        lambda: [replace(trial, measurements=tuple(probe.measure(trial))) for trial in corpus.trials],
    )
    measured = _timed(steps, "measurements sorted by metric", lambda: Measured(trials))
    _timed(
        steps,
        "figures and intervals of each metric",
        lambda: [metric_summary(metric, "asr", measured) for metric in probe.metrics],
    )
    found = _timed(steps, "error rates, worst utterances, confusions", lambda: corpus_accuracy(described, measured))
    counts = found["asr"].words.counts
    if counts != corpus.known:
        raise Unmeasurable(f"found {counts}, put in {corpus.known}")
    return steps


def normalising(corpus: Corpus, texts: int) -> dict[str, float]:
    """Return the mean microseconds that each normaliser takes for a text that it has not seen."""
    references = [trial.utterance.reference or "" for trial in corpus.trials[: texts + 1]]
    costs = {}
    for name in names():
        normalize = normalizer(name).normalize
        normalize(references[0])  # its package is imported with the first
        start_ns = time.perf_counter_ns()
        for text in references[1:]:
            normalize(text)
        costs[name] = (time.perf_counter_ns() - start_ns) / len(references[1:]) / 1e3
    return costs


def _timed(steps: dict[str, Step], name: str, work: Callable[[], _T]) -> _T:
    start_ns, start_cpu_ns = time.perf_counter_ns(), time.process_time_ns()
    result = work()
    steps[name] = Step((time.perf_counter_ns() - start_ns) / 1e9, (time.process_time_ns() - start_cpu_ns) / 1e9)
    return result


def _run(probe: Wer, trials: int) -> Run:
    record = ProbeRecord(name=probe.name, origin="benchmark", options=probe.recorded(), metrics=tuple(probe.metrics))
    return stored.run(probes=(record,), trials=trials)
