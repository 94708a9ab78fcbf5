from dataclasses import replace
from pathlib import Path

import pytest

from harness.clock import FakeClock
from harness.doctor.finding import Finding
from harness.doctor.machine_findings import machine_findings, stolen_finding
from harness.machine.noise import ClockSteps, Disturbance, Jitter, Noise
from harness.machine.quietness import checked
from tests import machines

NO_TURBO = "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo"
GOVERNOR = "sudo cpupower frequency-set --governor performance"


def found(files: dict[str, str], root: Path, threads: int | None = None) -> dict[str, tuple[str, str, str]]:
    """Return mark, text and fix of each thing on a made-up machine with two cores."""
    noise, _ = checked(FakeClock(), root=machines.machine(root, files))
    jitter = Jitter(repeats=200, median_us=250.0, p99_us=275.0, longest_us=300.0, total_ms=50.0)
    noise = replace(noise, jitter=jitter, clock=replace(noise.clock, step_ns=100))
    return {one.item: (one.mark, one.text, one.fix) for one in machine_findings(noise, 2, 2, threads)}


def test_a_quiet_machine(tmp_path: Path) -> None:
    """Everything is known, and nothing blurs."""
    assert found(machines.quiet(), tmp_path, threads=2) == {
        "host": ("ok", "2 of 2 cores usable, 2 physical, SMT off", ""),
        "clock": ("ok", "smallest step seen 0.1 us, source tsc", ""),
        "jitter": (
            "ok",
            "fixed work of 250 us, 200 times: slowest hundredth 1.10 times the median, longest 300 us",
            "",
        ),
        "load": ("ok", "0 other threads running; load average 0.10 (1 min)", ""),
        "frequency": ("ok", "governor performance, 800 to 3000 MHz, turbo off", ""),
        "heat": ("ok", "slowed for heat 0 times since boot", ""),
        "quota": ("ok", "none (control groups, version 2)", ""),
        "memory": ("ok", "8192 of 16384 MiB available", ""),
        "swap": ("ok", "none", ""),
        "huge pages": ("ok", "madvise", ""),
        "threads=2": ("ok", "for 2 usable cores", ""),
    }


def test_a_laptop(tmp_path: Path) -> None:
    """What blurs has the command that mends it."""
    seen = found(machines.laptop(), tmp_path, threads=2)
    assert seen["host"][1] == "2 of 2 cores usable, 1 physical, SMT on"
    assert seen["heat"][1] == "61 of 100 degrees Celsius, slowed for heat 0 times since boot"
    assert seen["frequency"] == (
        "blur",
        "the processor's clock will move between 800 and 4600 MHz: governor powersave, turbo on",
        f"{GOVERNOR} && {NO_TURBO}",
    )
    assert seen["threads=2"] == (
        "blur",
        "threads=2 on 1 physical cores: two threads will share one (SMT)",
        "export INFERENCE_THREADS=1",
    )


@pytest.mark.parametrize("version", [1, 2])
def test_a_container(version: int, tmp_path: Path) -> None:
    """A container and a virtual machine are facts; a quota is one, and threads beyond it blur."""
    seen = found(machines.container(version), tmp_path, threads=2)
    assert seen["host"] == (
        "ok",
        "2 of 2 cores usable, 2 physical, SMT off, virtual machine (QEMU), in a container (docker)",
        "",
    )
    quota = f"1.5 CPUs (control groups, version {version}), stopped in 50 of 200 periods"
    assert seen["quota"] == ("ok", quota, "")
    assert seen["threads=2"][0::2] == ("blur", "export INFERENCE_THREADS=1")


def test_a_busy_server_and_a_hot_machine(tmp_path: Path) -> None:
    """Each thing that blurs is one line."""
    busy = found(machines.server(), tmp_path / "server")
    assert {item for item, (mark, _, _) in busy.items() if mark == "blur"} == {"load", "memory"}
    assert busy["swap"] == ("ok", "2048 of 2048 MiB used, swappiness 60", "")
    hot = found(machines.hot(), tmp_path / "hot")
    assert {item for item, (mark, _, _) in hot.items() if mark == "blur"} == {"heat"}


def test_a_machine_with_nothing_to_read() -> None:
    """Is all unknown, but for its cores."""
    findings = list(machine_findings(Noise(clock=ClockSteps()), 2, 1, None))
    assert [one.item for one in findings if one.mark == "ok"] == ["host"]
    assert {one.text for one in findings if one.mark == "unknown"} == {"not told by this system"}
    assert len(findings) == 10


def test_turbo_of_another_driver_has_its_own_switch(tmp_path: Path) -> None:
    """AMD's is in cpufreq."""
    files = {f"{machines.CPU}/cpufreq/boost": "1"}
    assert found(files, tmp_path)["frequency"] == (
        "blur",
        "the processor's clock will move: turbo on",
        "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost",
    )


@pytest.mark.parametrize(
    ("share", "mark", "text"),
    [
        (None, "unknown", "not told by this system, or too short a time"),
        (0.002, "ok", "0.2% of the CPU time over 3.0 s went to other virtual machines"),
        (0.04, "blur", "4.0% of the CPU time over 3.0 s went to other virtual machines"),
    ],
)
def test_stolen_time(share: float | None, mark: str, text: str) -> None:
    """From 1 % on it blurs."""
    told = stolen_finding(Disturbance(duration_s=3.0, stolen_share=share))
    assert (told.item, told.mark, told.text) == ("stolen time", mark, text)
    assert isinstance(told, Finding)
