"""Exporters as a user meets them: chosen, refused, failing, and one of the user's own."""

import csv
import re
from pathlib import Path

import pytest

from tests.whole.command import ROOT, SCRIPTED, Ran, called, harness, lines_of, settle

Capture = pytest.CaptureFixture[str]
QUICK = (*SCRIPTED, "iterations=2", "quiet=true")
EXAMPLE = re.compile(r"## An exporter of your own\n\n```python\n(.*?)```\n\n```yaml\n# (conf/\S+)\n(.*?)```", re.DOTALL)

FAILING = """
from harness.hookspecs import Exporter, hookimpl

class Post(Exporter):
    '''Fails.'''
    name = "post"

    @hookimpl
    def run_finished(self, run, folder):
        raise OSError("nobody\\nis there")

@hookimpl
def harness_exporters():
    return [Post]
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    return settle(tmp_path, monkeypatch)


def own(folder: Path, name: str, text: str) -> None:
    """Write a file of the user's."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def test_files_beside_the_trials(folder: Path, capsys: Capture) -> None:
    """Those that were chosen and no others, with the trials of the run."""
    ran = called(capsys, [*QUICK, "exporter=[csv,openmetrics]"])
    assert (ran.status, ran.err) == (0, ran.err)
    assert {"trials.csv", "metrics.prom"} <= {path.name for path in ran.folder.iterdir()}
    assert not (ran.folder / "trials.parquet").exists()
    rows = list(csv.DictReader((ran.folder / "trials.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["outcome"] for row in rows] == ["ok", "ok"]


def test_a_sweep_exports_each_job(folder: Path, capsys: Capture) -> None:
    """Each job's table says what the sweep varied."""
    ran = called(capsys, ["-m", *QUICK, "exporter=csv", "threads=1,2"])
    assert ran.status == 0
    seen = []
    for job in ("0", "1"):
        rows = csv.DictReader((ran.folder / job / "trials.csv").read_text(encoding="utf-8").splitlines())
        seen.append([row["swept.threads"] for row in rows])
    assert seen == [["1", "1"], ["2", "2"]]


def test_one_that_fails_costs_no_run(folder: Path) -> None:
    """A warning of one line names it; summary and reports are there, and the others did their work."""
    own(folder, "failing_post.py", FAILING)
    own(folder, "conf/exporter/post.yaml", "post: {}\n")
    more = ["plugins=[tests.engine.scripted,failing_post]", "exporter=[post,csv]"]
    ran = harness(*[one for one in QUICK if not one.startswith("plugins=")], *more, cwd=folder)
    assert (ran.status, ran.outcomes) == (0, ["ok", "ok"])
    assert "warning: exporter.post failed in run_finished: OSError: nobody is there" in ran.err.splitlines()
    assert {"summary.json", "report.html", "trials.csv"} <= {path.name for path in ran.folder.iterdir()}


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        (["exporter=cvs"], "exporter: found 'cvs', expected the name of a file in conf; choose from: csv, "),
        (["exporter=[csv]", "exporter.csv.pth=x"], "exporter.csv.pth: found the key 'pth', expected "),
        (["exporter=[csv]", "exporter.csv.path=[x]"], "exporter.csv.path: found ['x'], expected a text or null"),
        (["exporter=[csv]", "exporter.csv.bom=1"], "exporter.csv.bom: found 1, expected true or false"),
        (
            ["exporter=[csv]", "exporter.csv.path=."],
            "exporter.csv.path: found '.' that exists, expected a path that is ",
        ),
        (["exporter=[csv]", "exporter.csv=3"], "exporter.csv: found 3, expected a mapping of keys to values"),
        (["+exporter.post={}"], "exporter: found 'post', expected the name of an exporter; choose from: "),
        (["exporter=3"], "exporter: found 3, expected the name of a file in conf; choose from: csv, "),
        (
            ["exporter=[mlflow]", "exporter.mlflow.experiment_name=' '"],
            "exporter.mlflow.experiment_name: found a name without a character, expected the name of an experiment",
        ),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(
    overrides: list[str], line: str, folder: Path, capsys: Capture
) -> None:
    """One line, status 2, and no folder."""
    ran: Ran = called(capsys, [*QUICK, *overrides])
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"harness: {line}")
    assert len(ran.err.splitlines()) == 1
    assert list(folder.rglob("trials.jsonl")) == []


def test_the_documented_exporter(folder: Path) -> None:
    """The example of docs/plugins.md is whole: it runs as it stands there."""
    found = EXAMPLE.search((ROOT / "docs" / "plugins.md").read_text(encoding="utf-8"))
    assert found is not None
    code, path, yaml = found.groups()
    own(folder, "my_module.py", code)
    own(folder, path, yaml)
    more = ["plugins=[tests.engine.scripted,my_module]", "exporter=[ledger]"]
    ran = harness(*[one for one in QUICK if not one.startswith("plugins=")], *more, cwd=folder)
    assert ran.status == 0, ran.err
    (line,) = lines_of(folder / "ledger.jsonl")
    assert (line["run"], line["outcomes"]) == (ran.folder.name, ["ok", "ok"])
