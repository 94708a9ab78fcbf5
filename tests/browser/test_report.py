import wave
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from harness import store
from harness.analysis.summary import summarise
from harness.metrics import constant
from harness.records import Trial
from harness.report.publish import publish
from harness.report.run_charts import run_charts
from harness.report.run_report import run_report
from tests import stored
from tests.browser.conftest import DESKTOP, PHONE, OpenPage

SCRIPT = "<script>document.title = 'mine'</script>"
LARGEST = 3_000_000


def heard(trial: Trial, audio: Path) -> Trial:
    """Return a trial of audio that is there, with a script in its transcript."""
    spoken = constant("asr", "transcript", SCRIPT if trial.index == 1 else stored.TRANSCRIPT)
    others = (one for one in trial.measurements if one.name != "asr.transcript")
    return replace(trial, utterance=stored.utterance(canonical=str(audio)), measurements=(*others, spoken))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the report of a run of six trials, one of which failed, of two seconds of sound."""
    folder = tmp_path_factory.mktemp("report")
    audio = folder / "a.wav"
    with wave.open(str(audio), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(b"\x00\x10\x00\xf0" * 80_000)
    trials = [heard(trial, audio) for trial in stored.trials(5)]
    trials.append(stored.failed(5, message=SCRIPT, log=(SCRIPT, "x" * 400)))
    files = {"/models/" + "m" * 60 + ".bin": {"sha256": "ab" * 32, "size_bytes": 2**30}}
    run = stored.write(folder / "run", stored.run(trials=6), trials, stored.environment(files=files))
    (run / "differs.json").write_text('{"iterations": {"default": 5, "used": 6}}', encoding="utf-8")
    publish(run)
    return run / store.REPORT_HTML


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
@pytest.mark.parametrize("dark", [False, True])
def test_quiet_and_no_wider_than_the_screen(
    report: Path, open_page: OpenPage, size: tuple[int, int], dark: bool
) -> None:
    """Nothing is asked for, nothing complained about, and only boxes of their own scroll sideways."""
    opened = open_page(report, size, dark=dark)
    assert (opened.requests, opened.complaints) == ([report.as_uri()], [])
    assert opened.page.evaluate("document.documentElement.scrollWidth") == size[0]
    ground = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(20, 23, 26)" if dark else "rgb(255, 255, 255)")


def test_sections_in_their_order(report: Path, open_page: OpenPage) -> None:
    """The verdict comes first; the contents lead to each section; headings go down one level at a time."""
    page = open_page(report).page
    sections = page.locator("h2").all_inner_texts()
    assert sections == [
        "Verdict",
        "What was run",
        "Main figures",
        "Accuracy",
        "Charts",
        "All figures",
        "Failed trials",
        "Environment",
        "Configuration",
    ]
    assert page.locator("nav a").all_inner_texts() == sections
    assert page.evaluate("[...document.querySelectorAll('nav a')].every(a => document.querySelector(a.hash))")
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3, h4')].map(h => Number(h.tagName[1]))")
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


def test_marked_edits_have_room_on_a_phone(report: Path, open_page: OpenPage) -> None:
    """13 rem at least: a sentence in the words' own width would be a column of one word a line."""
    page = open_page(report, PHONE).page
    assert page.locator("td.marked").first.evaluate("cell => getComputedStyle(cell).minWidth") == "208px"


def test_charts_are_drawn(report: Path, open_page: OpenPage) -> None:
    """Each has a name, a size on the screen and marks in it."""
    page = open_page(report).page
    charts = page.locator("figure svg")
    assert charts.count() == 6
    for index in range(charts.count()):
        chart = charts.nth(index)
        box = chart.bounding_box()
        assert box is not None
        assert box["width"] > 200
        assert box["height"] > 100
        assert chart.get_attribute("role") == "img"
        assert len(chart.get_attribute("aria-label") or "") > 20
        assert chart.locator("path[d], text").count() > 10
    names = page.evaluate("[...document.querySelectorAll('figure')].map(f => f.id)")
    assert names == [f"chart-{name}" for name in ("memory", "growth", "ledger", "ttft", "latency", "waveform")]


