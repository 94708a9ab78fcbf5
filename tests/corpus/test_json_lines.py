from pathlib import Path

import pytest

from harness.corpus import json_lines
from harness.corpus.json_lines import JsonLines


def test_lines_are_kept_as_they_are_read(tmp_path: Path) -> None:
    """By their bounds: the file is read again for each."""
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfone\n\n two \r\nthree")
    lines = JsonLines(tmp_path / "a", "dataset.manifest")
    seen = []
    for number, line in lines:
        seen.append((number, line))
        if line != b"one":
            lines.keep()
    assert seen == [(1, b"one"), (3, b"two"), (4, b"three")]
    assert [(lines.number(kept), lines[kept]) for kept in range(len(lines))] == [(3, b"two"), (4, b"three")]


def test_what_is_too_long_for_a_line_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of another kind may have no line's end at all; the lines after it keep their numbers and bounds."""
    monkeypatch.setattr(json_lines, "LONGEST_LINE", 8)
    (tmp_path / "a").write_bytes(b"x" * 30 + b"\nshort\n1234567\n")
    lines = JsonLines(tmp_path / "a", "dataset.manifest")
    seen = []
    for number, line in lines:
        seen.append((number, line))
        lines.keep()
    assert seen == [(1, b"x" * 8), (2, b"short"), (3, b"1234567")]
    assert [lines[kept] for kept in range(3)] == [b"x" * 8, b"short", b"1234567"]
