import pytest

from harness.analysis.latency import chars_per_s, inter_chunk_ms, ttft_ms
from harness.records import Delivery, Phase, Streams, Visit
from tests.stored import MS

RUN = Phase("run", 100 * MS, 600 * MS, 0, 0, 1)


def deliveries(*made: tuple[float, str]) -> tuple[Delivery, ...]:
    """Return deliveries at these milliseconds of the clock."""
    return tuple(Delivery(round(ms * MS), text) for ms, text in made)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ((), None),
        (((150, "a"),), 50.0),
        (((150, "a"), (160, "b")), 50.0),
        (((100, "a"),), 0.0),
        (((600, "a"),), 500.0),
        (((600.000001, "a"),), None),
        (((100.25, "a"),), 0.25),
    ],
)
def test_ttft(made: tuple[tuple[float, str], ...], expected: float | None) -> None:
    """The first delivery less the start of the call; none where nothing came before its return."""
    assert ttft_ms(Visit("asr", "asr", deliveries=deliveries(*made)), RUN) == expected


@pytest.mark.parametrize(
    ("times", "expected"),
    [((), None), ((5,), None), ((5, 8), 3.0), ((5, 8, 10), 2.5), ((0, 1, 3, 103), 2.0), ((4, 4), 0.0)],
)
def test_inter_chunk(times: tuple[int, ...], expected: float | None) -> None:
    """The median of the gaps between deliveries; none below two."""
    assert inter_chunk_ms(deliveries(*((at, "x") for at in times))) == expected


@pytest.mark.parametrize(
    ("streams", "made", "expected"),
    [
        ("pieces", (), None),
        ("pieces", ((0, "abc"),), None),
        ("pieces", ((0, "abc"), (500, "de"), (1000, "f")), 3.0),
        ("pieces", ((0, "abc"), (250, "\N{LATIN SMALL LETTER E WITH ACUTE}")), 4.0),
        ("pieces", ((7, "abc"), (7, "de")), None),
        ("hypotheses", ((0, "abc"), (500, "abcd"), (1000, "abcdef")), 3.0),
        ("hypotheses", ((0, "abcdef"), (500, "abc")), 0.0),
        ("hypotheses", ((0, "abc"),), None),
        ("hypotheses", ((7, "abc"), (7, "abcd")), None),
    ],
)
def test_chars_per_s(streams: Streams, made: tuple[tuple[int, str], ...], expected: float | None) -> None:
    """Characters after the first delivery, over the time between the first and the last."""
    assert chars_per_s(deliveries(*made), streams) == expected
