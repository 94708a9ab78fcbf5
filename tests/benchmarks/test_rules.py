import pytest

from benchmarks.rules import NAIVE_LEAK_MIB, naive, naive_rate, psleak

LINE = [20.0 + i / 16 for i in range(100)]


@pytest.mark.parametrize(
    ("values", "rate"), [([10.0, 99.0, 14.0, 12.0], 0.5), ([5.0], 0.0), ([3.0, 1.0], -1.0), (LINE, 99 / 1600)]
)
def test_naive_rate(values: list[float], rate: float) -> None:
    """The last less the first, over the number of values, whatever lies between."""
    assert naive_rate(values) == rate


@pytest.mark.parametrize(("growth", "leaks"), [(16, True), (15, False), (0, False), (-16, False)])
def test_naive(growth: int, leaks: bool) -> None:
    """16 KiB an iteration are a leak, anything below is none."""
    assert NAIVE_LEAK_MIB == 1 / 64
    assert naive([20.0] * 63 + [20.0 + 64 * growth / 1024]) is leaks


def test_psleak_on_a_straight_line() -> None:
    """Each run grows as fast as the last: a leak, be it ever so small."""
    assert psleak(LINE)
    assert psleak([20.0 + i / 1024 for i in range(100)])


@pytest.mark.parametrize("values", [[20.0] * 100, LINE[::-1]], ids=["level", "falling"])
def test_psleak_on_what_does_not_grow(values: list[float]) -> None:
    """A run that adds nothing ends the test."""
    assert not psleak(values)


def test_psleak_on_growth_that_fades() -> None:
    """Two runs in a row that grow by a fifth less than the run before."""
    assert not psleak([20.0 + 64 * (1 - 0.9**i) for i in range(100)])


def test_psleak_on_growth_that_fades_once() -> None:
    """Runs of 2, 3, 4, 6 and 10: one that is slower than the last one is no sign yet, two in a row are one."""
    rates = [8.0, 4.0, 4.0, 4.0, 4.0]
    assert psleak(_runs_of(rates))
    assert not psleak(_runs_of([8.0, 4.0, 2.0, 2.0, 2.0]))
    assert psleak(_runs_of([8.0, 4.0, 4.0, 3.0, 3.0]))


def _runs_of(rates: list[float]) -> list[float]:
    """Return 26 values whose runs grow at these rates."""
    values = [0.0]
    for rate, length in zip(rates, (2, 3, 4, 6, 10), strict=True):
        for _ in range(length):
            values.append(values[-1] + rate)
    return values
