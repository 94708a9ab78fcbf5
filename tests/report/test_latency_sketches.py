from harness.analysis.summary import summarise
from harness.report.latency_sketches import latency_sketches, times
from tests import stored

NAMES = {"asr": "ASR (a)", "aligner": "Aligner (b)"}


def test_times() -> None:
    """The steady trials that were done, with the summary's median; the cold one by itself; failed ones nowhere."""
    run, trials = stored.run(), (*stored.trials(3), stored.failed(3))
    asr, aligner = times(run, trials, summarise(run, trials), "latency_ms", NAMES)
    assert (asr.name, asr.steady_ms, asr.cold_ms, asr.median_ms) == ("ASR (a)", [2000.0, 2000.0], 2000.0, 2000.0)
    assert (aligner.name, aligner.steady_ms, aligner.cold_ms) == ("Aligner (b)", [160.0, 160.0], 160.0)
    assert asr.hue != aligner.hue


def test_sketches() -> None:
    """Two charts with what they show in words."""
    run, trials = stored.run(), stored.trials(4)
    ttft, latency = latency_sketches(run, trials, summarise(run, trials), NAMES)
    assert (ttft.name, latency.name) == ("ttft", "latency")
    assert ttft.text == (
        "Time to first token of each trial. ASR (a): median 400.00 ms, 95 % interval 400.00 .. 400.00."
    )
    assert "Aligner (b): median 160.00 ms" in latency.text
    assert len(latency.chart()["vconcat"]) == 2
    assert len(ttft.chart()["vconcat"]) == 1


def test_one_trial() -> None:
    """A cold trial alone is no steady one, and the text says so."""
    run, trials = stored.run(), stored.trials(1)
    ttft, _ = latency_sketches(run, trials, summarise(run, trials), NAMES)
    assert ttft.text == "Time to first token of each trial. No steady trial has one."
