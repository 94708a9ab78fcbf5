import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import harness.page_cache
from harness.page_cache import NO_FILES, before_load, cached_share, drop, files_of, read_ahead

MIB = 2**20


def droppable(folder: Path) -> bool:
    """Whether this file system can forget what it has cached; tmpfs cannot, for it has nothing else."""
    file = folder / "probe.bin"
    file.write_bytes(os.urandom(64 * 1024))
    drop(file)
    return cached_share([file]) == 0.0


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str, float], Path]:
    """Return a function that writes a file of so many MiB; it is in the page cache then."""
    if not droppable(tmp_path):
        pytest.skip("the file system of the temporary folder cannot drop what it has cached, or does not say")

    def write(name: str, mib: float) -> Path:
        path = tmp_path / name
        path.write_bytes(os.urandom(round(mib * MIB)))
        return path

    return write


def test_what_was_written_is_cached_until_it_is_dropped(written: Callable[[str, float], Path]) -> None:
    """The share is measured, and is that of bytes: 0 after a drop, 1 after reading ahead."""
    file = written("model.bin", 4)
    assert cached_share([file]) == 1.0
    drop(file)
    assert cached_share([file]) == 0.0
    read_ahead(file)
    assert cached_share([file]) == 1.0


def test_a_share_is_of_the_bytes_of_all_files(written: Callable[[str, float], Path]) -> None:
    """A large file counts for more than a small one."""
    small, large = written("small.bin", 1), written("large.bin", 3)
    drop(large)
    assert cached_share([small, large]) == 0.25


def test_a_large_file_is_sampled(written: Callable[[str, float], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Stretches from its first byte to its last; a half that is cached is about a half."""
    monkeypatch.setattr(harness.page_cache, "_WHOLE_BYTES", 8 * MIB)
    monkeypatch.setattr(harness.page_cache, "_SAMPLE_BYTES", 16 * 1024)
    file = written("model.bin", 16)
    assert cached_share([file]) == 1.0
    with file.open("rb") as opened:
        os.posix_fadvise(opened.fileno(), 8 * MIB, 8 * MIB, os.POSIX_FADV_DONTNEED)
        os.fsync(opened.fileno())
        os.posix_fadvise(opened.fileno(), 8 * MIB, 8 * MIB, os.POSIX_FADV_DONTNEED)
    assert cached_share([file]) == pytest.approx(0.5, abs=0.02)


def test_stretches_end_with_the_file() -> None:
    """The first begins at 0, the last ends in the last page, each on a page boundary."""
    size = 3 * 2**30 + 12_345
    stretches = list(harness.page_cache._stretches(size))
    assert len(stretches) == 256
    assert stretches[0] == (0, MIB)
    assert {start % 4096 for start, _ in stretches} == {0}
    assert size - 4096 < stretches[-1][0] + MIB <= size


@pytest.mark.parametrize(("page_cache", "share"), [("as_is", 1.0), ("cold", 0.0), ("warm", 1.0)])
def test_before_a_load(page_cache: Any, share: float, written: Callable[[str, float], Path]) -> None:
    """What was asked for is done to every file, in folders too, and what was found is said."""
    file = written("model.bin", 1)
    folder = file.parent / "model"
    folder.mkdir()
    shutil.copy(file, folder / "words.bin")
    assert before_load(page_cache, {"files": [str(file), str(folder)]}) == {"cached_share": share}


def test_warm_reads_what_was_dropped(written: Callable[[str, float], Path]) -> None:
    """Also what nobody had read."""
    file = written("model.bin", 1)
    drop(file)
    assert before_load("as_is", {"files": [str(file)]}) == {"cached_share": 0.0}
    assert before_load("warm", {"files": [str(file)]}) == {"cached_share": 1.0}


def test_what_a_process_maps_cannot_be_dropped_and_shows(written: Callable[[str, float], Path]) -> None:
    """What was asked for is not taken for what was done."""
    file = written("model.bin", 2)
    code = f"import mmap; f = open({str(file)!r}, 'rb'); m = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ); "
    code += "sum(m[::4096]); print('mapped', flush=True); input()"
    command = ["python3", "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"mapped\n"
        found = before_load("cold", {"files": [str(file)]})
        process.communicate(b"\n")
    assert found == {"cached_share": 1.0}
    assert before_load("cold", {"files": [str(file)]}) == {"cached_share": 0.0}


@pytest.mark.parametrize(
    "facts",
    [{}, {"files": []}, {"files": None}, {"files": "/etc/hostname"}, {"files": [1]}, {"files": ["/no/such/file"]}],
)
def test_no_files(facts: dict[str, Any]) -> None:
    """A stage that names nothing that exists has no share, and the reason is said."""
    assert before_load("cold", facts) == {"cached_share_unknown": NO_FILES}


def test_files_are_taken_once_and_empty_ones_not(tmp_path: Path) -> None:
    """In their order; a folder is what is in it."""
    for name, content in (("b.bin", b"b"), ("a.bin", b"a"), ("none.bin", b"")):
        (tmp_path / name).write_bytes(content)
    named = [str(tmp_path / "b.bin"), str(tmp_path), str(tmp_path / "b.bin")]
    assert files_of({"files": named}) == [tmp_path / "b.bin", tmp_path / "a.bin"]


def test_a_file_of_somebody_else_is_not_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel would answer 'all of it' to who neither owns nor may write it: that is no answer."""
    file = tmp_path / "model.bin"
    file.write_bytes(b"model")
    monkeypatch.setattr(os, "geteuid", lambda: file.stat().st_uid + 1)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert cached_share([file]) is None
    found = before_load("as_is", {"files": [str(file)]})
    assert found == {"cached_share_unknown": "the kernel does not say it for these files"}


def test_a_file_that_goes_meanwhile_ends_nothing(tmp_path: Path) -> None:
    """Neither dropping nor reading ahead nor looking raises."""
    gone = tmp_path / "gone.bin"
    drop(gone)
    read_ahead(gone)
    assert cached_share([gone]) is None
