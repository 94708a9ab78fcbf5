import hashlib
import os
import pty
import re
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness import store
from harness.commands.watch import show
from tests import stored
from tests.analysis.test_follow_sweep import sweep
from tests.whole.command import called, surroundings

Capture = pytest.CaptureFixture[str]


def contents(folder: Path) -> dict[str, str]:
    """Return every file below a folder with a digest of it."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def test_once(tmp_path: Path, capsys: Capture) -> None:
    """One picture of a run that goes on, and the end; nothing is written into its folder."""
    folder = stored.write(tmp_path / "run", stored.run(), stored.trials()[:2])
    before = contents(folder)
    ran = called(capsys, ["watch", str(folder), "--once"])
    assert (ran.status, ran.err) == (0, "")
    assert "Trials  2 of 3 [################........]  2 ok" in ran.out
    assert contents(folder) == before


def test_once_for_a_sweep(tmp_path: Path, capsys: Capture) -> None:
    """The jobs' table, and nothing is written."""
    folder = sweep(tmp_path)
    before = contents(folder)
    ran = called(capsys, ["watch", str(folder), "--once"])
    assert ran.status == 0
    assert "      2  running threads=2" in ran.out.splitlines()
    assert contents(folder) == before


def test_a_finished_run_ends_it(tmp_path: Path, capsys: Capture) -> None:
    """Without a terminal the whole picture is printed at the end."""
    folder = stored.write(tmp_path / "run", stored.run(), stored.trials())
    show(folder)
    assert capsys.readouterr().out.startswith(f"{folder}: finished\n")


def test_a_line_when_something_has_come(tmp_path: Path, capsys: Capture) -> None:
    """Off a terminal a line follows each poll that brought a trial, and the picture follows the last."""
    folder = stored.write(tmp_path / "run", stored.run(), [])
    waiting = list(stored.trials())

    def sleep(seconds: float) -> None:
        """Let a trial end in every second second."""
        seconds_slept.append(seconds)
        if len(seconds_slept) % 2 == 0:
            log = store.TrialLog(folder)
            log.append(waiting.pop(0))
            log.close()

    seconds_slept: list[float] = []
    show(folder, sleep=sleep)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(" asr")[0] for line in lines[:2]] == ["trial 1/3", "trial 2/3"]
    assert lines[2] == f"{folder}: finished"
    assert seconds_slept == [1.0] * 6


def test_it_waits_for_a_run_that_has_not_begun(tmp_path: Path, capsys: Capture) -> None:
    """With ``follow`` an empty folder is watched until a scheduler begins."""

    def sleep(seconds: float) -> None:
        if (tmp_path / store.RUN).exists():
            raise KeyboardInterrupt
        stored.write(tmp_path, stored.run(), stored.trials())

    with pytest.raises(KeyboardInterrupt):
        show(tmp_path, follow=True, sleep=sleep)
    assert capsys.readouterr().out.startswith("trial 3/3 asr.rtf 0.20")


@pytest.mark.parametrize("more", [[], ["--once"]])
def test_an_empty_folder(tmp_path: Path, capsys: Capture, more: list[str]) -> None:
    """One line says what would help."""
    ran = called(capsys, ["watch", str(tmp_path), *more])
    line = f"harness: run folder: found '{tmp_path}' with nothing in it yet, expected a run or a sweep that has begun; "
    assert (ran.status, ran.out, ran.err) == (2, "", line + "--follow waits for it\n")


@pytest.mark.parametrize("more", [[], ["--once"], ["--follow"]])
@pytest.mark.parametrize("name", ["missing", "other", "file"])
def test_a_folder_that_is_none(tmp_path: Path, capsys: Capture, name: str, more: list[str]) -> None:
    """A folder of other things, a file, one that is not there: a line, whatever was asked for."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").touch()
    (tmp_path / "file").touch()
    ran = called(capsys, ["watch", str(tmp_path / name), *more])
    assert (ran.status, ran.out) == (2, "")
    assert re.fullmatch(r"harness: run folder: found '.*expected the folder of a run or a sweep\n", ran.err)


def test_a_search_for_a_limit(tmp_path: Path, capsys: Capture) -> None:
    """Its runs can be watched, and the line says where they are."""
    (tmp_path / store.ATTEMPTS).mkdir()
    ran = called(capsys, ["watch", str(tmp_path)])
    assert ran.status == 2
    assert ran.err.endswith("expected one of the runs in its folder attempts\n")


@pytest.mark.parametrize("name", [store.RUN, store.TRIALS])
def test_rubbish(tmp_path: Path, capsys: Capture, name: str) -> None:
    """A damaged file is one clear line."""
    folder = stored.write(tmp_path / "run", stored.run(), stored.trials()[:1])
    (folder / name).write_bytes(b"{rubbish\n")
    ran = called(capsys, ["watch", str(folder), "--once"])
    assert (ran.status, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
    assert name in ran.err


def test_interrupted_on_a_terminal(tmp_path: Path) -> None:
    """The picture is drawn without a colour where none is wanted, and Ctrl-C ends it with 130 and no traceback."""
    folder = stored.write(tmp_path / "run", stored.run(), stored.trials()[:1])
    ours, theirs = pty.openpty()
    env = surroundings({"TERM": "xterm", "NO_COLOR": "1", "LINES": "24", "COLUMNS": "80"})
    command = [sys.executable, "-m", "harness", "watch", str(folder)]
    process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while b"in engines" not in shown and select.select([ours], [], [], 60)[0]:
            shown += os.read(ours, 1 << 16)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        while select.select([ours], [], [], 0.5)[0]:
            shown += os.read(ours, 1 << 16)
    except OSError:  # how Linux says that nobody holds the other end any more
        pass
    finally:
        process.kill()
        process.wait(60)
        os.close(ours)
    text = shown.decode()
    assert "Trials  1 of 3" in text
    assert "Traceback" not in text
    assert not re.search(r"\x1b\[[0-9;]*m", text.replace("\x1b[0m", ""))
