from pathlib import Path

from harness import store
from harness.analysis.leg_environments import hostnames, leg_environments
from tests import stored


def test_each_leg_has_its_own(tmp_path: Path) -> None:
    """One that is damaged or was never written is unknown; the seam has the later ones' names all the same."""
    run = stored.run(seams=(stored.seam(1), stored.seam(2, hostname="third")))
    first, newest = stored.environment(hostname="first"), stored.environment(hostname="third")
    store.write_json(tmp_path / store.environment_name(0), first)
    (tmp_path / store.environment_name(1)).write_text("rubbish")
    found = leg_environments(tmp_path, run, newest)
    assert found == (first, None, newest)
    assert hostnames(run, found) == ("first", "elsewhere", "third")
    assert hostnames(run, (None, None, None)) == ("", "elsewhere", "third")
    assert leg_environments(tmp_path, stored.run(), newest) == (newest,)
