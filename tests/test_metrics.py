from dataclasses import FrozenInstanceError

import pytest

from harness.metrics import Kind, Measurement, Metric, Quantity, absent, constant, ratio, sample


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (sample("asr", "ttft_ms", 12.5), Measurement("asr", "ttft_ms", value=12.5)),
        (ratio("asr", "wer", 0, 22), Measurement("asr", "wer", numerator=0, denominator=22)),
        (ratio("asr", "wer", 3, 0), Measurement("asr", "wer", reason="the denominator is 0")),
        (constant("asr", "transcript", ""), Measurement("asr", "transcript", text="")),
        (
            absent("memory", "peak_mib", "no peak was read"),
            Measurement("memory", "peak_mib", reason="no peak was read"),
        ),
    ],
)
def test_a_value_says_one_thing(made: Measurement, expected: Measurement) -> None:
    """A number, a numerator with its denominator, a text, or why there is none."""
    assert made == expected
    given = (made.value, made.numerator, made.text, made.reason)
    assert sum(part is not None for part in given) == 1
    assert (made.numerator is None) == (made.denominator is None)


@pytest.mark.parametrize(
    ("value", "fitting"),
    [
        (sample("asr", "a", 0.0), {Kind.SAMPLE, Kind.TREND}),
        (sample("asr", "a", float("nan")), set()),
        (sample("asr", "a", float("-inf")), set()),
        (ratio("asr", "a", 0, 3), {Kind.RATIO}),
        (ratio("asr", "a", 1, 0), set(Kind)),
        (Measurement("asr", "a", numerator=1, denominator=0), set()),
        (Measurement("asr", "a", numerator=1), set()),
        (Measurement("asr", "a", numerator=float("inf"), denominator=1), set()),
        (constant("asr", "a", ""), {Kind.CONSTANCY}),
        (absent("asr", "a", "why"), set(Kind)),
        (Measurement("asr", "a"), set()),
    ],
)
def test_a_value_fits_the_kind_of_its_metric(value: Measurement, fitting: set[Kind]) -> None:
    """A finite number, a numerator over something, a text; a reason fits them all."""
    assert {kind for kind in Kind if value.fits(kind)} == fitting


def test_a_measurements_name_is_scope_and_metric() -> None:
    """As a summary lists it."""
    assert sample("memory", "peak_mib", 1.0).name == "memory.peak_mib"


def test_a_metric_is_a_sample_of_a_stage_unless_it_says_otherwise() -> None:
    """The defaults of a declaration."""
    assert Metric(name="ttft_ms", unit="ms") == Metric(
        name="ttft_ms",
        unit="ms",
        scope="stage",
        kind=Kind.SAMPLE,
        better="lower",
        format=".2f",
        main=False,
        cold_apart=True,
        description="",
    )


@pytest.mark.parametrize(
    ("unit", "quantity"),
    [
        ("ms", "time"),
        ("s/s", "time"),
        ("1/s", "time"),
        ("MiB/s", "time"),
        ("MiB/iteration", "memory"),
        ("edits/word", "accuracy"),
        ("files/iteration", "count"),
        ("share", "other"),
    ],
)
def test_a_quantity_that_is_not_said_is_the_units(unit: str, quantity: Quantity) -> None:
    """As in runs that were stored before a metric could say it; what it says stands."""
    assert Metric(name="a", unit=unit).quantity == quantity
    assert Metric(name="a", unit=unit, quantity="machine").quantity == "machine"


def test_declarations_and_values_are_frozen() -> None:
    """Nobody changes a record."""
    with pytest.raises(FrozenInstanceError):
        Metric(name="a", unit="1").name = "b"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        sample("asr", "a", 1.0).value = 2.0  # type: ignore[misc]
