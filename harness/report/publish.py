"""From a run's folder to the files that people read: the same code after a run and years later."""

from dataclasses import dataclass
from pathlib import Path

from harness import store
from harness.analysis.original import original_results
from harness.analysis.summary import Summary, summarise
from harness.report.run_report import RunReport, run_report
from harness.store import StoredRun


@dataclass(frozen=True, slots=True)
class Published:
    """A stored run with what was made of it."""

    stored: StoredRun
    summary: Summary
    report: RunReport


def read(folder: Path) -> Published:
    """Read a run and summarise it; writes nothing. Raises :class:`harness.errors.StoreError`."""
    stored = store.read_run(folder)
    summary = summarise(stored.run, stored.trials, stored.notes)
    return Published(stored, summary, run_report(stored.run, stored.environment, stored.trials, summary))


def publish(folder: Path) -> Published:
    """Read a run and write its summary, its results in the original's shape, and its reports."""
    published = read(folder)
    stored = published.stored
    store.write_json(folder / store.SUMMARY, published.summary)
    store.write_json(folder / store.ORIGINAL, original_results(stored.run, stored.trials))
    store.write_text(folder / store.REPORT_MD, published.report.markdown())
    store.write_text(folder / store.REPORT_HTML, published.report.html())
    return published
