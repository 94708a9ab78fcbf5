"""What each probe adds to an iteration in time and to a process in memory, told on a stage that does nothing.

Round by round, a run without a probe, the same once more (A/A: what it differs by is noise), one with each installed
probe alone, one with all of them; and, where the harness samples, one for each rate. Each is a supervisor of its own
(:mod:`benchmarks.probed_run`) with its worker, and none runs beside another. The order turns with the rounds. Within a
process the median over its iterations counts; a difference is to the run without a probe of the same round, and its
interval is a bootstrap over rounds. Once with nothing held by the stage, and once with a GiB held between load and
unload, because some costs grow with the size of the measured process.

Time is the harness's own: an iteration, less the stage's calls. Memory of the supervisor is what a run without the
probe does not have: whatever is imported when plugins are found, all of them have.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from statistics import median
from typing import Any

from benchmarks.child import Child
from benchmarks.results import Result, Table, Unmeasurable, interval_text
from benchmarks.setting import Setting
from harness.analysis.statistics import spread
from harness.plugins import discover
from harness.protocol import Protocol

NAME = "probes"
BASE = "no probe"
_AGAIN = "no probe, once more (A/A)"
_SAMPLE = "sample_hz"
_RATES_HZ = (100, 1000)
# (field, header, digits)
_TIMES = (
    ("own_ms", "wall ms", 3),
    ("supervisor_cpu_ms", "supervisor CPU ms", 3),
    ("worker_cpu_ms", "worker CPU ms", 3),
)
_MEMORY = (
    ("worker_rss_mib", "worker RSS MiB", 2),
    ("worker_anon_mib", "worker anon MiB", 2),
    ("supervisor_rss_mib", "supervisor RSS MiB", 2),
)


@dataclass(frozen=True, slots=True)
class Variant:
    """A way to run: which probes watch, and how often memory is sampled; None where the harness does not sample."""

    name: str
    probes: tuple[str, ...] = ()
    sample_hz: int | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """How much is held by the stage, and how often what is done."""

    hold_mib: int
    rounds: int
    iterations: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run cost: medians over its iterations, and memory at rest."""

    wall_ms: float
    own_ms: float
    supervisor_cpu_ms: float
    worker_cpu_ms: float
    worker_rss_mib: float
    worker_anon_mib: float
    supervisor_rss_mib: float
    supervisor_anon_mib: float


Rounds = Sequence[Mapping[str, Figures]]
_SMALL = (Block(0, 1, 5),)
_FULL = (Block(0, 8, 42), Block(1024, 5, 8))


def run(setting: Setting) -> Result:
    """Measure each block."""
    names, left_out = _probes()
    variants = variants_of(names, samples=_SAMPLE in {field.name for field in fields(Protocol)})
    tables: list[Table] = []
    raw: dict[str, Any] = {}
    for block in _SMALL if setting.small else _FULL:
        rounds = [_round(setting, block, variants, number) for number in range(block.rounds)]
        raw[f"hold_{block.hold_mib}_mib"] = [{name: asdict(one) for name, one in each.items()} for each in rounds]
        tables += [time_table(block, variants, rounds, left_out), memory_table(block, variants, rounds)]
    return Result(NAME, tuple(tables), (), raw)


def variants_of(probes: Sequence[str], *, samples: bool) -> list[Variant]:
    """Return what is compared; where the harness samples memory, that is off in all but the rows that are about it."""
    off = 0 if samples else None
    return [
        Variant(BASE, (), off),
        Variant(_AGAIN, (), off),
        *(Variant(name, (name,), off) for name in probes),
        Variant(f"all {len(probes)} probes", tuple(probes), off),
        *(Variant(f"sampling at {rate_hz} Hz", (), rate_hz) for rate_hz in _RATES_HZ if samples),
    ]


