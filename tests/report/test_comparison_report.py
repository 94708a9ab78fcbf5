from dataclasses import replace

import msgspec

from harness.analysis.comparison.change import Change, Figure
from harness.analysis.comparison.comparability import Difference
from harness.analysis.comparison.runs import Comparison, Section
from harness.analysis.comparison.threshold import Broken
from harness.report.comparison_report import (
    benchmark_records,
    comparison_markdown,
    comparison_record,
    comparison_text,
)

SLOWER = Change(
    name="asr.rtf",
    unit="s/s",
    better="lower",
    format=".3f",
    a=Figure(0.5, (0.49, 0.51), 9),
    b=Figure(0.55, (0.54, 0.56), 8),
    word="slower",
    change=1.1,
    interval=(1.06, 1.14),
    test="Mann-Whitney",
    p=0.0001,
    p_corrected=0.0002,
    smallest_p=0.0001,
    worse=True,
)
NET = replace(
    SLOWER,
    name="asr.net_overhead_mib",
    unit="MiB",
    format=".2f",
    a=Figure(-0.5, (-1.0, 0.0), 3),
    b=Figure(1.0, None, 3),
    word="no difference shown",
    scale="difference",
    change=1.5,
    interval=(-0.25, 3.0),
    p=0.1,
    p_corrected=0.2,
    smallest_p=0.1,
    worse=False,
    needed="5 steady trials each",
)
ERRORS = replace(
    SLOWER,
    name="asr.wer",
    unit="edits/word",
    format=".2%",
    a=Figure(0.1818, None, 5),
    b=Figure(0.1818, None, 5),
    word="no difference shown",
    change=1.0,
    interval=(1.0, 1.0),
    p=None,
    p_corrected=None,
    note="every trial of both runs has the same value",
    worse=False,
)
ABSENT = Change(
    name="aligner.ttft_ms",
    unit="ms",
    better="lower",
    format=".2f",
    a=Figure(None, None, 0, "it does not stream"),
    b=Figure(None, None, 0, "it does not stream"),
)
GONE = replace(ABSENT, name="asr.ttft_ms", a=Figure(1.0, None, 3), b=Figure(None, None, 0, "it crashed"))
SPEED = replace(SLOWER, name="asr.chars_per_s", unit="1/s", better="higher", word="no difference shown")
LONG = "x" * 60
WHOLE = Comparison(
    "old",
    "new",
    (
        Section(
            "",
            "old",
            "new",
            (Difference("hostname", "here", LONG),),
            (SLOWER, NET, ERRORS, ABSENT, GONE),
            ("a note of a run",),
        ),
    ),
    2,
    ("a note",),
)
BROKEN = (Broken("", "asr.rtf", "slower by 10.0 %, 5 % may be"),)
TEXT = """\
A: old
B: new

What else differs       A                                             B
-------------------  ----  --------------------------------------------
hostname             here  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...

Metric                     A       B    Change    95 % interval       p     n                 B is
--------------------  ------  ------  --------  ---------------  ------  ----  -------------------
asr.rtf                0.500   0.550   x 1.100   1.060 .. 1.140  <0.001  9, 8               slower
asr.net_overhead_mib   -0.50    1.00     +1.50   -0.25 .. +3.00   0.200  3, 3  no difference shown
asr.wer               18.18%  18.18%   x 1.000   1.000 .. 1.000       -  5, 5  no difference shown
aligner.ttft_ms            -       -         -                -       -  0, 0         not compared
asr.ttft_ms             1.00       -         -                -       -  3, 0         not compared
p after Holm's correction over 2 tests; cold and warm-up trials are left out
a note of a run
asr.net_overhead_mib: too few to show anything (Mann-Whitney of 3 and 3 trials): no p below 0.1, 0.2 after the \
correction; 5 steady trials each could
asr.wer: every trial of both runs has the same value
aligner.ttft_ms: no value: it does not stream
asr.ttft_ms: no value in B: it crashed

a note
Shown: asr.rtf slower
Threshold broken: asr.rtf: slower by 10.0 %, 5 % may be"""


def test_text() -> None:
    """What else differs, then each metric with both figures, change, p and word, then the reasons, then the sum."""
    assert comparison_text(WHOLE, BROKEN) == TEXT


def test_one_test_and_nothing_shown() -> None:
    """Without labelled differences there is one table; nothing shown is said."""
    one = Comparison("old", "new", (Section("", "old", "new", changes=(ERRORS,)),), 1)
    lines = comparison_text(one, ()).splitlines()
    assert lines[3].split()[0] == "Metric"
    assert "p after Holm's correction over 1 test; cold and warm-up trials are left out" in lines
    assert lines[-1] == "Shown: no difference"


