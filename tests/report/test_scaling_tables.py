import pytest

from harness.analysis.sweep import Cell
from harness.report.scaling_tables import scaling_tables
from harness.report.tables import Table
from tests.analysis.cells import Spread, cell, entry, of_context, setting, sweep, threaded

DEFINITION = (
    "Speed-up: RTF with the fewest threads / RTF; efficiency: speed-up / (threads / fewest threads). Seen: the most "
    "threads of the process just before and after a run. Peak: the larger one of load and run."
)


def table(*cells: Cell, swept: tuple[str, ...] = ("threads",)) -> Table:
    """Return the one table of a sweep."""
    (found,) = scaling_tables(sweep(swept, *cells))
    return found


def sentence(*cells: Cell) -> str:
    """Return what is said first below the table."""
    return table(*cells).notes[0]


def three(one: Spread | float, two: Spread | float, six: Spread | float, cores: float | None = 8) -> tuple[Cell, ...]:
    """Return cells with one, two and six threads, on enough cores unless told otherwise."""
    return tuple(
        threaded(job, count, rtf, usable_cores=cores) for job, (count, rtf) in enumerate([(1, one), (2, two), (6, six)])
    )


SAME = "no difference in peak memory shown between 1 and 6 threads."


def test_rows() -> None:
    """Each cell with its figures, and what could not run with its outcome."""
    found = table(
        threaded(0, 1, (0.7, 0.72, 0.75)),
        threaded(1, 2, (0.39, 0.4, 0.41), (102.0, 103.0, 104.0)),
        cell(2, {"threads": "3"}, None),
    )
    assert found.title == "Threads"
    assert found.headers == (
        *("Stage", "Threads", "Seen", "RTF", "Speed-up", "Efficiency", "CPU s /\naudio s", "Cores\nused", "Peak MiB"),
        "Outcome",
    )
    assert found.rows == (
        (
            *("asr", "1", "2", "0.720 [0.700 .. 0.750]", "1.00x", "100 %", "0.500", "0.69"),
            *("100.00 [100.00 .. 100.00]", "ok"),
        ),
        (
            *("asr", "2", "3", "0.400 [0.390 .. 0.410]", "1.80x", "90 %", "0.500", "1.25"),
            *("103.00 [102.00 .. 104.00]", "ok"),
        ),
        ("asr", "3", *["-"] * 7, "failed: no"),
    )
    assert found.notes == (
        "asr: best at 2 threads (1.80x against 1, 90 % efficient); +3.00 MiB of peak memory for each added thread.",
        DEFINITION,
    )


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (
            three((0.7, 0.72, 0.75), (0.39, 0.4, 0.41), (0.5, 0.5, 0.5), 2),
            "best at 2 threads (1.80x against 1, 90 % efficient); 6 oversubscribes 2 usable cores",
        ),
        (
            three((0.7, 0.72, 0.75), (0.39, 0.4, 0.41), (0.5, 0.5, 0.5), 1),
            "best at 2 threads (1.80x against 1, 90 % efficient); 2 and 6 oversubscribe 1 usable core",
        ),
        (
            three((0.7, 0.72, 0.75), (0.39, 0.4, 0.41), (0.4, 0.5, 0.5)),
            "no difference shown between 2 and 6 threads; 2 is faster than 1 (1.80x against 1, 90 % efficient)",
        ),
        (
            three((0.4, 0.72, 0.75), (0.39, 0.4, 0.41), (0.5, 0.5, 0.5)),
            "no difference shown between 1 and 2 threads; 2 is faster than 6",
        ),
        (
            three((0.4, 0.72, 0.75), (0.39, 0.4, 0.41), (0.4, 0.5, 0.5)),
            "no difference shown between 1, 2 and 6 threads",
        ),
        (three((0.1, 0.1, 0.1), (0.2, 0.2, 0.2), (0.3, 0.3, 0.3)), "best at 1 thread"),
        (
            three(0.8, 0.4, 0.2),
            "no difference shown between 1, 2 and 6 threads (an interval takes 3 steady trials)",
        ),
    ],
    ids=["best", "beyond two", "two alike", "not shown to be faster than the fewest", "all alike", "fewest", "unsure"],
)
def test_sentence(cells: tuple[Cell, ...], said: str) -> None:
    """It calls best only what the intervals show, and says what is beyond the cores."""
    assert sentence(*cells) == f"asr: {said}; {SAME}"


def test_machines_that_differ() -> None:
    """Threads beyond the cores are told without a number that is no cell's."""
    cells = (threaded(0, 2, 0.5, usable_cores=1), threaded(1, 4, 0.5, usable_cores=8))
    assert "; 2 oversubscribes the usable cores of their machine; " in sentence(*cells)


def test_one_time() -> None:
    """A single cell with a time is compared with nothing."""
    cells = (threaded(0, 2, (0.5, 0.5, 0.5)), cell(1, {"threads": "1"}, None))
    assert sentence(*cells) == "asr: only threads=2 has a time, so there is nothing to compare."


def test_no_time() -> None:
    """Cells that measured nothing say so, and why."""
    found = table(*(cell(job, {"threads": str(job)}, setting(job), entry("asr.rtf", None)) for job in (1, 2)))
    assert [row[1:5] for row in found.rows] == [("1", "-", "-", "-"), ("2", "-", "-", "-")]
    assert found.notes == (
        "asr: no thread count has a time.",
        DEFINITION,
        "no value for RTF with asr threads=1, asr threads=2: only the cold first trial has a value",
        "no value for Peak MiB with asr threads=1, asr threads=2: no probe of this run reports it",
    )


