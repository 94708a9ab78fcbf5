from pathlib import Path

import pytest

from harness import store
from harness.report.configuration import Configuration, read_configuration


def test_what_differed(tmp_path: Path) -> None:
    """A row a key, with its default and what was used; a dash for a key that one side does not have."""
    (tmp_path / store.CONFIG).write_text("iterations: 3\n", encoding="utf-8")
    (tmp_path / "differs.json").write_text(
        '{"iterations": {"default": 5, "used": 3}, "order": {"default": ["asr"], "used": ["aligner", "asr"]}, '
        '"asr.stage": {"default": "a", "used": null}, "asr.new": {"used": true}}',
        encoding="utf-8",
    )
    found = read_configuration(tmp_path)
    assert found.whole == "iterations: 3\n"
    assert found.differs is not None
    assert found.differs.rows == (
        ("iterations", "5", "3"),
        ("order", '["asr"]', '["aligner","asr"]'),
        ("asr.stage", "a", "null"),
        ("asr.new", "-", "true"),
    )


def test_nothing_differed(tmp_path: Path) -> None:
    """An empty table says that every key had its default."""
    (tmp_path / "differs.json").write_text("{}", encoding="utf-8")
    found = read_configuration(tmp_path)
    assert found.differs is not None
    assert (found.differs.rows, found.differs.notes) == ((), ("Every key had its default.",))


@pytest.mark.parametrize("content", ["{", "[1]", '{"a": 1}', None])
def test_without_it(tmp_path: Path, content: str | None) -> None:
    """A run of before it was written, and a torn or foreign file, cost that table alone."""
    if content is not None:
        (tmp_path / "differs.json").write_text(content, encoding="utf-8")
    assert read_configuration(tmp_path) == Configuration(None, "")
