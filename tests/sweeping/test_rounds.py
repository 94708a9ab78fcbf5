from typing import Any

import pytest

from harness.errors import ConfigError
from harness.sweeping.rounds import SweepSettings, check_blocks, order_of_round, share, sweep_settings


def refused(values: object) -> str:
    """Return the line with which keys of a sweep are refused."""
    with pytest.raises(ConfigError) as caught:
        sweep_settings(values)
    return str(caught.value)


def test_without_the_keys_no_cell_is_divided() -> None:
    """Nothing, and null, are the defaults."""
    assert sweep_settings(None) == sweep_settings({}) == SweepSettings(interleave=1, baseline=None, block=None)
    assert sweep_settings({"interleave": 1, "baseline": None, "block": None}) == SweepSettings()


def test_the_keys_are_read() -> None:
    """A job's number is a baseline too, and is text like the other kind."""
    assert sweep_settings({"interleave": 3, "baseline": " threads=1 ", "block": 2}) == SweepSettings(3, "threads=1", 2)
    assert sweep_settings({"baseline": 0}) == SweepSettings(1, "0", None)


@pytest.mark.parametrize("value", [0, -1, 1.5, "yes", True, None, [2], 2.0])
def test_blocks_are_counted_in_whole_numbers(value: Any) -> None:
    """Of at least one."""
    expected = f"sweep.interleave: found {value!r}, expected a whole number of at least 1"
    assert refused({"interleave": value}) == expected


@pytest.mark.parametrize("value", [-1, 3, 1.0, True, "0"])
def test_a_block_is_one_of_those_that_there_are(value: Any) -> None:
    """Counted from 0."""
    assert refused({"interleave": 3, "block": value}) == f"sweep.block: found {value!r}, expected a block from 0 to 2"


def test_an_undivided_cell_has_no_block() -> None:
    """Not even the first."""
    assert refused({"block": 0}) == "sweep.block: found 0, expected none, for sweep.interleave is 1"


@pytest.mark.parametrize("value", [1.5, True, -1, "", " ", ["threads=1"], {"threads": 1}])
def test_a_baseline_is_text_or_a_number_of_a_job(value: Any) -> None:
    """Anything else is one line."""
    expected = f"sweep.baseline: found {value!r}, expected key=value[,key=value] of one cell, or a job's number"
    assert refused({"baseline": value}) == expected


def test_no_other_keys_are_taken() -> None:
    """A misspelt one would change nothing and be believed."""
    line = refused({"interleaved": 2})
    assert line.startswith(
        "sweep.interleaved: found the key 'interleaved', expected a key of a sweep; choose from: inter"
    )
    assert refused(3).startswith("sweep: found 3, expected a mapping of keys to values")


@pytest.mark.parametrize(
    ("iterations", "blocks", "shares"),
    [(6, 3, [2, 2, 2]), (7, 3, [3, 2, 2]), (8, 3, [3, 3, 2]), (3, 3, [1, 1, 1]), (5, 1, [5])],
)
def test_the_shares_sum_to_the_iterations(iterations: int, blocks: int, shares: list[int]) -> None:
    """What does not divide goes to the first blocks."""
    assert [share(iterations, blocks, block) for block in range(blocks)] == shares
    assert sum(shares) == iterations


def test_a_block_without_an_iteration_is_refused() -> None:
    """Blocks may be as many as iterations, and no more."""
    check_blocks(5, 5)
    with pytest.raises(ConfigError) as caught:
        check_blocks(6, 5)
    assert str(caught.value) == (
        "sweep.interleave: found 6, expected at most iterations=5: a block has at least one iteration"
    )


def test_a_job_runs_its_share() -> None:
    """An undivided one runs all; one that does not know its block cannot run."""
    assert SweepSettings().share(7) == 7
    assert SweepSettings(3, None, 0).share(7) == 3
    assert SweepSettings(3, None, 2).share(7) == 2
    with pytest.raises(ConfigError) as caught:
        SweepSettings(2).share(7)
    assert str(caught.value) == (
        "sweep.interleave: found 2 for a single run, expected 1; with -m the cells of a sweep take turns"
    )


def test_cells_take_turns() -> None:
    """Every second round is the one before it backwards, and each pair begins one cell further."""
    rounds = ["".join("ABC"[cell] for cell in order_of_round(number, 3)) for number in range(7)]
    assert rounds == ["ABC", "CBA", "BCA", "ACB", "CAB", "BAC", "ABC"]


@pytest.mark.parametrize("cells", [1, 2, 3, 4, 7])
def test_a_linear_drift_hits_all_cells_alike(cells: int) -> None:
    """Over two rounds each cell's positions have the same sum, and over as many pairs as cells each is first twice."""
    for pair in range(cells):
        orders = [order_of_round(2 * pair + turn, cells) for turn in (0, 1)]
        assert {sum(order.index(cell) for order in orders) for cell in range(cells)} == {cells - 1}
    firsts = [order_of_round(number, cells)[0] for number in range(2 * cells)]
    assert sorted(firsts) == sorted([*range(cells), *range(cells)])
