import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from harness.clock import SystemClock
from harness.crew import Crew
from harness.errors import GuardError, WorkerCrashed
from harness.limit import Limit, Limits
from harness.protocol import Protocol
from harness.schedule import State


@pytest.fixture
def crews(tmp_path: Path) -> Iterator[Any]:
    """Return a factory of crews of two stages; who is left at the end is killed."""
    made: list[Crew] = []

    def make(one_per_process: tuple[str, ...] = (), **protocol: Any) -> Crew:
        made.append(Crew(Protocol(order=("a", "b"), **protocol), one_per_process, tmp_path, SystemClock()))
        return made[-1]

    yield make
    for crew in made:
        crew.discard_all()


def test_stages_share_a_worker_where_they_may(crews: Any) -> None:
    """The second stage finds the worker that the first has started."""
    crew = crews()
    assert crew.get("a") is None
    member = crew.start("a")
    assert crew.get("a") is crew.get("b") is member
    assert (member.client.number, member.process.pid) == (0, member.client.pid)


def test_a_worker_that_was_launched_ahead_has_its_own_start(crews: Any) -> None:
    """It begins when the process is made, not when it is needed; a second use of the worker is no second start."""
    crew = crews()
    crew.launch("a")
    launched_ns = time.monotonic_ns()
    member = crew.start("a")
    assert (member.start.name, member.start.worker, member.start.pid) == ("start", 0, member.client.pid)
    assert member.start.start_ns <= launched_ns
    assert crew.get("b").start is member.start


def test_stages_are_apart_where_they_must_be(crews: Any) -> None:
    """Workers are numbered in the order in which they are started, over the whole run."""
    crew = crews(isolation="stage")
    first, second = crew.start("a"), crew.start("b")
    assert (crew.get("a"), crew.get("b")) == (first, second)
    crew.dismiss("a")
    assert crew.get("a") is None
    assert crew.get("b") is second
    assert [second.client.number, crew.start("a").client.number] == [1, 2]


def test_the_state_is_what_all_workers_hold(crews: Any) -> None:
    """By their own account; what a worker held is gone with it."""
    crew = crews(("b",), residency="all_resident")
    assert crew.state == State()
    first, second = crew.start("a"), crew.start("b")
    first.prepared |= {"a"}
    first.loaded = ("a",)
    second.prepared |= {"b"}
    assert crew.state == State(frozenset({"a", "b"}), frozenset({"a"}))
    crew.dismiss("a")
    assert crew.state == State(frozenset({"b"}), frozenset())


@pytest.mark.parametrize("residency", ["one_at_a_time", "phase_batched"])
def test_a_second_model_is_not_admitted(residency: str, crews: Any) -> None:
    """The error says who holds the place; the holder itself, and an empty place, are fine."""
    crew = crews(residency=residency)
    member = crew.start("a")
    crew.admit("b")
    member.loaded = ("a",)
    crew.admit("a")
    with pytest.raises(GuardError) as caught:
        crew.admit("b")
    assert str(caught.value) == f"residency={residency}: b was to be loaded while a is"


def test_a_model_in_another_worker_counts(crews: Any) -> None:
    """One at a time is of the machine, not of a process."""
    crew = crews(isolation="stage")
    crew.start("a").loaded = ("a",)
    crew.start("b")
    with pytest.raises(GuardError, match=r"b was to be loaded while a is$"):
        crew.admit("b")


def test_all_resident_admits_everybody(crews: Any) -> None:
    """That is what it is for."""
    crew = crews(residency="all_resident")
    crew.start("a").loaded = ("a",)
    crew.admit("b")
    assert crew.state.loaded == {"a"}


def test_a_worker_of_its_own_has_a_log_of_its_own(crews: Any, tmp_path: Path) -> None:
    """Those who share a process share a log."""
    crews().start("a")
    assert [path.name for path in tmp_path.iterdir()] == ["engine.log"]
    crews(isolation="stage").start("b")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["engine-b.log", "engine.log"]


@pytest.mark.parametrize("way", ["dismiss_all", "discard_all"])
def test_no_worker_is_left(way: str, crews: Any) -> None:
    """Neither a process nor a state; ending an empty crew is nothing."""
    crew = crews(isolation="stage")
    pids = [crew.start(stage).client.pid for stage in ("a", "b")]
    assert all(psutil.pid_exists(pid) for pid in pids)
    getattr(crew, way)()
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert crew.state == State()
    getattr(crew, way)()
    crew.dismiss("a")
    crew.dismiss("b")


@pytest.mark.parametrize(
    ("protocol", "logs"),
    [({}, {"engine.log"}), ({"isolation": "stage"}, {"engine-a.log", "engine-b.log"})],
)
def test_workers_that_live_together_have_logs_of_their_own(
    crews: Any, tmp_path: Path, protocol: dict[str, Any], logs: set[str]
) -> None:
    """A worker that crashed is not blamed for what its neighbour printed."""
    crew = crews(**protocol)
    for stage in ("a", "b"):
        if crew.get(stage) is None:
            crew.start(stage)
    assert {path.name for path in tmp_path.iterdir()} == logs


class Watched(Limit):
    """A limit that says what becomes of it, and is always at its peak."""

    def __init__(self, told: list[str]) -> None:
        super().__init__(100.0)
        self._told = told
        told.append("made")

    def peak_mib(self) -> float | None:
        """Say the most that was held."""
        return 7.0

    def remove(self) -> bool:
        """Say that the worker has ended."""
        self._told.append("removed")
        return True


def test_each_worker_has_a_limit_of_its_own(tmp_path: Path) -> None:
    """Made before it starts and removed when it has ended; what the first held without an engine is kept."""
    told: list[str] = []
    limits = Limits("none", lambda: Watched(told))
    crew = Crew(Protocol(order=("a", "b"), isolation="stage"), (), tmp_path, SystemClock(), limits=limits)
    try:
        assert crew.bare_mib is None
        crew.start("a")
        assert crew.bare_mib == 7.0
        crew.start("b")
        assert told == ["made", "made"]
        crew.dismiss("a")
        assert told == ["made", "made", "removed"]
    finally:
        crew.discard_all()
    assert told == ["made", "made", "removed", "removed"]


def test_a_limit_that_cannot_be_made_is_a_workers_failure(tmp_path: Path) -> None:
    """It becomes the trial's outcome, and the run goes on."""

    def refuse() -> Limit:
        raise OSError(28, "No space left on device")

    crew = Crew(Protocol(order=("a",)), (), tmp_path, SystemClock(), limits=Limits("none", refuse))
    with pytest.raises(WorkerCrashed, match=r"^no memory limit could be made for it \(No space left on device\)$"):
        crew.start("a")


def test_a_resting_worker_tells_its_heap(crews: Any) -> None:
    """Through the process that a probe is given; it goes on afterwards."""
    crew = crews()
    member = crew.start("a")
    assert (member.process.heap().used_kib or 0) > 100
    crew.dismiss_lost("a")
    assert crew.get("a") is member


def test_a_worker_that_died_is_dismissed(crews: Any) -> None:
    """Who asks it hears of its death; a stage without a worker has none to dismiss."""
    crew = crews()
    member = crew.start("a")
    psutil.Process(member.client.pid).kill()
    with pytest.raises(WorkerCrashed, match="SIGKILL, asked for its heap"):
        member.process.heap()
    assert crew.get("a") is member
    crew.dismiss_lost("a")
    assert crew.get("a") is None
    crew.dismiss_lost("a")
