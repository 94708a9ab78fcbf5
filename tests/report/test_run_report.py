import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from harness.analysis.summary import summarise
from harness.metrics import constant
from harness.records import Environment, Run, Trial
from harness.report.marked_cell import MarkedCell
from harness.report.run_charts import run_charts
from harness.report.run_report import RunReport, run_report
from tests import stored

SCRIPT = "<script>alert('x')</script>"


class Page(HTMLParser):
    """What a page holds: its tags, its captions, how many tables, and whatever points elsewhere."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.references: list[str] = []
        self.captions: list[str] = []
        self.first_in_tables: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag and its references."""
        if self.tags and self.tags[-1] == "table":
            self.first_in_tables.append(tag)
        self.tags.append(tag)
        self.references += [
            value or ""
            for name, value in attrs
            if name in ("src", "href", "action", "data", "srcset") and not (value or "").startswith("#")
        ]

    def handle_data(self, data: str) -> None:
        """Keep the text, a caption's apart."""
        self.text.append(data)
        if self.tags and self.tags[-1] == "caption" and data.strip():
            self.captions.append(data)


def charted(*trials: Trial) -> RunReport:
    """Return the report of some trials with its charts."""
    run = stored.run()
    drawn = run_charts(run, trials, summarise(run, trials))
    return replace(report(trials, run), charts=drawn)


def report(
    trials: Sequence[Trial] | None = None, run: Run | None = None, environment: Environment | None = None
) -> RunReport:
    """Return the report of the hand-made run, or of another."""
    run = run or stored.run()
    trials = stored.trials() if trials is None else trials
    return run_report(run, environment, trials, summarise(run, trials))


def test_title() -> None:
    """The title says the chain and the run's name."""
    assert report().title == "Run 03-04-05: asr -> aligner"


def test_tables_in_their_order() -> None:
    """How right it is, the original's tables, what it cost and every figure, then what was run, and where."""
    assert [table.title for table in report(environment=stored.environment()).tables] == [
        "Accuracy",
        "Errors (asr)",
        "Summary (3 iterations)",
        "Averages over all iterations",
        "Overall Memory",
        "Phases of ASR",
        "Phases of Aligner",
        "What the chain needs",
        "Medians and 95 % intervals of all metrics",
        "Stages",
        "Protocol",
        "Where it was run",
    ]


def test_without_an_environment() -> None:
    """A run that was killed before its environment was written has a report without that table."""
    assert report().tables[-1].title == "Protocol"


def test_stages() -> None:
    """Each stage with its model, its origin, and whether threads change anything."""
    table = next(table for table in report().tables if table.title == "Stages")
    assert table.headers == ("Stage", "Role", "Model", "From", "Streams", "Uses threads", "Options")
    assert table.rows == (
        ("asr", "asr", "madeup-asr.bin", "asr-align-harness 0.1.0", "hypotheses", "no", "piece_ms=100"),
        ("aligner", "aligner", "madeup-aligner.bin", "asr-align-harness 0.1.0", "nothing", "no", ""),
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("order", "asr -> aligner"),
        ("iterations", "3"),
        ("lifecycle", "recreate"),
        ("threads", "2"),
        ("dataset.audio", "samples/jfk.wav"),
        ("overrides", "threads=2"),
    ],
)
def test_protocol(key: str, value: str) -> None:
    """Every key that decided what was done, and how it was asked for."""
    table = next(table for table in report().tables if table.title == "Protocol")
    assert (key, value) in table.rows


def test_environment() -> None:
    """Machine, versions, engines, limits and commit; what blurs the figures stands below."""
    table = report(environment=stored.environment()).tables[-1]
    assert table.rows == (
        ("host", "nowhere"),
        ("system", "Linux 6.1, x86_64"),
        ("processor", "Made Up 9000, 2 of 4 cores usable"),
        ("memory", "8192 MiB"),
        ("python", "3.11.7"),
        ("numpy", "2.0.0"),
        ("engine of asr", "9.8"),
        ("cpu.max", "max 100000"),
        ("git commit", "0123abc"),
        ("git changed", "no"),
    )
    assert table.notes == ("the machine is busy",)


def test_markdown() -> None:
    """A heading, the verdicts as a list, a section a table, a section a failed trial with what the engine printed."""
    text = report([*stored.trials(2), stored.failed(2, log=("one", "two"))]).markdown()
    lines = text.splitlines()
    assert lines[0] == "# Run 03-04-05: asr -> aligner"
    assert lines[2].startswith("- Verdict (memory): undecided: ")
    assert "- Trials: 2 ok, 1 crashed" in lines
    assert "| ASR     |           96.00 |          10.00 |" in lines
    assert lines[-6:] == ["## Trial 2: crashed: SIGSEGV in load (asr)", "", "```", "one", "two", "```"]
    assert text.endswith("```\n")
    headings = [line for line in lines if line.startswith("## ")][:-1]
    assert headings[0] == "## Medians and 95 % intervals of the main metrics"
    assert headings[1:] == [f"## {table.title}" for table in report().tables]


