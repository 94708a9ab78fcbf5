from dataclasses import replace

from harness.analysis.findings import findings
from harness.analysis.sweep import Sweep
from harness.report.cell_marks import panels_of
from harness.report.finding_lines import Words, finding_lines, finding_table
from tests.made_sweep import Given, cell, near, sweep

RTF, WER = "asr.rtf", "asr.wer"


def made(*figures: Given, cold: bool = False) -> Sweep:
    """Return a sweep of threads with these figures of one metric; None for a cell that failed."""
    cells = [
        cell(job, {"threads": str(job + 1)}, {} if given is None else {RTF: given}, cold=cold)
        for job, given in enumerate(figures)
    ]
    return sweep(cells)


def lines(one: Sweep) -> list[str]:
    """Return the sentences."""
    return finding_lines(one, findings(one), Words(one, panels_of(one)))


def caption(one: Sweep) -> str:
    """Return what is said of the one metric."""
    return Words(one, panels_of(one)).said(findings(one)[0])


def test_better() -> None:
    """The best cell with its ratio, and how many others are as good as can be told."""
    one = made(near(4.0), near(2.0), near(2.01))
    assert lines(one) == [
        "threads=2 is best, and better than the baseline (threads=1), in asr.rtf (0.50 times the baseline's; not told "
        "from 1 other)."
    ]
    expected = "Best: threads=2, 2.000 s/s, 0.50 times the baseline's 4.000 s/s. Not told from the best: threads=3."
    assert caption(one) == expected


def test_no_difference() -> None:
    """Where nothing is told, that is the sentence."""
    one = made(near(4.0, 0.2), near(3.9, 0.2))
    assert lines(one) == ["No difference from the baseline is shown in asr.rtf."]
    expected = "Best: threads=2, 3.900 s/s, 0.97 times the baseline's 4.000 s/s; no difference shown."
    assert caption(one) == expected
    assert lines(made(near(3.9, 0.2), near(4.0, 0.2))) == ["No difference from the baseline is shown in asr.rtf."]


def test_baseline_is_best() -> None:
    """It is named, with the worst."""
    one = made(near(1.0), near(2.0))
    assert lines(one) == ["The baseline, threads=1, is best in asr.rtf (1.000 s/s, the worst 2.000 s/s)."]
    assert caption(one) == "Best: threads=1, 1.000 s/s, the baseline."


def test_untold() -> None:
    """Too few trials: what looks best, and that it may be noise; also of the baseline."""
    noise = "With fewer than 3 steady trials a cell, no difference can be told from noise: more iterations are needed."
    one = made(4.0, 2.0, cold=True)
    assert lines(one) == [noise, "Best at a first look: threads=2 in asr.rtf (0.50 times the baseline's)."]
    assert caption(one).endswith("times the baseline's 4.000 s/s (cold); too few trials to tell that from noise.")
    assert lines(made(1.0, 2.0)) == [noise, "Best at a first look: threads=1 (the baseline) in asr.rtf."]


def test_untold_and_all_but_equal() -> None:
    """What differs by less than 1 % is no first look at a best cell."""
    assert lines(made(1.009, 1.0))[1:] == ["Within 1 % of each other in all cells: asr.rtf."]


def test_untold_beside_what_is_told() -> None:
    """The sentence about noise is of the other metrics; of several ratios the first says of what."""
    figures: dict[str, Given] = {WER: near(0.5), RTF: 4.0, "asr.a_ms": 2.0, "asr.b_ms": 1.0}
    better: dict[str, Given] = {WER: near(0.25), RTF: 2.0, "asr.a_ms": 1.0, "asr.b_ms": 0.0}
    assert lines(sweep([cell(0, {"a": "0"}, figures), cell(1, {"a": "1"}, better)])) == [
        "a=1 is best, and better than the baseline (a=0), in asr.wer (0.50 times the baseline's).",
        "With fewer than 3 steady trials a cell, no other difference can be told from noise: more iterations are "
        "needed.",
        "Best at a first look: a=1 in asr.rtf (0.50 times the baseline's), asr.a_ms (0.50 times), "
        "asr.b_ms (0.00 ms, the baseline 1.00 ms).",
    ]


def test_cautions_come_before_what_is_best() -> None:
    """A swept key that changes nothing makes every difference noise."""
    note = "threads is swept, and changes nothing for asr (null): uses_threads is false"
    one = made(near(4.0), near(2.0))
    one = replace(one, cells=tuple(replace(cell, notes=(note, "another note")) for cell in one.cells))
    assert lines(one)[0] == f"Note: {note}."
    assert len(lines(one)) == 2


