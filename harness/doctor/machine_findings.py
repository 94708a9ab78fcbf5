"""A noise check as findings: what is known of each thing, whether it blurs, and what makes it quiet."""

from collections.abc import Iterator

from harness.doctor.finding import Finding
from harness.machine.blur import blurs, threads_item
from harness.machine.noise import Disturbance, Noise

GROUP = "Machine"
_GOVERNOR = "sudo cpupower frequency-set --governor performance"
_NO_TURBO = {
    True: "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo",
    False: "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost",
}
_SHARE = 0.01


def machine_findings(noise: Noise, cores: int, usable_cores: int, threads: int | None) -> Iterator[Finding]:
    """Yield a finding for each part of a noise check; ``threads`` as in :func:`harness.machine.blur.blurs`."""
    found = {blur.item: blur.line for blur in blurs(noise, usable_cores, threads)}
    asked = threads_item(threads) if threads is not None else ""
    known = {
        "host": _host(noise, cores, usable_cores),
        "clock": _clock(noise),
        "jitter": _jitter(noise),
        "load": _load(noise),
        "frequency": _frequency(noise),
        "heat": _heat(noise),
        "quota": _quota(noise),
        "memory": _memory(noise),
        "swap": _swap(noise),
        "huge pages": noise.room.huge_pages or "",
        **({asked: f"for {usable_cores} usable cores"} if asked else {}),
    }
    fixes = {"frequency": _frequency_fix(noise)} | ({asked: _threads_fix(noise, usable_cores)} if asked else {})
    for item, text in known.items():
        if item in found:
            yield Finding(GROUP, item, "blur", found[item], fixes.get(item, ""))
        elif text:
            yield Finding(GROUP, item, "ok", text)
        else:
            yield Finding(GROUP, item, "unknown", "not told by this system")


def stolen_finding(during: Disturbance) -> Finding:
    """Say what a hypervisor gave to others while the machine was examined."""
    share = during.stolen_share
    if share is None:
        return Finding(GROUP, "stolen time", "unknown", "not told by this system, or too short a time")
    text = f"{share:.1%} of the CPU time over {during.duration_s:.1f} s went to other virtual machines"
    return Finding(GROUP, "stolen time", "blur" if share >= _SHARE else "ok", text)


def _host(noise: Noise, cores: int, usable_cores: int) -> str:
    host, physical = noise.host, noise.processor.physical_cores
    parts = [f"{usable_cores} of {cores} cores usable"]
    if physical is not None:
        parts.append(f"{physical} physical")
    if noise.processor.smt is not None:
        parts.append(f"SMT {'on' if noise.processor.smt else 'off'}")
    if host.virtual:
        parts.append(f"virtual machine ({host.hypervisor or 'hypervisor not named'})")
    if host.container:
        parts.append(f"in a container ({host.container})")
    return ", ".join(parts)


def _clock(noise: Noise) -> str:
    clock = noise.clock
    if clock.step_ns is None:
        return ""
    return f"smallest step seen {clock.step_ns / 1e3:g} us" + (f", source {clock.source}" if clock.source else "")


def _jitter(noise: Noise) -> str:
    jitter = noise.jitter
    if jitter is None:
        return ""
    return (
        f"fixed work of {jitter.median_us:.0f} us, {jitter.repeats} times: slowest hundredth "
        f"{jitter.p99_ratio:.2f} times the median, longest {jitter.longest_us:.0f} us"
    )


def _load(noise: Noise) -> str:
    load = noise.load
    if load.others_running is None:
        return ""
    averages = f"; load average {load.average_1_min:.2f} (1 min)" if load.average_1_min is not None else ""
    return f"{load.others_running:g} other threads running{averages}"


def _frequency(noise: Noise) -> str:
    processor = noise.processor
    parts = [f"governor {', '.join(processor.governors)}"] if processor.governors else []
    if processor.lowest_mhz is not None and processor.highest_mhz is not None:
        parts.append(f"{processor.lowest_mhz:.0f} to {processor.highest_mhz:.0f} MHz")
    if processor.turbo is not None:
        parts.append(f"turbo {'on' if processor.turbo else 'off'}")
    return ", ".join(parts)


def _frequency_fix(noise: Noise) -> str:
    processor = noise.processor
    governor = any(name != "performance" for name in processor.governors)
    intel = processor.turbo_by == "intel_pstate"
    return " && ".join([*([_GOVERNOR] if governor else []), *([_NO_TURBO[intel]] if processor.turbo else [])])


def _threads_fix(noise: Noise, usable_cores: int) -> str:
    physical, quota = noise.processor.physical_cores, noise.quota.cpus
    most = min(usable_cores, physical or usable_cores)
    if quota is not None:
        most = min(most, max(1, int(quota)))
    return f"export INFERENCE_THREADS={most}"


def _heat(noise: Noise) -> str:
    processor = noise.processor
    if processor.hottest_celsius is None and processor.throttled is None:
        return ""
    parts = []
    if processor.hottest_celsius is not None:
        limit = f" of {processor.critical_celsius:.0f}" if processor.critical_celsius is not None else ""
        parts.append(f"{processor.hottest_celsius:.0f}{limit} degrees Celsius")
    if processor.throttled is not None:
        parts.append(f"slowed for heat {processor.throttled} times since boot")
    return ", ".join(parts)


def _quota(noise: Noise) -> str:
    quota = noise.quota
    if quota.version is None:
        return ""
    if quota.cpus is None:
        return f"none (control groups, version {quota.version})"
    stopped = f", stopped in {quota.throttled_periods} of {quota.periods} periods" if quota.periods else ""
    return f"{quota.cpus:g} CPUs (control groups, version {quota.version}){stopped}"


def _memory(noise: Noise) -> str:
    room = noise.room
    if room.available_mib is None:
        return ""
    total = f" of {room.total_mib:.0f}" if room.total_mib is not None else ""
    return f"{room.available_mib:.0f}{total} MiB available"


def _swap(noise: Noise) -> str:
    room = noise.room
    if room.swap_total_mib is None:
        return ""
    if not room.swap_total_mib:
        return "none"
    swappiness = f", swappiness {room.swappiness}" if room.swappiness is not None else ""
    return f"{room.swap_used_mib or 0:.0f} of {room.swap_total_mib:.0f} MiB used{swappiness}"
