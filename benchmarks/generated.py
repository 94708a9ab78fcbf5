"""Run folders with as many trials as a benchmark wants, made without an engine: the shape of a real run, known noise.

A trial is the hand-made one of the tests with its stamps and counters drawn anew, measured by the probes that ship:
what is read, summarised and drawn is what a run of that many trials leaves.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from harness.protocol import Protocol
from harness.records import Observation, Phase, Run, Trial, Visit
from harness.sampling.curve import Cost, CurveWriter
from tests import stored

_NOISE = 0.03
"""Standard deviation of the logarithm of each duration: that of a quiet machine."""
_JITTER_KIB = 64.0
_TRIAL_S = 4.0
_HZ = 100.0


def write_run(folder: Path, trials: int, seed: int, overrides: tuple[str, ...] = (), *, curve: bool = False) -> Path:
    """Write a run of ``trials`` trials into a new folder and return it; with ``curve`` with its memory over time."""
    run = _run(folder.name, trials, overrides)
    stored.write(folder, run, tuple(_trials(trials, seed)), stored.environment())
    if curve:
        _write_curve(folder, trials, seed)
    return folder


def _run(name: str, trials: int, overrides: tuple[str, ...]) -> Run:
    protocol = Protocol(order=("asr", "aligner"), iterations=trials, threads=2)
    return stored.run(protocol=protocol, id=name, overrides=overrides)


def _trials(count: int, seed: int) -> Iterator[Trial]:
    generator = np.random.default_rng(seed)
    factor = float(np.exp(generator.normal(0, 0.2)))  # a run is faster or slower than another
    for index in range(count):
        made = stored.trial(index % 60)
        visits = tuple(_redrawn(visit, generator, factor, index) for visit in made.visits)
        yield stored.measured(replace(made, index=index, iteration=index, cold=index == 0, visits=visits))


def _redrawn(visit: Visit, generator: np.random.Generator, factor: float, index: int) -> Visit:
    """Give a visit other durations and counters, at its place in a long run."""
    shift_ns = (index - index % 60) * 60_000 * stored.MS
    stretch = factor * float(np.exp(generator.normal(0, _NOISE)))
    more_kib = float(generator.normal(0, _JITTER_KIB)) - index % 60 * stored.GROWTH_MIB * 1024
    return replace(
        visit,
        phases=tuple(_stretched(phase, shift_ns, stretch) for phase in visit.phases),
        observations=tuple(_raised(seen, shift_ns, more_kib) for seen in visit.observations),
        deliveries=tuple(replace(one, at_ns=one.at_ns + shift_ns) for one in visit.deliveries),
    )


def _stretched(phase: Phase, shift_ns: int, stretch: float) -> Phase:
    duration_ns = round((phase.end_ns - phase.start_ns) * stretch)
    start_ns = phase.start_ns + shift_ns
    return replace(phase, start_ns=start_ns, end_ns=start_ns + duration_ns, cpu_ns=round(phase.cpu_ns * stretch))


def _raised(seen: Observation, shift_ns: int, more_kib: float) -> Observation:
    sizes = {"rss_kib", "anon_kib", "peak_kib"}
    values = {
        name: value + more_kib if name in sizes and value is not None else value for name, value in seen.values.items()
    }
    return replace(seen, at_ns=seen.at_ns + shift_ns, values=values)


def _write_curve(folder: Path, trials: int, seed: int) -> None:
    """Write what the sampler leaves of trials of four seconds: a level that moves now and then."""
    generator = np.random.default_rng(seed)
    samples = int(trials * _TRIAL_S * _HZ)
    anon = 20_000 + np.cumsum(generator.integers(-60, 61, samples) * (generator.random(samples) < 0.05))
    writer = CurveWriter(folder, _HZ)
    step_ns = int(1e9 / _HZ)
    for number in range(samples):
        writer.add(number * step_ns, 0, int(anon[number]) + 4_000, int(anon[number]), 0)
    writer.finish(Cost(samples=samples, missed=0, cpu_s=samples * 1e-4, wall_s=samples / _HZ))
    writer.close()
