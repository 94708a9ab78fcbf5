import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import get_args

import pytest

from harness.protocol import Isolation, Lifecycle, Protocol, Residency, Trim
from harness.schedule import (
    Action,
    Command,
    State,
    Task,
    commands,
    given_back,
    left_undone,
    tasks,
    with_rests,
    worker_of,
)

LETTERS = {
    Action.PREPARE: "P",
    Action.LOAD: "L",
    Action.RESTART: "S",
    Action.RUN: "R",
    Action.UNLOAD: "U",
    Action.TRIM: "T",
    Action.REST: "-",
    Action.LEAVE: "X",
}
LIFECYCLES, RESIDENCIES, ISOLATIONS, TRIMS = map(get_args, (Lifecycle, Residency, Isolation, Trim))
EVERY = [
    Protocol(order=order, iterations=2, lifecycle=life, residency=residency, isolation=isolation, trim=trim)
    for order, life, residency, isolation, trim in product(
        [("a",), ("b", "a"), ("b", "c", "a")], LIFECYCLES, RESIDENCIES, ISOLATIONS, TRIMS
    )
]
LOADED_AT_MOST = {"one_at_a_time": 1, "phase_batched": 1, "all_resident": 3}


@dataclass
class Machine:
    """Live workers that carry out commands as the real ones would, and complain as soon as one makes no sense."""

    protocol: Protocol
    one_per_process: frozenset[str] = frozenset()
    prepared: dict[str, set[str]] = field(default_factory=dict)
    loaded: dict[str, set[str]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    most_loaded: int = 0
    loads: int = 0
    unloads: int = 0

    @property
    def state(self) -> State:
        """What the live workers hold."""
        loaded = frozenset[str]().union(*self.loaded.values())
        return State(frozenset().union(*self.prepared.values()), loaded, frozenset(self.used) & loaded)

    def lose(self) -> None:
        """Lose every worker, with all that it holds."""
        self.unloads += len(self.state.loaded)
        self.prepared.clear()
        self.loaded.clear()

    def do(self, command: Command) -> None:
        """Carry out one command."""
        action, stage = command.action, command.stage
        worker = worker_of(self.protocol, stage, self.one_per_process)
        if action is Action.LEAVE:
            assert not self.loaded.pop(worker, None), "a worker leaves with its models given back"
            self.prepared.pop(worker, None)
            return
        prepared, loaded = self.prepared.setdefault(worker, set()), self.loaded.setdefault(worker, set())
        if action is Action.PREPARE:
            assert stage not in prepared
            prepared.add(stage)
        elif action is Action.LOAD:
            assert stage in prepared
            assert stage not in loaded
            loaded.add(stage)
            self.used.discard(stage)
            self.loads += 1
        elif action is Action.UNLOAD:
            loaded.remove(stage)
            self.unloads += 1
        elif action is Action.TRIM:
            assert prepared, "a worker is not started only to be trimmed"
        else:
            assert stage in loaded
            if action is Action.RUN:
                self.used.add(stage)
        self.most_loaded = max(self.most_loaded, len(self.state.loaded))


def pairs(protocol: Protocol, utterances: int) -> Iterator[tuple[Task, Task | None]]:
    """Yield each task with the one that follows."""
    every = list(tasks(protocol, utterances))
    yield from zip(every, [*every[1:], None], strict=True)


def walk(protocol: Protocol, utterances: int, lost_at: int = -1) -> tuple[list[list[Command]], Machine]:
    """Return the commands of each task, and the machine that carried them out; its workers are lost before one task."""
    machine = Machine(protocol)
    sent = []
    for number, (task, following) in enumerate(pairs(protocol, utterances)):
        if number == lost_at:
            machine.lose()
        sent.append(commands(protocol, task, following, machine.state))
        for command in sent[-1]:
            machine.do(command)
    return sent, machine


def written(sent: list[list[Command]]) -> str:
    """Return commands in short: a letter each with its stage, a space between tasks."""
    return " ".join("".join(LETTERS[one.action] + one.stage for one in task) for task in sent)


# --- the tasks --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("residency", "expected"),
    [
        ("one_at_a_time", "0.0.0a 0.0.0b 1.0.1a 1.0.1b 2.1.0a 2.1.0b 3.1.1a 3.1.1b"),
        ("all_resident", "0.0.0a 0.0.0b 1.0.1a 1.0.1b 2.1.0a 2.1.0b 3.1.1a 3.1.1b"),
        ("phase_batched", "0.0.0a 1.0.1a 0.0.0b 1.0.1b 2.1.0a 3.1.1a 2.1.0b 3.1.1b"),
    ],
)
def test_residency_decides_the_order_of_tasks(residency: Residency, expected: str) -> None:
    """Two iterations over two utterances: trial, iteration, utterance and stage of each task."""
    protocol = Protocol(order=("a", "b"), iterations=2, residency=residency)
    found = [f"{task.trial}.{task.iteration}.{task.utterance}{task.stage}" for task in tasks(protocol, 2)]
    assert " ".join(found) == expected


