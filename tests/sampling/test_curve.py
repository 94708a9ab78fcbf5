import json
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from struct import pack

import pytest

from harness import store
from harness.errors import StoreError
from harness.sampling.curve import (
    Cost,
    Curve,
    CurveWriter,
    Sampling,
    read_curve,
    read_curves,
    read_sampling,
    sampled_legs,
)
from tests import stored

MS, S = 1_000_000, 1_000_000_000
Row = tuple[int, int, int, int, int]
START_NS = 1_234_567_891_000


def curve_of(folder: Path) -> Curve:
    """Read a curve that is there."""
    curve = read_curve(folder)
    assert curve is not None
    return curve


def rows_of(curve: Curve) -> list[Row]:
    """Return a curve as rows."""
    return list(zip(*curve.columns, strict=True))


def working(count: int, start_ns: int = START_NS, worker: int = 0) -> list[Row]:
    """Return samples that all differ, ten milliseconds apart."""
    return [(start_ns + at * 10 * MS, worker, 1000 + at * 7 % 13, 100, 0) for at in range(count)]


def test_samples_come_back_equal(tmp_path: Path) -> None:
    """Every column, over several frames, with the rate and the cost."""
    rows = working(1000)
    stored.curve(tmp_path, *rows)
    curve = curve_of(tmp_path)
    assert rows_of(curve) == rows
    assert curve.sampling == Sampling(100.0, stored.COST, ())
    assert len(curve) == 1000


