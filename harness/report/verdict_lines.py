"""What a run's report says first: verdicts, budgets, guard, outcomes, problems and notes, one line each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.analysis.budget import Residual, Runway
from harness.analysis.fit import LimitSummary
from harness.analysis.statistics import Interval
from harness.analysis.summary import Summary
from harness.analysis.verdict import StageVerdict, Verdict
from harness.protocol import ADDRESS_SPACE
from harness.report.constancy_lines import constancy_lines
from harness.report.drift_lines import drift_lines
from harness.report.handle_lines import handle_lines
from harness.report.seam_lines import POOLED, forced_texts, seam_texts

_KIB_BELOW_MIB = 1.0


Status = Literal["good", "bad", "open", "plain"]
"""What a line means for its reader: all is well, something is wrong, it cannot be told, or it only informs."""
_STATUS: Mapping[str, Status] = {"leak": "bad", "undecided": "open"}


@dataclass(frozen=True, slots=True)
class Finding:
    """A line of a report's beginning, and what it means for its reader."""

    line: str
    status: Status = "plain"


def verdict_lines(summary: Summary) -> list[str]:
    """Return the lines in their order: what was found, what it was held to, what went wrong."""
    return [finding.line for finding in findings(summary)]


def findings(summary: Summary) -> list[Finding]:
    """Return the lines with what each means."""
    guard, outcomes = summary.guard, summary.outcomes
    held = "held" if guard["held"] else "BROKEN"
    counts = ", ".join(f"{count} {kind}" for kind, count in outcomes.items())
    return [
        *(Finding(_verdict(name, one), _STATUS.get(one.verdict, "good")) for name, one in summary.verdicts.items()),
        *(Finding(_stage(name, one), _STATUS.get(one.verdict, "good")) for name, one in summary.stage_verdicts.items()),
        *(Finding(line, "bad") for line in handle_lines(summary)),
        *((Finding(_runway(summary.runway), "bad"),) if summary.runway else ()),
        Finding(
            f"Guard ({guard['residency']}): {held}, at most {guard['most_loaded']} loaded at one time",
            "good" if guard["held"] else "bad",
        ),
        *((Finding(_limit(summary.limit)),) if summary.limit else ()),
        *(
            Finding(_residual(one), "open" if one.held_mib is None else "good" if one.passed else "bad")
            for one in summary.residuals.values()
            if one.budget_mib is not None
        ),
        *(Finding(line, "bad") for line in drift_lines(summary)),
        *(Finding(line, "bad") for line in constancy_lines(summary)),
        Finding(f"Trials: {counts or 'none'}", "good" if set(outcomes) == {"ok"} else "bad"),
        *(Finding(f"Seam: {text}") for text in seam_texts(summary.legs)),
        *(Finding(f"Warning: {text}", "bad") for text in forced_texts(summary.legs)),
        *((Finding(f"Note: {POOLED}"),) if summary.legs else ()),
        *(Finding(f"Problem: {problem}", "bad") for problem in summary.problems),
        *(Finding(f"Note: {note}") for note in summary.notes),
    ]


def overall(lines: Sequence[Finding]) -> Finding:
    """Return the one line that stands above the others: whether anything is wrong, and whether all could be decided."""
    statuses = [finding.status for finding in lines]
    if "bad" in statuses:
        marked = "line" if statuses.count("bad") == 1 else "lines"
        return Finding(f"Something is wrong: look at the {marked} marked \N{MULTIPLICATION X}", "bad")
    if "open" in statuses:
        return Finding("Nothing wrong was found, but not everything could be decided", "open")
    return Finding("Nothing wrong was found", "good")


def _verdict(name: str, verdict: Verdict) -> str:
    rate = _rate(verdict.slope_mib_per_iteration, verdict.interval)
    facts = [f"slope {rate}"] if rate else []
    if verdict.after_trim:
        facts.append("after each trim")
    facts.append(f"n = {verdict.n}")
    if verdict.detectable_mib is not None:
        facts.append(f"detectable: {_size(verdict.detectable_mib)} an iteration")
    settles = f"; iterations={verdict.settles_at} would settle it" if verdict.settles_at else ""
    if verdict.settles_at and verdict.leg is not None:
        settles = f"; {verdict.settles_at} iterations in one leg would settle it"
    return f"Verdict ({name}): {verdict.verdict}: {verdict.because}{settles} ({', '.join(facts)})"


def _stage(stage: str, verdict: StageVerdict) -> str:
    rate = _rate(verdict.net_mib_per_iteration, verdict.interval)
    net = f" (net {rate})" if rate else ""
    return f"Verdict ({stage}: {verdict.loop}): {verdict.verdict}: {verdict.because}{net}"


def _runway(runway: Runway) -> str:
    if runway.peak_mib >= runway.budget_mib:
        return f"Budget: a peak of {runway.budget_mib:g} MiB is passed already: it is {runway.peak_mib:.1f} MiB now"
    most = f"{runway.most:,}" if runway.most is not None else "no end"
    hours = "" if runway.hours is None else f", {runway.hours:,.1f} hours at this pace"
    return (
        f"Budget: a peak of {runway.budget_mib:g} MiB is reached in {runway.iterations:,} iterations "
        f"({runway.fewest:,} .. {most}){hours}; it is {runway.peak_mib:.1f} MiB now"
    )


def _residual(residual: Residual) -> str:
    name = f"Residual ({residual.stage})"
    if residual.held_mib is None:
        return f"{name}: not checked: {residual.reason}"
    word = "pass" if residual.passed else "FAIL"
    trim = "after a trim" if residual.after_trim else "without a trim: trim=each tells kept from leaked"
    return (
        f"{name}: {word}: unloaded, it still held {residual.held_mib:.2f} MiB in iteration {residual.iteration} "
        f"(budget {residual.budget_mib:g} MiB, {trim})"
    )


def _limit(limit: LimitSummary) -> str:
    """Say under which limit a run was made, by what, and how near it came."""
    asked = "none, watched" if limit.limit_mib is None else f"{limit.limit_mib:g} MiB"
    of = "the address space" if limit.mechanism == ADDRESS_SPACE else "the group"
    peak = "not known" if limit.peak_mib is None else f"{limit.peak_mib:.1f} MiB"
    return f"Limit: {asked} by {limit.mechanism}, peak of {of} {peak}"


def _rate(mib: float | None, interval: Interval | None) -> str:
    """Write a rate with its interval, in KiB where it is small; nothing where there is none."""
    if mib is None:
        return ""
    small = abs(mib) < _KIB_BELOW_MIB
    unit, factor, form = ("KiB", 1024.0, "+z.1f") if small else ("MiB", 1.0, "+z.2f")  # z: no -0.0
    text = f"{mib * factor:{form}} {unit}/iteration"
    if interval is None:
        return text
    return f"{text}, 95 % interval {interval[0] * factor:{form}} .. {interval[1] * factor:{form}}"


def _size(mib: float) -> str:
    return f"{mib * 1024:.1f} KiB" if mib < _KIB_BELOW_MIB else f"{mib:.2f} MiB"
