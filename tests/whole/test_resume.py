import shutil
from pathlib import Path

import pytest

from tests.whole.command import ROOT, SCRIPTED, called, harness, json_of, lines_of
from tests.whole.test_interrupt import marker as marker
from tests.whole.test_interrupt import read_until, started, wait_for_the_end_of


def test_a_killed_run_goes_on_and_lacks_nothing(
    tmp_path: Path, marker: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After kill -9, with a torn line: every trial is there once, and says what an undisturbed run's trials say."""
    arguments = [*SCRIPTED, "iterations=8", "asr.chunk_ms=60"]
    with started(tmp_path, arguments, HARNESS_TEST_MARKER=marker, PYTHONUNBUFFERED="1") as process:
        read_until(process, b"Iteration 4/8")
        process.kill()
        process.wait()
    wait_for_the_end_of(marker)
    (folder,) = (tmp_path / "outputs" / "runs").glob("*/*")
    kept = lines_of(folder / "trials.jsonl")
    count = len(kept)
    assert 3 <= count < 8
    with (folder / "trials.jsonl").open("ab") as file:
        file.write(b'{"index": 3, "iter')
    monkeypatch.chdir(tmp_path)
    ran = called(capsys, ["resume", "outputs/latest"])
    assert ran.status == 0, ran.err
    line = f"{count} of 8 trials are done; goes on with trial {count} in a new worker (leg 1)"
    assert [line in ran.out, f"(process {process.pid})" in ran.out.splitlines()[0]] == [True, True]
    trials = lines_of(folder / "trials.jsonl")
    assert trials[:count] == kept
    assert [trial["index"] for trial in trials] == list(range(8))
    assert [trial["leg"] for trial in trials] == [0] * count + [1] * (8 - count)
    said = [[visit["text"] or visit["words"] for visit in trial["visits"]] for trial in trials]
    assert said == [said[0]] * 8
    assert json_of(folder / "summary.json")["outcomes"] == {"ok": 8}
    assert [seam["kept"] for seam in json_of(folder / "run.json")["seams"]] == [count]


def test_a_stopped_run_does_the_trial_in_hand_again(tmp_path: Path) -> None:
    """Which was cut short, and lies beside the others afterwards; the exit status is that of a run that was whole.

    Its stage is a module of the user's in the working directory, which the new worker has to find, too.
    """
    shutil.copy(ROOT / "tests" / "engine" / "scripted.py", tmp_path / "own_stages.py")
    mine = ["plugins=[own_stages]" if word.startswith("plugins=") else word for word in SCRIPTED]
    stopped = harness(*mine, "iterations=3", "asr.fail=insist@run@1", "order=[asr]", cwd=tmp_path)
    assert (stopped.status, stopped.outcomes) == (130, ["ok", "interrupted"])
    config = stopped.folder / "config.yaml"
    config.write_text(config.read_text().replace("insist@run@1", "''"))
    (tmp_path / "elsewhere").mkdir()
    ran = harness("resume", str(stopped.folder), "--force", cwd=tmp_path / "elsewhere")
    assert (ran.status, ran.outcomes) == (0, ["ok", "ok", "ok"])
    assert [trial["index"] for trial in lines_of(stopped.folder / "interrupted.jsonl")] == [1]
    assert 'config: asr.fail: found "", expected "insist@run@1"' in ran.err