# --- the commands, written out: two iterations, trim=never -------------------------------------------------------

# A task is a word. P prepare, L load, S restart, R run, U unload, T trim, X leave; then the stage.
ONE_STAGE_ONE_UTTERANCE = {
    ("recreate", "run"): "PaLaRaUa LaRaUaXa",
    ("recreate", "iteration"): "PaLaRaUaXa PaLaRaUaXa",
    ("recreate", "stage"): "PaLaRaUaXa PaLaRaUaXa",
    ("restart", "run"): "PaLaRa SaRaUaXa",
    ("restart", "iteration"): "PaLaRaUaXa PaLaRaUaXa",
    ("restart", "stage"): "PaLaRa SaRaUaXa",
    ("reuse", "run"): "PaLaRa RaUaXa",
    ("reuse", "iteration"): "PaLaRaUaXa PaLaRaUaXa",
    ("reuse", "stage"): "PaLaRa RaUaXa",
}
ONE_STAGE_THREE_UTTERANCES = {
    ("recreate", "run"): "PaLaRaUa LaRaUa LaRaUa LaRaUa LaRaUa LaRaUaXa",
    ("recreate", "iteration"): "PaLaRaUa LaRaUa LaRaUaXa PaLaRaUa LaRaUa LaRaUaXa",
    ("recreate", "stage"): "PaLaRaUaXa PaLaRaUaXa PaLaRaUaXa PaLaRaUaXa PaLaRaUaXa PaLaRaUaXa",
    ("restart", "run"): "PaLaRa SaRa SaRa SaRa SaRa SaRaUaXa",
    ("restart", "iteration"): "PaLaRa SaRa SaRaUaXa PaLaRa SaRa SaRaUaXa",
    ("restart", "stage"): "PaLaRa SaRa SaRa SaRa SaRa SaRaUaXa",
    ("reuse", "run"): "PaLaRa Ra Ra Ra Ra RaUaXa",
    ("reuse", "iteration"): "PaLaRa Ra RaUaXa PaLaRa Ra RaUaXa",
    ("reuse", "stage"): "PaLaRa Ra Ra Ra Ra RaUaXa",
}
ONE_AT_A_TIME = {  # two stages: each has to leave before the other comes, so the lifecycle changes nothing
    ("run", 1): "PaLaRaUa PbLbRbUb LaRaUa LbRbUbXb",
    ("iteration", 1): "PaLaRaUa PbLbRbUbXb PaLaRaUa PbLbRbUbXb",
    ("stage", 1): "PaLaRaUaXa PbLbRbUbXb PaLaRaUaXa PbLbRbUbXb",
    ("run", 3): (
        "PaLaRaUa PbLbRbUb LaRaUa LbRbUb LaRaUa LbRbUb "  #
        "LaRaUa LbRbUb LaRaUa LbRbUb LaRaUa LbRbUbXb"
    ),
    ("iteration", 3): (
        "PaLaRaUa PbLbRbUb LaRaUa LbRbUb LaRaUa LbRbUbXb "  #
        "PaLaRaUa PbLbRbUb LaRaUa LbRbUb LaRaUa LbRbUbXb"
    ),
    ("stage", 3): (
        "PaLaRaUaXa PbLbRbUbXb PaLaRaUaXa PbLbRbUbXb PaLaRaUaXa PbLbRbUbXb "
        "PaLaRaUaXa PbLbRbUbXb PaLaRaUaXa PbLbRbUbXb PaLaRaUaXa PbLbRbUbXb"
    ),
}
PHASE_BATCHED = {  # three utterances; with one there is nothing to batch, and it is ONE_AT_A_TIME
    ("recreate", "run"): (
        "PaLaRaUa LaRaUa LaRaUa PbLbRbUb LbRbUb LbRbUb "  #
        "LaRaUa LaRaUa LaRaUa LbRbUb LbRbUb LbRbUbXb"
    ),
    ("recreate", "iteration"): (
        "PaLaRaUa LaRaUa LaRaUa PbLbRbUb LbRbUb LbRbUbXb "  #
        "PaLaRaUa LaRaUa LaRaUa PbLbRbUb LbRbUb LbRbUbXb"
    ),
    ("recreate", "stage"): ONE_AT_A_TIME["stage", 3],  # reordered below
    ("restart", "run"): "PaLaRa SaRa SaRaUa PbLbRb SbRb SbRbUb LaRa SaRa SaRaUa LbRb SbRb SbRbUbXb",
    ("restart", "iteration"): "PaLaRa SaRa SaRaUa PbLbRb SbRb SbRbUbXb PaLaRa SaRa SaRaUa PbLbRb SbRb SbRbUbXb",
    ("restart", "stage"): "PaLaRa SaRa SaRaUaXa PbLbRb SbRb SbRbUbXb PaLaRa SaRa SaRaUaXa PbLbRb SbRb SbRbUbXb",
    ("reuse", "run"): "PaLaRa Ra RaUa PbLbRb Rb RbUb LaRa Ra RaUa LbRb Rb RbUbXb",
    ("reuse", "iteration"): "PaLaRa Ra RaUa PbLbRb Rb RbUbXb PaLaRa Ra RaUa PbLbRb Rb RbUbXb",
    ("reuse", "stage"): "PaLaRa Ra RaUaXa PbLbRb Rb RbUbXb PaLaRa Ra RaUaXa PbLbRb Rb RbUbXb",
}
PHASE_BATCHED["recreate", "stage"] = " ".join((["PaLaRaUaXa"] * 3 + ["PbLbRbUbXb"] * 3) * 2)
ALL_RESIDENT = {
    ("recreate", "run", 1): "PaLaPbLbRa RbUaUb LaLbRa RbUaUbXaXb",
    ("recreate", "iteration", 1): "PaLaPbLbRa RbUaUbXaXb PaLaPbLbRa RbUaUbXaXb",
    ("recreate", "stage", 1): "PaLaPbLbRa RbUaXaUbXb PaLaPbLbRa RbUaXaUbXb",
    ("restart", "run", 1): "PaLaPbLbRa Rb SaRa SbRbUaUbXaXb",
    ("restart", "iteration", 1): "PaLaPbLbRa RbUaUbXaXb PaLaPbLbRa RbUaUbXaXb",
    ("restart", "stage", 1): "PaLaPbLbRa Rb SaRa SbRbUaXaUbXb",
    ("reuse", "run", 1): "PaLaPbLbRa Rb Ra RbUaUbXaXb",
    ("reuse", "iteration", 1): "PaLaPbLbRa RbUaUbXaXb PaLaPbLbRa RbUaUbXaXb",
    ("reuse", "stage", 1): "PaLaPbLbRa Rb Ra RbUaXaUbXb",
    ("recreate", "run", 3): (
        "PaLaPbLbRa RbUaUb LaLbRa RbUaUb LaLbRa RbUaUb "  #
        "LaLbRa RbUaUb LaLbRa RbUaUb LaLbRa RbUaUbXaXb"
    ),
    ("recreate", "iteration", 3): (
        "PaLaPbLbRa RbUaUb LaLbRa RbUaUb LaLbRa RbUaUbXaXb PaLaPbLbRa RbUaUb LaLbRa RbUaUb LaLbRa RbUaUbXaXb"
    ),
    ("recreate", "stage", 3): " ".join(["PaLaPbLbRa RbUaXaUbXb"] * 6),
    ("restart", "run", 3): "PaLaPbLbRa Rb SaRa SbRb SaRa SbRb SaRa SbRb SaRa SbRb SaRa SbRbUaUbXaXb",
    ("restart", "iteration", 3): (
        "PaLaPbLbRa Rb SaRa SbRb SaRa SbRbUaUbXaXb "  #
        "PaLaPbLbRa Rb SaRa SbRb SaRa SbRbUaUbXaXb"
    ),
    ("restart", "stage", 3): "PaLaPbLbRa Rb SaRa SbRb SaRa SbRb SaRa SbRb SaRa SbRb SaRa SbRbUaXaUbXb",
    ("reuse", "run", 3): "PaLaPbLbRa Rb Ra Rb Ra Rb Ra Rb Ra Rb Ra RbUaUbXaXb",
    ("reuse", "iteration", 3): "PaLaPbLbRa Rb Ra Rb Ra RbUaUbXaXb PaLaPbLbRa Rb Ra Rb Ra RbUaUbXaXb",
    ("reuse", "stage", 3): "PaLaPbLbRa Rb Ra Rb Ra Rb Ra Rb Ra Rb Ra RbUaXaUbXb",
}


