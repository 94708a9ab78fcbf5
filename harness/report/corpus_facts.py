"""What of a corpus a run is over, in words."""

from collections.abc import Iterator

from harness.records import CorpusRecord, Run
from harness.report.status_line import duration

_DIGITS = 12


def corpus_text(corpus: CorpusRecord) -> str:
    """Say in one line what was chosen, by which hash two selections are told, and what was not chosen."""
    return "; ".join(_parts(corpus))


def corpus_rows(run: Run) -> list[tuple[str, str]]:
    """Return what there is to look up of a run's corpus, under the names of the record's fields."""
    corpus = run.corpus
    if corpus is None:
        return []
    return [
        ("corpus", corpus_text(corpus)),
        ("corpus.entries", f"{corpus.entries:,}"),
        ("corpus.sha256", corpus.sha256),
    ]


def _parts(corpus: CorpusRecord) -> Iterator[str]:
    speakers = f", {_counted(corpus.speakers, 'speaker')}" if corpus.speakers else ""
    yield (
        f"{corpus.form}, {_counted(corpus.utterances, 'utterance')}, {duration(corpus.duration_s)}{speakers}, "
        f"selection {corpus.sha256[:_DIGITS]}"
    )
    if corpus.bad:
        yield f"{corpus.bad:,} that cannot be used skipped"
    if corpus.left_out:
        left_out = ", ".join(f"{count:,} by {key}" for key, count in corpus.left_out.items())
        yield f"left out of {corpus.entries:,}: {left_out}"
    if corpus.synthetic:
        yield f"synthetic speech: {', '.join(corpus.synthetic)}"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