def test_extreme_values_come_back_equal(tmp_path: Path) -> None:
    """What is not known is -1, a time is late, a process is larger than any machine."""
    rows = [(2**62 // 1000 * 1000, 0, 2**40, -1, -1), (2**62 // 1000 * 1000 + 1000, 70_000, 0, 2**40, 2**40)]
    stored.curve(tmp_path, *rows)
    assert rows_of(curve_of(tmp_path)) == rows


def test_times_are_kept_to_the_microsecond(tmp_path: Path) -> None:
    """The nanoseconds below it are noise."""
    stored.curve(tmp_path, (1_234_999, 0, 1, 1, 0))
    assert list(curve_of(tmp_path).at_ns) == [1_234_000]


def test_of_equal_samples_the_first_and_the_last_are_kept(tmp_path: Path) -> None:
    """A single one once; a change of any figure begins a new row."""
    a, b, c = (10, 5, 0), (10, 5, 7), (11, 5, 7)
    figures = [a, a, a, a, b, b, c, a]
    stored.curve(tmp_path, *((at * 10 * MS, 0, *figure) for at, figure in enumerate(figures)))
    kept = [(row[0] // (10 * MS), row[2:]) for row in rows_of(curve_of(tmp_path))]
    assert kept == [(0, a), (3, a), (4, b), (5, b), (6, c), (7, a)]


def test_workers_rest_each_by_itself(tmp_path: Path) -> None:
    """One that works beside it does not end a row of equal samples."""
    rest = [(at * 10 * MS, 1, 500, 50, 0) for at in range(300)]
    stored.curve(tmp_path, *(row for pair in zip(working(300, 0), rest, strict=True) for row in pair))
    curve = curve_of(tmp_path)
    assert curve.workers == (0, 1)
    assert rows_of(curve.of(0)) == working(300, 0)
    assert rows_of(curve.of(1)) == [rest[0], rest[-1]]
    assert len(curve.of(2)) == 0


def test_a_killed_run_shows_that_a_worker_rested(tmp_path: Path) -> None:
    """A sample a minute is written, whatever happens."""
    stored.curve(tmp_path, *((at * S, 0, 10, 5, 0) for at in range(200)), cost=None)
    assert [at // S for at in curve_of(tmp_path).at_ns] == [0, 59, 60, 119, 120, 179, 180]


def test_a_killed_run_loses_two_seconds(tmp_path: Path) -> None:
    """What was written before is there; what sampling cost is not known."""
    stored.curve(tmp_path, *working(1000), cost=None)
    curve = curve_of(tmp_path)
    assert rows_of(curve) == working(801)
    assert curve.sampling == Sampling(100.0, None, ())


def test_a_run_that_was_not_sampled_has_no_curve(tmp_path: Path) -> None:
    """No file, no curve and no cost."""
    assert read_curve(tmp_path) is None
    assert read_sampling(tmp_path) is None


def test_a_curve_without_a_sample(tmp_path: Path) -> None:
    """No worker has lived as long as a tick."""
    stored.curve(tmp_path)
    assert len(curve_of(tmp_path)) == 0
    assert curve_of(tmp_path).workers == ()


def test_how_a_run_was_sampled_is_read_alone(tmp_path: Path) -> None:
    """The same as beside the samples."""
    stored.curve(tmp_path, *working(10))
    assert read_sampling(tmp_path) == curve_of(tmp_path).sampling


@pytest.mark.parametrize("kept", ["head", "payload", "checksum"])
def test_a_torn_end_is_dropped_with_a_note(tmp_path: Path, kept: str) -> None:
    """It costs itself alone."""
    path = stored.curve(tmp_path, *working(801), cost=None)
    whole = path.read_bytes()
    stored.curve(tmp_path, *working(1001), cost=None)
    more = path.read_bytes()
    piece = {"head": more[: len(whole) + 5], "payload": more[:-1], "checksum": more[:-1] + bytes([more[-1] ^ 1])}[kept]
    path.write_bytes(piece)
    curve = curve_of(tmp_path)
    assert rows_of(curve) == working(801)
    note = f"memory.curve: the end is torn and was dropped ({len(piece) - len(whole)} bytes after frame 5)"
    assert curve.sampling == Sampling(100.0, None, (note,))
    assert read_sampling(tmp_path) == curve.sampling


@pytest.mark.parametrize("content", [b"", b"\x00\xff\n", b"{}\n", b"[1]\n", b'{"format": "something else"}\n'])
def test_what_is_no_curve_is_refused(tmp_path: Path, content: bytes) -> None:
    """In one line."""
    path = tmp_path / store.CURVE
    path.write_bytes(content)
    for read in (read_curve, read_sampling):
        with pytest.raises(StoreError) as caught:
            read(tmp_path)
        assert str(caught.value) == f"memory curve: found '{path}', which is none, expected the curve of a run"


@pytest.mark.parametrize(
    ("header", "frames"),
    [
        ({"hz": "often"}, []),
        ({"ns_per_unit": "x"}, [(b"S", zlib.compress(bytes(40)))]),
        ({}, [(b"S", b"not compressed")]),
        ({}, [(b"S", zlib.compress(b""))]),
        ({}, [(b"E", b"[]")]),
        ({}, [(b"E", b'{"a": 1}')]),
    ],
)
def test_whole_frames_of_something_else_are_refused(
    tmp_path: Path, header: Mapping[str, object], frames: Sequence[tuple[bytes, bytes]]
) -> None:
    """A checksum that is right says nothing of what is inside; in one line too."""
    path = stored.curve(tmp_path, cost=None)
    first = {**json.loads(path.read_bytes().partition(b"\n")[0]), **header}
    packed = [pack("<cII", kind, len(payload), zlib.crc32(payload)) + payload for kind, payload in frames]
    path.write_bytes(json.dumps(first).encode() + b"\n" + b"".join(packed))
    with pytest.raises(StoreError) as caught:
        read_curve(tmp_path)
    assert str(caught.value).startswith(f"memory curve: found '{path}' (")
    assert str(caught.value).endswith("), expected what version 1 writes")


def test_another_version_is_refused(tmp_path: Path) -> None:
    """The line says which one was found and which one this reads."""
    path = stored.curve(tmp_path)
    header = json.loads(path.read_bytes().partition(b"\n")[0])
    path.write_bytes(json.dumps({**header, "version": 2}).encode() + b"\n")
    with pytest.raises(StoreError) as caught:
        read_curve(tmp_path)
    assert str(caught.value) == f"memory curve: found '{path}' of version 2, expected version 1"


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """A folder in its place, for instance."""
    (tmp_path / store.CURVE).mkdir()
    with pytest.raises(StoreError, match=r"\(Is a directory\), expected a file that can be read$"):
        read_curve(tmp_path)


def test_a_resting_worker_costs_next_to_nothing(tmp_path: Path) -> None:
    """An hour at 100 Hz: two samples a minute, in a frame each."""
    path = stored.curve(tmp_path, *((at * 10 * MS, 0, 10_000, 5_000, 0) for at in range(360_000)))
    assert len(curve_of(tmp_path)) == 120
    assert path.stat().st_size < 8_000


def test_a_write_in_parts_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system may take a part of it."""
    writer = CurveWriter(tmp_path, 100.0)
    file = writer._file

    class Narrow:
        """A file that takes seven bytes at a time."""

        def write(self, piece: memoryview) -> int:
            return file.write(piece[:7])

        def close(self) -> None:
            file.close()

    monkeypatch.setattr(writer, "_file", Narrow())
    for row in working(10):
        writer.add(*row)
    writer.finish(stored.COST)
    writer.close()
    assert rows_of(curve_of(tmp_path)) == working(10)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_told_to_who_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux has a device for that; no file stays open."""
    monkeypatch.setattr(store, "CURVE", "full")
    with pytest.raises(OSError, match="No space left on device"):
        CurveWriter(Path("/dev"), 100.0)


def test_share_of_a_core() -> None:
    """CPU seconds by wall seconds; of no time it is none."""
    assert Cost(1, 0, 0.05, 10.0).core_share == 0.005
    assert Cost(0, 0, 0.0, 0.0).core_share == 0.0


def test_each_leg_has_its_curve(tmp_path: Path) -> None:
    """Read in their order; a leg that was not sampled has none."""
    for leg in (10, 0, 2):
        stored.curve(tmp_path, (START_NS, leg, 4096, 1024, 0), leg=leg)
    (tmp_path / "memory-old.curve").write_text("rubbish")
    assert sampled_legs(tmp_path) == [0, 2, 10]
    assert [(curve.leg, curve.workers) for curve in read_curves(tmp_path)] == [(0, (0,)), (2, (2,)), (10, (10,))]
    sampling = read_sampling(tmp_path, 2)
    assert sampling is not None
    assert sampling.leg == 2
    assert read_curve(tmp_path, 1) is None


def test_a_later_leg_that_is_no_curve_is_named(tmp_path: Path) -> None:
    """By its own file."""
    (tmp_path / store.curve_name(1)).write_text("rubbish")
    with pytest.raises(StoreError, match=r"memory-1\.curve', which is none"):
        read_curves(tmp_path)