def test_tables_are_named(report: Path, open_page: OpenPage) -> None:
    """Each has a caption, headers of columns and of rows, and sorting where there is something to sort."""
    page = open_page(report).page
    assert page.evaluate("[...document.querySelectorAll('table')].every(t => t.caption.textContent.trim())")
    assert page.locator("thead th:not([scope=col])").count() == 0
    assert page.locator("tbody tr > :first-child:not(th[scope=row])").count() == 0
    table = page.locator("table").first
    table.locator("thead button", has_text="Metric").click()
    names = [one.strip() for one in table.locator("tbody th").all_inner_texts()]
    assert names == sorted(names)


def test_what_is_wrong_is_said_and_shown(report: Path, open_page: OpenPage) -> None:
    """A sign beside the failed trial's line and beside that of the text that changed, and the words themselves."""
    page = open_page(report).page
    assert (
        page.locator(".overall").inner_text().split("\n")[-1] == "Something is wrong: look at the lines marked \u2715"
    )
    bad = page.locator(".findings li", has=page.locator(".sign.bad"))
    changed, failed = bad.all_inner_texts()
    assert changed.startswith(
        "\u2715\nOutput (asr): text: differs first in trial 1 (iteration 1, jfk): word 1 'and' -> "
    )
    assert failed == "\u2715\nTrials: 5 ok, 1 crashed"


def test_a_script_in_a_text_is_text(report: Path, open_page: OpenPage) -> None:
    """In a transcript, an outcome and a log it is shown as it is, and does nothing."""
    opened = open_page(report)
    assert opened.page.title() == "Run 03-04-05: asr -> aligner"
    assert opened.page.locator("script").count() == 1
    assert SCRIPT in opened.page.locator("pre").first.inner_text()
    assert SCRIPT in opened.page.locator("h3").first.inner_text()
    assert opened.page.locator("td", has_text="document.title").count() == 1


def test_configuration(report: Path, open_page: OpenPage) -> None:
    """What differed from the defaults is a table; the whole is folded away, and on paper it is not."""
    page = open_page(report).page
    differed = page.locator("table", has=page.locator("caption", has_text="What differed from the defaults"))
    assert differed.locator("tbody").inner_text().split() == ["iterations", "5", "6"]
    assert not page.locator("details pre").is_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details pre").is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not page.locator("details pre").is_visible()


def test_paper(report: Path, open_page: OpenPage) -> None:
    """White, nothing cut at the right edge, charts as they are, in several pages."""
    page = open_page(report, (690, 1000), dark=True, paper=True).page
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    widest = "Math.max(...[...document.querySelectorAll('table, svg')].map(e => e.getBoundingClientRect().right))"
    assert page.evaluate(widest) <= 690
    printed = page.pdf(format="A4")
    assert printed.count(b"/Type /Page\n") >= 3


def test_thousands_of_trials(tmp_path: Path, open_page: OpenPage) -> None:
    """The page of a long run stays below 3 MB, quiet, and says that it counts where it cannot show each trial."""
    run, first = stored.run(trials=2_100), stored.trials(4)
    made = (replace(stored.trial(index), measurements=first[1].measurements) for index in range(4, 2_100))
    trials, summary = (*first, *made), summarise(run, first)  # a summary of few, for that of thousands takes long
    report = replace(run_report(run, None, trials, summary), charts=run_charts(run, trials, summary))
    path = tmp_path / "report.html"
    path.write_text(report.html(), encoding="utf-8")
    assert path.stat().st_size < LARGEST
    opened = open_page(path)
    assert opened.complaints == []
    chart = opened.page.locator("#chart-latency svg")
    assert "2,099 trials" in (chart.text_content() or "")