def expected_of(lifecycle: str, residency: str, isolation: str, stages: int, utterances: int) -> str:
    """Return the line that is written out above."""
    if stages == 1:  # one model alone is never in another's way, whatever the residency
        table = ONE_STAGE_ONE_UTTERANCE if utterances == 1 else ONE_STAGE_THREE_UTTERANCES
        return table[lifecycle, isolation]
    if residency == "all_resident":
        return ALL_RESIDENT[lifecycle, isolation, utterances]
    if residency == "phase_batched" and utterances == 3:
        return PHASE_BATCHED[lifecycle, isolation]
    return ONE_AT_A_TIME[isolation, utterances]


@pytest.mark.parametrize("utterances", [1, 3])
@pytest.mark.parametrize("order", ["a", "ab", "ba"])
@pytest.mark.parametrize("isolation", ISOLATIONS)
@pytest.mark.parametrize("residency", RESIDENCIES)
@pytest.mark.parametrize("lifecycle", LIFECYCLES)
def test_the_commands_of_a_run(
    lifecycle: Lifecycle, residency: Residency, isolation: Isolation, order: str, utterances: int
) -> None:
    """Two iterations, every command; with the order turned round, the same commands for the other stage."""
    protocol = Protocol(
        order=tuple(order), iterations=2, lifecycle=lifecycle, residency=residency, isolation=isolation, trim="never"
    )
    expected = expected_of(lifecycle, residency, isolation, len(order), utterances)
    if order == "ba":
        expected = expected.translate(str.maketrans("ab", "ba"))
    assert written(walk(protocol, utterances)[0]) == expected


