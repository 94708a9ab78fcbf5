"""The report of one run, as Markdown and as one self-contained HTML page."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from harness.analysis.original import original_results
from harness.analysis.summary import Summary
from harness.printable import plain_markdown, printable
from harness.records import Environment, Run, Trial
from harness.report.accuracy_tables import accuracy_tables
from harness.report.alignment_tables import alignment_tables
from harness.report.audio_tables import audio_tables
from harness.report.configuration import Configuration
from harness.report.corpus_facts import corpus_rows
from harness.report.drawn import Drawn
from harness.report.failures import Failure, failures
from harness.report.ledger_tables import chain_lines, ledger_tables
from harness.report.leg_tables import leg_tables, machine_findings
from harness.report.machine_tables import machine_tables
from harness.report.page import render
from harness.report.real_time_tables import real_time_tables
from harness.report.run_facts import run_facts
from harness.report.sharing_lines import run_sharing
from harness.report.tables import Table, metric_table, original_tables
from harness.report.verdict_lines import Finding, findings, overall

_NO_CONFIGURATION = Configuration()


@dataclass(frozen=True, slots=True)
class RunReport:
    """Everything that a report shows, as texts and tables in their order."""

    title: str
    findings: Sequence[Finding]
    tables: Sequence[Table]
    failed: Sequence[Trial]
    charts: Sequence[Drawn] = ()
    facts: Sequence[tuple[str, str]] = ()
    main: Table | None = None
    configuration: Configuration = _NO_CONFIGURATION

    @property
    def verdicts(self) -> list[str]:
        """The lines that come first."""
        return [finding.line for finding in self.findings]

    @property
    def overall(self) -> Finding:
        """The one line that says whether there is anything to look at."""
        return overall(self.findings)

    @property
    def failures(self) -> list[Failure]:
        """The failed trials as a page shows them, those that failed in the same way together."""
        return failures(self.failed)

    def markdown(self) -> str:
        """Render as Markdown."""
        parts = [f"# {self.title}", "", *(f"- {plain_markdown(line)}" for line in self.verdicts)]
        first = (self.main,) if self.main else ()
        for table in (*first, *self.tables, *self.configuration.tables):
            parts += ["", table.markdown()]
        for trial in self.failed:
            fence = _fence(trial.outcome.log_tail)
            heading = plain_markdown(" ".join(f"## Trial {trial.index}: {trial.outcome}".split()))
            parts += ["", heading, "", fence, *trial.outcome.log_tail, fence]
        return printable("\n".join(parts).rstrip() + "\n")

    def html(self) -> str:
        """Render as one HTML page without any reference to another file; every text is escaped."""
        return render("run.html", self)


def _fence(lines: Sequence[str]) -> str:
    """Return a fence that is longer than any run of backquotes in the lines, so that none of them closes it."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    return "`" * max(3, longest + 1)


def run_report(
    run: Run,
    environment: Environment | None,
    trials: Sequence[Trial],
    summary: Summary,
    sampling: Sequence[str] = (),
    *,
    original: Mapping[str, Any] | None = None,
    configuration: Configuration = _NO_CONFIGURATION,
    environments: Sequence[Environment | None] = (),
) -> RunReport:
    """Put the report of a run together; ``sampling`` are lines that stand below the verdicts.

    ``environments`` are those of the legs of a run that was taken up again, the newest last.

    ``original`` are the results in the original's shape, where they have been made already.
    """
    informs = (*chain_lines(summary.chain), *sampling)
    shared = (Finding(line, "bad") for line in run_sharing(run, environment))
    return RunReport(
        title=f"Run {run.id}: {' -> '.join(run.protocol.order)}",
        findings=(*findings(summary), *machine_findings(run, environments), *shared, *map(Finding, informs)),
        tables=(
            *accuracy_tables(summary),
            *alignment_tables(summary),
            *real_time_tables(summary),
            *original_tables(run, original or original_results(run, trials), summary),
            *ledger_tables(summary),
            *audio_tables(summary),
            replace(metric_table(summary, main_only=False), title="Medians and 95 % intervals of all metrics"),
            *leg_tables(summary.legs),
            _stage_table(run),
            _protocol_table(run),
            *((_environment_table(environment),) if environment else ()),
            *(
                replace(_environment_table(one), title=f"Where leg {leg} was run")
                for leg, one in enumerate(environments[:-1])
                if one
            ),
            *machine_tables(environment),
        ),
        failed=[trial for trial in trials if not trial.outcome.ok],
        facts=run_facts(run, environment, summary.legs),
        main=replace(metric_table(summary, main_only=True), title="Medians and 95 % intervals of the main metrics"),
        configuration=configuration,
    )


def _stage_table(run: Run) -> Table:
    rows = []
    for stage in run.stages:
        options = ", ".join(f"{name}={value}" for name, value in stage.options.items())
        threads = "yes" if stage.uses_threads else "no"
        rows.append((stage.key, stage.role, stage.label, stage.origin, stage.streams, threads, options))
    headers = ("Stage", "Role", "Model", "From", "Streams", "Uses threads", "Options")
    return Table("Stages", headers, tuple(rows), section="setup")


def _protocol_table(run: Run) -> Table:
    protocol = run.protocol
    rows = [(name, str(getattr(protocol, name))) for name in protocol.__dataclass_fields__ if name != "order"]
    rows.insert(0, ("order", " -> ".join(protocol.order)))
    rows += [(f"held to: {name}", str(value)) for name, value in asdict(run.budgets).items()]
    rows += [(f"fit.{name}", str(getattr(run.fit, name))) for name in ("limit_mib", "mechanism") if run.fit.mechanism]
    rows += [(f"dataset.{name}", str(value)) for name, value in run.dataset.items()]
    rows += corpus_rows(run)
    rows.append(("overrides", " ".join(run.overrides) or "none"))
    return Table("Protocol", ("Key", "Value"), tuple(rows), section="setup")


def _environment_table(environment: Environment) -> Table:
    rows = [
        ("host", environment.hostname),
        ("system", f"{environment.system}, {environment.machine}"),
        (
            "processor",
            f"{environment.processor}, {environment.usable_cores} of {environment.cores} cores usable",
        ),
        ("memory", f"{environment.memory_mib:.0f} MiB"),
        ("python", environment.python),
        *((name, version) for name, version in environment.versions.items()),
        *((f"engine of {stage}", str(facts.get("version", "unknown"))) for stage, facts in environment.engines.items()),
        *(
            (f"plugin {name}", origin)
            for name, origin in environment.plugins.items()
            if name not in environment.versions
        ),
        *((name, value) for name, value in environment.limits.items()),
        *((f"git {name}", value) for name, value in environment.git.items()),
    ]
    return Table("Where it was run", ("Item", "Value"), tuple(rows), environment.warnings, section="machine")