def _probes() -> tuple[list[str], list[str]]:
    """Return the probes that can be made without being told anything, and the others."""
    names: dict[bool, list[str]] = {True: [], False: []}
    for name, found in discover().probes.items():
        options = fields(found.cls.Options)
        names[all(one.default is not MISSING or one.default_factory is not MISSING for one in options)].append(name)
    return names[True], names[False]


def _round(setting: Setting, block: Block, variants: Sequence[Variant], number: int) -> dict[str, Figures]:
    """Run every variant once, each round beginning with another one."""
    first = number % len(variants)
    return {one.name: _figures(setting, block, one) for one in (*variants[first:], *variants[:first])}


def _figures(setting: Setting, block: Block, variant: Variant) -> Figures:
    protocol: dict[str, int] = {"iterations": block.iterations}
    if variant.sample_hz is not None:
        protocol[_SAMPLE] = variant.sample_hz
    with setting.folder() as folder:
        task = {"probes": variant.probes, "protocol": protocol, "hold_mib": block.hold_mib, "folder": str(folder)}
        with Child(["-m", "benchmarks.probed_run", json.dumps(task)]) as child:
            answer = json.loads(child.line())
    if "problem" in answer:
        raise Unmeasurable(f"{variant.name}: {answer['problem']}")
    times = {
        name.replace("_ns", "_ms"): median(one[name] for one in answer["iterations"]) / 1e6
        for name in answer["iterations"][0]
    }
    return Figures(**times, **answer["memory"])


def time_table(block: Block, variants: Sequence[Variant], rounds: Rounds, left_out: Sequence[str] = ()) -> Table:
    """Return what each variant adds to an iteration, with the ratio of the wall times."""
    rows = []
    for name, *cells in _rows(variants, rounds, _TIMES):
        ratio = spread([one[name].own_ms / one[BASE].own_ms for one in rounds])
        text = "1" if name == BASE else f"{ratio.median:.3f} [{interval_text(ratio.interval, 3)}]"
        rows.append((name, *cells, text))
    notes = [
        f"sampling at {one.sample_hz} Hz: {_share_of_a_core(one, rounds):.2%} of one core".replace("%", " %")
        for one in variants
        if one.sample_hz
    ]
    notes += [f"left out, because they have options without a default: {', '.join(left_out)}"] if left_out else []
    headers = ("what watches", *(header for _, header, _ in _TIMES), f"wall / {BASE}")
    return Table(_title("adds to an iteration", block), headers, rows, notes)


def memory_table(block: Block, variants: Sequence[Variant], rounds: Rounds) -> Table:
    """Return what each variant adds to worker and supervisor at rest, the stage unloaded."""
    headers = ("what watches", *(header for _, header, _ in _MEMORY))
    return Table(_title("adds in memory", block), headers, list(_rows(variants, rounds, _MEMORY)))


def _rows(
    variants: Sequence[Variant], rounds: Rounds, figures: Sequence[tuple[str, str, int]]
) -> list[tuple[str, ...]]:
    """Return the figures of the run without a probe, and for the others the differences to it."""
    rows = []
    for variant in variants:
        cells = []
        for name, _, digits in figures:
            values = [float(getattr(one[variant.name], name)) for one in rounds]
            if variant.name == BASE:
                cells.append(f"{median(values):.{digits}f}")
                continue
            more = spread([value - getattr(one[BASE], name) for value, one in zip(values, rounds, strict=True)])
            cells.append(f"{more.median:+.{digits}f} [{interval_text(more.interval, digits)}]")
        rows.append((variant.name, *cells))
    return rows


def _share_of_a_core(variant: Variant, rounds: Rounds) -> float:
    """Return the supervisor's added CPU time as a share of the time in which it was spent."""
    return median(
        (one[variant.name].supervisor_cpu_ms - one[BASE].supervisor_cpu_ms) / one[variant.name].wall_ms
        for one in rounds
    )


def _title(what: str, block: Block) -> str:
    held = f"{block.hold_mib} MiB held" if block.hold_mib else "nothing held"
    return f"What a probe {what}: {held}, {block.rounds} rounds of {block.iterations - 2} iterations"
