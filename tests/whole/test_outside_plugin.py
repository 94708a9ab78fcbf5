import os
import re
from pathlib import Path

import pytest

from tests.whole.command import ROOT, SCRIPTED, Ran, assert_in_order, harness, python

OFFLINE = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that the distribution is installed in, built from its source without a network."""
    target, cwd = tmp_path_factory.mktemp("target"), tmp_path_factory.mktemp("build")
    ran = python("-m", "pip", "install", *OFFLINE, "--target", str(target), str(ROOT / "tests/whole/outside"), cwd=cwd)
    assert ran.status == 0, ran.err
    return target


@pytest.fixture(scope="module")
def path(place: Path) -> dict[str, str]:
    """Return an environment in which the distribution is installed."""
    return {"PYTHONPATH": os.pathsep.join([str(place), str(ROOT)])}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, path: dict[str, str]) -> Ran:
    """Run with the probe, chosen by its name like one of ours."""
    arguments = [*SCRIPTED, "probe=[rss,pauses]", "iterations=2", "probe.pauses.least_ms=0"]
    return harness(*arguments, cwd=tmp_path_factory.mktemp("run"), env=path)


def test_the_distribution_brings_its_yaml(place: Path) -> None:
    """One Python file and one YAML file are all there is."""
    package = place / "harness_pauses"
    files = {str(file.relative_to(package)) for file in package.rglob("*.*") if "__pycache__" not in file.parts}
    assert files == {"__init__.py", "conf/probe/pauses.yaml"}


def test_a_probe_from_outside_measures(ran: Ran) -> None:
    """Its figure is in the summary; the scripted aligner leaves no gap between words."""
    assert (ran.status, ran.outcomes) == (0, ["ok", "ok"])
    metrics = ran.summary["metrics"]
    assert (metrics["aligner.paused_ms"]["value"], metrics["aligner.paused_ms"]["n"]) == (0.0, 2)
    assert metrics["asr.paused_ms"]["null_reason"] == "the stage gives no words"


def test_its_figure_stands_in_the_tables(ran: Ran) -> None:
    """Screen and both reports show it beside ours, with its unit."""
    assert_in_order(ran.out, [r"asr\.load_overhead_mib +MiB .*", r"aligner\.paused_ms +ms +0\.00 .*", "Guard .*"])
    for name in ("report.md", "report.html"):
        assert "aligner.paused_ms" in (ran.folder / name).read_text(encoding="utf-8")


def test_the_record_says_where_the_probe_is_from(ran: Ran) -> None:
    """Name and version of its distribution, and the options that it ran with."""
    text = (ran.folder / "run.json").read_text(encoding="utf-8")
    assert '"harness-pauses 3.1"' in text
    assert re.search(r'"least_ms": 0(\.0)?\b', text)


def test_its_column_stands_in_a_sweep(tmp_path: Path, path: dict[str, str]) -> None:
    """A main metric from outside is a column like ours."""
    arguments = ["-m", *SCRIPTED, "order=[aligner]", "probe=[rss,pauses]", "iterations=1", "seed=1,2"]
    ran = harness(*arguments, cwd=tmp_path, env=path)
    assert ran.status == 0
    header, *rows = (ran.folder / "sweep.csv").read_text(encoding="utf-8").splitlines()
    assert any(name.startswith("aligner.paused_ms") for name in header.split(","))
    assert len(rows) == 2


def test_it_is_in_the_list_of_plugins(tmp_path: Path, path: dict[str, str]) -> None:
    """With its option, type, default, metric, unit and origin."""
    ran = harness("plugins", cwd=tmp_path, env=path)
    assert ran.status == 0
    row = r"  pauses   The sum of the pauses between words\.   \[harness-pauses 3\.1\]"
    metric = r"    stage\.paused_ms \[ms\] sample, main: sum of the gaps .*"
    assert_in_order(ran.out, [row, r"    option least_ms: float = 50\.0", metric])


def test_it_is_offered_where_a_name_is_misspelt(tmp_path: Path, path: dict[str, str]) -> None:
    """The choices are those of everything that is installed."""
    ran = harness("probe=pausen", cwd=tmp_path, env=path)
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert "choose from: pauses, " in ran.err


def test_without_the_distribution_there_is_no_such_probe(tmp_path: Path) -> None:
    """It came from the installation and from nowhere else."""
    ran = harness("probe=pauses", cwd=tmp_path)
    assert ran.status == 2
    assert ran.err.startswith("harness: probe: found 'pauses', expected ")
