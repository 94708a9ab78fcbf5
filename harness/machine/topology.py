"""Which CPUs share a physical core, and how a scheduler counts them; Linux tells both below ``/sys/devices``."""

from collections.abc import Collection, Iterable
from pathlib import Path

_CPUS = Path("/sys/devices/system/cpu")


def cpu_numbers(text: str) -> tuple[int, ...]:
    """Return the numbers of a list as the kernel and SLURM write it: ``0-2,5``. Raises ValueError."""
    numbers: list[int] = []
    for part in filter(None, text.strip().split(",")):
        first, _, last = part.partition("-")
        numbers.extend(range(int(first), int(last or first) + 1))
    return tuple(numbers)


def cpu_text(cpus: Iterable[int]) -> str:
    """Return numbers as the kernel writes them: ``0-2,5``."""
    runs: list[list[int]] = []
    for cpu in sorted(cpus):
        if runs and cpu == runs[-1][1] + 1:
            runs[-1][1] = cpu
        else:
            runs.append([cpu, cpu])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def cores_of(cpus: Collection[int], folder: Path = _CPUS) -> list[tuple[int, ...]]:
    """Return the physical cores of some CPUs: for each the CPUs that share it, those that are not asked for included.

    A CPU of which the system does not tell is a core by itself.
    """
    found: dict[tuple[int, ...], None] = {}
    for cpu in sorted(cpus):
        try:
            siblings = cpu_numbers((folder / f"cpu{cpu}/topology/thread_siblings_list").read_text())
        except (OSError, ValueError):
            siblings = ()
        found[siblings if cpu in siblings else (cpu,)] = None
    return list(found)


def chosen(free: Collection[int], wanted: int, cores: Iterable[Collection[int]]) -> tuple[int, ...]:
    """Choose ``wanted`` of the free CPUs, none where there are too few: whole cores first, so that jobs share none.

    What is left over is taken from cores that are in use already, and only then from one that is whole.
    """
    if wanted < 1 or len(free) < wanted:
        return ()
    whole = [sorted(core) for core in cores if set(core) <= set(free)]
    taken: list[int] = []
    for core in whole:
        if len(taken) + len(core) <= wanted:
            taken.extend(core)
    in_whole = {cpu for core in whole for cpu in core}
    left = sorted(set(free) - set(taken), key=lambda cpu: (cpu in in_whole, cpu))
    return tuple(sorted([*taken, *left[: wanted - len(taken)]]))


def in_block_order(cpus: Collection[int], folder: Path = _CPUS) -> list[int]:
    """Return CPUs by socket, core and thread: the order in which SLURM's ``CPU_IDs`` count them.

    The kernel as a rule numbers the first thread of every core before the second of any.
    """

    def place(cpu: int) -> tuple[int, int, int]:
        return _number(folder, cpu, "physical_package_id"), _number(folder, cpu, "core_id"), cpu

    return sorted(cpus, key=place)


def _number(folder: Path, cpu: int, name: str) -> int:
    try:
        return int((folder / f"cpu{cpu}/topology/{name}").read_text())
    except (OSError, ValueError):
        return cpu if name == "core_id" else 0