def test_failed_cells_come_first() -> None:
    """They may be what would have been best."""
    one = made(None, near(2.0), near(1.0), None, None)
    assert lines(one) == [
        "3 of 5 cells did not complete all trials and are left out of the comparison: threads=1 (failed: <b>bad</b> "
        "value); threads=4 (failed: <b>bad</b> value); and 1 more.",
        "The baseline has no figure of asr.rtf: threads=3 is best.",
    ]


def test_nothing_to_compare() -> None:
    """A sweep in which at most one cell did everything."""
    one = made(near(1.0), None)
    assert lines(one) == [
        "1 of 2 cells did not complete all trials and is left out of the comparison: threads=2 (failed: <b>bad</b> "
        "value).",
        "Fewer than two cells completed all their trials, so there is nothing to compare.",
    ]
    assert finding_table(one, findings(one), Words(one, {})) is None
    assert lines(made(near(1.0))) == ["There is only one cell, so there is nothing to compare."]
    apart = [cell(0, {"a": "0"}, {RTF: 1.0}), cell(1, {"a": "1"}, {WER: 0.5})]
    expected = "No two cells have figures of the same main metric, so there is nothing to compare."
    assert lines(sweep(apart)) == [expected]


def test_the_same() -> None:
    """With its figure; shares are percentages."""
    cells = [cell(job, {"a": str(job)}, {WER: near(0.125)}) for job in range(2)]
    assert lines(sweep(cells)) == ["The same in all cells: asr.wer (12.50%)."]


def test_the_same_in_cold_trials_alone() -> None:
    """It is said once that the figure is cold."""
    cells = [cell(job, {"a": str(job)}, {RTF: 1.0}, cold=True) for job in range(2)]
    assert lines(sweep(cells)) == ["The same in all cells: asr.rtf (1.000 s/s, cold)."]


def test_a_long_outcome_is_cut() -> None:
    """The sentence stays one; the table has the whole message."""
    one = made(near(1.0), None)
    one = replace(one, cells=(one.cells[0], replace(one.cells[1], outcome="failed: " + "word " * 40)))
    said = lines(one)[0]
    assert said.endswith("threads=2 (failed: word word word word word word word word word word word word word ...).")


def test_many_cells_are_best() -> None:
    """Each in a sentence, up to four; the other metrics are named."""
    names = [f"asr.m{number}_ms" for number in range(6)]
    cells = [cell(0, {"a": "0"}, dict.fromkeys(names, near(4.0)))]
    for job, name in enumerate(names, start=1):
        cells.append(cell(job, {"a": str(job)}, {**dict.fromkeys(names, near(8.0)), name: near(2.0)}))
    found = lines(sweep(cells))
    assert len(found) == 5
    assert found[-1] == "Other cells are better than the baseline in asr.m4_ms, asr.m5_ms."


def test_table() -> None:
    """A row a metric: the word, the best, the ratio, both figures with their intervals."""
    one = made(near(4.0), near(2.0), near(2.01))
    table = finding_table(one, findings(one), Words(one, panels_of(one)))
    assert table is not None
    assert table.rows == (
        (
            RTF,
            "threads=2",
            "better",
            "0.50",
            "2.000 s/s\n[1.960 .. 2.040]",
            "4.000 s/s\n[3.920 .. 4.080]",
            "threads=3",
        ),
    )
    assert len(table.notes) == 2


def test_table_in_its_order() -> None:
    """What can be told comes first, what is the same last; where nothing is tied there is no column of that."""
    first: dict[str, Given] = {"asr.a_ms": 1.0, "asr.b_ms": 2.0, "asr.c_ms": near(4.0)}
    one = sweep([cell(0, {"a": "0"}, first), cell(1, {"a": "1"}, {**first, "asr.b_ms": 1.0})])
    table = finding_table(one, findings(one), Words(one, panels_of(one)))
    assert table is not None
    assert [row[0] for row in table.rows] == ["asr.b_ms", "asr.a_ms", "asr.c_ms"]
    assert table.headers[-1] == "Baseline's figure"


def test_extreme_ratios() -> None:
    """A ratio far from 1 keeps two digits that count."""
    one = made(near(4000.0), near(0.001))
    table = finding_table(one, findings(one), Words(one, panels_of(one)))
    assert table is not None
    assert table.rows[0][3] == "2.5e-07"
