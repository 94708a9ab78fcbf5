"""The utterances of a run: each is decoded when the run comes to it, so that no more than one is in memory."""

from collections.abc import Callable, Iterator, Sequence

from harness.corpus.entry import Entry
from harness.records import CorpusRecord, Utterance


class Corpus:
    """Utterances by number. What is known without decoding is asked of :meth:`entry`."""

    def __init__(
        self,
        entries: Sequence[Entry],
        decode: Callable[[Entry], Utterance],
        record: CorpusRecord | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        """Take entries and what makes an utterance of one, which may raise :class:`harness.errors.InputError`.

        ``notes`` are lines that the run says of its utterances.
        """
        self._entries = entries
        self.decode = decode
        self.record = record
        self.notes = tuple(notes)

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, number: int) -> Utterance:
        return self.decode(self._entries[number])

    def entry(self, number: int) -> Entry:
        """Return what the dataset says of an utterance; nothing is decoded."""
        return self._entries[number]

    def entries(self) -> Iterator[Entry]:
        """Yield what the dataset says of each utterance; nothing is decoded."""
        return (self._entries[number] for number in range(len(self._entries)))


def decoded(utterances: Sequence[Utterance], record: CorpusRecord | None = None) -> Corpus:
    """Return a corpus of utterances that are decoded already."""
    entries = [
        Entry(
            id=one.id,
            audio=one.audio,
            offset_s=one.offset_s,
            duration_s=one.duration_s,
            reference=one.reference,
            no_reference=one.no_reference,
            speaker=one.speaker,
            language=one.language,
            words=one.reference_words,
            synthetic=one.synthetic,
            recording=one.recording,
        )
        for one in utterances
    ]
    ready = dict(zip(entries, utterances, strict=True))
    return Corpus(entries, ready.__getitem__, record)
