from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis.summary import summarise
from harness.records import Run, Trial
from harness.report import charts as charts_module
from harness.report import pictures
from harness.report.drawn import Drawn
from harness.report.run_charts import run_charts
from harness.sampling.curve import read_curves
from tests import stored


def drawn(trials: Sequence[Trial], run: Run | None = None, formats: Sequence[str] = ()) -> dict[str, Drawn]:
    """Return the charts of some trials by name."""
    run = run or stored.run()
    return {chart.name: chart for chart in run_charts(run, trials, summarise(run, trials), formats)}


def test_charts_of_a_run() -> None:
    """Memory over time, after each unload, and of each phase; times; and words: each a picture."""
    charts = drawn(stored.trials(5))
    assert list(charts) == ["memory", "growth", "ledger", "ttft", "latency", "waveform"]
    assert [(chart.missing, chart.png) for chart in charts.values()] == [(None, None)] * 6
    assert all(chart.inline.startswith("<svg ") for chart in charts.values())


def test_what_the_charts_say_in_words() -> None:
    """Models, verdict and slope are in the alternative texts."""
    charts = drawn(stored.trials(6))
    assert "ASR (madeup-asr.bin) and Aligner (madeup-aligner.bin) are loaded" in (charts["memory"].svg or "")
    assert "the highest RSS read is 126 MiB" in (charts["memory"].svg or "")
    assert "undecided, +0.500 MiB an iteration, 95 % interval +0.500 .. +0.500" in (charts["growth"].svg or "")


def test_png_where_it_is_asked_for() -> None:
    """A PNG is drawn beside the SVG that the page needs."""
    assert all((chart.png or b"").startswith(b"\x89PNG") for chart in drawn(stored.trials(), formats=["png"]).values())


def test_one_iteration() -> None:
    """A cold iteration alone has no series, and the chart's place says so; the others are there."""
    charts = drawn(stored.trials(1))
    assert charts["growth"].missing == "not drawn: no iteration after the cold one has a value"
    assert (charts["growth"].svg, charts["growth"].inline) == (None, "")
    assert (charts["memory"].missing, charts["ledger"].missing) == (None, None)


@pytest.mark.parametrize("trials", [(), (stored.failed(0),)])
def test_run_in_which_nothing_was_done(trials: Sequence[Trial]) -> None:
    """No chart can be drawn or one of a failed trial; none costs the report."""
    charts = drawn(trials)
    assert charts["ledger"].missing == "not drawn: no memory was read at the end of a phase"
    assert charts["growth"].missing == "not drawn: no iteration after the cold one has a value"


def test_run_without_the_memory_probe() -> None:
    """Each chart says what it lacks."""
    trials = [
        replace(trial, measurements=(), visits=tuple(replace(visit, observations=()) for visit in trial.visits))
        for trial in stored.trials()
    ]
    assert [chart.missing for chart in drawn(trials, stored.run(probes=())).values()] == [
        "not drawn: no memory was read over time",
        "not drawn: no probe of this run reports it",
        "not drawn: no memory was read at the end of a phase",
        "not drawn: no trial has such a time",
        "not drawn: no trial has such a time",
        None,
    ]


def test_the_points_are_those_that_the_slope_is_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """After each trim, where each iteration ends with one; else before it, and the cold iteration stands apart."""
    seen: list[tuple[object, ...]] = []

    def growth_chart(*given: object) -> dict[str, object]:
        seen.append(given)
        return {}

    monkeypatch.setattr(charts_module, "growth_chart", growth_chart)
    each = stored.run(protocol=replace(stored.run().protocol, trim="each"))
    drawn([stored.measured(stored.trial(index, trimmed=True)) for index in range(4)], each)
    drawn(stored.trials(4))
    assert [(given[0], given[1], given[5]) for given in seen] == [
        ([1, 2, 3], [10.5, 11.0, 11.5], None),
        ([1, 2, 3], [18.5, 19.0, 19.5], 18.0),
    ]


def test_sampled_curves_are_drawn_instead(tmp_path: Path) -> None:
    """What was sampled stands in the place of the readings between commands, which are 125 MiB at most."""
    run, trials = stored.run(), stored.trials()
    rows = [((2 + at_s) * 1000 * stored.MS, 0, (777 - at_s) * 1024, 1024, 0) for at_s in range(20)]
    stored.curve(tmp_path, *rows)
    (memory, *_) = run_charts(run, trials, summarise(run, trials), samples=read_curves(tmp_path))
    assert "the highest RSS read is 777 MiB" in (memory.svg or "")


def test_too_few_samples_are_not_drawn(tmp_path: Path) -> None:
    """Nineteen of them are stumps; the readings between commands say more."""
    run, trials = stored.run(), stored.trials()
    stored.curve(tmp_path, *[((2 + at_s) * 1000 * stored.MS, 0, 777 * 1024 + at_s, 1024, 0) for at_s in range(19)])
    (memory, *_) = run_charts(run, trials, summarise(run, trials), samples=read_curves(tmp_path))
    assert "the highest RSS read is 125 MiB" in (memory.svg or "")


def test_a_drawing_library_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is wrong with drawing is said, and the report is made."""

    def broken(*_: object) -> str:
        raise RuntimeError("no V8 here")

    monkeypatch.setattr(pictures, "svg", broken)
    assert [chart.missing for chart in drawn(stored.trials()).values()] == [
        "could not be drawn: RuntimeError: no V8 here"
    ] * 6
