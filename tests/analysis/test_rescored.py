from dataclasses import replace

from harness.analysis.rescored import Rescored, changed_options, rescored
from harness.analysis.summary import summarise
from tests import stored


def test_rates_and_whatever_changed() -> None:
    """The main error rate always, other figures where they are not what they were, those that are gone at the end."""
    run = stored.run()
    before = summarise(run, stored.trials())
    wer = before.metrics["asr.wer"]
    metrics = {
        **before.metrics,
        "asr.wer": replace(wer, value=0.1),
        "asr.latency_ms": replace(before.metrics["asr.latency_ms"], value=2500.0),
    }
    del metrics["asr.rtf"]
    rows = rescored(run, before, replace(before, metrics=metrics), "7")
    assert [row.name for row in rows] == ["asr.latency_ms", "asr.wer", "asr.rtf"]
    assert rows[0] == Rescored("7", "asr.latency_ms", ".2f", 2000.0, 2500.0, True)
    assert (rows[0].difference, rows[1].difference) == (500.0, -0.1)
    assert (rows[-1], rows[-1].difference) == (Rescored("7", "asr.rtf", ".3f", 0.2, None, True), None)


def test_options_that_changed() -> None:
    """Of a probe by its key; a probe that came or went by its name."""
    run = stored.run()
    rss, ttft, rtf, wer, _ = run.probes
    after = replace(run, probes=(rss, ttft, replace(wer, options={"normalizer": "none"}), replace(rtf, name="new")))
    assert list(changed_options(run, after)) == [
        "the probe rtf does not score any more",
        "probe.wer.normalizer: None -> none",
        "the probe drift does not score any more",
        "the probe new was added",
    ]