@pytest.mark.parametrize("line", ["```", "~~~", "````", "  ```python"])
def test_log_line_that_looks_like_a_fence(line: str) -> None:
    """What an engine printed stays inside its block, whatever it is."""
    lines = report([stored.failed(0, log=("before", line, "after"))]).markdown().splitlines()
    opening = next(number for number, text in enumerate(lines) if text.startswith("```"))
    fence = lines[opening]
    closing = next(
        number for number in range(opening + 1, len(lines)) if re.fullmatch(rf" {{0,3}}{fence}`*\s*", lines[number])
    )
    assert lines[opening + 1 : closing] == ["before", line, "after"]


def test_message_of_several_lines() -> None:
    """An outcome's heading is one line, so that an engine's message cannot begin a section of its own."""
    text = report([stored.failed(0, message="first\n# second")]).markdown()
    assert not any(line.startswith("# second") for line in text.splitlines())


def test_html_has_a_caption_for_each_table() -> None:
    """Each table begins with its caption, which is its title."""
    made = report(environment=stored.environment())
    page = Page(made.html())
    assert made.main is not None
    assert sorted(page.captions) == sorted([made.main.title, *(table.title for table in made.tables)])
    assert page.first_in_tables == ["caption"] * len(page.captions)


def test_html_stands_alone() -> None:
    """The page points nowhere but into itself: one script of its own, no style sheet, no picture, no address."""
    text = report([*stored.trials(2), stored.failed(2)], environment=stored.environment()).html()
    page = Page(text)
    assert page.references == []
    assert page.tags.count("script") == 1
    assert not {"link", "img", "iframe", "object", "embed", "base"} & set(page.tags)
    assert not re.search(r"https?://|url\(|@import|//cdn", text)


def test_html_with_charts_stands_alone() -> None:
    """The charts are inside the page, each with its text, and point nowhere either."""
    text = charted(*stored.trials(5)).html()
    page = Page(text)
    assert page.tags.count("svg") == text.count('role="img" aria-label="') == 6
    assert page.references == []
    assert page.tags.count("script") == 1
    assert not re.search(r"https?://|url\(|@import", text)


def test_html_says_which_chart_is_lacking() -> None:
    """One iteration has no series to draw: the page says so where the chart would stand."""
    text = charted(*stored.trials(1)).html()
    assert text.count("<svg ") == 5
    assert "Memory after unload: not drawn: no iteration after the cold one has a value" in text


def test_a_model_named_like_a_script_is_text_in_a_chart() -> None:
    """A name in a chart is escaped like any other text."""
    run = stored.run()
    run = replace(run, stages=tuple(replace(stage, label=SCRIPT) for stage in run.stages))
    summary = summarise(run, stored.trials())
    page = replace(report(run=run), charts=run_charts(run, stored.trials(), summary)).html()
    assert page.count("<script") == Page(page).tags.count("script") == 1


def test_html_says_what_markdown_says() -> None:
    """Verdicts, cells, notes and logs are in the page as they are in the Markdown."""
    made = report([*stored.trials(2), stored.failed(2)], environment=stored.environment())
    text = "".join(Page(made.html()).text)
    for table in made.tables:
        for said in (*table.headers, *table.notes, *(cell for row in table.rows for cell in row)):
            assert " ".join(span.text for span in said.spans) in text if isinstance(said, MarkedCell) else said in text
    for line in (*made.verdicts, "Trial 2: crashed: SIGSEGV in load (asr)", "last words"):
        assert line in text


def scripted(where: str) -> RunReport:
    """Return a report with a script in one place."""
    trials = stored.trials()
    run = stored.run()
    if where == "transcript":
        texts = (stored.TRANSCRIPT, stored.TRANSCRIPT, SCRIPT)
        trials = tuple(
            replace(
                one,
                measurements=(
                    *(m for m in one.measurements if m.name != "asr.transcript"),
                    constant("asr", "transcript", text),
                ),
            )
            for one, text in zip(trials, texts, strict=True)
        )
    elif where == "outcome":
        trials = (*trials[:2], stored.failed(2, message=SCRIPT))
    elif where == "log":
        trials = (*trials[:2], stored.failed(2, log=(SCRIPT,)))
    elif where == "problem":
        trials = (*trials[:2], replace(trials[2], problems=(SCRIPT,)))
    elif where == "title":
        run = stored.run(id=SCRIPT)
    elif where == "override":
        run = stored.run(overrides=(f"dataset.audio={SCRIPT}",))
    elif where == "model":
        run = stored.run(stages=tuple(replace(stage, label=SCRIPT) for stage in run.stages))
    environment = stored.environment(warnings=(SCRIPT,)) if where == "warning" else stored.environment()
    return report(trials, run, environment)


@pytest.mark.parametrize("where", ["transcript", "outcome", "log", "problem", "title", "override", "model", "warning"])
def test_html_escapes(where: str) -> None:
    """A script in any text is shown, and is none."""
    text = scripted(where).html()
    assert text.count("<script") == Page(text).tags.count("script") == 1
    assert "&lt;script&gt;alert(" in text


def test_html_is_whole() -> None:
    """The page says its encoding, its language and its title, and reads on a narrow screen."""
    text = report().html()
    assert text.startswith('<!doctype html>\n<html lang="en">')
    assert '<meta charset="utf-8">' in text
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in text
    assert "<title>Run 03-04-05: asr -&gt; aligner</title>" in text
    assert text.rstrip().endswith("</html>")
