"""A run's memory curve: its file, ``memory.curve``, written while the run goes on and read afterwards.

Each further leg of a run that was taken up again has a file of its own (``memory-1.curve``), for its clock is another.

One line of JSON says format, version, rate and units. Then frames follow: kind, length, CRC-32, payload.

``S``
    Samples, zlib over the columns time, worker, RSS, shared, children. Each column is its first value and then
    differences, as 64-bit little-endian integers: all lowest bytes, then all second ones, and so on to the eighth.
``E``
    The end, as JSON: what the sampling itself cost. A killed run has none.

Of a row of equal samples of one worker only the first and the last are kept, so a resting worker costs next to
nothing. A frame is written about every two seconds; one that is torn, because the run was killed, costs itself alone.
"""

import json
import sys
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import accumulate, compress
from operator import sub
from pathlib import Path
from struct import Struct
from typing import Any

from harness import store
from harness.errors import StoreError
from harness.inside import opened

VERSION = 1
"""Version of the file. 1: the first."""

FORMAT = "memory curve"
FRAME = Struct("<cII")
"""What stands before each payload: its kind, its length, its CRC-32."""
SAMPLES, END = b"S", b"E"
NS_PER_UNIT = 1000
_COLUMNS = 5
_ITEM = 8
_FLUSH_NS = 2_000_000_000
_REST_NS = 60_000_000_000
"""A sample of a resting worker is written after a minute at the latest, so that a killed run shows that it rested."""

_LATER = ("memory-", ".curve")
"""Around the number of a later leg in the name of its file."""

