"""All entries of a dataset at once, which only a test wants."""

from harness.corpus.entry import Entries, Entry


def every(entries: Entries) -> list[Entry]:
    """Return each entry, in the dataset's order."""
    return [entries[number] for number in range(len(entries))]
