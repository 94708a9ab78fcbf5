import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from harness.corpus.choice import Choice
from harness.corpus.entry import BadEntry, Entry
from harness.corpus.selection import select
from harness.errors import InputError
from harness.exchange import Word
from tests.corpus.made import Made, entry, made
from tests.test_audio import write_wav

BAD = BadEntry("line 3", "'x'", "JSON")


def chosen(entries: Made, choice: Choice, seed: int = 0) -> list[str]:
    """Return the ids of what is chosen."""
    return [entries[number].id for number in select(entries, choice, seed, "manifest").numbers]


def sha256(entries: Made) -> str:
    """Return the hash of all entries."""
    return select(entries, Choice(), 0, "manifest").record.sha256


def refused(entries: Made, choice: Choice) -> str:
    """Return what the user reads."""
    with pytest.raises(InputError) as caught:
        select(entries, choice, 0, "manifest")
    return str(caught.value)


def test_everything_is_chosen_by_default() -> None:
    """In the dataset's order; the record counts entries, seconds, speakers and kinds of synthetic speech."""
    entries = Made(
        [
            entry("b", 1.5, speaker="S", synthetic="spliced"),
            entry("a", 2.0, speaker="S"),
            entry("c", 0.1, speaker="T", synthetic="espeak-ng"),
        ]
    )
    record = select(entries, Choice(), 0, "folder").record
    assert chosen(entries, Choice()) == ["b", "a", "c"]
    assert (record.form, record.entries, record.utterances, record.duration_s) == ("folder", 3, 3, 3.6)
    assert (record.bad, record.left_out, record.speakers) == (0, {}, 2)
    assert record.synthetic == ("espeak-ng", "spliced")


def test_each_filter_says_what_it_left_out() -> None:
    """Speakers and ids first, then durations, both bounds included; then the subset, and of that the limit."""
    entries = Made(
        [
            *(entry(f"x{number}", 2.0, speaker="A") for number in range(3)),
            entry("y0", 2.0, speaker="A"),
            entry("x3", 2.0, speaker="B"),
            entry("x4", 1.9, speaker="A"),
            entry("x5", 4.1, speaker="A"),
            entry("x6", 4.0, speaker="A"),
            entry("x7", 3.0),
            entry("X8", 3.0, speaker="A"),
        ]
    )
    choice = Choice(speakers=("A", "C"), matching="x*", min_duration_s=2.0, max_duration_s=4.0, subset=3, limit_s=4.0)
    record = select(entries, choice, 0, "manifest").record
    assert record.left_out == {
        "speakers": 2,
        "matching": 2,
        "min_duration_s": 1,
        "max_duration_s": 1,
        "subset": 1,
        "limit_s": 1,
    }
    assert record.utterances == 2
    assert record.entries == record.bad + sum(record.left_out.values()) + record.utterances


def test_a_subset_is_the_same_on_any_machine() -> None:
    """By the ids' hashes with the seed: these very entries, in the dataset's order."""
    entries = made(12)
    ranked = sorted(entries.entries, key=lambda one: hashlib.sha256(f"7:{one.id}".encode()).digest())
    expected = sorted(one.id for one in ranked[:4])
    assert chosen(entries, Choice(subset=4), 7) == expected == ["u01", "u02", "u04", "u11"]
    assert chosen(entries, Choice(subset=4), 8) != expected
    assert set(chosen(entries, Choice(subset=3), 7)) < set(expected)
    assert len(chosen(entries, Choice(subset=50), 7)) == 12
    backwards = Made(entries.entries[::-1])
    assert chosen(backwards, Choice(subset=4), 7) == expected[::-1]


def test_a_limit_is_never_exceeded() -> None:
    """What would go beyond it ends the choice; what reaches it exactly does not."""
    entries = made(5)
    assert chosen(entries, Choice(limit_s=6.0)) == ["u00", "u01", "u02"]
    assert chosen(entries, Choice(limit_s=5.9)) == ["u00", "u01"]
    assert select(entries, Choice(limit_s=6.0), 0, "manifest").record.duration_s == 6.0
    tenths = Made([replace(entry, duration_s=0.1) for entry in made(4).entries])
    assert chosen(tenths, Choice(limit_s=0.3)) == ["u00", "u01", "u02"]  # though their sum is a hair more


