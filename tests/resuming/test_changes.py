import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import ChangedRun
from harness.resuming.changes import changes, refuse_changes
from harness.resuming.identity import Identity, Stamp

SHA = "0123456789abcdef" * 4
EXPECTED = Identity(
    config={"iterations": "3"},
    library={"python": "3.11.7"},
    code={"harness source": SHA},
    machine={"hostname": "a", "cores": "4"},
)


def test_nothing_has_changed() -> None:
    """Neither where all was written down, nor where an older version had written less."""
    assert changes(EXPECTED, EXPECTED) == ()
    assert changes(EXPECTED, Identity(config={"iterations": "3"}, whole=False)) == ()


def test_every_difference_has_a_line() -> None:
    """What was found and what was expected, part by part; hashes are shown by their first digits."""
    found = replace(
        EXPECTED,
        library={"python": "3.11.7", "ctranslate2": "4.8"},
        code={"harness source": SHA[::-1]},
        machine={"hostname": "b"},
    )
    assert changes(found, EXPECTED) == (
        "library: ctranslate2: found 4.8, expected nothing",
        "code: harness source: found fedcba987654, expected 0123456789ab",
        "machine: hostname: found b, expected a",
        "machine: cores: found nothing, expected 4",
    )


@pytest.mark.parametrize(
    ("content", "mtime_ns", "sha256", "expected"),
    [
        (b"model", 10**18, "", None),
        (b"model", 2 * 10**18, hashlib.sha256(b"model").hexdigest(), None),
        (b"model", 2 * 10**18, "", "5 bytes of 2033-05-18 03:33:20.000 UTC"),
        (b"other", 2 * 10**18, hashlib.sha256(b"model").hexdigest(), "5 bytes of 2033-05-18 03:33:20.000 UTC"),
        (b"longer", 10**18, "", "6 bytes of 2001-09-09 01:46:40.000 UTC"),
        (None, 0, "", "no file"),
    ],
)
@pytest.mark.parametrize("named_by", ["model", "files"])
def test_a_model_is_the_same_where_its_stamp_or_its_content_is(
    named_by: str, content: bytes | None, mtime_ns: int, sha256: str, expected: str | None, tmp_path: Path
) -> None:
    """It is read only where the stamp has changed and somebody has written down what was in it."""
    path = tmp_path / "m.bin"
    if content is not None:
        path.write_bytes(content)
        os.utime(path, ns=(mtime_ns, mtime_ns))
    stamps = {str(path): Stamp(5, 10**18, sha256)}
    before = replace(EXPECTED, model=stamps) if named_by == "model" else replace(EXPECTED, files=stamps)
    lines = [f"model: {path}: found {expected}, expected 5 bytes of 2001-09-09 01:46:40.000 UTC"]
    assert list(changes(EXPECTED, before)) == (lines if expected else [])


def test_all_differences_are_said_at_once() -> None:
    """Below one line that says what to do; without one nothing is refused."""
    refuse_changes(Path("run"), ())
    with pytest.raises(ChangedRun) as caught:
        refuse_changes(Path("run"), ["machine: hostname: found b, expected a", "code: x"])
    assert caught.value.shown() == (
        "run folder: found 'run' begun with something else (2 differences), expected what it was begun with; "
        "--force goes on all the same, and the record says so\n"
        "  machine: hostname: found b, expected a\n"
        "  code: x"
    )