@pytest.mark.parametrize(
    ("trim", "residency", "isolation", "expected"),
    [
        ("end", "one_at_a_time", "run", "PaLaRaUa PbLbRbUb LaRaUa LbRbUbTbXb"),
        ("end", "one_at_a_time", "iteration", "PaLaRaUa PbLbRbUbTbXb PaLaRaUa PbLbRbUbTbXb"),
        ("end", "one_at_a_time", "stage", "PaLaRaUaTaXa PbLbRbUbTbXb PaLaRaUaTaXa PbLbRbUbTbXb"),
        ("end", "phase_batched", "run", "PaLaRaUa PbLbRbUb LaRaUa LbRbUbTbXb"),
        ("end", "phase_batched", "iteration", "PaLaRaUa PbLbRbUbTbXb PaLaRaUa PbLbRbUbTbXb"),
        ("end", "phase_batched", "stage", "PaLaRaUaTaXa PbLbRbUbTbXb PaLaRaUaTaXa PbLbRbUbTbXb"),
        ("end", "all_resident", "run", "PaLaPbLbRa RbUaUb LaLbRa RbUaUbTaTbXaXb"),
        ("end", "all_resident", "iteration", "PaLaPbLbRa RbUaUbTaTbXaXb PaLaPbLbRa RbUaUbTaTbXaXb"),
        ("end", "all_resident", "stage", "PaLaPbLbRa RbUaTaXaUbTbXb PaLaPbLbRa RbUaTaXaUbTbXb"),
        ("each", "one_at_a_time", "run", "PaLaRaUaTa PbLbRbUbTb LaRaUaTa LbRbUbTbXb"),
        ("each", "one_at_a_time", "iteration", "PaLaRaUaTa PbLbRbUbTbXb PaLaRaUaTa PbLbRbUbTbXb"),
        ("each", "one_at_a_time", "stage", "PaLaRaUaTaXa PbLbRbUbTbXb PaLaRaUaTaXa PbLbRbUbTbXb"),
        ("each", "phase_batched", "run", "PaLaRaUaTa PbLbRbUbTb LaRaUaTa LbRbUbTbXb"),
        ("each", "phase_batched", "iteration", "PaLaRaUaTa PbLbRbUbTbXb PaLaRaUaTa PbLbRbUbTbXb"),
        ("each", "phase_batched", "stage", "PaLaRaUaTaXa PbLbRbUbTbXb PaLaRaUaTaXa PbLbRbUbTbXb"),
        ("each", "all_resident", "run", "PaLaPbLbRa RbUaTaUbTb LaLbRa RbUaTaUbTbXaXb"),
        ("each", "all_resident", "iteration", "PaLaPbLbRa RbUaTaUbTbXaXb PaLaPbLbRa RbUaTaUbTbXaXb"),
        ("each", "all_resident", "stage", "PaLaPbLbRa RbUaTaXaUbTbXb PaLaPbLbRa RbUaTaXaUbTbXb"),
    ],
)
def test_trim_comes_after_each_unload_or_before_a_worker_ends(
    trim: Trim, residency: Residency, isolation: Isolation, expected: str
) -> None:
    """Two iterations of two stages that are recreated, over one utterance."""
    protocol = Protocol(order=("a", "b"), iterations=2, residency=residency, isolation=isolation, trim=trim)
    assert written(walk(protocol, 1)[0]) == expected


