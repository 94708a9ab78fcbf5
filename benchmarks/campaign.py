"""How often the verdict on growth is right: many simulated series of each kind, judged as a run's are."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache

import numpy as np

from benchmarks.results import Table
from benchmarks.rules import naive, naive_rate, psleak
from benchmarks.simulated import LEAKS_KIB, LENGTHS, SHAPES, Cell, Noise, noise_kinds, simulated
from harness.analysis.verdict import judge_values

MATTERS_MIB = 1 / 16
"""The default of ``leak_kib``."""
FIRST_SEED = 10_000
"""The rules were made while looking at series of smaller seeds; those that are reported had not been seen."""
_PER_CENT = 100.0


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the series of one cell: shares of 0 to 1, errors of the rate in KiB per iteration."""

    cell: Cell
    seeds: int
    verdicts: Mapping[str, float]
    covered: float
    error_kib: float
    naive_error_kib: float
    naive_leaks: float
    psleak_leaks: float


def cells() -> list[Cell]:
    """Return the grid: every shape without a leak, every leak on a level, under each noise, at each length."""
    kinds = [(shape, 0) for shape in SHAPES] + [("flat", leak) for leak in LEAKS_KIB if leak]
    return [Cell(shape, noise, leak, length) for shape, leak in kinds for noise in _noises() for length in LENGTHS]