def test_nothing_left_is_refused() -> None:
    """The line says which filter left how many."""
    entries = Made(made(5, speaker="A").entries, [BAD])
    choice = Choice(speakers=("A",), min_duration_s=3.0, matching="v*", on_bad="skip")
    assert refused(entries, choice) == (
        "dataset: found no utterance of 6 entries (1 cannot be used, speakers left 5, matching left 0, "
        "min_duration_s left 0), expected at least one utterance"
    )
    assert refused(Made([]), Choice()) == "dataset: found no utterance of 0 entries, expected at least one utterance"
    assert "limit_s left 0" in refused(made(5), Choice(limit_s=0.5))


def test_bad_entries_stop_the_run_or_are_counted() -> None:
    """As the choice says."""
    entries = Made(made(2).entries, [BAD])
    assert refused(entries, Choice()) == (
        "dataset: found 1 bad entry in manifest, expected none; dataset.on_bad=skip runs the rest"
    )
    selection = select(entries, Choice(on_bad="skip"), 0, "manifest")
    assert (selection.record.entries, selection.record.utterances, selection.record.bad) == (3, 2, 1)
    assert selection.bad == (BAD,)


def test_a_length_that_the_dataset_does_not_say_is_the_headers(tmp_path: Path) -> None:
    """What is left of the file after the offset; a file that is none is bad, where it is still in the choice."""
    path = str(write_wav(tmp_path / "a.wav", frames=16_000))
    there = [
        Entry(id="whole", audio=path),
        Entry(id="rest", audio=path, offset_s=0.75),
        Entry(id="beyond", audio=path, offset_s=1.0),
        Entry(id="none", audio=f"{path}.no"),
    ]
    skipping = Choice(on_bad="skip")
    selection = select(Made(there), skipping, 0, "manifest")
    assert (list(selection.numbers), selection.record.duration_s) == ([0, 1], 1.25)
    assert str(selection.bad[0]) == f"beyond: found '{path}' of 1 s, expected audio beyond 1 s"
    assert selection.bad[1].found == f"no file '{path}.no'"
    assert chosen(Made(there), replace(skipping, max_duration_s=0.5)) == ["rest"]
    assert refused(Made(there), Choice()).startswith("dataset: found 2 bad entries in manifest")
    assert chosen(Made(there), Choice(matching="[rw]*")) == ["whole", "rest"]


def test_the_hash_is_that_of_the_documented_lines() -> None:
    """JSON without spaces: id, file from the folder that all share, offset, duration, text, words."""
    entries = Made(
        [
            Entry(id="a", audio="data/x/a.wav", duration_s=2, reference='said "ü"', words=(Word("ü", 0, 100.5),)),
            Entry(id="b", audio="data/./y/../y/b.wav", offset_s=1.5),
        ]
    )
    lines = '["a","x/a.wav",0.0,2.0,"said \\"ü\\"",[["ü",0.0,100.5]]]\n["b","y/b.wav",1.5,3.0,null,[]]\n'
    entries = Made([entries[0], replace(entries[1], duration_s=3.0)])
    assert sha256(entries) == hashlib.sha256(lines.encode()).hexdigest()


def test_the_hash_is_of_what_is_worked_on_not_of_where_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another folder, another working directory and what was left out make no difference."""
    near = Made([entry("a"), entry("b", audio="clips/more/b.wav")])
    far = Made([replace(one, audio=f"/mnt/corpora/{one.audio}") for one in near.entries])
    expected = sha256(near)
    monkeypatch.chdir(tmp_path)
    assert sha256(near) == sha256(far) == expected
    more = Made([*near.entries, entry("c")])
    assert select(more, Choice(matching="[ab]"), 0, "folder").record.sha256 == expected
    at_root = Made([replace(one, audio=f"/{one.id}/x.wav") for one in near.entries])
    assert sha256(at_root) == sha256(Made([replace(one, audio=f"/y/{one.id}/x.wav") for one in near.entries]))


@pytest.mark.parametrize(
    "change",
    [
        {"id": "c"},
        {"audio": "clips/c.wav"},
        {"offset_s": 0.5},
        {"duration_s": 1.5},
        {"reference": "other"},
        {"reference": None},
        {"words": (Word("a", 0.0, 10.0),)},
    ],
)
def test_the_hash_tells_two_selections(change: dict[str, object]) -> None:
    """Each thing that makes an utterance what it is."""
    same = Made([entry("a"), entry("b")])
    assert sha256(same) == sha256(Made([entry("a"), entry("b")]))
    assert sha256(same) != sha256(Made([entry("a"), replace(entry("b"), **change)]))  # type: ignore[arg-type]


def test_the_order_counts() -> None:
    """The cold trial is another one."""
    assert sha256(made(3)) != sha256(Made(made(3).entries[::-1]))
