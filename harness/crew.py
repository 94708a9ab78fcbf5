"""The live workers of a run: started when they are needed, and never with a model too many."""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from harness.clock import Clock
from harness.errors import GuardError, WorkerCrashed, WorkerRubbish, WorkerTimeout
from harness.limit import Limits
from harness.process import Process
from harness.protocol import Protocol
from harness.records import Phase
from harness.sampling.sampler import Sampler
from harness.schedule import SHARED, State, worker_of
from harness.store import ENGINE_LOG
from harness.worker.client import Client

_HEAP_TIMEOUT_S = 10.0
"""A worker tells its heap in a millisecond; one that waits for a lock of its allocator never does."""


@dataclass
class Member:
    """A live worker: its client, the process as probes see it, and what it holds by its own account."""

    client: Client
    process: Process
    prepared: set[str] = field(default_factory=set)
    loaded: tuple[str, ...] = ()
    used: set[str] = field(default_factory=set)
    """Loaded models that have run since their load."""
    start: Phase | None = None
    """From the making of its process until it listened."""


class Crew:
    """The live workers, by the stages that live in them. What they print goes to logs in ``folder``.

    ``sampler`` watches each of them while it lives. ``limits`` gives each of them a memory limit; ``bare_mib`` is what
    the first held before any engine, as that counts. Workers are numbered from ``first_worker`` on, and
    are pinned to ``cpus`` where there are any.
    """

    def __init__(
        self,
        protocol: Protocol,
        one_per_process: Collection[str],
        folder: Path,
        clock: Clock,
        sampler: Sampler | None = None,
        limits: Limits | None = None,
        first_worker: int = 0,
        cpus: Collection[int] = (),
    ) -> None:
        self.bare_mib: float | None = None
        self._limits = limits
        self._cpus = cpus
        self._protocol = protocol
        self._one_per_process = one_per_process
        self._folder = folder
        self._clock = clock
        self._sampler = sampler or Sampler(folder, 0, clock)
        self._members: dict[str, Member] = {}
        self._waiting: dict[str, Client] = {}
        self._started = first_worker
        self._lost: set[int] = set()

    @property
    def state(self) -> State:
        """What the live workers hold."""
        members = self._members.values()
        return State(
            frozenset(stage for member in members for stage in member.prepared),
            frozenset(stage for member in members for stage in member.loaded),
            frozenset(stage for member in members for stage in member.used),
        )

    def get(self, stage: str) -> Member | None:
        """Return the live worker of a stage, or None."""
        return self._members.get(self._name(stage))

    def start(self, stage: str) -> Member:
        """Start the worker of a stage, and return when its interpreter is up."""
        name = self._name(stage)
        client = self._waiting.pop(name, None) or self._launch(name)
        process = Process(client.pid, client.number, ask_heap=partial(self._heap_of, client))
        member = self._members[name] = Member(client, process)
        self._sampler.watch(client.pid, client.number)
        member.start = client.hello()
        if self.bare_mib is None:
            self.bare_mib = client.limit_peak_mib()
        return member

    def launch(self, stage: str) -> None:
        """Start the worker of a stage without waiting for it: :meth:`start` will."""
        name = self._name(stage)
        self._waiting[name] = self._launch(name)

    def _launch(self, name: str) -> Client:
        try:
            limit = self._limits.new() if self._limits else None
        except OSError as error:
            raise WorkerCrashed(f"no memory limit could be made for it ({error.strerror})") from None
        client = Client(self._started, self._folder / log_name(name), self._clock, limit, self._cpus)
        self._started += 1
        return client

    def _heap_of(self, client: Client) -> Any:
        """Ask a resting worker for its heap. One that does not answer is of no more use: :meth:`dismiss_lost`."""
        try:
            return client.ask({"do": "heap"}, min(self._protocol.timeout_s, _HEAP_TIMEOUT_S))["heap"]
        except (WorkerCrashed, WorkerTimeout, WorkerRubbish) as error:
            self._lost.add(client.number)
            raise type(error)(f"{error}, asked for its heap") from None

    def admit(self, stage: str) -> None:
        """Refuse to load a second model where the residency allows one. Raises :class:`GuardError`."""
        others = self.state.loaded - {stage}
        residency = self._protocol.residency
        if others and residency != "all_resident":
            raise GuardError(f"residency={residency}: {stage} was to be loaded while {', '.join(sorted(others))} is")

    def dismiss(self, stage: str) -> None:
        """Let the worker of a stage leave by itself."""
        self._end(self._name(stage), kindly=True)

    def dismiss_lost(self, stage: str) -> None:
        """Kill the worker of a stage where it did not answer a probe's question: its later answers are out of step."""
        member = self.get(stage)
        if member is not None and member.client.number in self._lost:
            self._end(self._name(stage), kindly=False)

    def dismiss_all(self) -> None:
        """Let every worker leave by itself."""
        for name in list(self._members):
            self._end(name, kindly=True)

    def discard_all(self) -> None:
        """Kill every worker."""
        while self._waiting:
            self._waiting.popitem()[1].kill()
        for name in list(self._members):
            self._end(name, kindly=False)

    def _end(self, name: str, *, kindly: bool) -> None:
        member = self._members.pop(name, None)
        if member is None:
            return
        self._sampler.forget(member.client.number)
        member.process.close()
        if kindly:
            member.client.leave()
        else:
            member.client.kill()

    def _name(self, stage: str) -> str:
        return worker_of(self._protocol, stage, self._one_per_process)


def log_name(worker: str) -> str:
    """Return the name of a worker's log: one for all that share a process, one for each stage that has its own.

    So that a worker that crashed is not blamed for what its neighbour printed.
    """
    return ENGINE_LOG if worker == SHARED else f"{Path(ENGINE_LOG).stem}-{worker}{Path(ENGINE_LOG).suffix}"
