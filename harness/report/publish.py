"""From a run's folder to the files that people read: the same code after a run and years later."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness import store
from harness.analysis.leg_environments import leg_environments
from harness.analysis.original import original_results
from harness.analysis.stored_summary import check_trials
from harness.analysis.summary import Summary, summarise
from harness.report.accuracy_tables import accuracy_lines, accuracy_tables
from harness.report.alignment_tables import alignment_lines, alignment_tables
from harness.report.audio_tables import audio_lines, audio_tables
from harness.report.configuration import read_configuration
from harness.report.ledger_tables import chain_lines, ledger_tables
from harness.report.leg_tables import machine_findings
from harness.report.real_time_tables import real_time_lines, real_time_tables
from harness.report.run_charts import run_charts
from harness.report.run_report import RunReport, run_report
from harness.report.sampling import readable_curves, sampling_lines
from harness.report.sharing_lines import run_sharing
from harness.report.subtitles import word_files
from harness.report.tables import metric_table, original_tables
from harness.report.utterances_csv import utterances_csv
from harness.report.verdict_lines import verdict_lines
from harness.store import StoredRun

_THICK = "=" * 70


@dataclass(frozen=True, slots=True)
class Published:
    """A stored run with what was made of it.

    ``original`` are the results in the shape of the original experiment, ``sampling`` the lines about its memory curve,
    ``machines`` warnings about those of its legs.
    """

    stored: StoredRun
    summary: Summary
    report: RunReport
    original: Mapping[str, Any]
    sampling: tuple[str, ...] = ()
    machines: tuple[str, ...] = ()


def read(folder: Path) -> Published:
    """Read a run and summarise it; writes nothing. Raises :class:`harness.errors.StoreError`."""
    stored = store.read_run(folder)
    check_trials(stored)
    summary = summarise(stored.run, stored.trials, stored.notes, stored.stamp)
    sampling = tuple(sampling_lines(folder))
    original = original_results(stored.run, stored.trials)
    environments = leg_environments(folder, stored.run, stored.environment)
    machines = tuple(finding.line for finding in machine_findings(stored.run, environments))
    report = run_report(
        stored.run,
        stored.environment,
        stored.trials,
        summary,
        sampling,
        original=original,
        configuration=read_configuration(folder),
        environments=environments,
    )
    return Published(stored, summary, report, original, sampling, machines)


def publish(folder: Path) -> Published:
    """Read a run and write its summary, its results in the original's shape, its reports, and charts as asked for."""
    published = _with_charts(read(folder))
    stored = published.stored
    store.write_json(folder / store.SUMMARY, published.summary)
    store.write_json(folder / store.ORIGINAL, published.original)
    store.write_text(folder / store.REPORT_MD, published.report.markdown())
    store.write_text(folder / store.REPORT_HTML, published.report.html())
    if any(one.utterances > 1 for one in published.summary.accuracy.values()):
        store.write_text(folder / store.UTTERANCES, utterances_csv(stored.run, stored.trials))
    _write_words(stored)
    _write_charts(published)
    return published


def _write_words(stored: StoredRun) -> None:
    """Write the files of word times; the many of a corpus without syncing each, for they can be made again."""
    for name, content in word_files(stored.run, stored.trials):
        path = stored.folder / name
        if path.parent == stored.folder:
            store.write_text(path, content)
        else:
            store.make_folder(path.parent)
            store.write_text(path, content, synced=False)


def _with_charts(published: Published) -> Published:
    """Draw the charts for the page."""
    stored = published.stored
    samples = readable_curves(stored.folder)
    drawn = run_charts(stored.run, stored.trials, published.summary, stored.run.charts, samples)
    return replace(published, report=replace(published.report, charts=drawn))


def _write_charts(published: Published) -> None:
    """Write each chart that there is in each format that the run asks for."""
    run, folder = published.stored.run, published.stored.folder / store.CHARTS
    for drawn in published.report.charts if run.charts else ():
        store.make_folder(folder)
        if drawn.svg is not None and "svg" in run.charts:
            store.write_text(folder / f"{drawn.name}.svg", drawn.svg)
        if drawn.png is not None:
            store.write_bytes(folder / f"{drawn.name}.png", drawn.png)


def ending(published: Published, *, verbose: bool) -> Iterator[str]:
    """Print the summary tables of the original, then ours, then the verdicts."""
    stored, summary = published.stored, published.summary
    overheads, averages, overall = original_tables(stored.run, published.original, summary)
    yield from ("", _THICK, overheads.title, _THICK, "", overheads.text(), "", averages.text())
    yield from ("", _THICK, overall.title, _THICK, overall.text())
    ours = metric_table(summary, main_only=not verbose)
    yield from ("", _THICK, ours.title, _THICK, ours.text(), "")
    if verbose:
        for table in (
            *accuracy_tables(summary),
            *alignment_tables(summary),
            *real_time_tables(summary),
            *ledger_tables(summary),
            *audio_tables(summary),
        ):
            yield from (table.title, "", table.text(), "")
    else:
        yield from (
            *accuracy_lines(summary),
            *chain_lines(summary.chain),
            *audio_lines(summary),
            *real_time_lines(summary),
        )
        yield from alignment_lines(summary)
    shared = run_sharing(stored.run, stored.environment)
    yield from (*verdict_lines(summary), *published.machines, *shared, *published.sampling)
