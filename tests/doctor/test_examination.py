import json
import os
from pathlib import Path

import pytest

from harness.clock import FakeClock
from harness.doctor.examination import examine, plugin_findings
from harness.doctor.finding import Finding
from harness.errors import PluginError
from harness.plugins import Source
from tests import machines
from tests.whole.command import ROOT, Ran, harness


def broken(folder: Path) -> dict[str, str]:
    """Write a distribution whose plugin cannot be imported; return the environment that has it installed."""
    info = folder / "harness_broken-0.3.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.4\nName: harness-broken\nVersion: 0.3\n")
    (info / "entry_points.txt").write_text("[harness]\nbroken = harness_broken\n")
    (folder / "harness_broken.py").write_text("import no_such_engine\n")
    return {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "INFERENCE_THREADS": "2"}


def test_plugins_with_their_origin() -> None:
    """One that fails is fatal, for a run is refused while it is installed."""
    error = PluginError("plugin broken (acme 0.3)", "ValueError: no", "a module that can be imported")
    sources = [Source("rss", "here 1", ("probe rss",)), Source("empty", "here 1"), Source("b", "acme 0.3", error=error)]
    assert list(plugin_findings(sources)) == [
        Finding("Plugins", "rss", "ok", "probe rss [here 1]"),
        Finding("Plugins", "empty", "ok", "nothing [here 1]"),
        Finding(
            "Plugins",
            "b",
            "missing",
            "plugin broken (acme 0.3): found ValueError: no, expected a module that can be imported; every run is "
            "refused while it is installed",
            "pip install --upgrade acme",
            needed=True,
        ),
    ]


def test_everything_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The groups in their order, of a made-up machine; the engines of the defaults can run."""
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    found = examine(FakeClock(), machines.machine(tmp_path / "machine", machines.laptop()))
    groups = list(dict.fromkeys(one.group for one in found.findings))
    assert groups == ["Harness", "Machine", "Plugins", "Engines", "Packages"]
    marks = {one.item: one.mark for one in found.findings}
    assert (marks["frequency"], marks["asr=pocketsphinx"], marks["asr=chatllm"]) == ("blur", "ok", "missing")
    assert found.ok
    assert found.noise is not None
    assert found.noise.processor.governors == ("powersave",)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Run the command in an empty folder, where a broken plugin is installed."""
    folder = tmp_path_factory.mktemp("broken")
    empty = tmp_path_factory.mktemp("empty")
    return harness("doctor", cwd=empty, env={**broken(folder), "COLUMNS": "80"})


def test_the_command_says_it_all_beside_a_broken_plugin(ran: Ran) -> None:
    """Status 1, for no run can be done; the rest is said all the same, and nothing on standard error."""
    assert (ran.status, ran.err) == (1, "")
    lines = ran.out.splitlines()
    assert "  missing  broken        plugin harness_broken (harness-broken 0.3): found" in lines
    assert "           fix: pip install --upgrade harness-broken" in lines
    assert any(line.startswith("  ok       asr=pocketsphinx      can run, in the defaults: ") for line in lines)
    assert any(line.startswith("  missing  asr=chatllm           asr.model: no file") for line in lines)
    assert any(line.startswith("A run by the defaults cannot be done: broken.") for line in lines[-2:])


def test_no_line_is_wider_than_the_terminal(ran: Ran) -> None:
    """But for commands, which are to be copied, and words that cannot be parted."""
    long = [line for line in ran.out.splitlines() if len(line) > 80 and "fix: " not in line]
    assert [line for line in long if len(line.split()) > 1] == []


def test_json(tmp_path: Path) -> None:
    """The same as data, with status 0 where a run by the defaults can be done."""
    ran = harness("doctor", "--json", cwd=tmp_path)
    told = json.loads(ran.out)
    assert (ran.status, ran.err, told["ok"]) == (0, "", True)
    assert {one["mark"] for one in told["findings"]} <= {"ok", "blur", "unknown", "missing", "absent"}
    assert {"python", "load", "rss", "asr=null", "needed"} <= {one["item"] for one in told["findings"]}
    assert told["noise"]["jitter"]["repeats"] > 0
