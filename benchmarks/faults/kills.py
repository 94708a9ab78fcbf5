"""Kills: signals at random moments to the supervisor and to its worker, and a worker's memory limit."""

import os
import signal
import time
from pathlib import Path
from random import Random

from omegaconf import DictConfig

from benchmarks.faults import supervisor
from benchmarks.faults.supervisor import TRIALS, Child
from benchmarks.faults.verdict import Row

SUPERVISOR = (signal.SIGTERM, signal.SIGINT, signal.SIGKILL, signal.SIGSEGV)
_START_S = 0.6
"""A kill that waits for no trial comes in this time from the command's begin."""
_TRIAL_S = 0.02
_OF_A_SWEEP = 20
"""One of so many kills is of a sweep's supervisor; none where there are fewer."""
_SWEPT = ("asr.keep_mib=0,1,2", "iterations=6")
_SWEPT_TRIALS = 18
_SWEPT_S = 0.3
"""A job of a sweep takes longer between its last trial and the next job's first."""


def kills(count: int, seed: int, config: DictConfig, folder: Path) -> list[Row]:
    """Kill so many runs, and resume what is left of them: a row for each of who was hit."""
    rows = {
        name: Row(name) for name in ("kills of the supervisor", "kills of the worker", "memory limit of the worker")
    }
    whom = list(rows)
    sweeps = count // _OF_A_SWEEP
    for number in range(count - sweeps):
        dice = Random(f"{seed} kill {number}")
        name = whom[dice.choices((0, 1, 2), (6, 3, 1))[0]]
        row, case = rows[name], f"seed {seed} kill {number}"
        row.tried += 1
        here = folder / f"kill-{number}"
        changed = {"asr__leak_mib": dice.uniform(1, 8), "fit__limit_mib": dice.randint(40, 90)}
        child = supervisor.run(config, here / "run", here, **(changed if name == whom[2] else {}))
        killed = False
        if name != whom[2]:
            killed = _hit(child, dice, dice.choice(SUPERVISOR), worker=name == whom[1])
        status = child.ended(row, case)
        if status not in (0, 1) and not killed:
            row.wrong("other", case, f"status {status}: {child.said.strip()[-200:]}")
        supervisor.finish(row, case, here / "run", here, child.finished)
        supervisor.forget(here)
    return [*rows.values(), *([_sweeps(range(count - sweeps, count), seed, folder)] if sweeps else [])]


def _sweeps(numbers: range, seed: int, folder: Path) -> Row:
    row = Row("kills of a sweep")
    for number in numbers:
        dice = Random(f"{seed} kill {number}")
        case, here = f"seed {seed} kill {number}", folder / f"kill-{number}"
        row.tried += 1
        child = supervisor.sweep(here / "sweep", here, *_SWEPT)
        count = dice.randrange(_SWEPT_TRIALS - 2)
        child.wait_until(lambda child=child, count=count: len(child.finished) > count)  # type: ignore[misc]
        time.sleep(dice.uniform(0, _SWEPT_S))
        if child.is_alive:
            os.kill(child.pid, dice.choice(SUPERVISOR))
        child.ended(row, case)
        supervisor.finish_sweep(row, case, here / "sweep", here, child)
        supervisor.forget(here)
    return row


def _hit(child: Child, dice: Random, number: signal.Signals, *, worker: bool) -> bool:
    """Send a signal at a random moment, and some kinds a second time soon after; tell whether the supervisor got it."""
    if dice.random() < 0.3:
        time.sleep(dice.uniform(0, _START_S))
    else:
        count = dice.randrange(TRIALS - 4)
        child.wait_until(lambda: len(child.finished) > count)
        time.sleep(dice.uniform(0, _TRIAL_S))
    if worker:
        child.wait_until(lambda: child.workers)
    for target in (child.workers[:1] if worker else [child.pid]) if child.is_alive else []:
        os.kill(target, number)
        if number in (signal.SIGINT, signal.SIGTERM) and dice.random() < 0.5:
            time.sleep(dice.uniform(0, _TRIAL_S))
            if child.is_alive and not worker:
                os.kill(target, number)
    return not worker