def test_a_model_that_stays_is_trimmed_after_each_run() -> None:
    """Without an unload nothing else would tell kept memory from leaked; the last run has a trim of its own."""
    protocol = Protocol(order=("a",), iterations=3, lifecycle="reuse", trim="each")
    assert written(walk(protocol, 1)[0]) == "PaLaRaTa RaTa RaTaUaTaXa"


# --- rests ---------------------------------------------------------------------------------------------------------


def rested(protocol: Protocol, utterances: int, one_per_process: frozenset[str] = frozenset()) -> str:
    """Return every command of a run with the rests between them."""
    machine = Machine(protocol, one_per_process)
    sent = []
    for task, following in pairs(protocol, utterances):
        state = machine.state
        wanted = commands(protocol, task, following, state)
        sent.append(with_rests(protocol, wanted, task, following, state, one_per_process))
        assert [command for command in sent[-1] if command.action is not Action.REST] == wanted
        for command in wanted:
            machine.do(command)
    return written(sent)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "PaLaRaUa PbLbRbUb LaRaUa LbRbUb-b LaRaUa LbRbUb LaRaUa LbRbUbTb-bXb"),
        ({"isolation": "iteration"}, "PaLaRaUa PbLbRbUb LaRaUa LbRbUbTb-bXb PaLaRaUa PbLbRbUb LaRaUa LbRbUbTb-bXb"),
        ({"isolation": "stage"}, " ".join(["PaLaRaUaTa-aXa PbLbRbUbTb-bXb"] * 4)),
        (
            {"residency": "phase_batched", "trim": "each"},
            "PaLaRaUaTa LaRaUaTa PbLbRbUbTb LbRbUbTb-b LaRaUaTa LaRaUaTa LbRbUbTb LbRbUbTb-bXb",
        ),
        ({"residency": "all_resident"}, "PaLaPbLbRa RbUaUb LaLbRa RbUaUb-b LaLbRa RbUaUb LaLbRa RbUaUbTaTb-bXaXb"),
        (
            {"residency": "all_resident", "lifecycle": "reuse", "isolation": "stage"},
            "PaLaPbLbRa Rb Ra Rb-a-b Ra Rb Ra RbUaTa-aXaUbTb-bXb",
        ),
    ],
)
def test_a_worker_rests_once_an_iteration(changes: dict[str, str], expected: str) -> None:
    """Two iterations over two utterances: after everything else, before it leaves, and not between utterances."""
    assert rested(Protocol(order=("a", "b"), iterations=2, **changes), 2) == expected  # type: ignore[arg-type]


