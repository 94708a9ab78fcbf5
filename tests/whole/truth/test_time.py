"""When the first token comes, against an engine whose times are known."""

import pytest

from tests.whole.truth.conftest import Run
from tests.whole.truth.facts import NEEDS, REFERENCE, values

pytestmark = NEEDS


def test_ttft_is_stamped_while_the_engine_works(alone: Run) -> None:
    """Never before the truth, and a small part of the call: a queue read after it would give all of it."""
    ran = alone("iterations=5", header_ms=10, ttft_ms=30, chunk_ms=15)
    gaps = len(REFERENCE.split()) - 1
    parts = []
    for trial, ttft_ms in zip(ran.trials, values(ran, "ttft_ms"), strict=True):
        (visit,) = trial["visits"]
        (run,) = [phase for phase in visit["phases"] if phase["name"] == "run"]
        latency_ms = (run["end_ns"] - run["start_ns"]) / 1e6
        assert ttft_ms >= 30
        assert latency_ms >= run["facts"]["engine_total_ms"] >= 30 + 15 * gaps
        assert run["facts"]["engine_prompt_ms"] == 30  # the engine's own figure: the truth itself
        first_chunk_ms = (run["facts"]["first_chunk_ns"] - run["start_ns"]) / 1e6
        assert 10 <= first_chunk_ms < ttft_ms
        parts.append(ttft_ms / latency_ms)
    assert min(parts) < 0.5  # the truth: 30 / 345
    truth = len(REFERENCE.removeprefix("And")) / (15 * gaps / 1000)
    assert ran.summary["metrics"]["asr.chars_per_s"]["median"] == pytest.approx(truth, rel=0.5)
