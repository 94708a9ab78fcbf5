import re
from pathlib import Path

import pytest

from harness import store
from tests import stored
from tests.whole.command import called, settle

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a run, and draw no charts."""
    place = settle(tmp_path, monkeypatch)
    monkeypatch.setattr("harness.report.publish.run_charts", lambda *_: ())
    stored.write(place / "run", stored.run(), stored.trials(), stored.environment())
    return place


def test_old_and_new_on_the_screen(capsys: Capture) -> None:
    """A row a metric, what was changed, and last where the results are; what is there is a run for ``compare``."""
    ran = called(capsys, ["rescore", "run", "normalizer=none"])
    assert (ran.status, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == "Scored again: run (normalizer=none)"
    assert lines[4].split() == ["asr.wer", "20.00%", "80.00%", "+60.00", "points"]
    assert "probe.wer.normalizer: None -> none" in lines
    assert lines[-1] == "Results: run/rescored/none"
    replaced = called(capsys, ["rescore", "run", "normalizer=none", "--name", "none"]).out.splitlines()[-1]
    assert replaced == "Results (in the place of those that were there): run/rescored/none"
    compared = called(capsys, ["compare", "run", "run/rescored/none"])
    assert compared.status == 0
    assert re.search(r"scored again +- +normalizer=none", compared.out)
    assert "asr.wer, aligner.wer: its probe had normalizer=None in A and normalizer=none in B" in compared.out


def test_nothing_to_score(capsys: Capture, folder: Path) -> None:
    """A run without an error rate is scored as well; there is nothing to show."""
    ran = called(capsys, ["rescore", "run", "probe=[]"])
    assert ran.status == 0
    stored.write(folder / "bare", stored.run(probes=()), [stored.trial()])
    ran = called(capsys, ["rescore", "bare"])
    assert "No figure is another one." in ran.out


def test_interrupted(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C is status 130 and leaves nothing."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "write_trials", stop)
    ran = called(capsys, ["rescore", "run"])
    assert (ran.status, ran.out, ran.err) == (130, "", "")
    assert list(Path("run/rescored").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "Missing argument 'FOLDER'."),
        (["nosuch"], "run folder: found 'nosuch', expected the folder of a run"),
        (["run", "normalizer=basik"], "probe.wer.normalizer: found 'basik', expected a normaliser; choose from: .*"),
        (["run", "--name", "../x"], "--name: found '../x', expected at most 100 letters, .*"),
    ],
)
def test_what_cannot_be_used_is_one_line(arguments: list[str], line: str, capsys: Capture) -> None:
    """Status 2, and the line says what was found and what was expected."""
    ran = called(capsys, ["rescore", *arguments])
    assert (ran.status, ran.out) == (2, "")
    assert re.fullmatch(f"harness: {line}\n", ran.err)
