from collections.abc import Sequence
from dataclasses import replace

import pytest

from harness.analysis.original import original_results
from harness.analysis.summary import Summary, summarise
from harness.records import Run, Trial
from harness.report.tables import Table, metric_table, original_tables
from tests import stored
from tests.analysis.corpora import heard
from tests.analysis.corpora import run as corpus_run

SMALL = Table("Small", ("Name", "Two\nlines", "n"), (("a|b", "1.00", "2"), ("c", "-", "0")), ("no value for c: why",))


def original(run: Run, trials: Sequence[Trial]) -> tuple[Table, Table, Table]:
    """Return the original's three tables."""
    return original_tables(run, original_results(run, trials), summarise(run, trials))


def column(table: Table, name: str) -> dict[str, str]:
    """Return a column by the names in the first."""
    at = table.headers.index(name)
    return {row[0]: row[at] for row in table.rows}


def test_text() -> None:
    """A terminal's table: aligned, with the notes right below it."""
    assert SMALL.text().splitlines() == [
        "Name        Two    n",
        "          lines",
        "------  -------  ---",
        "a|b        1.00    2",
        "c             -    0",
        "no value for c: why",
    ]


def test_markdown() -> None:
    """A pipe table under its title: bars in a cell escaped, a header in one line, the notes as a list."""
    assert SMALL.markdown().splitlines() == [
        "## Small",
        "",
        "| Name   |   Two lines |   n |",
        "|--------|-------------|-----|",
        "| a\\|b   |        1.00 |   2 |",
        "| c      |           - |   0 |",
        "",
        "- no value for c: why",
    ]


@pytest.mark.parametrize("cell", ["007", "1e5", "1,000", "True", "0x10"])
def test_cells_are_left_as_they_are(cell: str) -> None:
    """A text that looks like a number is not made one."""
    table = Table("T", ("a", "b"), (("x", cell),))
    assert cell in table.text()
    assert cell in table.markdown()


def test_table_without_rows() -> None:
    """A table without rows is its headers."""
    table = Table("Empty", ("a", "b"), ())
    assert table.text().split() == ["a", "b", "---", "---"]
    assert "|" in table.markdown()


def test_original_overheads() -> None:
    """Phase, load overhead and net overhead of each stage."""
    table, _, _ = original(stored.run(), stored.trials())
    assert table.title == "Summary (3 iterations)"
    assert table.headers == ("Phase", "Load Overhead", "Net Overhead")
    assert table.rows == (("ASR", "96.00", "10.00"), ("Aligner", "32.00", "4.00"))
    assert "MB here means MiB." in table.notes


def test_original_averages() -> None:
    """A column a stage; what an aligner cannot have is a dash, and the reason stands below."""
    _, table, _ = original(stored.run(), stored.trials())
    assert table.headers == ("Metric", "ASR", "Aligner")
    assert table.rows == (("Avg TTFT (ms)", "400.00", "-"), ("Avg WER (%)", "20.00", "-"))
    assert table.notes == (
        "no value for Aligner ttft_ms: the stage does not stream: it answers all at once",
        "no value for Aligner wer: the role aligner writes no transcript",
    )


def test_original_average_is_no_sum() -> None:
    """Over utterances of different lengths the two differ, and it is said that both are right."""
    trials = [heard(0, "a b c d", "a b c d"), heard(1, "a", "b")]
    _, table, _ = original(corpus_run(trials), trials)
    assert table.rows[1][:2] == ("Avg WER (%)", "50.00")
    assert table.notes[0] == "Avg WER of ASR is the mean of the trials' rates; all errors by all words: 20.00%"


def test_original_memory() -> None:
    """Start, end, growth, and growth an iteration, in the original's words."""
    _, _, table = original(stored.run(), stored.trials())
    assert table.rows == (
        ("Initial Memory (MB)", "20.00"),
        ("Final Memory (MB)", "35.00"),
        ("Total Growth (MB)", "15.00"),
        ("Growth Rate (MB/iter)", "5.00"),
    )
    assert table.title == "Overall Memory"


def reasons_in(table: Table) -> dict[str, str]:
    """Return the reason that stands below a table for each name."""
    return {
        name: note.split(": ", 1)[1]
        for note in table.notes
        if note.startswith("no value for ")
        for name in note.split(": ", 1)[0].removeprefix("no value for ").split(", ")
    }


def without(*names: str) -> Run:
    """Return a run in which some probes did not watch."""
    run = stored.run()
    return replace(run, probes=tuple(probe for probe in run.probes if probe.name not in names))


