from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from harness.machine import facts
from harness.machine.noise import Host, Load, Processor, Room
from tests import machines


def test_a_quiet_machine(tmp_path: Path) -> None:
    """Every file that a machine of two cores has is read, in the units that the names say."""
    root = machines.machine(tmp_path, machines.quiet())
    assert facts.processor(root) == Processor(
        governors=("performance",),
        lowest_mhz=800.0,
        highest_mhz=3000.0,
        turbo=False,
        turbo_by="intel_pstate",
        smt=False,
        physical_cores=2,
        throttled=0,
    )
    assert facts.load(root) == Load(average_1_min=0.1, average_5_min=0.2, others_running=0.0)
    assert facts.room(root, 12.5) == Room(
        total_mib=16384.0,
        available_mib=8192.0,
        swap_total_mib=0.0,
        swap_used_mib=0.0,
        swappiness=60,
        huge_pages="madvise",
        files_mib=12.5,
    )
    assert facts.host(root) == Host(virtual=False)
    assert facts.clock_source(root) == "tsc"
    assert (facts.stolen_ticks(root), facts.swapped_pages(root)) == ((0, 9500), 30)


def test_a_laptop(tmp_path: Path) -> None:
    """The nearest to its limit of the processor's own sensors counts, and no disk's."""
    root = machines.machine(tmp_path, machines.laptop())
    assert facts.processor(root) == Processor(
        governors=("powersave",),
        lowest_mhz=800.0,
        highest_mhz=4600.0,
        turbo=True,
        turbo_by="intel_pstate",
        smt=True,
        physical_cores=1,
        hottest_celsius=61.0,
        critical_celsius=100.0,
        throttled=0,
    )
    assert facts.host(root) == Host(virtual=False)


def test_a_hot_machine(tmp_path: Path) -> None:
    """Counts of every core are added, and a critical temperature is kept beside the reading."""
    found = facts.processor(machines.machine(tmp_path, machines.hot()))
    assert (found.hottest_celsius, found.critical_celsius, found.throttled) == (92.5, 95.0, 14)
    assert facts.heat_throttled(tmp_path) == 14


def test_without_a_hardware_monitor_a_thermal_zone_is_read(tmp_path: Path) -> None:
    """It tells no limit; a sensor that says nothing of sense is none."""
    zone = "sys/class/thermal/thermal_zone"
    files = {f"{zone}0/type": "cpu-thermal", f"{zone}0/temp": "48000", f"{zone}1/type": "soc-thermal"}
    found = facts.processor(machines.machine(tmp_path, files | {f"{zone}1/temp": "0"}))
    assert (found.hottest_celsius, found.critical_celsius) == (48.0, None)


def test_a_busy_server(tmp_path: Path) -> None:
    """The thread that looks is left out of those that run."""
    root = machines.machine(tmp_path, machines.server())
    assert facts.load(root) == Load(average_1_min=8.0, average_5_min=4.0, others_running=8.0)
    found = facts.room(root)
    assert (found.available_mib, found.swap_total_mib, found.swap_used_mib) == (1024.0, 2048.0, 2048.0)


def test_a_machine_with_nothing_to_read(tmp_path: Path) -> None:
    """Whatever is missing is None, and nothing raises."""
    assert facts.processor(tmp_path) == Processor()
    assert facts.load(tmp_path) == Load()
    assert facts.room(tmp_path) == Room()
    assert facts.host(tmp_path) == Host()
    assert facts.clock_source(tmp_path) is None
    assert facts.stolen_ticks(tmp_path) is None
    assert facts.swapped_pages(tmp_path) is None
    assert facts.heat_throttled(tmp_path) is None


def test_strange_files_are_as_missing_ones(tmp_path: Path) -> None:
    """A number that is none, a line that is too short, a folder where a file belongs."""
    files = {
        "proc/loadavg": "much",
        "proc/stat": "cpu 1 2 x 4 5 6 7 8",
        "proc/meminfo": "MemTotal: lots\nnothing",
        f"{machines.CPU}/cpu0/cpufreq/scaling_max_freq": "<unknown>",
        f"{machines.CPU}/smt/active/file": "1",
    }
    root = machines.machine(tmp_path, files)
    assert (facts.load(root), facts.room(root), facts.processor(root)) == (Load(), Room(), Processor())
    assert facts.stolen_ticks(root) is None


def test_stolen_time_is_the_eighth_column(tmp_path: Path) -> None:
    """Guest time, behind it, is in user time already and is not added."""
    root = machines.machine(tmp_path, {"proc/stat": "cpu  10 20 30 40 50 60 70 80 900 900"})
    assert facts.stolen_ticks(root) == (80, 360)


@pytest.mark.parametrize(
    ("files", "host"),
    [
        ({"sys/hypervisor/type": "xen"}, Host(virtual=True, hypervisor="xen")),
        ({"sys/class/dmi/id/product_name": "VMware7,1"}, Host(virtual=True, hypervisor="VMware")),
        ({"proc/cpuinfo": "flags : fpu hypervisor"}, Host(virtual=True)),
        ({"run/systemd/container": "systemd-nspawn"}, Host(container="systemd-nspawn")),
        ({"run/.containerenv": ""}, Host(container="podman")),
        ({"proc/1/cgroup": "4:cpu:/kubepods/pod1"}, Host(container="kubepods")),
    ],
)
def test_what_the_machine_is(files: dict[str, str], host: Host, tmp_path: Path) -> None:
    """By the hypervisor's own file, the firmware's tables, the processor's flag; a container by what it leaves."""
    assert facts.host(machines.machine(tmp_path, files)) == host


@pytest.mark.parametrize(
    ("files", "turbo", "by"),
    [
        ({f"{machines.CPU}/intel_pstate/no_turbo": "0"}, True, "intel_pstate"),
        ({f"{machines.CPU}/intel_pstate/no_turbo": "1", f"{machines.CPU}/cpufreq/boost": "1"}, False, "intel_pstate"),
        ({f"{machines.CPU}/cpufreq/boost": "1"}, True, "cpufreq"),
        ({f"{machines.CPU}/cpufreq/boost": "0"}, False, "cpufreq"),
        ({f"{machines.CPU}/cpufreq/boost": "?"}, None, None),
    ],
)
def test_turbo(files: dict[str, str], turbo: bool | None, by: str | None, tmp_path: Path) -> None:
    """Intel's switch is asked first."""
    found = facts.processor(machines.machine(tmp_path, files))
    assert (found.turbo, found.turbo_by) == (turbo, by)


def test_another_system_is_asked_through_psutil(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are no files of Linux."""
    mib = 2**20
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=8 * mib, available=3 * mib))
    monkeypatch.setattr(psutil, "swap_memory", lambda: SimpleNamespace(total=2 * mib, used=mib))
    assert facts.room() == Room(total_mib=8.0, available_mib=3.0, swap_total_mib=2.0, swap_used_mib=1.0)
