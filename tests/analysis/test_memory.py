import pytest

from harness.analysis.memory import MIN_POINTS, Verdict, growth, verdict

GROWING = [100.0 + 0.5 * i for i in range(20)]
FILLING = [100.0 + 2.0 * min(i, 10) for i in range(20)]
NOISY = [100.0 + (i * 7 % 5) for i in range(20)]
ABOVE = "the slope's interval lies above zero, and the second half still grows"
NOT_ABOVE = "the slope's interval does not lie above zero"


@pytest.mark.parametrize(
    ("iterations", "values", "slope"),
    [
        ([0, 1, 2], [10.0, 10.5, 11.0], 0.5),
        ([1, 2, 4, 7], [8.0, 7.75, 7.25, 6.5], -0.25),
        ([0, 10, 20, 30], [1.0, 1.0, 1.0, 1.0], 0.0),
        ([5, 6, 7, 8, 9], [0.0, 4.0, 8.0, 12.0, 16.0], 4.0),
    ],
)
def test_growth_of_a_line(iterations: list[float], values: list[float], slope: float) -> None:
    """A line has its slope, with an interval without width."""
    found = growth(iterations, values)
    assert found is not None
    assert (found.n, found.slope_mib_per_iteration, found.interval) == (len(values), slope, (slope, slope))


def test_growth_is_robust() -> None:
    """One value out of line in eleven does not move the slope."""
    values = [2.0 * i for i in range(11)]
    values[5] = 500.0
    found = growth(range(11), values)
    assert found is not None
    assert found.slope_mib_per_iteration == 2.0


@pytest.mark.parametrize("n", [0, 1, 2])
def test_no_growth_below_three_points(n: int) -> None:
    """Two points lie on a line, whatever they are."""
    assert growth(range(n), [1.0] * n) is None


@pytest.mark.parametrize(
    ("values", "given_back_mib", "expected"),
    [
        (GROWING, None, Verdict("leak", ABOVE, 20, 0.5, (0.5, 0.5))),
        (GROWING, 8.5, Verdict("leak", ABOVE, 20, 0.5, (0.5, 0.5), 8.5)),
        (
            GROWING,
            9.0,
            Verdict("retention", "it grew by 9.50 MiB, and a heap trim gave back 9.00 MiB", 20, 0.5, (0.5, 0.5), 9.0),
        ),
        ([100.0] * 20, None, Verdict("stable", NOT_ABOVE, 20, 0.0, (0.0, 0.0))),
        ([100.0] * 20, 50.0, Verdict("stable", NOT_ABOVE, 20, 0.0, (0.0, 0.0), 50.0)),
        (GROWING[::-1], None, Verdict("stable", NOT_ABOVE, 20, -0.5, (-0.5, -0.5))),
        (GROWING[:MIN_POINTS], None, Verdict("leak", ABOVE, 10, 0.5, (0.5, 0.5))),
        (
            GROWING[:9],
            3.0,
            Verdict(
                "undecided",
                "9 steady iterations; at least 10 are needed to tell growth from noise",
                9,
                0.5,
                (0.5, 0.5),
                3.0,
            ),
        ),
        (
            GROWING[:2],
            None,
            Verdict("undecided", "2 steady iterations; at least 10 are needed to tell growth from noise", 2),
        ),
        (
            [],
            1.0,
            Verdict(
                "undecided",
                "0 steady iterations; at least 10 are needed to tell growth from noise",
                0,
                given_back_mib=1.0,
            ),
        ),
    ],
    ids=[
        "leak",
        "leak that a trim does not explain",
        "retention",
        "stable",
        "stable with a trim",
        "shrinking",
        "leak in ten",
        "nine",
        "two",
        "none",
    ],
)
def test_verdict(values: list[float], given_back_mib: float | None, expected: Verdict) -> None:
    """Word, sentence and figures of a made series."""
    assert verdict(range(1, len(values) + 1), values, given_back_mib) == expected


def test_plateau() -> None:
    """A series that fills up in its first half and stays has grown, and is no leak."""
    found = verdict(range(20), FILLING, None)
    assert (found.verdict, found.because) == ("plateau", "it grew, and the second half of the series does not")
    assert found.interval is not None
    assert found.interval[0] > 0


def test_plateau_that_a_trim_gives_back() -> None:
    """What a trim gives back was kept by the allocator, also where it has stopped growing."""
    assert verdict(range(20), FILLING, 20.0).verdict == "retention"


def test_noise() -> None:
    """Noise around a level is stable: its interval holds zero."""
    found = verdict(range(20), NOISY, None)
    assert (found.verdict, found.because) == ("stable", NOT_ABOVE)


def test_leak_under_noise() -> None:
    """A leak is seen through noise of its own size."""
    series = [value + 2.0 * i for i, value in enumerate(NOISY)]
    found = verdict(range(20), series, None)
    assert found.verdict == "leak"
    assert found.slope_mib_per_iteration == pytest.approx(2.0, abs=0.2)
