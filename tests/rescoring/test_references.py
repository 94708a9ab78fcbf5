import re
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.records import Word
from harness.rescoring.references import References, read_references
from tests import stored

OTHER = stored.utterance(id="other")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Return the folder of a run of two utterances."""
    trials = (stored.trial(0), stored.trial(1, utterance=OTHER))
    return stored.write(tmp_path / "run", stored.run(), trials)


def read(run: Path, text: str | bytes) -> References:
    """Read a file of references."""
    path = run.parent / "new"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_references(path, run)


def test_lines_of_json(run: Path) -> None:
    """An utterance gets the text of its name; one without is as it was; further keys and empty lines are nothing."""
    found = read(
        run, '\N{BYTE ORDER MARK}{"id": "jfk", "text": "and so", "duration": 1}\n\n{"id": "gone", "text": ""}\n'
    )
    timed = stored.utterance(reference_words=(Word("and", 0.0, 1.0),), no_reference="nobody knows")
    assert found.corrected(timed) == stored.utterance(reference="and so")
    assert found.corrected(OTHER) == OTHER
    assert list(found.notes) == [
        "no new reference, the old one was kept: other",
        "a reference of no utterance of the run: gone",
        "other words, so that their reference times were left out: jfk",
    ]


def test_the_same_reference_keeps_its_times(run: Path) -> None:
    """What is not changed stays whole."""
    timed = stored.utterance(reference_words=(Word("And", 0.0, 1.0),))
    found = References({"jfk": stored.REFERENCE})
    assert found.corrected(timed) is timed
    assert list(found.notes) == []


def test_a_text_for_one_utterance(tmp_path: Path) -> None:
    """Of whatever name; its lines are one."""
    run = stored.write(tmp_path / "run", stored.run(), stored.trials(1))
    found = read(run, "and so\nmy fellow\n")
    assert found.corrected(OTHER).reference == "and so my fellow"
    assert list(found.notes) == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("and so", "references: found '.*new', one text for 2 utterances, expected JSON lines .*"),
        (" \n", "references: found '.*new' with nothing in it, expected JSON lines .*"),
        (b"\xff\xfe", "references: found '.*new', which is not UTF-8, expected JSON lines .*"),
        ('{"id": "jfk", "text": "a"}\n{"id": 3, "text": "a"}', "references: found '.*new' line 2 without them, .*"),
        ('{"id": "jfk", "text": "a"}\n[1]', "references: found '.*new' line 2 without them, .*"),
        ('{"id": "jfk"', "references: found '.*new' line 1 .*truncated.*"),
        ('{"id": "jfk", "text": "a"}\n' * 2, "references: found '.*new' line 2 with 'jfk' a second time, .*"),
    ],
)
def test_what_is_no_reference(run: Path, text: str | bytes, line: str) -> None:
    """One line with the file, and the number of the line in it."""
    with pytest.raises(InputError) as caught:
        read(run, text)
    assert re.fullmatch(line, str(caught.value))


def test_a_file_that_is_not_there(run: Path) -> None:
    """It is named."""
    with pytest.raises(InputError, match=r"^references: found 'nosuch' \(No such file or directory\)"):
        read_references(Path("nosuch"), run)
