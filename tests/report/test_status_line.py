from dataclasses import replace

import pytest

from harness.report.status_line import duration, last_figures, main_metrics, rss_mib, status_line
from tests import stored


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-1, "0 s"),
        (0, "0 s"),
        (89.4, "89 s"),
        (90, "2 min"),
        (600, "10 min"),
        (7140, "119 min"),
        (7200, "2 h 0 min"),
        (12_000, "3 h 20 min"),
        (187_200, "2 d 4 h"),
    ],
)
def test_duration(seconds: float, said: str) -> None:
    """In the two largest units that matter."""
    assert duration(seconds) == said


def test_the_telling_metrics_come_first() -> None:
    """Stage by stage, in the chain's order; trends have no value of one trial."""
    names = [f"{scope}.{metric.name}" for scope, metric in main_metrics(stored.run())]
    assert names[:3] == ["asr.rtf", "asr.latency_ms", "asr.ttft_ms"]
    assert names.index("asr.wer") < names.index("aligner.rtf") < names.index("memory.peak_mib")
    assert "memory.growth_mib_per_iteration" not in names


def test_last_figures() -> None:
    """Short, and only what the trial has."""
    assert last_figures(stored.run(), stored.trials()[0]) == "asr.rtf 0.20 asr.latency_ms 2000"
    assert last_figures(stored.run(), stored.failed(1)) == ""


def test_memory_now() -> None:
    """RSS of the trial's last reading; None where nothing was read."""
    assert rss_mib(stored.trials()[0]) == 34.0
    assert rss_mib(replace(stored.trial(), visits=())) is None


def test_a_trial_without_anything() -> None:
    """What is not known is left out."""
    assert status_line(stored.run(), replace(stored.trial(), visits=()), 1) == "trial 1/3"
