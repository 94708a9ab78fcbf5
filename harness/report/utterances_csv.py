"""``utterances.csv``: every utterance with what an ASR got wrong in it, a row for each of the two."""

import csv
import io
from collections.abc import Iterator, Sequence

from harness.analysis.metric_summary import Measured
from harness.analysis.utterance_errors import UtteranceErrors, errors_by_stage
from harness.records import Run, Trial
from harness.spreadsheet import harmless

COLUMNS = (
    *("stage", "utterance", "speaker", "language", "audio_s", "trials", "wrong_trials", "empty_trials"),
    *("wer", "substitutions", "deletions", "insertions", "hits", "words"),
    *("cer", "char_edits", "characters", "reference", "transcript"),
)
"""Counts are sums over the utterance's trials; ``transcript`` is that of the first trial with the most edits."""


def utterances_csv(run: Run, trials: Sequence[Trial]) -> str:
    """Return the file's content; texts as they were written, none that a spreadsheet would run."""
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(COLUMNS)
    measured = Measured([trial for trial in trials if trial.outcome.ok])
    for stage, errors in errors_by_stage(run, measured).items():
        writer.writerows(map(_cell, _row(stage, one)) for one in errors)
    return sink.getvalue().encode("utf-8", "backslashreplace").decode()


def _row(stage: str, one: UtteranceErrors) -> Iterator[str | int | float]:
    utterance, words = one.utterance, one.words
    visit = one.worst.visit(stage)
    yield from (stage, utterance.id, utterance.speaker or "", utterance.language or "", utterance.duration_s)
    yield from (one.trials, one.wrong, one.empty)
    yield from (one.wer, words.substitutions, words.deletions, words.insertions, words.hits, words.length)
    yield from (one.cer, one.character_edits, one.character_length)
    yield from (utterance.reference or "", (visit.text if visit else None) or "")


def _cell(value: str | float) -> str:
    return harmless(value) if isinstance(value, str) else repr(value)
