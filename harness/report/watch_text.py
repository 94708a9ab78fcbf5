"""What ``watch`` shows, as lines of text: a run, or a sweep with the run that goes on now."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from harness.analysis.follow_run import Figure, FollowedRun
from harness.analysis.follow_sweep import FollowedSweep, JobState, State
from harness.printable import printable
from harness.records import Run, Trial
from harness.report.figures import MISSING, figure
from harness.report.status_line import duration, main_metrics, status_line

_BLOCKS = "\N{LOWER ONE EIGHTH BLOCK}\N{LOWER ONE QUARTER BLOCK}\N{LOWER THREE EIGHTHS BLOCK}\N{LOWER HALF BLOCK}\
\N{LOWER FIVE EIGHTHS BLOCK}\N{LOWER THREE QUARTERS BLOCK}\N{LOWER SEVEN EIGHTHS BLOCK}\N{FULL BLOCK}"
_SPARK_COLUMNS = 30
_BAR_COLUMNS = 24
_FEWEST_ROWS = 3
_STATES: tuple[State, ...] = ("done", "failed", "stopped", "running", "waiting", "not run")

Samples = Sequence[tuple[int, int, int]]


def run_lines(state: FollowedRun, now_s: float, rows: int = 40, title: str = "") -> list[str]:
    """Return a run in at most so many lines: what is run, how far it is, memory, figures, last trials, verdict."""
    run = state.run
    if run is None:
        return [f"{title or _name(state.folder)}: not begun"]
    head = [
        f"{title or _name(state.folder)}: {_standing(state, now_s)}",
        _what(run),
        _bar(state, now_s),
        _memory(state.curve.samples),
    ]
    tail = (
        [f"Verdict {state.verdict}" if state.verdict.startswith("so far") else state.verdict] if state.verdict else []
    )
    tail += [f"Problem: {problem}" for problem in state.problems]
    free = rows - len(head) - len(tail) - 2
    trials = [_trial(trial) for trial in state.last][-max(_FEWEST_ROWS, min(5, free // 3)) :]
    figures = list(_figure_rows(run, state))[: max(_FEWEST_ROWS, free - len(trials))]
    lines = [*head, *_headed(f"{'Figure so far':<34}{'median':>12}{'last':>12}", figures)]
    lines += [*_headed("Last trials", trials), *tail]
    return [printable(line) for line in lines[:rows]]


def sweep_lines(state: FollowedSweep, now_s: float, rows: int = 40) -> list[str]:
    """Return a sweep in at most so many lines: its jobs by state, the table of those about now, and that run."""
    counts, left_s = state.counts, state.left_s(now_s)
    told = ", ".join(f"{counts[one]} {one}" for one in _STATES if counts[one])
    left = "" if left_s is None or state.finished else f", left about {duration(left_s)}"
    lines = [f"{_name(state.folder)}: {'finished' if state.finished else 'running'}, {told or 'no job yet'}{left}"]
    room = max(_FEWEST_ROWS, min(len(state.jobs), rows // 3))
    lines += [_job(job, state) for job in _about_now(state.jobs, room)]
    hidden = len(state.jobs) - room
    lines += [f"  and {hidden} more"] if hidden > 0 else []
    if state.current is not None and state.current.run is not None and rows - len(lines) > _FEWEST_ROWS:
        title = f"job {state.current.folder.name}"
        lines += ["", *run_lines(state.current, now_s, rows - len(lines) - 1, title)]
    return [printable(line) for line in lines[:rows]]


def news_line(state: FollowedRun | FollowedSweep, now_s: float) -> str:
    """Return the one line that is written where no terminal is, empty before there is anything to say."""
    if isinstance(state, FollowedSweep):
        ended = state.counts["done"] + state.counts["failed"]
        run = state.current
        left_s = state.left_s(now_s)
        if run is None or run.run is None or not run.last:
            return ""
        return printable(_news(run, now_s, f"{ended}/{len(state.jobs)} jobs ended, job {run.folder.name}", left_s))
    return printable(_news(state, now_s, "", None)) if state.run is not None and state.last else ""


def _news(state: FollowedRun, now_s: float, place: str, sweep_left_s: float | None) -> str:
    assert state.run is not None
    failed = state.done - state.outcomes["ok"]
    left_s = None if state.finished else state.left_s(now_s)
    return status_line(
        state.run, state.last[-1], state.done, failed=failed, place=place, left_s=left_s, sweep_left_s=sweep_left_s
    )


def sparkline(values: Sequence[float], columns: int = _SPARK_COLUMNS) -> str:
    """Return values as a row of blocks, from the least to the greatest of them; several in a column as their greatest.

    Where all are equal they are all low.
    """
    if not values:
        return ""
    columns = min(columns, len(values))
    edges = [round(number * len(values) / columns) for number in range(columns + 1)]
    tops = [max(values[start:end]) for start, end in pairwise(edges)]
    low, high = min(tops), max(tops)
    scale = (len(_BLOCKS) - 1) / (high - low) if high > low else 0.0
    return "".join(_BLOCKS[round((one - low) * scale)] for one in tops)


def _name(folder: Path) -> str:
    return str(folder)


def _standing(state: FollowedRun, now_s: float) -> str:
    if state.finished:
        return "finished"
    silent_s = state.silent_s(now_s)
    return "running" if silent_s is None else f"nothing was written for {duration(silent_s)}: working, or killed"


def _what(run: Run) -> str:
    protocol = run.protocol
    stages = " -> ".join(f"{stage.key} ({stage.label})" for stage in run.stages)
    return f"{stages}, {protocol.lifecycle}, {protocol.residency}, threads {protocol.threads}"


def _bar(state: FollowedRun, now_s: float) -> str:
    assert state.run is not None
    whole = max(1, state.run.trials)
    filled = min(_BAR_COLUMNS, state.done * _BAR_COLUMNS // whole)
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(state.outcomes.items()))
    left_s = None if state.finished else state.left_s(now_s)
    parts = [
        f"Trials  {state.done} of {state.run.trials} [{'#' * filled}{'.' * (_BAR_COLUMNS - filled)}]",
        counts,
        "" if left_s is None else f"left about {duration(left_s)}",
    ]
    return "  ".join(part for part in parts if part)


def _memory(samples: Samples) -> str:
    """Say what the worker that was sampled last held, and draw the largest worker over the last minute."""
    if not samples:
        return f"Memory  {MISSING}"
    newest = max(samples)
    spread = _each_moment(samples)
    low, high = min(spread), max(spread)
    return f"Memory  {newest[2] / 1024:.1f} MiB  {sparkline(spread)}  {low:.1f} .. {high:.1f} in the last minute"


def _each_moment(samples: Samples) -> list[float]:
    """Return the largest RSS in MiB of each of equal parts of the time; equal samples are left out of a curve."""
    ordered = sorted(samples)
    first_ns, last_ns = ordered[0][0], ordered[-1][0]
    step_ns = max(1, (last_ns - first_ns) // _SPARK_COLUMNS)
    moments: dict[int, float] = {}
    for at_ns, _, rss_kib in ordered:
        moment = min(_SPARK_COLUMNS - 1, (at_ns - first_ns) // step_ns)
        moments[moment] = max(moments.get(moment, 0.0), rss_kib / 1024)
    spread: list[float] = []
    for moment in range(max(moments) + 1):
        spread.append(moments.get(moment, spread[-1] if spread else 0.0))
    return spread


def _figure_rows(run: Run, state: FollowedRun) -> Iterator[str]:
    for scope, metric in main_metrics(run):
        found: Figure | None = state.figures.get((scope, metric.name))
        if found is not None and found.last is not None:
            name = f"{scope}.{metric.name}"
            yield f"{name:<34}{figure(found.value, metric.format):>12}{figure(found.last, metric.format):>12}"


def _trial(trial: Trial) -> str:
    took_s = sum(phase.duration_s for visit in trial.visits for phase in visit.phases)
    cold = ", cold" if trial.cold else ""
    return f"  {trial.index:>5}  {trial.utterance.id}  {trial.outcome}  {took_s:.1f} s in engines{cold}"


def _headed(heading: str, lines: Sequence[str]) -> list[str]:
    return [heading, *lines] if lines else []


def _about_now(jobs: Sequence[JobState], room: int) -> Sequence[JobState]:
    """Return so many jobs around the one that runs: those before it tell what came out."""
    if len(jobs) <= room:
        return jobs
    waiting = next((number for number, job in enumerate(jobs) if job.state in ("waiting", "not run")), len(jobs))
    first = max(0, min(waiting + 1 - room, len(jobs) - room))
    return jobs[first : first + room]


def _job(job: JobState, state: FollowedSweep) -> str:
    blocks = state.plan.blocks if state.plan else 1
    block = f" block {job.block}/{blocks}" if blocks > 1 else ""
    detail = f"  {job.detail}" if job.detail else ""
    return f"  {job.job:>5}  {job.state:<8}{job.name}{block}{detail}"
