"""What the machine says of itself that matters to figures: clock frequencies, heat, load, memory, and what it is.

Read from the kernel's files below ``root``, where ``proc`` and ``sys`` are; a file that is missing, unreadable or
strange is None in the record and never an error. Where there is no Linux, psutil tells what it knows.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil

from harness.cgroup import fields_of, text_of
from harness.machine.noise import Host, Load, Processor, Room
from harness.machine.temperature import cpu_sensors, is_plausible

_CPU = "sys/devices/system/cpu"
_USUAL_LIMIT_CELSIUS = 100
_HYPERVISORS = ("KVM", "QEMU", "VMware", "VirtualBox", "Xen", "Microsoft", "Amazon", "Google", "Parallels", "Bochs")
"""What makers of virtual machines write into the DMI tables, as systemd-detect-virt looks for it."""
_CONTAINERS = ("docker", "kubepods", "lxc", "libpod", "containerd")
_MEMINFO = {"total_mib": "MemTotal", "available_mib": "MemAvailable", "swap_total_mib": "SwapTotal"}


def processor(root: Path = Path("/")) -> Processor:
    """Read how the cores change their clock, and how warm they are."""
    cores = [folder for folder in sorted(root.glob(f"{_CPU}/cpu[0-9]*")) if folder.name[3:].isdigit()]
    governors = {_word(core / "cpufreq" / "scaling_governor") for core in cores} - {""}
    siblings = {_word(core / "topology" / "thread_siblings_list") for core in cores} - {""}
    hottest, critical = _hottest(root)
    turbo, turbo_by = _turbo(root)
    return Processor(
        governors=tuple(sorted(governors)),
        lowest_mhz=min(_frequencies(cores, "scaling_min_freq"), default=None),
        highest_mhz=max(_frequencies(cores, "scaling_max_freq"), default=None),
        turbo=turbo,
        turbo_by=turbo_by,
        smt={"1": True, "0": False}.get(_word(root / _CPU / "smt" / "active")),
        physical_cores=len(siblings) or None,
        hottest_celsius=hottest,
        critical_celsius=critical,
        throttled=_throttled(cores),
    )


def load(root: Path = Path("/")) -> Load:
    """Read the load averages, and how many threads beside this one run at this moment."""
    words = text_of(f"{root}/proc/loadavg").split()
    try:
        running = int(words[3].partition("/")[0])
        return Load(
            average_1_min=float(words[0]), average_5_min=float(words[1]), others_running=float(max(0, running - 1))
        )
    except (IndexError, ValueError):
        return Load()


def room(root: Path = Path("/"), files_mib: float | None = None) -> Room:
    """Read how much memory and swap there is. ``files_mib`` is passed on."""
    if sys.platform != "linux":
        memory, swap = psutil.virtual_memory(), psutil.swap_memory()
        sizes = (memory.total, memory.available, swap.total, swap.used)
        total, available, swap_total, swap_used = (size / 2**20 for size in sizes)
        return Room(
            total_mib=total,
            available_mib=available,
            swap_total_mib=swap_total,
            swap_used_mib=swap_used,
            files_mib=files_mib,
        )
    kib = dict(_meminfo(root))
    values = {ours: kib[name] / 1024 for ours, name in _MEMINFO.items() if name in kib}
    if "SwapTotal" in kib and "SwapFree" in kib:
        values["swap_used_mib"] = (kib["SwapTotal"] - kib["SwapFree"]) / 1024
    huge = text_of(f"{root}/sys/kernel/mm/transparent_hugepage/enabled")
    return Room(
        **values,
        swappiness=_number(root / "proc/sys/vm/swappiness"),
        huge_pages=huge.partition("[")[2].partition("]")[0] or None,
        files_mib=files_mib,
    )


def host(root: Path = Path("/")) -> Host:
    """Say whether there is a hypervisor below and a container around, as far as can be seen from inside."""
    named = _word(root / "sys/hypervisor/type") or _dmi(root)
    flags = next((line for line in text_of(f"{root}/proc/cpuinfo").splitlines() if line.startswith("flags")), None)
    virtual = True if named else None if flags is None else "hypervisor" in flags.split()
    return Host(virtual=virtual, hypervisor=named or None, container=_container(root))


def stolen_ticks(root: Path = Path("/")) -> tuple[int, int] | None:
    """Return the ticks that a hypervisor gave to others, and all ticks, of all cores since boot (proc(5))."""
    words = text_of(f"{root}/proc/stat").partition("\n")[0].split()
    if len(words) < 9 or words[0] != "cpu" or not all(word.isdigit() for word in words[1:9]):
        return None
    ticks = [int(word) for word in words[1:9]]  # guest time, which follows, is in user time already
    return ticks[7], sum(ticks)


def swapped_pages(root: Path = Path("/")) -> int | None:
    """Return how many pages went to the swap and came from it since boot."""
    counts = fields_of(f"{root}/proc/vmstat")
    return int(counts["pswpin"] + counts["pswpout"]) if {"pswpin", "pswpout"} <= counts.keys() else None


def heat_throttled(root: Path = Path("/")) -> int | None:
    """Return how often a core or a package was slowed for heat since boot."""
    return _throttled(root.glob(f"{_CPU}/cpu[0-9]*"))


def clock_source(root: Path = Path("/")) -> str | None:
    """Return what the kernel's clock reads: ``tsc`` is quick, ``hpet`` and ``acpi_pm`` are slow."""
    return _word(root / "sys/devices/system/clocksource/clocksource0/current_clocksource") or None


