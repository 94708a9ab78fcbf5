"""How hot the processor is: its hottest zone, read from outside at the price of one small file a sensor.

``psutil.sensors_temperatures()`` reads every sensor there is, disks included, which answer in milliseconds and wake up
for it. On Linux the files of the processor's own sensors are looked for once, by the names that psutil gives them, and
only these are read again. The processor's frequency is not read: between two trials it is that of a resting machine.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import psutil

_CPU_SENSORS = re.compile(r"coretemp|k10temp|k8temp|zenpower|cpu|soc|x86_pkg_temp")
"""What drivers call the sensors of a processor: Intel, AMD, and boards where it is a part of the chip."""
_NOT_THE_PROCESSOR = re.compile(r"gpu|nvme|wifi|bat")
_PLAUSIBLE_C = (1.0, 150.0)


class Thermometer:
    """The temperature of this machine's processor; ``sys_class`` is where the kernel shows its sensors."""

    def __init__(self, sys_class: Path = Path("/sys/class")) -> None:
        self._files = tuple(cpu_sensors(sys_class))
        self._by_psutil = not sys_class.is_dir() and hasattr(psutil, "sensors_temperatures")

    def hottest_c(self) -> float | None:
        """Return the hottest of the processor's zones in degrees Celsius, None where this machine shows none."""
        return max(filter(is_plausible, self._read()), default=None)

    def _read(self) -> Iterator[float]:
        for file in self._files:
            try:
                yield int(file.read_bytes()) / 1000
            except (OSError, ValueError):  # a sensor may be asleep, or may have left with its driver
                continue
        if self._by_psutil:
            for name, sensors in psutil.sensors_temperatures().items():
                if _is_cpu(name):
                    yield from (sensor.current for sensor in sensors)


def cpu_sensors(sys_class: Path) -> Iterator[Path]:
    """Yield the files of the processor's own sensors, which hold thousandths of a degree Celsius.

    They are those of hardware monitors, else the thermal zones, which may show the same sensors.
    """
    found = [
        file
        for monitor in sorted(sys_class.glob("hwmon/hwmon*"))
        if _is_cpu(_text(monitor / "name"))
        for file in sorted(monitor.glob("temp*_input"))
    ]
    zones = (zone for zone in sorted(sys_class.glob("thermal/thermal_zone*")) if _is_cpu(_text(zone / "type")))
    yield from found or (zone / "temp" for zone in zones)


def is_plausible(celsius: float) -> bool:
    """Tell whether a reading can be one: a sensor that is switched off, or broken, says 0, or what nothing survives."""
    return _PLAUSIBLE_C[0] <= celsius <= _PLAUSIBLE_C[1]


def _is_cpu(name: str) -> bool:
    name = name.lower()
    return bool(_CPU_SENSORS.search(name)) and not _NOT_THE_PROCESSOR.search(name)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
