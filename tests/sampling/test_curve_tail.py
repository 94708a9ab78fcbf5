from pathlib import Path

import pytest

from harness.errors import StoreError
from harness.sampling.curve import Cost, CurveWriter, read_curve
from harness.sampling.curve_tail import CurveTail
from tests import stored


def rows(start_s: float, count: int, worker: int = 0) -> list[tuple[int, int, int, int, int]]:
    """Return samples half a second apart, each with another RSS."""
    return [(round((start_s + number / 2) * 1e9), worker, 1000 + number, 10, 0) for number in range(count)]


def test_the_tail_is_what_was_written(tmp_path: Path) -> None:
    """Each poll adds what was appended, once; a curve that is not there yet has no samples."""
    tail = CurveTail(tmp_path)
    tail.poll()
    assert list(tail.samples) == []
    writer = CurveWriter(tmp_path, 100.0)
    seen = []
    for row in rows(10.0, 20):
        writer.add(*row)
        tail.poll()
        seen.append(len(tail.samples))
    writer.finish(Cost(20, 0, 0.1, 10.0))
    writer.close()
    tail.poll()
    tail.poll()
    assert list(tail.samples) == [row[:3] for row in rows(10.0, 20)]
    assert seen == sorted(seen)
    assert seen[-1] < 20


def test_the_tail_keeps_the_last_minute(tmp_path: Path) -> None:
    """However long a run has been going on, no more than a minute of it is held, from the first look on."""
    stored.curve(tmp_path, *rows(0.0, 1000))
    tail = CurveTail(tmp_path)
    tail.poll()
    assert list(tail.samples) == [row[:3] for row in rows(0.0, 1000)[-121:]]


@pytest.mark.parametrize("lost", [1, 5, 30])
def test_a_torn_frame_waits_for_its_rest(tmp_path: Path, lost: int) -> None:
    """Half a frame at the end is not read, and read when it is whole."""
    path = stored.curve(tmp_path, *rows(0.0, 8), cost=None)
    whole = path.read_bytes()
    path.write_bytes(whole[:-lost])
    tail = CurveTail(tmp_path)
    tail.poll()
    before = len(tail.samples)
    path.write_bytes(whole)
    tail.poll()
    whole_curve = read_curve(tmp_path)
    assert whole_curve is not None
    assert before < len(tail.samples) == len(whole_curve)


def test_the_tail_of_what_is_no_curve(tmp_path: Path) -> None:
    """It is refused as by who reads the whole."""
    (tmp_path / "memory.curve").write_bytes(b"rubbish\n")
    with pytest.raises(StoreError, match="which is none"):
        CurveTail(tmp_path).poll()


def test_the_next_leg_is_followed(tmp_path: Path) -> None:
    """From its beginning; what was sampled before is of another clock, and gone."""
    stored.curve(tmp_path, (9_000_000_000, 0, 4096, 1024, 0))
    tail = CurveTail(tmp_path)
    tail.poll()
    assert len(tail.samples) == 1
    tail.begin(1)
    tail.poll()
    assert list(tail.samples) == []
    stored.curve(tmp_path, (1_000_000_000, 3, 2048, 1024, 0), leg=1)
    tail.poll()
    assert list(tail.samples) == [(1_000_000_000, 3, 2048)]
