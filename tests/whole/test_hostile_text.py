import csv
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

from harness.printable import printable
from tests.whole.command import SCRIPTED, called, lines_of, settle

TEXT = (
    "=cmd|'/c x'!A1 \x1b[2J\x1b]0;title\x07 <img src=x onerror=alert(1)> </script><script>alert(2)</script> "
    '[x](javascript:alert(3)) ![y](http://x/) | `code` --> \u202egnp \x9b31m\r\n# heading\n\n00:00 --> 00:01 "quoted"'
)


class Tags(HTMLParser):
    """Counts what a page would run or fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts = self.images = 0
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one tag."""
        self.scripts += tag == "script"
        self.images += tag == "img"
        self.handlers += [
            name
            for name, value in attrs
            if name.startswith("on") or (name in ("href", "src") and "javascript:" in (value or ""))
        ]


def test_a_hostile_engine_breaks_nothing_that_is_printed_or_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its transcript, what it prints before it dies, and a file's name: screen, pages, tables, JSON and subtitles."""
    folder = settle(tmp_path, monkeypatch)
    (folder / "conf" / "experiment").mkdir(parents=True)
    changes = {"asr": {"text": TEXT, "say": TEXT, "fail": "segv@run@1"}, "order": ["asr", "aligner"], "iterations": 2}
    more = {"subtitles": ["srt", "vtt", "TextGrid", "ctm", "json"], "charts": ["svg"], "verbose": True}
    written = yaml.safe_dump({**changes, **more}, allow_unicode=False)
    (folder / "conf" / "experiment" / "x.yaml").write_text(f"# @package _global_\n{written}", encoding="utf-8")
    ran = called(capsys, [*SCRIPTED, "experiment=x", "exporter=[csv]"])
    assert ran.status == 1
    for shown in (ran.out, ran.err):
        assert printable(shown) == shown
    assert "\\x1b[2J" in ran.out
    page = (ran.folder / "report.html").read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(page)
    assert (tags.scripts, tags.images, tags.handlers) == (1, 0, [])
    assert "\x1b" not in page
    report = (ran.folder / "report.md").read_text(encoding="utf-8")
    beside_the_log = "".join(report.split("```")[::2])
    assert "<img" not in beside_the_log.replace("\\<img", "")
    assert "](" not in beside_the_log
    assert "\x1b" not in report
    assert "\n# heading" not in beside_the_log
    for path in ran.folder.rglob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert cells
        assert not [cell for cell in cells if cell.startswith(("=", "@", "\t", "\r"))]
    for path in ran.folder.rglob("*.json"):
        json.loads(path.read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert len(lines_of(ran.folder / "trials.jsonl")) == 2
    for path in ran.folder.rglob("*.svg"):
        assert "<script" not in path.read_text(encoding="utf-8")
    srt = next(ran.folder.glob("*.srt")).read_text(encoding="utf-8")
    assert "\x1b" not in srt
