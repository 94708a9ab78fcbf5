from dataclasses import replace
from pathlib import Path

from harness import store
from harness.analysis.machines import Machine, by_kind, labels, machine_of, machines_by_leg, of_one_kind
from harness.records import Seam
from tests import stored
from tests.over_machines import ALPHA, BETA, GAMMA, ON_ALPHA, ON_BETA, ON_GAMMA


def test_two_nodes_of_one_kind_are_two_machines() -> None:
    """A reboot changes neither; another processor under the same name is another machine."""
    assert ON_ALPHA != ON_BETA
    assert of_one_kind(ON_ALPHA, ON_BETA)
    assert not of_one_kind(ON_ALPHA, ON_GAMMA)
    assert machine_of(replace(ALPHA, memory_mib=8190.0, system="Linux 6.2")) == ON_ALPHA
    assert machine_of(replace(ALPHA, processor="Other 1")) != ON_ALPHA
    assert not of_one_kind(Machine("a"), Machine("b"))


def test_machines_by_their_kind() -> None:
    """In the order in which the kinds come; one that is known by name only stands alone."""
    lost = Machine("lost")
    groups = by_kind([ON_ALPHA, ON_GAMMA, lost, ON_BETA])
    assert groups == [(ON_ALPHA.kind, [ON_ALPHA, ON_BETA]), (ON_GAMMA.kind, [ON_GAMMA]), (None, [lost])]
    assert str(ON_ALPHA.kind) == "Made Up 9000, 4 cores, 8 GiB, x86_64"


def test_names_are_as_short_as_tells_them_apart() -> None:
    """A control character is shown, an address is not cut."""
    one, other = Machine("node.a"), Machine("node.b")
    assert list(labels([ON_ALPHA, one, other, Machine("10.0.0.1"), Machine("x\x1b")]).values()) == [
        "alpha",
        "node.a",
        "node.b",
        "10.0.0.1",
        "x\\x1b",
    ]
    same = [Machine("pc", "One"), Machine("pc", "Two"), Machine("pc", "Two", cores=4), Machine("pc", "Two", "arm", 4)]
    assert list(labels(same).values()) == [
        "pc (One)",
        "pc (Two, 0 cores)",
        "pc (Two, 4 cores) #1",
        "pc (Two, 4 cores) #2",
    ]


def test_legs_of_a_run_that_went_on_elsewhere(tmp_path: Path) -> None:
    """Of a leg whose environment was never written the seam knows the name."""
    seams = tuple(
        Seam(leg=leg, at="", hostname=host, harness_version="", kept=1)
        for leg, host in ((1, "lost"), (2, BETA.hostname), (3, GAMMA.hostname))
    )
    store.write_json(tmp_path / store.environment_name(0), ALPHA)
    run = stored.run(seams=seams)
    expected = {0: ON_ALPHA, 1: Machine("lost"), 2: Machine(BETA.hostname), 3: ON_GAMMA}
    assert machines_by_leg(tmp_path, run, GAMMA) == expected
    assert machines_by_leg(tmp_path, stored.run(), None) == {}
