import os
from dataclasses import replace
from pathlib import Path

import pytest

from harness import store
from harness.errors import StoreError
from harness.protocol import Protocol
from harness.resuming.identity import (
    Identity,
    Stamp,
    completed,
    config_of,
    hashed,
    machine_of,
    mixed,
    models_of,
    read_identity,
    remembered,
)
from tests import stored

IDENTITY = hashed(Identity(config={"iterations": "3"}, library={"python": "3.11.7"}))


def test_each_part_has_a_hash_and_counts_for_the_whole() -> None:
    """A changed part changes its own hash and that of all; files that engines named change none."""
    other = hashed(replace(IDENTITY, library={"python": "3.12.1"}))
    differing = [name for name in IDENTITY.parts if IDENTITY.parts[name] != other.parts[name]]
    assert (differing, IDENTITY.sha256 == other.sha256) == (["library"], False)
    assert hashed(replace(IDENTITY, files={"/m": Stamp(1, 2, "ab")})).sha256 == IDENTITY.sha256
    two = {"iterations": "3", "seed": "1"}
    assert hashed(Identity(config=two)) == hashed(Identity(config=dict(sorted(two.items(), reverse=True))))


def test_the_configuration_is_what_decides_what_is_measured() -> None:
    """A run and what is read of it from disk say the same; how it is shown is not in it, a block of a cell is."""
    config = config_of(stored.run(charts=("svg",), subtitles=("srt",)))
    assert config == config_of(stored.run())
    assert (config["order"], config["iterations"], config["asr"]) == ('["asr","aligner"]', "3", '"madeup"')
    assert (config["asr.piece_ms"], config["dataset.audio"]) == ("100", '"samples/jfk.wav"')
    changed = config_of(stored.run(protocol=Protocol(order=("asr", "aligner"), iterations=4, threads=2), block=1))
    assert {key for key in config if config[key] != changed[key]} == {"iterations", "sweep.block"}


def test_the_machine_is_what_timings_depend_on() -> None:
    """Not its kernel, and not the last MiB of its memory."""
    assert machine_of(stored.environment()) == {
        "hostname": "nowhere",
        "machine": "x86_64",
        "processor": "Made Up 9000",
        "cores": "4",
        "usable cores": "2",
        "memory": "8.0 GiB",
    }
    assert machine_of(stored.environment(memory_mib=8190.0, system="Linux 6.2")) == machine_of(stored.environment())


def test_models_are_the_files_that_options_name(tmp_path: Path) -> None:
    """And those in a folder that one names; known by size and time, for they are not read."""
    (tmp_path / "models").mkdir()
    for path in (tmp_path / "a.bin", tmp_path / "models" / "b.bin"):
        path.write_bytes(b"model")
        os.utime(path, ns=(7, 7))
    stage = stored.run().stages[0]
    options = {"model": str(tmp_path / "a.bin"), "folder": str(tmp_path / "models"), "name": "tiny", "n": 3, "no": ""}
    stamp = Stamp(5, 7)
    assert models_of([replace(stage, options=options)]) == {
        str(tmp_path / "a.bin"): stamp,
        str(tmp_path / "models" / "b.bin"): stamp,
    }


def test_the_end_of_a_run_knows_hashes(tmp_path: Path) -> None:
    """They go to the files that are as they were, and leave the identity's own hash alone."""
    model = tmp_path / "a.bin"
    model.write_bytes(b"model")
    os.utime(model, ns=(7, 7))
    before = hashed(Identity(config={}, model={str(model): Stamp(5, 7)}))
    after = completed(before, {str(model): {"sha256": "ab", "size_bytes": 5}, "/gone": {"error": "No such file"}})
    known = {str(model): Stamp(5, 7, "ab")}
    assert (after.model, after.files, after.sha256) == (known, known, before.sha256)
    assert remembered(before, after) == after
    os.utime(model, ns=(8, 8))
    assert completed(before, {str(model): {"sha256": "ab"}}).model == before.model


def test_what_goes_on_from_two_identities_has_none() -> None:
    """Neither now, nor when it goes on again."""
    assert mixed(IDENTITY).sha256 == ""
    assert remembered(IDENTITY, mixed(IDENTITY)).sha256 == ""
    assert remembered(IDENTITY, IDENTITY).sha256 == IDENTITY.sha256


def test_a_folder_without_an_identity_says_what_its_record_says(tmp_path: Path) -> None:
    """Of an older version, or of a run that was killed before it was written; without an environment still less."""
    run, environment = stored.run(corpus=stored.corpus()), stored.environment()
    known = read_identity(tmp_path, run, environment)
    assert (known.whole, known.sha256, known.code) == (False, "", {"harness": "0.1.0"})
    assert known.library == {"python": "3.11.7", "numpy": "2.0.0"}
    assert (known.data["selection"], known.machine["hostname"]) == (stored.corpus().sha256, "nowhere")
    assert read_identity(tmp_path, run, None).machine == {}
    store.write_json(tmp_path / store.IDENTITY, IDENTITY)
    assert read_identity(tmp_path, run, environment) == IDENTITY
    (tmp_path / store.IDENTITY).write_text("{")
    with pytest.raises(StoreError, match=r"identity\.json"):
        read_identity(tmp_path, run, environment)
