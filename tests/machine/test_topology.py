"""Which CPUs are chosen for a job, and how lists of CPUs are written."""

from pathlib import Path

import pytest

from harness.machine.topology import chosen, cores_of, cpu_numbers, cpu_text, in_block_order

_CORES = [(0, 4), (1, 5), (2, 6), (3, 7)]


@pytest.fixture
def cpus(tmp_path: Path) -> Path:
    """Describe four cores of two threads each, the second threads numbered behind all first ones."""
    for cpu in range(8):
        folder = tmp_path / f"cpu{cpu}" / "topology"
        folder.mkdir(parents=True)
        (folder / "thread_siblings_list").write_text(f"{cpu % 4},{cpu % 4 + 4}\n")
        (folder / "core_id").write_text(f"{cpu % 4}\n")
        (folder / "physical_package_id").write_text("0\n")
    return tmp_path


def test_a_list_is_read_and_written_as_the_kernel_does() -> None:
    """Ranges and single numbers, either way."""
    assert cpu_numbers("0-2,5\n") == (0, 1, 2, 5)
    assert cpu_text((5, 1, 0, 2)) == "0-2,5"


def test_cores_are_their_threads(cpus: Path) -> None:
    """CPUs that share a core are one; of which nothing is told, each is a core."""
    assert cores_of(range(8), cpus) == _CORES
    assert cores_of((0, 1), cpus / "none") == [(0,), (1,)]


def test_slurm_counts_by_core_and_thread(cpus: Path) -> None:
    """SLURM's number 1 is the second thread of the first core, which is the kernel's number 4."""
    assert in_block_order(range(8), cpus) == [0, 4, 1, 5, 2, 6, 3, 7]


@pytest.mark.parametrize(
    ("free", "wanted", "taken"),
    [
        (range(8), 2, (0, 4)),
        (range(8), 3, (0, 1, 4)),
        ((1, 2, 3, 5, 6, 7, 4), 3, (1, 4, 5)),
        ((0, 1), 3, ()),
        (range(8), 0, ()),
    ],
)
def test_whole_cores_are_taken_first(free: range, wanted: int, taken: tuple[int, ...]) -> None:
    """What is left over comes from a core in use before it breaks a whole one; too few are none."""
    assert chosen(free, wanted, _CORES) == taken