def unmeasured(count: int) -> tuple[Trial, ...]:
    """Return trials without a measurement."""
    return tuple(stored.trial(index) for index in range(count))


@pytest.mark.parametrize(
    ("run", "trials"),
    [
        (stored.run(), ()),
        (stored.run(), (stored.failed(0), stored.failed(1))),
        (without("rss", "wer", "ttft"), unmeasured(3)),
        (stored.run(), unmeasured(3)),
    ],
    ids=["no trial", "all failed", "no probe", "nothing measured"],
)
@pytest.mark.parametrize("number", [0, 1, 2], ids=["overheads", "averages", "memory"])
def test_each_dash_has_its_reason_below(number: int, run: Run, trials: Sequence[Trial]) -> None:
    """A table with a dash in it has a note that says why."""
    table = original(run, trials)[number]
    assert {cell for row in table.rows for cell in row[1:]} == {"-"}
    assert any(note.startswith("no value for ") for note in table.notes)


@pytest.mark.parametrize(
    ("run", "trials", "reason"),
    [
        (stored.run(), (stored.failed(0),), "no trial was completed"),
        (without("ttft", "wer"), unmeasured(2), "no probe of this run reports it"),
        (stored.run(), unmeasured(2), "nothing was measured"),
    ],
    ids=["all failed", "no probe", "nothing measured"],
)
def test_reasons_of_the_averages(run: Run, trials: Sequence[Trial], reason: str) -> None:
    """The averages' own figures are named below them, with the summary's reason or that no probe reports them."""
    said = reasons_in(original(run, trials)[1])
    assert {said[name] for name in ("ASR ttft_ms", "ASR wer", "Aligner ttft_ms", "Aligner wer")} == {reason}


def summary(count: int = 3) -> Summary:
    """Return the summary of the hand-made run."""
    return summarise(stored.run(), stored.trials(count))


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("asr.ttft_ms", ("ms", "400.00", "-", "400.00", "2")),
        ("asr.wer", ("%", "20.00%", "-", "-", "3")),
        ("asr.rtf", ("s/s", "0.200", "-", "0.200", "2")),
        ("asr.chars_per_s", ("1/s", "19.2", "-", "19.2", "2")),
        ("asr.transcript", ("text", "unchanged", "-", "-", "3")),
        ("aligner.ttft_ms", ("ms", "-", "-", "-", "0")),
        ("asr.import_ms", ("ms", "-", "-", "50.00", "0")),
        ("memory.peak_mib", ("MiB", "132.75", "-", "132.00", "2")),
    ],
)
def test_metric_row(name: str, row: tuple[str, ...]) -> None:
    """Unit, figure, interval, cold trial and count, each in the metric's own format."""
    table = metric_table(summary(), main_only=False)
    assert table.headers == ("Metric", "Unit", "Figure", "95 % interval", "Cold", "n")
    assert {found[0]: found[1:] for found in table.rows}[name] == row


def test_growth_row() -> None:
    """The growth rate's row holds rates alone; the first trial's memory is none."""
    table = metric_table(summary(5), main_only=True)
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["memory.growth_mib_per_iteration"] == ("MiB/iteration", "0.500", "-", "-", "4")


def test_a_row_of_nothing_is_left_out() -> None:
    """A metric that is no main one, and has no figure and no cold trial, has its reason alone."""
    rows = [row[0] for row in metric_table(summary(), main_only=False).rows]
    assert ("aligner.cer" in rows, "aligner.wer" in rows, "asr.import_ms" in rows) == (False, True, True)


def test_main_metrics_only() -> None:
    """The short table has the main metrics, in the order of the long one, and reasons for those alone."""
    short, long = metric_table(summary(), main_only=True), metric_table(summary(), main_only=False)
    names = [row[0] for row in short.rows]
    assert names == [row[0] for row in long.rows if row[0] in names]
    assert "asr.wer" in names
    assert "asr.cer" not in names
    assert not any("cer" in note for note in short.notes)


def test_each_missing_figure_has_its_reason() -> None:
    """Each metric without a figure is named below the table, together with those of the same reason."""
    table = metric_table(summary(), main_only=False)
    said = reasons_in(table)
    assert set(said) == {name for name, entry in summary().metrics.items() if entry.null_reason is not None}
    assert said["aligner.wer"] == said["aligner.cer"] == "the role aligner writes no transcript"
    assert said["asr.import_ms"] == "only the cold first trial has a value"
