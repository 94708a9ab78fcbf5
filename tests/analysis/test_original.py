from dataclasses import replace
from typing import Any

import msgspec
import pytest

from harness.analysis.original import number, original_results
from harness.metrics import absent, ratio, sample
from harness.protocol import Protocol
from tests import stored

FIGURES = {"avg_load_overhead_mb", "avg_net_overhead_mb", "avg_ttft_ms"}


def results(count: int = 3) -> dict[str, Any]:
    """Return the original's results of the hand-made run, as they would be read from their file."""
    made = original_results(stored.run(), stored.trials(count))
    decoded: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(made))
    return decoded


def test_keys() -> None:
    """The keys are those of the original's file, no more and no fewer."""
    found = results()
    assert set(found) == {"config", "summary", "iterations"}
    assert set(found["config"]) == {
        "iterations",
        "asr_model",
        "aligner_model",
        "audio",
        "ground_truth",
        "inference_threads",
    }
    assert set(found["summary"]) == {"asr", "aligner", "overall"}
    assert set(found["summary"]["asr"]) == {*FIGURES, "avg_wer_percent"}
    assert set(found["summary"]["aligner"]) == FIGURES
    assert set(found["summary"]["overall"]) == {
        "initial_memory_mb",
        "final_memory_mb",
        "total_growth_mb",
        "growth_rate_mb_per_iter",
    }


def test_config() -> None:
    """The configuration names models, input and threads."""
    assert results()["config"] == {
        "iterations": 3,
        "asr_model": "madeup-asr.bin",
        "aligner_model": "madeup-aligner.bin",
        "audio": "samples/jfk.wav",
        "ground_truth": stored.REFERENCE,
        "inference_threads": 2,
    }


def test_summary() -> None:
    """Means over all three trials; RSS goes from 20 to 34 + 2 x 0.5 MiB."""
    assert results()["summary"] == {
        "asr": {
            "avg_load_overhead_mb": 96.0,
            "avg_net_overhead_mb": 10.0,
            "avg_ttft_ms": 400.0,
            "avg_wer_percent": pytest.approx(20.0),
        },
        "aligner": {"avg_load_overhead_mb": 32.0, "avg_net_overhead_mb": 4.0, "avg_ttft_ms": None},
        "overall": {
            "initial_memory_mb": 20.0,
            "final_memory_mb": 35.0,
            "total_growth_mb": 15.0,
            "growth_rate_mb_per_iter": 5.0,
        },
    }


def test_means_include_the_cold_trial() -> None:
    """The original averaged all iterations: 10, 20 and 60 have 30, the cold one and the warm-up included."""
    trials = [
        stored.trial(index, warmup=index == 1, measurements=(sample("asr", "ttft_ms", value),))
        for index, value in enumerate((10.0, 20.0, 60.0))
    ]
    assert original_results(stored.run(), trials)["summary"]["asr"]["avg_ttft_ms"] == 30.0


def test_mean_of_ratios() -> None:
    """The original averaged each iteration's WER: 1/2 and 1/10 have 30 %."""
    trials = [stored.trial(index, measurements=(ratio("asr", "wer", 1, words),)) for index, words in enumerate((2, 10))]
    assert original_results(stored.run(), trials)["summary"]["asr"]["avg_wer_percent"] == pytest.approx(30.0)


def test_what_is_absent_is_in_no_mean() -> None:
    """A trial without a figure counts for nothing, not for 0."""
    trials = [
        stored.trial(0, measurements=(absent("asr", "ttft_ms", "nothing"),)),
        stored.trial(1, measurements=(sample("asr", "ttft_ms", 8.0),)),
    ]
    assert original_results(stored.run(), trials)["summary"]["asr"]["avg_ttft_ms"] == 8.0


def test_no_trials() -> None:
    """A run without a trial has every key, and no figure."""
    found = original_results(stored.run(), [])
    assert found["config"]["ground_truth"] is None
    assert found["iterations"] == []
    assert {value for part in found["summary"].values() for value in part.values()} == {None}


def test_failed_trials() -> None:
    """A failed trial is an iteration with its outcome, and in no mean."""
    first, _, last = stored.trials()
    found = original_results(stored.run(), [first, stored.measured(stored.failed(1)), last])
    assert found["summary"]["asr"]["avg_load_overhead_mb"] == 96.0
    assert found["summary"]["overall"]["growth_rate_mb_per_iter"] == 15.0 / 2
    assert [one["outcome"] for one in found["iterations"]] == ["ok", "crashed: SIGSEGV in load (asr)", "ok"]
    assert found["iterations"][1]["asr"] == {
        "load_overhead_mb": None,
        "net_overhead_mb": None,
        "ttft_ms": None,
        "chars_per_sec": None,
        "wer_percent": None,
        "transcript": None,
    }


def test_iteration() -> None:
    """An iteration counts from 1 and has each stage's figures, the transcript, and the aligner's words."""
    found = results()["iterations"][1]
    assert found == {
        "iteration": 2,
        "utterance": "jfk",
        "outcome": "ok",
        "memory_start_mb": 20.5,
        "memory_end_mb": 34.5,
        "asr": {
            "load_overhead_mb": 96.0,
            "net_overhead_mb": 10.0,
            "ttft_ms": 400.0,
            "chars_per_sec": pytest.approx(23 / 1.2),
            "wer_percent": 20.0,
            "transcript": stored.TRANSCRIPT,
        },
        "aligner": {
            "load_overhead_mb": 32.0,
            "net_overhead_mb": 4.0,
            "ttft_ms": None,
            "chars_per_sec": None,
            "text_from": "asr",
            "words": [{"start": word.start_ms, "end": word.end_ms, "text": word.text} for word in stored.WORDS],
        },
    }


def test_chain_without_an_aligner() -> None:
    """A chain of an ASR alone has no aligner's model."""
    run = stored.run()
    alone = replace(run, stages=run.stages[:1], protocol=Protocol(order=("asr",), iterations=1))
    config = original_results(alone, stored.trials(1))["config"]
    assert (config["asr_model"], config["aligner_model"]) == ("madeup-asr.bin", None)


@pytest.mark.parametrize(
    ("scope", "metric", "expected"),
    [("asr", "a", 3.0), ("asr", "b", 0.25), ("asr", "c", None), ("asr", "d", None), ("aligner", "a", None)],
)
def test_number(scope: str, metric: str, expected: float | None) -> None:
    """A sample's value, a ratio's quotient; None for what is absent or was never measured."""
    measurements = (sample("asr", "a", 3.0), ratio("asr", "b", 1, 4), absent("asr", "c", "nothing"))
    assert number(stored.trial(measurements=measurements), scope, metric) == expected


def test_no_growth_across_a_seam() -> None:
    """First and last are of different processes."""
    overall = original_results(stored.run(seams=(stored.seam(),)), stored.legged())["summary"]["overall"]
    assert overall["initial_memory_mb"] is not None
    assert overall["final_memory_mb"] is not None
    assert (overall["total_growth_mb"], overall["growth_rate_mb_per_iter"]) == (None, None)