def test_a_reason_that_all_share() -> None:
    """Where all that were tested have too few trials, their names are not counted out."""
    few = replace(NET, name="asr.other_mib")
    one = Comparison("old", "new", (Section("", "old", "new", changes=(NET, few)),), 2)
    assert "\nall that were tested: too few to show anything" in comparison_text(one, ())


def test_many_with_the_same_reason() -> None:
    """Four are named, the others counted, for the table shows which they are."""
    many = tuple(replace(ERRORS, name=f"asr.n{number}") for number in range(7))
    text = comparison_text(Comparison("old", "new", (Section("", "old", "new", changes=many),), 0), ())
    assert "\nasr.n0, asr.n1, asr.n2, asr.n3 and 3 more: every trial of both runs has the same value\n" in text


def test_cells_of_sweeps() -> None:
    """Each cell is a section under its values; one that was refused says why."""
    cells = (
        Section("threads=1", "old/0", "new/0", changes=(SLOWER,)),
        Section("threads=2", "old/1", "new/1", refused="it failed"),
    )
    text = comparison_text(Comparison("old", "new", cells, 1), (Broken("threads=2", "", "not checked: it failed"),))
    bar = "=" * 70
    assert f"{bar}\nthreads=1\n{bar}\n\nMetric" in text
    assert f"{bar}\nthreads=2\n{bar}\n\nnot compared: it failed\n" in text
    assert text.endswith("Shown: [threads=1] asr.rtf slower\nThreshold broken: [threads=2]: not checked: it failed")


def test_markdown() -> None:
    """The verdict first, then the metrics, then what else differs."""
    lines = comparison_markdown(WHOLE, BROKEN).splitlines()
    assert lines[:9] == [
        "# Comparison",
        "",
        "A: `old`  ",
        "B: `new`",
        "",
        "- Shown: asr.rtf slower",
        "- Threshold broken: asr.rtf: slower by 10.0 %, 5 % may be",
        "- a note",
        "",
    ]
    assert [line for line in lines if line.startswith("#")] == ["# Comparison", "## Metrics", "## What else differs"]
    row = next(line for line in lines if line.startswith("| asr.rtf"))
    cells = ["asr.rtf", "0.500", "0.550", "x 1.100", "1.060 .. 1.140", "<0.001", "9, 8", "slower"]
    assert [cell.strip() for cell in row.strip("|").split("|")] == cells


def test_a_sweep_in_markdown() -> None:
    """Cells have headings, and a refused one its reason."""
    cells = (Section("threads=1", "old/0", "new/0", changes=(SLOWER,)), Section("threads=2", "", "", refused="why"))
    page = comparison_markdown(Comparison("old", "new", cells, 1), ())
    assert "\n# threads=1\n\n## Metrics\n" in page
    assert page.endswith("# threads=2\n\nnot compared: why\n")


def test_json() -> None:
    """One document with its schema, every figure as a number, and the broken thresholds."""
    record = msgspec.json.decode(msgspec.json.encode(comparison_record(WHOLE, BROKEN)))
    assert (record["schema"], record["a"], record["b"], record["tests"], record["notes"]) == (
        3,
        "old",
        "new",
        2,
        ["a note"],
    )
    assert record["broken"] == [{"section": "", "metric": "asr.rtf", "line": "slower by 10.0 %, 5 % may be"}]
    (section,) = record["sections"]
    assert section["differences"] == [{"subject": "hostname", "a": "here", "b": LONG}]
    first = section["changes"][0]
    assert (first["name"], first["word"], first["worse"], first["change"], first["interval"]) == (
        "asr.rtf",
        "slower",
        True,
        1.1,
        [1.06, 1.14],
    )
    assert first["a"] == {"value": 0.5, "interval": [0.49, 0.51], "n": 9, "reason": None}


def test_figures_for_a_dashboard() -> None:
    """B's figures of one direction, with interval and word; those without a value are left out."""
    both = Comparison("old", "new", (Section("threads=1", "a", "b", changes=(SLOWER, NET, ABSENT, SPEED)),), 2)
    assert benchmark_records(both, "lower") == [
        {
            "name": "[threads=1] asr.rtf",
            "unit": "s/s",
            "value": 0.55,
            "range": "0.540 .. 0.560",
            "extra": "n = 8; slower than A",
        },
        {
            "name": "[threads=1] asr.net_overhead_mib",
            "unit": "MiB",
            "value": 1.0,
            "extra": "n = 3; no difference shown",
        },
    ]
    assert [one["name"] for one in benchmark_records(both, "higher")] == ["[threads=1] asr.chars_per_s"]
