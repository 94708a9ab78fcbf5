from pathlib import Path

import pytest

from harness.corpus.entry import BadEntry, Entry, quoted, refuse_bad
from harness.errors import InputError, UnusableEntries


def test_bad_entries_are_shown_together() -> None:
    """A head line with their number and the way to go on, and a line for each, which no control character leaves."""
    with pytest.raises(UnusableEntries) as caught:
        refuse_bad([BadEntry("line 3", "duration nan", "a number"), BadEntry("line 9", "a\x1b[1m\nb", "c")], "m.jsonl")
    head = "dataset: found 2 bad entries in m.jsonl, expected none; dataset.on_bad=skip runs the rest"
    below = "\n  line 3: found duration nan, expected a number\n  line 9: found a\\x1b[1m b, expected c"
    assert (str(caught.value), caught.value.shown()) == (head, head + below)


def test_at_most_20_bad_entries_are_shown() -> None:
    """And how many more there are."""
    with pytest.raises(UnusableEntries) as caught:
        refuse_bad([BadEntry(f"line {number}", "a", "b") for number in range(1, 24)], "m.jsonl")
    lines = caught.value.shown().splitlines()
    assert (len(lines), lines[0][:38], lines[20:]) == (
        22,
        "dataset: found 23 bad entries in m.jso",
        ["  line 20: found a, expected b", "  and 3 more"],
    )


def test_what_a_check_found_stands_at_the_entrys_place() -> None:
    """Its subject is the dataset's key, which all entries share."""
    assert BadEntry.of("line 3", InputError("dataset.manifest", "x", "y")) == BadEntry("line 3", "x", "y")


def test_audio_inside_of_something_is_fetched() -> None:
    """Else the audio is the file that is named; two entries are equal by what they say."""
    assert Entry(id="a", audio="a.wav").file() == Path("a.wav")
    inside = Entry(id="a", audio="table, row 1", fetch=lambda: Path("cache/1.wav"))
    assert inside.file() == Path("cache/1.wav")
    assert inside == Entry(id="a", audio="table, row 1")


def test_a_long_value_is_shown_in_part() -> None:
    """60 characters of it."""
    assert quoted("a\n") == "'a\\n'"
    assert quoted("x" * 100) == f"'{'x' * 59}..."
