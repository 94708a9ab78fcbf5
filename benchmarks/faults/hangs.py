"""Hangs: an engine that does not come back, from any of its calls; a time limit, one signal or two end it."""

import os
import signal
import time
from functools import partial
from pathlib import Path
from random import Random

from omegaconf import DictConfig

from benchmarks.faults import supervisor
from benchmarks.faults.supervisor import Child
from benchmarks.faults.verdict import Row

_PHASES = ("prepare", "load", "run", "unload")
_TIMEOUT_S, _LONG_S = 0.5, 3600.0
_ITERATIONS = 5
_LIMIT_S = 60.0


def hangs(count: int, seed: int, config: DictConfig, folder: Path) -> list[Row]:
    """Let so many engines hang: by turns the time limit ends it, a signal and the time limit, or two signals."""
    row = Row("hangs of the engine")
    for number in range(count):
        dice = Random(f"{seed} hang {number}")
        case, here = f"seed {seed} hang {number}", folder / f"hang-{number}"
        phase = dice.choice(_PHASES)
        first = 0 if phase == "prepare" else dice.randrange(3)
        signals = number % 3
        changed = {
            f"{dice.choice(('asr', 'aligner'))}__fail": f"hang@{phase}@{first}",
            "timeout_s": _LONG_S if signals == 2 else _TIMEOUT_S,
            "iterations": _ITERATIONS,
        }
        row.tried += 1
        child = supervisor.run(config, here / "run", here, **changed)
        if signals:
            child.wait_until(partial(_is_due, child, first))
            time.sleep(dice.uniform(0.2, 0.6))
        for _ in range(signals):
            if child.is_alive:
                os.kill(child.pid, dice.choice((signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)))
                child.wait_until(partial(_has_heard, child))
        status = child.ended(row, case, _LIMIT_S)
        if status not in ((130, 1) if signals else (1,)) and status is not None:
            row.wrong("other", case, f"status {status}: {child.said.strip()[-200:]}")
        supervisor.judged(row, case, here / "run", child.finished)
        supervisor.forget(here)
    return [row]


def _is_due(child: Child, trials: int) -> bool:
    return len(child.finished) >= trials and bool(child.workers)


def _has_heard(child: Child) -> bool:
    return "trial in hand" in child.said