def tallied(chosen: Sequence[Cell], seeds: int) -> list[Tally]:
    """Judge so many series of each cell, on every core."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(tally, chosen, [seeds] * len(chosen), chunksize=4))


def tally(cell: Cell, seeds: int) -> Tally:
    """Judge the series of one cell. The seed of each is made of the cell and its number, and used for nothing else."""
    words: list[str] = []
    covered, naive_leaks, psleak_leaks = 0, 0, 0
    errors, naive_errors = [], []
    truth_mib = cell.leak_kib / 1024
    for seed in range(seeds):
        generator = np.random.default_rng([FIRST_SEED + seed, *_numbers(cell)])
        series = simulated(cell, _noises()[cell.noise], generator).tolist()
        found = judge_values(range(1, len(series) + 1), series, MATTERS_MIB)
        assert found.interval is not None
        assert found.slope_mib_per_iteration is not None
        words.append(found.verdict)
        covered += found.interval[0] <= truth_mib <= found.interval[1]
        errors.append(abs(found.slope_mib_per_iteration - truth_mib) * 1024)
        naive_errors.append(abs(naive_rate(series) - truth_mib) * 1024)
        naive_leaks += naive(series)
        psleak_leaks += psleak(series)
    return Tally(
        cell,
        seeds,
        {word: words.count(word) / seeds for word in sorted(set(words))},
        covered / seeds,
        float(np.median(errors)),
        float(np.median(naive_errors)),
        naive_leaks / seeds,
        psleak_leaks / seeds,
    )


def tables(tallies: Sequence[Tally]) -> tuple[Table, ...]:
    """Return what the campaign says: false leaks, leaks found, coverage, and the other rules beside ours."""
    found = {one.cell: one for one in tallies}
    lengths = sorted({cell.length for cell in found})
    return (
        _called_leak("Series without a leak that are called one, %", "shape", _false_leaks(found), lengths),
        _called_leak("Leaks that are found, %", "leak", _detected(found), lengths),
        _coverage_table(coverage(tallies), lengths),
        _others(found),
    )


def found_at_trimmed_noise(tallies: Iterable[Tally]) -> Iterator[tuple[str, float]]:
    """Yield the share of 64 KiB leaks found over 100 iterations, for each noise of a run that was trimmed."""
    for one in tallies:
        if one.cell.leak_kib == 64 and one.cell.length == 100 and one.cell.noise.endswith(" trimmed"):
            yield one.cell.noise, one.verdicts.get("leak", 0.0)


def coverage(tallies: Iterable[Tally]) -> Mapping[tuple[str, int], float]:
    """Return the share of intervals that hold the slope by noise and length, over the leaks, which only shift it."""
    shares: dict[tuple[str, int], list[float]] = {}
    for one in tallies:
        if one.cell.shape == "flat":
            shares.setdefault((one.cell.noise, one.cell.length), []).append(one.covered)
    return {key: float(np.mean(each)) for key, each in shares.items()}


def worst_false_leak(tallies: Iterable[Tally]) -> Tally:
    """Return the cell without a leak that is called one most often."""
    return max((one for one in tallies if not one.cell.leak_kib), key=lambda one: one.verdicts.get("leak", 0.0))


@cache
def _noises() -> Mapping[str, Noise]:
    return noise_kinds()


def _numbers(cell: Cell) -> tuple[int, ...]:
    return (list(SHAPES).index(cell.shape), list(_noises()).index(cell.noise), cell.leak_kib, cell.length)


def _shares(values: Iterable[float]) -> tuple[str, ...]:
    return tuple(f"{value * _PER_CENT:.1f}" for value in values)


_Rows = Mapping[tuple[str, str], Mapping[int, float]]


def _false_leaks(found: Mapping[Cell, Tally]) -> _Rows:
    rows: dict[tuple[str, str], dict[int, float]] = {}
    for cell, one in found.items():
        if not cell.leak_kib:
            rows.setdefault((cell.shape, cell.noise), {})[cell.length] = one.verdicts.get("leak", 0.0)
    return rows


def _detected(found: Mapping[Cell, Tally]) -> _Rows:
    rows: dict[tuple[str, str], dict[int, float]] = {}
    for cell, one in found.items():
        if cell.leak_kib:
            rows.setdefault((f"{cell.leak_kib} KiB", cell.noise), {})[cell.length] = one.verdicts.get("leak", 0.0)
    return rows


def _called_leak(title: str, first: str, rows: _Rows, lengths: Sequence[int]) -> Table:
    cells = [(*names, *_shares(shares[length] for length in lengths)) for names, shares in rows.items()]
    return Table(title, (first, "noise", *(f"n = {length}" for length in lengths)), cells)


def _coverage_table(shares: Mapping[tuple[str, int], float], lengths: Sequence[int]) -> Table:
    noises = dict.fromkeys(noise for noise, _ in shares)
    rows = [(noise, *_shares(shares[noise, length] for length in lengths)) for noise in noises]
    title = "95 % intervals that hold the true slope, %"
    return Table(title, ("noise", *(f"n = {length}" for length in lengths)), rows)


def _others(found: Mapping[Cell, Tally]) -> Table:
    """Set the naive rate and psleak's rule beside ours, over all noises and lengths."""
    rows = []
    for label, chosen in _groups(found).items():
        rows.append(
            (
                label,
                *_shares(
                    float(np.mean(values))
                    for values in (
                        [one.verdicts.get("leak", 0.0) for one in chosen],
                        [one.naive_leaks for one in chosen],
                        [one.psleak_leaks for one in chosen],
                    )
                ),
                f"{np.mean([one.error_kib for one in chosen]):.1f}",
                f"{np.mean([one.naive_error_kib for one in chosen]):.1f}",
            )
        )
    headers = ("series", "leak, ours", "(last-first)/n >= 16 KiB", "psleak's rule", "error, ours", "error, naive")
    notes = ("All noises and lengths together: % called a leak, and the median error of the rate in KiB an iteration.",)
    return Table("Other rules beside ours", headers, rows, notes)


def _groups(found: Mapping[Cell, Tally]) -> Mapping[str, list[Tally]]:
    without = {
        shape: [one for cell, one in found.items() if cell.shape == shape and not cell.leak_kib] for shape in SHAPES
    }
    leaking = {f"leak of {leak} KiB": [one for c, one in found.items() if c.leak_kib == leak] for leak in LEAKS_KIB[1:]}
    return {**without, **leaking}
