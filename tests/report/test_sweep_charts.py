from itertools import product

import pytest

from harness.analysis.findings import findings
from harness.analysis.sweep import Sweep
from harness.report.cell_marks import panels_of
from harness.report.finding_lines import Words
from harness.report.sweep_charts import SweepCharts, sweep_charts
from tests.made_sweep import cell, near, sweep
from tests.report.test_charts import marks, valid

RTF, WER, PEAK = "asr.rtf", "asr.wer", "memory.peak_mib"


def made(**keys: list[str]) -> Sweep:
    """Return a sweep of all combinations, in which one metric grows from cell to cell."""
    cells = [
        cell(job, dict(zip(keys, values, strict=True)), {RTF: near(1.0 + job)})
        for job, values in enumerate(product(*keys.values()))
    ]
    return sweep(cells)


def charts(one: Sweep) -> SweepCharts:
    """Return the charts of a sweep."""
    panels = panels_of(one)
    return sweep_charts(one, findings(one), panels, Words(one, panels))


@pytest.mark.parametrize(
    ("keys", "kinds"),
    [
        ({"threads": ["1", "2"]}, [("asr.rtf", "line")]),
        ({"asr": ["x", "y"]}, [("asr.rtf", "point")]),
        ({"a": [f"v{number}" for number in range(50)]}, [("asr.rtf", "point")]),
        ({"threads": ["1", "2"], "seed": ["1", "2"]}, [("asr.rtf", "line"), ("asr.rtf.grid", "rect")]),
        ({"asr": ["x", "y"], "threads": ["1", "2"]}, [("asr.rtf", "line"), ("asr.rtf.grid", "rect")]),
        ({"asr": ["x", "y"], "order": ["v", "w"]}, [("asr.rtf", "point"), ("asr.rtf.grid", "rect")]),
        ({"a": [*"1234567"], "b": [*"12345678"]}, [("asr.rtf.grid", "rect")]),
        ({"a": [str(x) for x in range(20)], "b": [str(x) for x in range(20)]}, [("asr.rtf", "point")]),
        ({"a": ["1", "2"], "b": ["1", "2"], "c": ["1", "2"]}, [("asr.rtf", "point")]),
    ],
    ids=["number", "text", "many texts", "numbers", "text, number", "texts", "many", "too many", "three"],
)
def test_kinds(keys: dict[str, list[str]], kinds: list[tuple[str, str]]) -> None:
    """A line over a number, rows for texts and for many keys; two keys have a grid beside."""
    found = charts(made(**keys))
    assert [sketch.name for sketch in found.sketches] == [name for name, _ in kinds]
    for sketch, (_, kind) in zip(found.sketches, kinds, strict=True):
        drawn = valid(dict(sketch.chart()))
        assert list(marks(drawn, kind))
        assert bool(list(marks(drawn, "line"))) == (kind == "line")
        assert sketch.caption


def test_the_number_is_the_axis() -> None:
    """Of a text and a number, whichever came first."""
    first, _ = charts(made(asr=["x", "y", "z"], threads=["1", "2"])).sketches
    (line, *_) = marks(first.chart(), "line")
    assert line["encoding"]["x"]["title"] == "threads"


def test_captions_name_what_is_not_there() -> None:
    """Failed cells, hollow ones and those that are left out; the text for who cannot see has the message too."""
    cells = [cell(0, {"threads": "1"}, {RTF: near(4.0)}), cell(1, {"threads": "2"}, {RTF: near(2.0)})]
    cells += [cell(2, {"threads": "4"}, {RTF: 3.0}, cold=True), cell(3, {"threads": "6"}, {})]
    (sketch,) = charts(sweep(cells)).sketches
    assert sketch.caption == (
        "Best: threads=2, 2.000 s/s, 0.50 times the baseline's 4.000 s/s. Hollow: the cold first trial alone. "
        "Failed, without a figure: threads=6."
    )
    assert sketch.text == f"asr.rtf over threads, from 2.000 s/s to 4.000 s/s. {sketch.caption}"
    (many,) = charts(made(a=["1"] * 1, b=["1", "2"], c=[str(x) for x in range(50)], d=["1", "2"])).sketches
    assert "The best 40 of 200 cells are drawn." in many.caption


def test_cold_alone() -> None:
    """One trial a cell is drawn hollow, and said."""
    cells = [cell(job, {"threads": str(job)}, {RTF: 1.0 + job}, cold=True) for job in range(2)]
    (sketch,) = charts(sweep(cells)).sketches
    assert sketch.caption.endswith("Hollow: the first trial alone, which is cold; there is no other.")
    assert [one["mark"]["filled"] for one in marks(sketch.chart(), "point")] == [False]


def test_what_is_not_drawn() -> None:
    """What is the same in all cells, and what there is no room for: of many the metrics that tell cells apart."""
    told = {f"asr.t{number}_ms": number + 2.0 for number in range(11)}
    cells = []
    for job in (0, 1):
        figures = {name: near(value * (1 + job)) for name, value in told.items()}
        figures |= {"asr.same_ms": near(1.0), "asr.a_ms": near(1.0 + job / 100), "asr.b_ms": near(1.0 + job / 50)}
        cells.append(cell(job, {"threads": str(job)}, figures))
    found = charts(sweep(cells))
    assert [sketch.name for sketch in found.sketches] == [*told, "asr.b_ms"]
    assert found.notes == (
        "Not drawn, the same in all cells: asr.same_ms.",
        "Not drawn, to keep the page short: asr.a_ms; their figures stand in the table.",
    )


def test_trades() -> None:
    """Errors against time and against memory, of whatever stage has them, over the cells with both figures."""
    figures = [(0.3, 1.0, 100.0), (0.2, 2.0, 90.0), (0.4, 3.0, 120.0)]
    cells = [
        cell(job, {"m": str(job)}, {"second.wer": wer, "second.rtf": rtf, PEAK: peak})
        for job, (wer, rtf, peak) in enumerate(figures)
    ]
    cells += [cell(3, {"m": "3"}, {}), cell(4, {"m": "4"}, {"second.wer": 0.1})]
    time, memory = charts(sweep(cells)).trades
    assert (time.name, memory.name) == ("second.wer-second.rtf", f"second.wer-{PEAK}")
    assert time.caption == (
        "No other cell beats in both: m=0 (30.00%, 1.000 s/s); m=1 (20.00%, 2.000 s/s). Left out, for they lack a "
        "figure or did not do everything: 2 of 5 cells."
    )
    assert memory.caption.startswith("No other cell beats in both: m=1 (20.00%, 90.00 MiB). ")
    valid(dict(time.chart()))


def test_no_trade() -> None:
    """Without a difference in error there is nothing to trade, which is said; latency stands in for RTF."""
    cells = [cell(job, {"m": str(job)}, {WER: near(0.2), RTF: near(1.0 + job)}) for job in range(2)]
    found = charts(sweep(cells))
    assert found.trades == ()
    assert "asr.wer is the same in all cells (20.00%): there is no error to trade for time or memory." in found.notes
    cells = [cell(job, {"m": str(job)}, {WER: 0.2 + job / 10, "asr.latency_ms": 1.0}) for job in range(2)]
    assert [sketch.name for sketch in charts(sweep(cells)).trades] == ["asr.wer-asr.latency_ms"]


def test_nothing_was_swept() -> None:
    """Then there is nothing to draw."""
    found = charts(sweep([cell(0, {}, {RTF: near(1.0)})]))
    assert (found.sketches, found.notes) == ((), ("Nothing was swept, so there is nothing to draw.",))