def _frequencies(cores: Iterable[Path], name: str) -> Iterator[float]:
    for core in cores:
        khz = _number(core / "cpufreq" / name)
        if khz is not None:
            yield khz / 1000


def _turbo(root: Path) -> tuple[bool | None, str | None]:
    """Return whether turbo is on, and which switch says so: Intel's turns it off, the other turns it on."""
    off, on = _word(root / _CPU / "intel_pstate/no_turbo"), _word(root / _CPU / "cpufreq/boost")
    if off in ("0", "1"):
        return off == "0", "intel_pstate"
    return (on == "1", "cpufreq") if on in ("0", "1") else (None, None)


def _throttled(cores: Iterable[Path]) -> int | None:
    counts = [
        _number(core / "thermal_throttle" / f"{what}_throttle_count") for core in cores for what in ("core", "package")
    ]
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _hottest(root: Path) -> tuple[float | None, float | None]:
    """Return the temperature of the sensor that is nearest to its limit, and that limit, in degrees Celsius."""
    known = [(warm, limit) for warm, limit in _sensors(root) if is_plausible(warm)]
    return max(known, key=lambda pair: (pair[0] - (pair[1] or _USUAL_LIMIT_CELSIUS), pair[0]), default=(None, None))


def _sensors(root: Path) -> Iterator[tuple[float, float | None]]:
    """Yield reading and limit of each sensor in a processor, in degrees Celsius; thermal zones tell no limit."""
    for sensor in cpu_sensors(root / "sys/class"):
        warm, limit = _number(sensor), _number(sensor.with_name(sensor.name.replace("_input", "_crit")))
        if warm is not None:
            yield warm / 1000, limit / 1000 if limit and sensor.name.endswith("_input") else None


def _meminfo(root: Path) -> Iterator[tuple[str, int]]:
    for line in text_of(f"{root}/proc/meminfo").splitlines():
        name, _, rest = line.partition(":")
        value = rest.split()
        if value and value[0].isdigit():
            yield name, int(value[0])


def _dmi(root: Path) -> str:
    """Return the maker of the virtual machine, as the firmware's tables name it."""
    named = " ".join(_line(root / "sys/class/dmi/id" / name) for name in ("sys_vendor", "product_name", "bios_vendor"))
    return next((maker for maker in _HYPERVISORS if maker.lower() in named.lower()), "")


def _container(root: Path) -> str | None:
    named = text_of(f"{root}/run/systemd/container").strip()
    if named:
        return named
    for file, name in ((".dockerenv", "docker"), ("run/.containerenv", "podman")):
        if (root / file).exists():
            return name
    groups = text_of(f"{root}/proc/1/cgroup")
    return next((name for name in _CONTAINERS if name in groups), None)


def _line(path: Path) -> str:
    return text_of(str(path)).strip()


def _word(path: Path) -> str:
    return _line(path).partition(" ")[0]


def _number(path: Path) -> int | None:
    try:
        return int(_line(path))
    except ValueError:
        return None
