import os
from dataclasses import replace
from pathlib import Path

import pytest

from harness.corpus.corpus import decoded
from harness.plan import Plan, make_plan
from harness.plugins import Registry
from harness.records import Utterance
from harness.resuming import identification
from harness.resuming.identification import identity_of
from tests import stored
from tests.conftest import FACTS, MakeSettings

Made = tuple[Plan, Utterance]


@pytest.fixture
def made(settings: MakeSettings, registry: Registry, utterance: Utterance) -> Made:
    """Return the plan of a run of one stage over one utterance."""
    return make_plan(settings(order=("asr",)), registry, decoded([utterance]), FACTS), utterance


def differing(one: Plan, other: Plan) -> list[str]:
    """Return the parts in which two plans' identities differ."""
    first, second = (identity_of(plan, stored.environment()) for plan in (one, other))
    assert (first.sha256 == second.sha256) == (first == second)
    return [name for name in first.parts if first.parts[name] != second.parts[name]]


def test_everything_that_counts_is_there(made: Made) -> None:
    """Known before an engine is prepared."""
    identity = identity_of(made[0], stored.environment())
    assert list(identity.code) == ["harness", "harness source", "stage asr"]
    assert identity.code["stage asr"].startswith("tests.engine.scripted, source ")
    assert {"python", "numpy", "soxr"} <= identity.library.keys()
    assert (identity.machine["hostname"], identity.config["asr"], identity.model) == ("nowhere", '"scripted"', {})
    assert list(identity.data) == ["selection", "audio"]


def test_the_same_run_elsewhere_on_the_disk_is_the_same(made: Made, tmp_path: Path) -> None:
    """Audio counts by its content; what is said in it counts as well."""
    plan, utterance = made
    copy = tmp_path / "copy.wav"
    copy.write_bytes(Path(utterance.audio).read_bytes())
    moved = replace(plan, corpus=decoded([replace(utterance, audio=str(copy))]))
    assert differing(plan, moved) == []
    assert differing(plan, replace(plan, corpus=decoded([replace(utterance, reference="so")]))) == ["data"]
    copy.write_bytes(b"other")
    assert differing(plan, moved) == ["data"]


def test_much_audio_is_known_by_its_stamps(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """To read it all would take longer than what is won."""
    plan, utterance = made
    monkeypatch.setattr(identification, "READ_BYTES", 0)
    before = identity_of(plan, stored.environment())
    os.utime(utterance.audio, (1, 1))
    assert identity_of(plan, stored.environment()).data["audio"] != before.data["audio"]