def test_cold_figures_are_marked() -> None:
    """They are of one trial each, and nothing is concluded from them."""
    cells = [
        cell(job, {"threads": str(count)}, setting(count), entry("asr.rtf", None, cold=cold))
        for job, (count, cold) in enumerate([(1, 0.8), (2, 0.5)])
    ]
    found = table(*cells)
    assert [row[3:6] for row in found.rows] == [("0.800 (cold)", "1.00x", "100 %"), ("0.500 (cold)", "1.60x", "80 %")]
    assert found.notes[0] == "asr: no difference shown between 1 and 2 threads (an interval takes 3 steady trials)."


@pytest.mark.parametrize(("two", "there"), [(0.399, False), (0.39, True)], ids=["100 %", "103 %"])
def test_more_than_efficient(two: float, there: bool) -> None:
    """An efficiency above 100 % is explained, where it is printed as such."""
    notes = table(threaded(0, 1, 0.8), threaded(1, 2, two)).notes
    assert any(note.startswith("More than 100 % efficient is no gain of threads alone") for note in notes) == there


def test_other_keys_have_columns() -> None:
    """Each group of cells has its sentence, which names it."""
    found = table(
        *(
            threaded(job, count, (rtf, rtf, rtf), more={"order": order})
            for job, (count, rtf, order) in enumerate([(1, 0.8, "a"), (2, 0.4, "a"), (1, 0.6, "b"), (2, 0.6, "b")])
        ),
        swept=("order", "threads"),
    )
    assert found.headers[:3] == ("Stage", "order", "Threads")
    assert [row[:3] for row in found.rows] == [
        ("asr", "a", "1"),
        ("asr", "a", "2"),
        ("asr", "b", "1"),
        ("asr", "b", "2"),
    ]
    same = "no difference in peak memory shown between 1 and 2 threads."
    assert found.notes[:2] == (
        f"asr, order=a: best at 2 threads (2.00x against 1, 100 % efficient); {same}",
        f"asr, order=b: no difference shown between 1 and 2 threads; {same}",
    )


def test_context() -> None:
    """MiB for 1,024 tokens where growth is shown; a stage without a context length is in no row."""
    found = table(
        of_context(0, 1024, (19.0, 20.0, 21.0), (120.0, 130.0, 180.0)),
        of_context(1, 4096, (79.0, 80.0, 81.0), (180.0, 190.0, 200.0)),
        swept=("context_length",),
    )
    assert found.title == "Context length"
    assert found.headers == ("Stage", "Context\nlength", "Load overhead MiB", "Peak MiB", "Outcome")
    assert found.rows == (
        ("asr", "1024", "20.00 [19.00 .. 21.00]", "130.00 [120.00 .. 180.00]", "ok"),
        ("asr", "4096", "80.00 [79.00 .. 81.00]", "190.00 [180.00 .. 200.00]", "ok"),
    )
    assert found.notes == (
        "asr: +20.00 MiB of load overhead for 1,024 tokens; "
        "no difference in peak memory shown between 1,024 and 4,096 tokens.",
        "Peak: the larger one of load and run.",
    )


def test_context_without_intervals() -> None:
    """One trial for each length gives a slope, and says what it takes to be sure."""
    found = table(of_context(0, 1024, 20.0, 120.0), of_context(1, 2048, 25.0, 120.0), swept=("context_length",))
    unsure = "(an interval takes 3 steady trials)"
    assert found.notes[0] == (
        f"asr: +5.00 MiB of load overhead for 1,024 tokens {unsure}; "
        f"+0.00 MiB of peak memory for 1,024 tokens {unsure}."
    )


def test_context_of_one_figure() -> None:
    """A slope takes two, and a missing one has its reason."""
    found = table(
        of_context(0, 1024, 20.0, (1.0, 120.0, 130.0)),
        of_context(1, 2048, None, (140.0, 150.0, 160.0)),
        swept=("context_length",),
    )
    assert found.notes[0] == (
        "asr: no two context lengths have load overhead; +30.00 MiB of peak memory for 1,024 tokens."
    )
    assert found.notes[-1] == (
        "no value for Load overhead MiB with asr context_length=2048: only the cold first trial has a value"
    )


def test_both_keys() -> None:
    """Two swept keys give two sheets, each grouped by the other key."""
    cells = [
        cell(
            job,
            {"threads": str(threads), "context_length": str(tokens)},
            setting(threads, tokens),
            entry("asr.rtf", 0.5),
            entry("asr.load_overhead_mib", 5.0),
        )
        for job, (threads, tokens) in enumerate([(1, 1024), (2, 1024), (1, 2048), (2, 2048)])
    ]
    found = scaling_tables(sweep(("threads", "context_length"), *cells))
    assert [(one.title, one.headers[:3], len(one.rows)) for one in found] == [
        ("Threads", ("Stage", "context_length", "Threads"), 4),
        ("Context length", ("Stage", "threads", "Context\nlength"), 4),
    ]


def test_nothing_scaled() -> None:
    """A sweep over something else has none."""
    assert scaling_tables(sweep(("seed",), threaded(0, 1, 0.5), threaded(1, 1, 0.5))) == ()
