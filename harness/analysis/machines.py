"""Which machine something was measured on, what it is called in a table, and which machines are of one kind.

Two nodes of equal hardware are two machines: they are told apart by their host's name, and so are two containers on one
host that have names of their own. That is the careful side to err on: the timings of one machine taken for those of two
are not compared, and the report says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from harness import store
from harness.errors import StoreError
from harness.printable import printable
from harness.records import Environment, Run

_GIB = 1024.0


@dataclass(frozen=True, slots=True)
class Kind:
    """What machines have in common that are alike: processor, its architecture and cores, and memory in whole GiB."""

    processor: str
    architecture: str
    cores: int
    memory_gib: int

    def __str__(self) -> str:
        cores = f"{self.cores} core{'' if self.cores == 1 else 's'}"
        return ", ".join(filter(None, (self.processor, cores, f"{self.memory_gib} GiB", self.architecture)))


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine. Two are the same where host's name, processor, architecture and number of cores are.

    Memory and system change with a reboot, and do not count. A machine of which only the name is known, from the seam
    of a run that went on elsewhere, has no processor and no cores.
    """

    hostname: str
    processor: str = ""
    architecture: str = ""
    cores: int = 0
    memory_mib: float = field(default=0.0, compare=False)
    system: str = field(default="", compare=False)

    @property
    def kind(self) -> Kind | None:
        """What it is beside its name; None where no more than that is known."""
        if not self.cores:
            return None
        return Kind(self.processor, self.architecture, self.cores, round(self.memory_mib / _GIB))


def machine_of(environment: Environment) -> Machine:
    """Return the machine of a run's record."""
    return Machine(
        environment.hostname,
        environment.processor,
        environment.machine,
        environment.cores,
        environment.memory_mib,
        environment.system,
    )


def machines_by_leg(folder: Path, run: Run, environment: Environment | None) -> dict[int, Machine]:
    """Return the machine of each leg of a stored run that is known; ``environment`` is that of its last leg.

    Of a leg that ended before its environment was written only the host's name is known, by its seam.
    """
    found = {} if environment is None else {len(run.seams): machine_of(environment)}
    for leg in range(len(run.seams)):
        with suppress(StoreError):  # it was killed before it was written: what is known then follows
            found[leg] = machine_of(store.read_json(folder / store.environment_name(leg), Environment))
    for seam in run.seams:
        namesakes = (machine for machine in found.values() if machine.hostname == seam.hostname)
        found.setdefault(seam.leg, next(namesakes, Machine(seam.hostname)))
    return dict(sorted(found.items()))


def of_one_kind(one: Machine, other: Machine) -> bool:
    """Tell whether two machines are alike in everything that is known but their names."""
    return one.kind is not None and one.kind == other.kind


def by_kind(machines: Iterable[Machine]) -> list[tuple[Kind | None, list[Machine]]]:
    """Return the machines of each kind, in the order in which the kinds first come; what is unknown by itself."""
    known: dict[Kind, list[Machine]] = {}
    found: list[tuple[Kind | None, list[Machine]]] = []
    for machine in machines:
        kind = machine.kind
        if kind is None:
            found.append((None, [machine]))
        elif kind in known:
            known[kind].append(machine)
        else:
            known[kind] = [machine]
            found.append((kind, known[kind]))
    return found


def labels(machines: Sequence[Machine]) -> Mapping[Machine, str]:
    """Return a short name of each machine that no other one has: of its host, with more only where that is not enough.

    In turn: the name before the first dot, the whole name, with the processor, with the cores, with a number.
    """
    names = [_short(machine.hostname) for machine in machines]
    for longer in (_whole, _with_processor, _with_cores):
        names = [
            longer(machine) if names.count(name) > 1 else name for machine, name in zip(machines, names, strict=True)
        ]
    numbered = [
        f"{name} #{names[: at + 1].count(name)}" if names.count(name) > 1 else name for at, name in enumerate(names)
    ]
    return dict(zip(machines, numbered, strict=True))


def _short(hostname: str) -> str:
    name = printable(hostname)
    try:
        ip_address(name)
    except ValueError:
        return name.partition(".")[0] or name or "unnamed"
    return name


def _whole(machine: Machine) -> str:
    return printable(machine.hostname) or "unnamed"


def _with_processor(machine: Machine) -> str:
    return f"{_whole(machine)} ({printable(machine.processor) or 'unknown'})"


def _with_cores(machine: Machine) -> str:
    return f"{_whole(machine)} ({printable(machine.processor) or 'unknown'}, {machine.cores} cores)"
