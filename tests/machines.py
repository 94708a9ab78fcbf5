"""Made-up machines: folders with the files of ``/proc`` and ``/sys`` in which a machine says what it is."""

from collections.abc import Mapping
from pathlib import Path

CPU = "sys/devices/system/cpu"
MEMINFO = (
    "MemTotal: 16777216 kB\nMemFree: 1048576 kB\nMemAvailable: {available} kB\nSwapTotal: {swap} kB\nSwapFree: 0 kB\n"
)


def machine(root: Path, files: Mapping[str, str]) -> Path:
    """Write files below a root, each with a line's end, and return the root."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return root


def quiet() -> dict[str, str]:
    """Return the files of a machine with nothing to warn of: 2 cores, a fixed clock, nothing else running."""
    files = {
        "proc/loadavg": "0.10 0.20 0.30 1/200 4711",
        "proc/meminfo": MEMINFO.format(available=8388608, swap=0),
        "proc/sys/vm/swappiness": "60",
        "proc/stat": "cpu  1000 0 500 8000 0 0 0 0 0 0\ncpu0 1 2 3",
        "proc/vmstat": "nr_free_pages 1\npswpin 10\npswpout 20",
        "proc/cpuinfo": "processor\t: 0\nflags\t\t: fpu vme sse2",
        "proc/self/cgroup": "0::/",
        "sys/fs/cgroup/cpu.stat": "usage_usec 1",
        "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never",
        "sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc",
        f"{CPU}/intel_pstate/no_turbo": "1",
        f"{CPU}/smt/active": "0",
    }
    for core in (0, 1):
        files |= {
            f"{CPU}/cpu{core}/cpufreq/scaling_governor": "performance",
            f"{CPU}/cpu{core}/cpufreq/scaling_min_freq": "800000",
            f"{CPU}/cpu{core}/cpufreq/scaling_max_freq": "3000000",
            f"{CPU}/cpu{core}/topology/thread_siblings_list": str(core),
            f"{CPU}/cpu{core}/thermal_throttle/core_throttle_count": "0",
            f"{CPU}/cpu{core}/thermal_throttle/package_throttle_count": "0",
        }
    return files


def laptop() -> dict[str, str]:
    """Return those of a laptop: the governor powersave, turbo, two threads a core, warm, with a battery's sensor."""
    files = quiet() | {f"{CPU}/intel_pstate/no_turbo": "0", f"{CPU}/smt/active": "1"}
    for core in (0, 1):
        files |= {
            f"{CPU}/cpu{core}/cpufreq/scaling_governor": "powersave",
            f"{CPU}/cpu{core}/cpufreq/scaling_max_freq": "4600000",
            f"{CPU}/cpu{core}/topology/thread_siblings_list": "0-1",
        }
    return files | {
        "sys/class/hwmon/hwmon0/name": "nvme",
        "sys/class/hwmon/hwmon0/temp1_input": "99000",
        "sys/class/hwmon/hwmon3/name": "coretemp",
        "sys/class/hwmon/hwmon3/temp1_input": "61000",
        "sys/class/hwmon/hwmon3/temp1_crit": "100000",
        "sys/class/thermal/thermal_zone0/type": "x86_pkg_temp",
        "sys/class/thermal/thermal_zone0/temp": "60000",
        "sys/class/dmi/id/sys_vendor": "LENOVO",
    }


def container(version: int) -> dict[str, str]:
    """Return those of a container with a quota of 1.5 CPUs, under version 1 or 2 of the control groups."""
    files = quiet() | {
        ".dockerenv": "",
        "proc/cpuinfo": "flags : fpu hypervisor",
        "sys/class/dmi/id/sys_vendor": "QEMU",
    }
    del files["sys/fs/cgroup/cpu.stat"]
    if version == 2:
        stat = "usage_usec 9\nnr_periods 200\nnr_throttled 50\nthrottled_usec 2500000"
        return files | {"sys/fs/cgroup/cpu.max": "150000 100000", "sys/fs/cgroup/cpu.stat": stat}
    return files | {
        "proc/self/cgroup": "4:memory:/docker/1\n3:cpu,cpuacct:/docker/1\n0::/",
        "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "150000",
        "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000",
        "sys/fs/cgroup/cpu,cpuacct/cpu.stat": "nr_periods 200\nnr_throttled 50\nthrottled_time 2500000000",
    }


def server() -> dict[str, str]:
    """Return those of a server that is busy: eight threads run, and little memory is left."""
    return quiet() | {
        "proc/loadavg": "8.00 4.00 2.00 9/900 4711",
        "proc/meminfo": MEMINFO.format(available=1048576, swap=2097152),
    }


def hot() -> dict[str, str]:
    """Return those of a machine that is slowed for heat."""
    files = quiet() | {
        "sys/class/hwmon/hwmon0/name": "k10temp",
        "sys/class/hwmon/hwmon0/temp1_input": "92500",
        "sys/class/hwmon/hwmon0/temp1_crit": "95000",
    }
    for core in (0, 1):
        files[f"{CPU}/cpu{core}/thermal_throttle/core_throttle_count"] = "7"
    return files
