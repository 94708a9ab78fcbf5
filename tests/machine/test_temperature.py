from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from harness.machine.temperature import Thermometer


def monitor(sys_class: Path, number: int, name: str, *millidegrees: object) -> None:
    """Make a hardware monitor with its sensors, as the kernel shows one."""
    folder = sys_class / "hwmon" / f"hwmon{number}"
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{name}\n", encoding="utf-8")
    for sensor, value in enumerate(millidegrees, start=1):
        (folder / f"temp{sensor}_input").write_text(f"{value}\n", encoding="utf-8")


def zone(sys_class: Path, number: int, kind: str, millidegrees: object) -> None:
    """Make a thermal zone."""
    folder = sys_class / "thermal" / f"thermal_zone{number}"
    folder.mkdir(parents=True)
    (folder / "type").write_text(f"{kind}\n", encoding="utf-8")
    (folder / "temp").write_text(f"{millidegrees}\n", encoding="utf-8")


def test_the_hottest_zone_of_the_processor_is_told(tmp_path: Path) -> None:
    """Not that of a disk or of a graphics card, which may be hotter."""
    monitor(tmp_path, 0, "nvme", 84_850)
    monitor(tmp_path, 1, "coretemp", 51_000, 63_500, 49_000)
    monitor(tmp_path, 2, "amdgpu", 90_000)
    zone(tmp_path, 0, "x86_pkg_temp", 70_000)
    assert Thermometer(tmp_path).hottest_c() == 63.5


@pytest.mark.parametrize("name", ["coretemp", "k10temp", "zenpower", "cpu_thermal", "soc_thermal", "CPU-therm"])
def test_processors_of_several_makers_are_known(name: str, tmp_path: Path) -> None:
    """By what their drivers are called."""
    monitor(tmp_path, 0, name, 40_125)
    assert Thermometer(tmp_path).hottest_c() == 40.125


def test_without_a_hardware_monitor_the_thermal_zones_are_read(tmp_path: Path) -> None:
    """Those of the processor."""
    zone(tmp_path, 0, "acpitz", 27_800)
    zone(tmp_path, 1, "x86_pkg_temp", 55_000)
    zone(tmp_path, 2, "cpu-thermal", 56_000)
    assert Thermometer(tmp_path).hottest_c() == 56.0


def test_a_temperature_is_read_anew_each_time(tmp_path: Path) -> None:
    """The files are found once, and a sensor that has left is a sensor less."""
    monitor(tmp_path, 0, "coretemp", 51_000, 40_000)
    thermometer = Thermometer(tmp_path)
    hottest = tmp_path / "hwmon/hwmon0/temp1_input"
    hottest.write_text("72000\n", encoding="utf-8")
    assert thermometer.hottest_c() == 72.0
    hottest.unlink()
    assert thermometer.hottest_c() == 40.0


@pytest.mark.parametrize("value", ["", "warm", 0, -128_000, 255_000])
def test_what_is_no_temperature_is_none(value: object, tmp_path: Path) -> None:
    """A sensor that is off says 0, a broken one says anything."""
    monitor(tmp_path, 0, "coretemp", value)
    assert Thermometer(tmp_path).hottest_c() is None


def test_a_machine_that_shows_nothing_has_no_temperature(tmp_path: Path) -> None:
    """As most virtual ones."""
    assert Thermometer(tmp_path).hottest_c() is None


def test_where_the_kernel_shows_no_files_psutil_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on FreeBSD; where psutil cannot tell either, there is none."""
    sensors = {"coretemp": [SimpleNamespace(current=44.0), SimpleNamespace(current=61.0)]}
    monkeypatch.setattr(psutil, "sensors_temperatures", lambda: sensors, raising=False)
    assert Thermometer(tmp_path / "none").hottest_c() == 61.0
    monkeypatch.delattr(psutil, "sensors_temperatures")
    assert Thermometer(tmp_path / "none").hottest_c() is None
