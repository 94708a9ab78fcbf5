from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from harness.records import Run, StageRecord
from harness.stage import Unusable
from plugins.exporters.openmetrics import OpenMetrics
from tests import stored


def text_of(tmp_path: Path, run: Run) -> str:
    """Export a run of five trials, and return the text."""
    folder = stored.write(tmp_path / "run", run, stored.trials(5), stored.environment())
    OpenMetrics(OpenMetrics.Options()).run_finished(run, folder)
    return (folder / "metrics.prom").read_text(encoding="utf-8")


def parsed(text: str) -> dict[str, Any]:
    """Return the families by name, as the format's own parser reads them."""
    families = text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
    return {family.name: family for family in families}


def test_figures_in_base_units(tmp_path: Path) -> None:
    """Milliseconds become seconds, MiB bytes; a figure is the run's own, with run, stage and model."""
    families = parsed(text_of(tmp_path, stored.run()))
    ttft = families["harness_ttft_seconds"]
    assert (ttft.type, ttft.unit) == ("gauge", "seconds")
    assert ttft.documentation.endswith("(median)")
    (sample,) = ttft.samples
    assert sample.labels == {"run": "03-04-05", "stage": "asr", "model": "madeup-asr.bin"}
    assert sample.value == pytest.approx(0.4)
    growth = families["harness_growth_bytes_per_iteration"]
    assert (growth.unit, growth.samples[0].value) == ("bytes_per_iteration", 2.0**19)
    peak = families["harness_peak_bytes"].samples[0]
    assert peak.labels == {"run": "03-04-05", "stage": "memory", "model": ""}
    wer = families["harness_wer"]
    assert (wer.unit, wer.samples[0].value) == ("", 0.2)
    assert wer.documentation.endswith("(sum / sum over the run)")


def test_what_was_run_and_how_it_ended(tmp_path: Path) -> None:
    """Trials by outcome, and one series that says what the others are of."""
    families = parsed(text_of(tmp_path, stored.run()))
    (trials,) = families["harness_trials"].samples
    assert (trials.labels, trials.value) == ({"run": "03-04-05", "outcome": "ok"}, 5.0)
    (about,) = families["harness_run_info"].samples
    assert (about.value, about.labels["hostname"], about.labels["commit"]) == (1.0, "nowhere", "0123abc")
    assert (about.labels["order"], about.labels["overrides"]) == ("asr,aligner", "threads=2")


def test_the_end_is_marked(tmp_path: Path) -> None:
    """Whoever reads a torn file notices."""
    text = text_of(tmp_path, stored.run())
    assert text.endswith("\n# EOF\n")
    assert text.count("# EOF") == 1


def test_labels_are_escaped(tmp_path: Path) -> None:
    """A model's name with quotes, a backslash and a line's end comes back as it was."""
    run = stored.run()
    odd = 'a "b" \\ c\nd'
    stages: tuple[StageRecord, ...] = (replace(run.stages[0], label=odd), run.stages[1])
    families = parsed(text_of(tmp_path, replace(run, stages=stages)))
    assert families["harness_ttft_seconds"].samples[0].labels["model"] == odd


def test_a_path_of_ones_own(tmp_path: Path) -> None:
    """It is written there; a path that is taken is refused before the run."""
    run = stored.run()
    folder = stored.write(tmp_path / "run", run, stored.trials())
    made = OpenMetrics(OpenMetrics.Options(path=str(tmp_path / "textfile" / "asr.prom")))
    made.preflight()
    made.run_finished(run, folder)
    assert "harness_rtf" in (tmp_path / "textfile" / "asr.prom").read_text(encoding="utf-8")
    with pytest.raises(Unusable, match="that exists"):
        made.preflight()
