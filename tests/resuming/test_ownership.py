import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from harness import store
from harness.errors import StoreError
from harness.resuming import ownership
from harness.resuming.ownership import Owner, is_owner, own

WAIT_S = 30.0


def owner(folder: Path, number: int = 0) -> Owner:
    """Read who owns a folder."""
    return store.read_json(folder / f"owner-{number:04d}.json", Owner)


def written(folder: Path, owner: Owner, silent_s: float = 0.0) -> None:
    """Write an owner as another process would, that was last heard of so long ago."""
    path = folder / "owner-0000.json"
    store.write_json(path, owner)
    at = path.stat().st_mtime - silent_s
    os.utime(path, (at, at))


@contextmanager
def sleeping() -> Iterator[subprocess.Popen[bytes]]:
    """Start a process that does nothing, and end it."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def of(process: subprocess.Popen[bytes], mine: Owner) -> Owner:
    """Return a process of this machine as an owner."""
    return replace(mine, pid=process.pid, started=ownership._process(process.pid)[1], token="other")


@pytest.fixture
def mine(tmp_path: Path) -> Owner:
    """Return this process as an owner."""
    with own(tmp_path / "own") as held:
        return held.owner


def test_a_folder_is_owned_until_it_is_released(tmp_path: Path) -> None:
    """The file says who, and when it ended; the next owner has the next number, and nobody died."""
    with own(tmp_path / "run") as held:
        assert owner(tmp_path / "run") == held.owner
        assert (held.owner.pid, held.owner.released, held.holds()) == (os.getpid(), "", True)
    assert owner(tmp_path / "run").released
    with own(tmp_path / "run") as next_one:
        assert (next_one.number, next_one.before, next_one.holds()) == (1, None, True)
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["owner-0000.json", "owner-0001.json"]


def test_a_living_owner_is_named(tmp_path: Path, mine: Owner) -> None:
    """By machine and process, however long it was silent: the process table knows better."""
    with sleeping() as process:
        written(tmp_path, of(process, mine), silent_s=500)
        with pytest.raises(StoreError) as caught:
            own(tmp_path)
    assert str(caught.value) == (
        f"run folder: found '{tmp_path}', which is being run by {mine.host} (process {process.pid}) since "
        f"{mine.since}; last sign of life 500 s ago, expected one that nobody runs; after 60 s of silence it is "
        "taken over"
    )
    assert [path.name for path in tmp_path.glob("owner-*")] == ["owner-0000.json"]


def test_a_process_that_is_gone_is_followed_at_once(tmp_path: Path, mine: Owner) -> None:
    """Also where its number was given to another process since."""
    with sleeping() as process:
        gone = replace(of(process, mine), started="1")
        written(tmp_path, gone)
        with own(tmp_path) as held:
            assert (held.number, held.before) == (1, gone)


def test_a_zombie_is_gone(tmp_path: Path, mine: Owner) -> None:
    """It was killed, and nobody has asked yet how it ended."""
    with sleeping() as process:
        written(tmp_path, of(process, mine))
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        own(tmp_path).close()


@pytest.mark.parametrize(("silent_s", "is_dead"), [(50.0, False), (61.0, True)])
def test_an_owner_elsewhere_lives_as_long_as_it_is_heard_of(
    silent_s: float, is_dead: bool, tmp_path: Path, mine: Owner
) -> None:
    """Its process number means nothing here; times are those of the file system alone."""
    written(tmp_path, replace(mine, host="node7", pid=1), silent_s)
    if is_dead:
        own(tmp_path).close()
    else:
        with pytest.raises(StoreError, match=r"being run by node7 \(process 1\) since .*; last sign of life 50 s ago"):
            own(tmp_path)


@pytest.mark.parametrize(("silent_s", "is_dead"), [(50.0, False), (61.0, True)])
def test_a_stopped_process_is_judged_by_its_silence(
    silent_s: float, is_dead: bool, tmp_path: Path, mine: Owner
) -> None:
    """SIGSTOP may last for ever."""
    with sleeping() as process:
        written(tmp_path, of(process, mine), silent_s)
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        if is_dead:
            own(tmp_path).close()
        else:
            with pytest.raises(StoreError, match="is being run by"):
                own(tmp_path)


@pytest.mark.parametrize("content", [b"", b'{"host": "no'])
def test_an_owner_that_has_not_written_itself_down_counts_while_it_is_young(content: bytes, tmp_path: Path) -> None:
    """It may be about to; when it is old, it died before it could."""
    path = tmp_path / "owner-0007.json"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="is being run by another process; last sign of life 0 s ago"):
        own(tmp_path)
    os.utime(path, (1, 1))
    with own(tmp_path) as held:
        assert held.number == 8


def test_one_of_many_succeeds_a_dead_owner(tmp_path: Path, mine: Owner) -> None:
    """All find it dead at the same time."""
    written(tmp_path, replace(mine, started="1"))
    together, held, refused = threading.Barrier(8), [], []

    def attempt() -> None:
        together.wait(WAIT_S)
        try:
            held.append(own(tmp_path))
        except StoreError as error:
            refused.append(error)

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    assert (len(held), len(refused)) == (1, 7)
    held[0].close()


def test_who_was_taken_for_dead_knows_it_and_leaves_the_folder_alone(tmp_path: Path) -> None:
    """The successor is named, and its file stays as it is."""
    with own(tmp_path) as first:
        second = replace(first.owner, host="node7", pid=12)
        store.write_json(tmp_path / "owner-0001.json", second)
        assert (first.holds(), first.successor()) == (False, second)
    assert not owner(tmp_path, 1).released


def test_a_heartbeat_touches_the_file(tmp_path: Path) -> None:
    """Until the folder is released."""
    with own(tmp_path, beat_s=0.01) as held:
        path = tmp_path / "owner-0000.json"
        os.utime(path, (1, 1))
        deadline = time.monotonic() + WAIT_S
        while path.stat().st_mtime < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        path.unlink()
        assert held.holds()


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    """As for every run."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"output folder: found '.*file/run' \(Not a directory\), expected a folder"):
        own(tmp_path / "file" / "run")


def test_owners_are_known_by_name() -> None:
    """And nothing else is."""
    assert [name for name in ("owner-0000.json", "owner-12345.json", "owner.json") if is_owner(name)] == [
        "owner-0000.json",
        "owner-12345.json",
    ]