_Row = tuple[int, int, int, int, int]
_Reading = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Cost:
    """What sampling cost: ``samples`` read, ``missed`` because a tick came too late, and the thread's CPU time."""

    samples: int
    missed: int
    cpu_s: float
    wall_s: float

    @property
    def core_share(self) -> float:
        """The thread's share of one core, 0 to 1."""
        return self.cpu_s / self.wall_s if self.wall_s else 0.0


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a leg was sampled. ``cost`` is None where it was killed; ``notes`` say what was dropped in reading."""

    hz: float
    cost: Cost | None
    notes: tuple[str, ...] = ()
    leg: int = 0


@dataclass(frozen=True, slots=True)
class Curve:
    """The samples of one leg of a run, as columns of 64-bit integers that numpy takes without a copy.

    ``at_ns`` is of the clock of all stamps, to the microsecond. The samples of one worker are in order of time; those
    of workers that lived together may be out of order to each other. ``rss_kib`` - ``shared_kib`` is anonymous memory.
    ``shared_kib`` and ``children_kib`` (RSS of the worker's descendants, looked for at every tenth tick) are -1 where
    the machine does not tell. Between two equal samples of a worker that follow each other all others were equal.
    """

    at_ns: "array[int]"
    worker: "array[int]"
    rss_kib: "array[int]"
    shared_kib: "array[int]"
    children_kib: "array[int]"
    sampling: Sampling

    def __len__(self) -> int:
        return len(self.at_ns)

    @property
    def columns(self) -> tuple["array[int]", ...]:
        """The five columns, in the order of the fields."""
        return self.at_ns, self.worker, self.rss_kib, self.shared_kib, self.children_kib

    @property
    def leg(self) -> int:
        """The leg of which these are, 0 in a run that was never taken up again."""
        return self.sampling.leg

    @property
    def workers(self) -> tuple[int, ...]:
        """The numbers of the workers that were sampled."""
        return tuple(sorted(set(self.worker)))

    def chosen(self, keep: Sequence[bool]) -> "Curve":
        """Return the samples for which ``keep`` holds a true value."""
        return _curve((array("q", compress(column, keep)) for column in self.columns), self.sampling)

    def of(self, worker: int) -> "Curve":
        """Return the samples of one worker."""
        return self.chosen([one == worker for one in self.worker])


def _curve(columns: Iterable["array[int]"], sampling: Sampling) -> Curve:
    at_ns, worker, rss_kib, shared_kib, children_kib = columns
    return Curve(at_ns, worker, rss_kib, shared_kib, children_kib, sampling)


class CurveWriter:
    """The open curve of a run that is going on. Every method may raise :class:`OSError`, when the disk is full."""

    def __init__(self, folder: Path, hz: float, leg: int = 0) -> None:
        self._file = opened(folder / store.curve_name(leg), "wb", buffering=0)
        self._rows: list[_Row] = []
        self._held: dict[int, tuple[_Reading, int, int]] = {}
        self._flushed_ns = 0
        header = {"format": FORMAT, "version": VERSION, "hz": hz, "ns_per_unit": NS_PER_UNIT}
        try:
            self._write(json.dumps(header).encode() + b"\n")
        except OSError:
            self._file.close()
            raise

    def add(self, at_ns: int, worker: int, rss_kib: int, shared_kib: int, children_kib: int) -> None:
        """Take one sample; write what has come together, now and then."""
        reading = rss_kib, shared_kib, children_kib
        held = self._held.get(worker)
        if held is None:
            self._take(at_ns, worker, reading)
        elif held[0] == reading and at_ns - held[1] < _REST_NS:
            self._held[worker] = reading, held[1], at_ns
        else:
            self._take_last(worker)
            self._take(at_ns, worker, reading)
        if at_ns - self._flushed_ns >= _FLUSH_NS:
            self._flushed_ns = at_ns
            self._flush()

    def _take(self, at_ns: int, worker: int, reading: _Reading) -> None:
        """Keep the first of a row of equal samples."""
        self._rows.append((at_ns // NS_PER_UNIT, worker, *reading))
        self._held[worker] = reading, at_ns, at_ns

    def _take_last(self, worker: int) -> None:
        """Keep the last of a row of equal samples, where it is not the first."""
        reading, first_ns, last_ns = self._held[worker]
        if last_ns != first_ns:
            self._rows.append((last_ns // NS_PER_UNIT, worker, *reading))

    def _flush(self) -> None:
        if self._rows:
            self._frame(SAMPLES, _packed(self._rows))
            self._rows.clear()

    def finish(self, cost: Cost) -> None:
        """Write what is left, and the end. The file stays open."""
        for worker in self._held:
            self._take_last(worker)
        self._held.clear()
        self._flush()
        self._frame(END, json.dumps(asdict(cost)).encode())

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _frame(self, kind: bytes, payload: bytes) -> None:
        self._write(FRAME.pack(kind, len(payload), zlib.crc32(payload)) + payload)

    def _write(self, piece: bytes) -> None:
        """Write all of it: the system may take a part, and say only at the next try why no more."""
        view = memoryview(piece)
        while view:
            view = view[self._file.write(view) :]


def _packed(rows: Sequence[_Row]) -> bytes:
    raw = b"".join(
        _little_endian(array("q", (column[0], *map(sub, column[1:], column)))).tobytes()
        for column in zip(*rows, strict=True)
    )
    return zlib.compress(b"".join(raw[plane::_ITEM] for plane in range(_ITEM)))


def unpacked(payload: bytes) -> Iterator["array[int]"]:
    """Yield the columns of a frame of samples: time in units of the header, worker, and three sizes in KiB."""
    planes = zlib.decompress(payload)
    raw = bytearray(len(planes))
    values = len(planes) // _ITEM
    for plane in range(_ITEM):
        raw[plane::_ITEM] = planes[plane * values : (plane + 1) * values]
    deltas = _little_endian(array("q", bytes(raw)))
    rows = values // _COLUMNS
    for start in range(0, values, rows):
        yield array("q", accumulate(deltas[start : start + rows]))


def _little_endian(values: "array[int]") -> "array[int]":
    if sys.byteorder == "big":
        values.byteswap()
    return values


def sampled_legs(folder: Path) -> list[int]:
    """Return the legs of which there is a curve, in their order; a leg that was not sampled has none."""
    later = (path.name.removeprefix(_LATER[0]).removesuffix(_LATER[1]) for path in folder.glob("*".join(_LATER)))
    numbers = sorted(int(number) for number in later if number.isdecimal())
    return [leg for leg in (0, *numbers) if (folder / store.curve_name(leg)).exists()]


def read_curves(folder: Path) -> tuple[Curve, ...]:
    """Read the curves of all legs, in their order. Raises as :func:`read_curve` does."""
    return tuple(curve for leg in sampled_legs(folder) if (curve := read_curve(folder, leg)) is not None)


def read_curve(folder: Path, leg: int = 0) -> Curve | None:
    """Read the curve of one leg of a finished, running or killed run; None where it was not sampled.

    A torn end is dropped with a note. Raises :class:`StoreError` for what is no curve, or of another version.
    """
    found = _content(folder, leg)
    if found is None:
        return None
    header, frames, notes = found
    columns = [array("q") for _ in range(_COLUMNS)]
    with refusing(folder, leg):
        for kind, payload in frames:
            if kind == SAMPLES:
                for column, piece in zip(columns, unpacked(payload), strict=True):
                    column.extend(piece)
        columns[0] = array("q", (at * header["ns_per_unit"] for at in columns[0]))
        return _curve(columns, _sampling(header, frames, notes, leg))


def read_sampling(folder: Path, leg: int = 0) -> Sampling | None:
    """Read how a leg was sampled and what that cost, and no sample. Raises as :func:`read_curve` does."""
    found = _content(folder, leg)
    with refusing(folder, leg):
        return None if found is None else _sampling(*found, leg)


@contextmanager
def refusing(folder: Path, leg: int = 0) -> Iterator[None]:
    """Raise :class:`StoreError` for frames that are whole and hold what no version of ours has written."""
    try:
        yield
    except (ValueError, TypeError, KeyError, OverflowError, zlib.error) as error:
        found = f"'{folder / store.curve_name(leg)}' ({type(error).__name__}: {error})"
        raise StoreError(FORMAT, found, f"what version {VERSION} writes") from None


def _sampling(
    header: Mapping[str, Any], frames: Sequence[tuple[bytes, bytes]], notes: Sequence[str], leg: int
) -> Sampling:
    costs = [Cost(**json.loads(payload)) for kind, payload in frames if kind == END]
    return Sampling(float(header["hz"]), costs[-1] if costs else None, tuple(notes), leg)


def _content(folder: Path, leg: int) -> tuple[dict[str, Any], list[tuple[bytes, bytes]], list[str]] | None:
    """Return header, whole frames and notes."""
    path = folder / store.curve_name(leg)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(FORMAT, f"'{path}' ({error.strerror})", "a file that can be read") from None
    line, _, rest = content.partition(b"\n")
    header = header_of(path, line)
    frames = list(_frames(rest))
    length = sum(FRAME.size + len(payload) for _, payload in frames)
    torn = f"{path.name}: the end is torn and was dropped ({len(rest) - length} bytes after frame {len(frames)})"
    return header, frames, [torn] if length < len(rest) else []


def header_of(path: Path, line: bytes) -> dict[str, Any]:
    """Return the first line of a curve's file as it was meant. Raises :class:`StoreError` for another file."""
    try:
        header = json.loads(line)
    except ValueError:
        header = None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise StoreError(FORMAT, f"'{path}', which is none", "the curve of a run")
    if header.get("version") != VERSION:
        raise StoreError(FORMAT, f"'{path}' of version {header.get('version')}", f"version {VERSION}")
    return header


def _frames(rest: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield frames up to the first that is not whole."""
    place = 0
    while place + FRAME.size <= len(rest):
        kind, length, checksum = FRAME.unpack_from(rest, place)
        payload = rest[place + FRAME.size : place + FRAME.size + length]
        if len(payload) < length or zlib.crc32(payload) != checksum:
            return
        yield kind, payload
        place += FRAME.size + length
