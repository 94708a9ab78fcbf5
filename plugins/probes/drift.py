"""Whether the same audio gives the same output: text, words and their times, over iterations, lifecycles and cells.

Not a drift of timings: that is told of every run (``harness.analysis.drift``). What differs between two trials is
found by the analysis; a trial by itself only says what it put out.
"""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from harness.analysis.constancy import CHANGED, TIMED, TRANSCRIPT, WORD_TIMES, timed_text
from harness.hookspecs import Probe, hookimpl
from harness.metrics import Kind, Measurement, Metric, absent, constant
from harness.records import Trial, Visit

_NO_RUN = "nothing was run to its end"
_ALONE = "one trial of an utterance shows no change"


class Drift(Probe):
    """The text and the timed words of each stage, which should not change, and the share of trials that changed."""

    name = "drift"
    metrics: ClassVar[Sequence[Metric]] = (
        Metric(
            name=TRANSCRIPT,
            unit="text",
            quantity="accuracy",
            kind=Kind.CONSTANCY,
            better="neither",
            cold_apart=False,
            description="whether the same audio gives the same text in every trial",
        ),
        Metric(
            name=WORD_TIMES,
            unit=TIMED,
            quantity="accuracy",
            kind=Kind.CONSTANCY,
            better="neither",
            cold_apart=False,
            description="whether the same audio gives the same words at the same times in every trial",
        ),
        Metric(
            name=CHANGED,
            unit="trials/trial",
            quantity="accuracy",
            kind=Kind.RATIO,
            format=".2%",
            cold_apart=False,
            description="trials whose text or word times are not those of their utterance's first / trials after it",
        ),
    )

    @hookimpl
    def measure(self, trial: Trial) -> Iterator[Measurement]:
        """Write each visit's output as texts."""
        for visit in trial.visits:
            done = visit.text is not None
            if visit.role == "asr" and visit.text is not None:
                yield constant(visit.stage, TRANSCRIPT, visit.text)
            else:
                yield absent(
                    visit.stage, TRANSCRIPT, f"the role {visit.role} writes no transcript" if done else _NO_RUN
                )
            yield _word_times(visit) if done else absent(visit.stage, WORD_TIMES, _NO_RUN)
            yield absent(visit.stage, CHANGED, _ALONE if done else _NO_RUN)


def _word_times(visit: Visit) -> Measurement:
    """Return the timed words; an ASR may tell none, and whether it can is seen by whether it did."""
    if visit.words or visit.role == "aligner":
        return constant(visit.stage, WORD_TIMES, timed_text(visit.words))
    return absent(visit.stage, WORD_TIMES, "the stage told no times of words")


@hookimpl
def harness_probes() -> Sequence[type[Probe]]:
    """Say which probes this file holds."""
    return [Drift]
