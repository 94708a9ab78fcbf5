from pathlib import Path

import pytest

from harness import store
from tests.whole.command import SCRIPTED, called, settle

SMALL = ("asr.keep_mib=1", "aligner.keep_mib=1", "asr.work_mib=1", "aligner.work_mib=1", "iterations=2")
EVERY = "probe=[rss,handles,heap,pss,faults,cgroup,ttft,rtf,wer]"


def test_a_real_run_scored_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every probe's measurements are those of the run, readings of a process included; reports and compare work."""
    settle(tmp_path, monkeypatch)
    monkeypatch.setattr("harness.report.publish.run_charts", lambda *_: ())
    ran = called(capsys, [*SCRIPTED, *SMALL, EVERY, "hydra.run.dir=run", "quiet=true"])
    assert ran.status == 0
    assert called(capsys, ["rescore", "run"]).status == 0
    first, again = (store.read_run(Path(name)) for name in ("run", "run/rescored/again"))
    assert len(first.trials) == 2
    assert again.trials == first.trials
    assert again.run.probes == first.run.probes
    assert called(capsys, ["report", "run/rescored/again"]).out.endswith("Results: run/rescored/again\n")
    compared = called(capsys, ["compare", "run", "run/rescored/again"])
    assert (compared.status, compared.out.splitlines()[-1]) == (0, "Shown: no difference")
