from dataclasses import replace

import pytest

from benchmarks.campaign import Tally, cells, tables, tally, worst_false_leak
from benchmarks.simulated import LEAKS_KIB, LENGTHS, SHAPES, Cell, noise_kinds

WHITE = "white, 64 KiB"


def test_the_grid_is_whole() -> None:
    """Each shape without a leak and each leak on a level, under each noise, at each length, once."""
    found = cells()
    kinds = {(cell.shape, cell.leak_kib) for cell in found}
    assert kinds == {(shape, 0) for shape in SHAPES} | {("flat", leak) for leak in LEAKS_KIB}
    assert len(found) == len(set(found)) == len(kinds) * len(noise_kinds()) * len(LENGTHS)


def test_tally_of_a_leak() -> None:
    """256 KiB an iteration over a hundred, under little noise: found each time, by everyone, at its rate."""
    found = tally(Cell("flat", WHITE, 256, 100), 5)
    assert (found.seeds, found.verdicts) == (5, {"leak": 1.0})
    assert (found.naive_leaks, found.psleak_leaks) == (1.0, 1.0)
    assert found.error_kib < 1.0
    assert found.naive_error_kib == pytest.approx(2.56, abs=1.5)  # (last - first) / n lacks a hundredth
    assert 0.0 <= found.covered <= 1.0


def test_tally_of_a_level() -> None:
    """No leak, whatever is made of it: the shares of the words add up to one."""
    found = tally(Cell("flat", WHITE, 0, 50), 10)
    assert sum(found.verdicts.values()) == pytest.approx(1.0)
    assert "leak" not in found.verdicts
    assert found.covered >= 0.8


def test_tally_of_too_few_iterations() -> None:
    """Twenty iterations are never a leak."""
    assert tally(Cell("flat", WHITE, 1024, 20), 3).verdicts == {"undecided": 1.0}


def test_the_same_cell_has_the_same_tally() -> None:
    """The seeds are made of the cell alone."""
    cell = Cell("steps", WHITE, 0, 20)
    assert tally(cell, 3) == tally(cell, 3)


def made(cell: Cell) -> Tally:
    """Return a tally without a campaign: 1 % false leaks, every leak found, 95 % covered."""
    word = "leak" if cell.leak_kib else "stable"
    verdicts = {word: 1.0} if cell.leak_kib else {"leak": 0.01, "stable": 0.99}
    return Tally(cell, 100, verdicts, 0.95, 1.0, 2.0, 0.25, 0.5)


def test_tables() -> None:
    """A row a shape or leak and noise, a column a length; the other rules beside ours."""
    false_leaks, detected, coverage, others = tables([made(cell) for cell in cells()])
    noises = len(noise_kinds())
    lengths = tuple(f"n = {length}" for length in LENGTHS)
    assert false_leaks.headers == ("shape", "noise", *lengths)
    assert {tuple(row[2:]) for row in false_leaks.rows} == {("1.0",) * len(LENGTHS)}
    assert {tuple(row[2:]) for row in detected.rows} == {("100.0",) * len(LENGTHS)}
    assert {tuple(row[1:]) for row in coverage.rows} == {("95.0",) * len(LENGTHS)}
    assert [len(table.rows) for table in (false_leaks, detected, coverage)] == [
        len(SHAPES) * noises,
        (len(LEAKS_KIB) - 1) * noises,
        noises,
    ]
    assert [tuple(row) for row in others.rows] == [
        *((shape, "1.0", "25.0", "50.0", "1.0", "2.0") for shape in SHAPES),
        *((f"leak of {leak} KiB", "100.0", "25.0", "50.0", "1.0", "2.0") for leak in LEAKS_KIB[1:]),
    ]


def test_the_worst_cell_has_no_leak() -> None:
    """A leak that is found is no false one."""
    tallies = [made(cell) for cell in cells()]
    worst = next(number for number, one in enumerate(tallies) if one.cell.shape == "steps")
    tallies[worst] = replace(tallies[worst], verdicts={"leak": 0.02, "undecided": 0.98})
    assert worst_false_leak(tallies) == tallies[worst]
