"""The documentation: what it says is there, and its commands are understood."""

import re
import shlex
from pathlib import Path

import pytest

from harness.cli import COMMANDS, status_of
from harness.overrides import swept_keys

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
LINKS = re.compile(r"\]\(([^)#]+?)(?:#[^)]*)?\)")
COMMAND_LINES = [
    pytest.param(line.removeprefix("python -m harness"), id=f"{page.name}:{line}")
    for page in PAGES
    for line in page.read_text(encoding="utf-8").splitlines()
    if line.startswith("python -m harness")
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    """Links into the repository name files that are there."""
    links = [link for link in LINKS.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_there_are_commands_to_test() -> None:
    """The search below finds the README's commands."""
    assert len(COMMAND_LINES) > 5


@pytest.mark.parametrize("line", COMMAND_LINES)
def test_every_command_is_understood(line: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The configuration of each command can be composed; a sweep has keys to sweep."""
    monkeypatch.chdir(tmp_path)
    words = shlex.split(line, comments=True)
    if words and words[0] in COMMANDS:
        return
    sweep = "-m" in words
    overrides = [word for word in words if word != "-m"]
    swept = swept_keys(overrides)
    assert bool(swept) == sweep
    single = [word for word in overrides if word.partition("=")[0] not in swept]
    assert status_of([*single, "--cfg", "job"]) == 0


def test_every_key_of_the_configuration_is_explained() -> None:
    """The README's table names each key of ``conf/config.yaml``, and docs/one-trial.md is linked."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    config = (ROOT / "conf" / "config.yaml").read_text(encoding="utf-8")
    keys = [line.partition(":")[0] for line in config.splitlines() if re.match(r"[a-z_]+:", line)]
    unexplained = [key for key in keys if f"`{key}" not in readme and key not in ("defaults", "hydra")]
    assert unexplained == []
