import pytest

from harness.report.figures import figure, heading, interval, listed, signed

NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "form", "expected"),
    [
        (None, ".2f", "-"),
        (NAN, ".2f", "-"),
        (0.0, ".2f", "0.00"),
        (1.005, ".1f", "1.0"),
        (0.2, ".2%", "20.00%"),
        (2.0, ".0%", "200%"),
        (-3.25, "+.3f", "-3.250"),
        (7, ".2f", "7.00"),
    ],
)
def test_figure(value: float | None, form: str, expected: str) -> None:
    """A number in its format; a dash for none, and a zero only for a zero."""
    assert figure(value, form) == expected


@pytest.mark.parametrize(("form", "expected"), [(".1%", "+.1%"), ("+.1f", "+.1f")])
def test_signed(form: str, expected: str) -> None:
    """A difference has one sign, also where its figure has one already."""
    assert signed(form) == expected


def test_figure_has_two_places() -> None:
    """Where no format is given, there are two places."""
    assert figure(1.236) == "1.24"


@pytest.mark.parametrize(
    ("value", "form", "expected"),
    [
        (None, ".2f", "-"),
        ((NAN, NAN), ".2f", "-"),
        ((1.0, 2.5), ".2f", "1.00 .. 2.50"),
        ((-0.5, 0.25), "+.1f", "-0.5 .. +0.2"),
        ((0.1, 0.2), ".0%", "10% .. 20%"),
    ],
)
def test_interval(value: tuple[float, float] | None, form: str, expected: str) -> None:
    """Both ends in the same format; a dash where there is no interval."""
    assert interval(value, form) == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [("asr", "ASR"), ("aligner", "Aligner"), ("asr2", "ASR2"), ("asr_big", "ASR_big"), ("second", "Second")],
)
def test_heading(key: str, expected: str) -> None:
    """A stage's key as the original wrote it."""
    assert heading(key) == expected


@pytest.mark.parametrize(("parts", "expected"), [((1,), "1"), ((1, 2), "1 and 2"), (("a", "b", "c"), "a, b and c")])
def test_listed(parts: tuple[object, ...], expected: str) -> None:
    """Commas, and one word before the last."""
    assert listed(parts) == expected