def test_workers_of_stages_that_must_be_alone_rest_each_for_itself() -> None:
    """Under all_resident, with b in a process of its own."""
    protocol = Protocol(order=("a", "b"), iterations=2, residency="all_resident")
    expected = "PaLaPbLbRa RbUaUb-a-b LaLbRa RbUaUbTaTb-aXa-bXb"
    assert rested(protocol, 1, frozenset("b")) == expected


def test_one_rest_for_each_worker_and_iteration_in_every_combination() -> None:
    """As many as there are workers that live in an iteration, and the last command of each but for its leave."""
    for protocol in EVERY:
        found = rested(protocol, 1)
        alone = protocol.isolation == "stage"
        assert found.count("-") == 2 * (len(protocol.order) if alone else 1), protocol
        assert re.search("-.(X.)*$", found), protocol


# --- what holds for every combination -----------------------------------------------------------------------------


@pytest.mark.parametrize("utterances", [1, 3])
def test_trim_adds_trims_and_changes_nothing_else(utterances: int) -> None:
    """Without its T commands a schedule is that of trim=never; ``each`` has one an unload, and one a run that stays."""
    for protocol in EVERY:
        never = Protocol(
            order=protocol.order,
            iterations=2,
            lifecycle=protocol.lifecycle,
            residency=protocol.residency,
            isolation=protocol.isolation,
            trim="never",
        )
        found = written(walk(protocol, utterances)[0])
        assert re.sub("T.", "", found) == written(walk(never, utterances)[0]), protocol
        if protocol.trim == "each":
            stays = found.count("R") if protocol.lifecycle != "recreate" else 0
            assert found.count("T") == found.count("U") + stays, protocol
        if protocol.trim == "end":
            assert re.search("T.*X.$", found), protocol


@pytest.mark.parametrize("utterances", [1, 3])
def test_no_more_models_are_loaded_than_the_residency_allows(utterances: int) -> None:
    """At any time, in every combination; the machine refuses commands that make no sense."""
    for protocol in EVERY:
        _, machine = walk(protocol, utterances)
        assert machine.most_loaded == min(len(protocol.order), LOADED_AT_MOST[protocol.residency]), protocol


@pytest.mark.parametrize("utterances", [1, 3])
def test_every_load_has_its_unload_and_every_worker_ends(utterances: int) -> None:
    """After the last task nothing is loaded and no worker lives, in every combination."""
    for protocol in EVERY:
        sent, machine = walk(protocol, utterances)
        assert machine.loads == machine.unloads >= 1, protocol
        assert (machine.prepared, machine.loaded) == ({}, {}), protocol
        runs = [command.stage for task in sent for command in task if command.action is Action.RUN]
        assert runs == [task.stage for task in tasks(protocol, utterances)], protocol


@pytest.mark.parametrize("isolation", ISOLATIONS)
@pytest.mark.parametrize("residency", RESIDENCIES)
def test_only_a_model_that_has_worked_is_restarted(residency: Residency, isolation: Isolation) -> None:
    """Restart stands between two uses of a model, never before its first."""
    for order in (("a",), ("a", "b")):
        protocol = Protocol(
            order=order, iterations=2, lifecycle="restart", residency=residency, isolation=isolation, trim="never"
        )
        for utterances in (1, 3):
            found = written(walk(protocol, utterances)[0])
            for stage in order:
                assert re.search(f"L{stage}((?!R{stage}).)*S{stage}", found) is None, found


