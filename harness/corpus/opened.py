"""From a dataset's entries and a choice among them to the corpus of a run, which decodes when it is asked."""

from collections.abc import Callable, Sequence

from harness.audio import canonical
from harness.corpus.choice import Choice
from harness.corpus.corpus import Corpus
from harness.corpus.entry import Entries, Entry
from harness.corpus.selection import Selection, select
from harness.errors import InputError
from harness.records import Outcome, Utterance

UNDECODABLE = "undecodable"
"""The kind of outcome of a trial whose utterance has no audio after all."""
_MOST_NAMED = 3


def corpus_of(
    entries: Entries,
    choice: Choice,
    seed: int,
    form: str,
    decode: Callable[[Entry], Utterance] | None = None,
    source: str = "",
) -> Corpus:
    """Return the corpus that a choice leaves of a dataset's entries; nothing is decoded.

    ``form`` is the dataset's, for the record; ``source`` is what the user named. Raises :class:`InputError` as
    :func:`harness.corpus.selection.select`.
    """
    if not len(entries) and not entries.bad:
        raise InputError("dataset", f"no entry in {source or form}", "at least one utterance")
    selection = select(entries, choice, seed, form, source)
    chosen = _Chosen(entries, selection.numbers)
    return Corpus(chosen, decode or utterance_of, selection.record, tuple(_notes(selection)))


def narrowed(corpus: Corpus, choice: Choice, seed: int, form: str) -> Corpus:
    """Return what a choice leaves of a corpus, as :func:`corpus_of` does; what is decoded already stays so."""
    return corpus_of(_Whole(corpus), choice, seed, form, corpus.decode)


def utterance_of(entry: Entry) -> Utterance:
    """Decode an entry's audio into the cache. Raises :class:`InputError`, which names the utterance."""
    try:
        audio = canonical(entry.file(), offset_s=entry.offset_s, duration_s=entry.duration_s)
    except InputError as error:
        if error.subject != "dataset.audio":  # the cache, which is not the utterance's fault
            raise
        raise InputError(f"utterance '{entry.id}'", error.found, error.expected) from None
    return _utterance(entry, str(audio.path), audio.duration_s)


def attempted(corpus: Corpus, number: int) -> tuple[Utterance, Outcome]:
    """Decode an utterance of a run that goes on: one that cannot be decoded costs its trial, not the run."""
    try:
        return corpus[number], Outcome()
    except InputError as error:
        return undecoded(corpus.entry(number)), Outcome(UNDECODABLE, phase="decode", message=str(error))


def undecoded(entry: Entry) -> Utterance:
    """Return what is known of an utterance whose audio cannot be decoded: it has no canonical file."""
    return _utterance(entry, "", entry.duration_s or 0.0)


def _utterance(entry: Entry, canonical: str, duration_s: float) -> Utterance:
    return Utterance(
        id=entry.id,
        audio=entry.audio,
        canonical=canonical,
        duration_s=duration_s,
        reference=entry.reference,
        no_reference=entry.no_reference,
        recording=entry.recording,
        offset_s=entry.offset_s,
        speaker=entry.speaker,
        language=entry.language,
        reference_words=entry.words,
        synthetic=entry.synthetic,
    )


class _Whole:
    """The entries of a corpus."""

    bad = ()

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus

    def __len__(self) -> int:
        return len(self._corpus)

    def __getitem__(self, number: int) -> Entry:
        return self._corpus.entry(number)


class _Chosen(Sequence[Entry]):
    """Some of a dataset's entries, by number."""

    def __init__(self, entries: Entries, numbers: Sequence[int]) -> None:
        self._entries = entries
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, number: int) -> Entry:  # type: ignore[override]
        return self._entries[self._numbers[number]]


def _notes(selection: Selection) -> Sequence[str]:
    bad = selection.bad
    if not bad:
        return ()
    named = "; ".join(map(str, bad[:_MOST_NAMED]))
    more = f"; and {len(bad) - _MOST_NAMED:,} more" if len(bad) > _MOST_NAMED else ""
    return (f"dataset.on_bad=skip: {len(bad):,} of {selection.record.entries:,} entries cannot be used: {named}{more}",)
