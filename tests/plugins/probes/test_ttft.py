from dataclasses import replace

import pytest

from harness.metrics import Measurement, absent, sample
from harness.records import Delivery, Phase, Streams, Visit
from plugins.probes.ttft import Ttft
from tests import stored

START_NS, END_NS = 5_000 * stored.MS, 7_000 * stored.MS
NAMES = ("ttft_ms", "inter_chunk_ms", "chars_per_s")


def visit(streams: Streams, *deliveries: tuple[int, str]) -> Visit:
    """Return a visit whose inference call took 2 s, with deliveries so many milliseconds after its start."""
    return Visit(
        stage="asr",
        role="asr",
        streams=streams,
        phases=(Phase("run", START_NS, END_NS, 0, 0, 1),),
        deliveries=tuple(Delivery(START_NS + ms * stored.MS, text) for ms, text in deliveries),
    )


def measure(*visits: Visit) -> list[Measurement]:
    """Return the probe's answer on a trial of these visits."""
    return list(Ttft(None).measure(stored.trial(visits=visits)))


def samples(ttft_ms: float, gap_ms: float, speed: float) -> list[Measurement]:
    """Return the answer of one stage."""
    return [sample("asr", name, value) for name, value in zip(NAMES, (ttft_ms, gap_ms, speed), strict=True)]


def test_pieces() -> None:
    """Pieces continue each other: after the first, 4 + 9 characters came in half a second."""
    assert measure(visit("pieces", (250, "and "), (350, "so, "), (750, "my fellow"))) == samples(250.0, 250.0, 26.0)


def test_hypotheses() -> None:
    """Hypotheses replace each other: the last is longer than the first by 6 characters, after half a second."""
    assert measure(visit("hypotheses", (250, "and"), (350, "and so"), (750, "and so my"))) == samples(
        250.0, 250.0, 12.0
    )


def test_hypothesis_that_shrinks() -> None:
    """A last hypothesis that is shorter than the first has delivered nothing more, and not less than that."""
    assert measure(visit("hypotheses", (100, "and so on"), (600, "and"))) == samples(100.0, 500.0, 0.0)


def test_median_gap() -> None:
    """The gap is the median one: 10, 20, 30 and 940 ms have 25 ms."""
    found = measure(visit("pieces", (0, "a"), (10, "b"), (30, "c"), (60, "d"), (1000, "e")))
    assert found == samples(0.0, 25.0, 4.0)


@pytest.mark.parametrize("streams", ["pieces", "hypotheses"])
def test_one_delivery(streams: Streams) -> None:
    """One delivery has a time, and neither a gap nor a speed."""
    first, *rest = measure(visit(streams, (400, "and so")))
    assert first == sample("asr", "ttft_ms", 400.0)
    assert rest == [absent("asr", name, "1 deliveries: there is no gap") for name in NAMES[1:]]


def test_deliveries_of_one_moment() -> None:
    """Two deliveries with the same stamp have no speed, rather than an infinite one."""
    found = measure(visit("pieces", (400, "and"), (400, "so")))
    assert found[0] == sample("asr", "ttft_ms", 400.0)
    assert found[2].reason is not None


@pytest.mark.parametrize("streams", ["pieces", "hypotheses"])
def test_nothing_delivered(streams: Streams) -> None:
    """A streaming stage that delivered nothing has no TTFT, and says why."""
    first, *rest = measure(visit(streams))
    assert first == absent("asr", "ttft_ms", "nothing was delivered before the call returned")
    assert rest == [absent("asr", name, "0 deliveries: there is no gap") for name in NAMES[1:]]


def test_delivered_after_the_return() -> None:
    """What arrives after the call has returned is no first token."""
    assert measure(visit("pieces", (2001, "late")))[0].reason == "nothing was delivered before the call returned"


def test_delivered_at_the_return() -> None:
    """What arrives in the same nanosecond as the return was delivered while the engine worked."""
    assert measure(visit("pieces", (2000, "just")))[0] == sample("asr", "ttft_ms", 2000.0)


@pytest.mark.parametrize("deliveries", [(), ((100, "and"), (200, "so"))])
def test_stage_that_does_not_stream(deliveries: tuple[tuple[int, str], ...]) -> None:
    """A stage that does not stream has no TTFT, whatever it may have emitted."""
    reason = "the stage does not stream: it answers all at once"
    assert measure(visit("nothing", *deliveries)) == [absent("asr", name, reason) for name in NAMES]


@pytest.mark.parametrize("streams", ["nothing", "pieces", "hypotheses"])
def test_stage_that_was_not_run(streams: Streams) -> None:
    """Where the inference call did not end, nothing is told of it."""
    cut_short = replace(visit(streams, (100, "and")), phases=())
    assert measure(cut_short) == [absent("asr", name, "nothing was run to its end") for name in NAMES]


def test_each_stage_by_itself() -> None:
    """Every visit of a trial has its own three figures: the ASR's real ones, the aligner's reason."""
    found = measure(*stored.trial().visits)
    assert found[:3] == samples(400.0, 600.0, (26 - 3) / 1.2)
    assert [one.name for one in found[3:]] == [f"aligner.{name}" for name in NAMES]
    assert {one.reason for one in found[3:]} == {"the stage does not stream: it answers all at once"}


def test_the_last_run_counts() -> None:
    """A stage that ran twice in a visit is timed from the start of its last call."""
    once = visit("pieces", (250, "and"))
    earlier = Phase("run", 0, 1, 0, 0, 1)
    assert measure(replace(once, phases=(earlier, *once.phases)))[0] == sample("asr", "ttft_ms", 250.0)