def test_lost_workers_need_no_special_case() -> None:
    """Whichever task finds all workers gone prepares and loads again what it needs, and the run ends as it should."""
    for protocol in (one for one in EVERY if one.trim == "end"):
        for lost_at in range(4 * len(protocol.order)):
            sent, machine = walk(protocol, 2, lost_at)
            assert [command.action for command in sent[lost_at][:2]] == [Action.PREPARE, Action.LOAD], protocol
            assert machine.loads == machine.unloads, protocol
            assert (machine.prepared, machine.loaded) == ({}, {}), protocol
            assert machine.most_loaded <= LOADED_AT_MOST[protocol.residency], protocol


@pytest.mark.parametrize(
    ("lifecycle", "trim", "isolation", "expected"),
    [
        ("recreate", "never", "run", "UaUb"),
        ("recreate", "each", "run", "UaTaUbTb"),
        ("recreate", "end", "stage", "UaTaXaUbTbXb"),
        ("restart", "never", "run", ""),
        ("reuse", "each", "stage", ""),
    ],
)
def test_a_trial_that_was_cut_short_gives_back_what_the_next_may_not_have(
    lifecycle: Lifecycle, trim: Trim, isolation: Isolation, expected: str
) -> None:
    """Under recreate all that is loaded, in order; what lives longer than a trial stays."""
    protocol = Protocol(order=("a", "b"), residency="all_resident", lifecycle=lifecycle, trim=trim, isolation=isolation)
    assert written([given_back(protocol, State(loaded=frozenset({"b", "a"})))]) == expected
    assert given_back(protocol, State(prepared=frozenset({"a"}))) == []


@pytest.mark.parametrize("residency", ["one_at_a_time", "phase_batched"])
def test_what_a_cut_trial_left_loaded_goes_before_the_next_load(residency: Residency) -> None:
    """Another stage that is still loaded is unloaded first."""
    protocol = Protocol(order=("a", "b"), residency=residency, trim="never")
    state = State(frozenset({"a", "b"}), frozenset({"b"}))
    found = commands(protocol, Task(1, 1, 0, "a"), Task(1, 1, 0, "b"), state)
    assert written([found]) == "UbLaRaUa"


@pytest.mark.parametrize(
    ("residency", "isolation", "one_per_process", "expected"),
    [
        ("one_at_a_time", "run", {"b"}, {"a": "shared", "b": "shared"}),
        ("phase_batched", "iteration", {"b"}, {"a": "shared", "b": "shared"}),
        ("one_at_a_time", "stage", set(), {"a": "a", "b": "b"}),
        ("all_resident", "run", set(), {"a": "shared", "b": "shared"}),
        ("all_resident", "run", {"b"}, {"a": "shared", "b": "b"}),
        ("all_resident", "iteration", {"a", "b"}, {"a": "a", "b": "b"}),
        ("all_resident", "stage", set(), {"a": "a", "b": "b"}),
    ],
)
def test_a_stage_lives_alone_where_it_must(
    residency: Residency, isolation: Isolation, one_per_process: set[str], expected: dict[str, str]
) -> None:
    """isolation=stage parts all; a stage that stands no second model is parted only where there would be one."""
    protocol = Protocol(order=("a", "b"), residency=residency, isolation=isolation)
    assert {stage: worker_of(protocol, stage, one_per_process) for stage in protocol.order} == expected


def test_what_a_task_leaves_undone_is_sent_for_loaded_models_alone() -> None:
    """The last task of a run cannot be done: the model that was kept for it goes; where there is none, nothing does."""
    protocol = Protocol(order=("asr",), iterations=1, lifecycle="reuse", trim="end")
    last = Task(2, 0, 2, "asr")
    loaded = State(prepared=frozenset({"asr"}), loaded=frozenset({"asr"}))
    assert [command.action for command in left_undone(protocol, last, None, loaded)] == [
        Action.UNLOAD,
        Action.TRIM,
        Action.LEAVE,
    ]
    assert left_undone(protocol, last, None, State()) == []
    assert left_undone(protocol, Task(1, 0, 1, "asr"), last, loaded) == []
