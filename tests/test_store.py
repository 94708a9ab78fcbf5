import gc
import os
import sys
from pathlib import Path

import msgspec
import pytest

from harness import store
from harness.errors import DiskError, StoreError
from harness.metrics import Metric, absent, constant, ratio, sample
from harness.protocol import Protocol
from harness.records import (
    SCHEMA,
    Delivery,
    Environment,
    Observation,
    Outcome,
    Phase,
    ProbeRecord,
    Run,
    StageRecord,
    Trial,
    Utterance,
    Visit,
    Word,
)

RUN = Run(
    id="12-00-00",
    started_at="2026-01-01T12:00:00.000+00:00",
    harness_version="0.1.0",
    protocol=Protocol(order=("asr", "aligner"), iterations=2),
    stages=(
        StageRecord(
            key="asr",
            role="asr",
            name="scripted",
            origin="tests",
            options={"text": "grüß dich", "keep_mib": 1.5},
            streams="pieces",
            uses_threads=False,
            one_per_process=False,
            label="scripted",
        ),
    ),
    probes=(ProbeRecord(name="rss", origin="tests", options={}, metrics=(Metric(name="peak_mib", unit="MiB"),)),),
    dataset={"audio": "jfk.wav", "transcript": None},
    trials=2,
    notes=("a note",),
)
ENVIRONMENT = Environment(
    hostname="host",
    system="Linux 6",
    machine="x86_64",
    processor="cpu",
    cores=2,
    usable_cores=2,
    memory_mib=1024.5,
    python="3.11.7",
    versions={"numpy": "2.0"},
    limits={},
    git={"commit": "abc"},
)
FULL = Trial(
    index=1,
    iteration=1,
    utterance=Utterance("jfk", "jfk.wav", "/tmp/jfk.wav", 11.0, None, "the transcript 'jfk.txt' is empty"),
    started_at="2026-01-01T12:00:01.000+00:00",
    warmup=True,
    visits=(
        Visit(
            "asr",
            "asr",
            "hypotheses",
            phases=(
                Phase(
                    "load", 10**18, 10**18 + 1, 5, 0, 42, ("asr",), {"version": "1", "files": ["/a"], "deep": {"a": 1}}
                ),
            ),
            observations=(Observation("loaded", 7, "rss", 0, {"rss_kib": 14_700.0, "peak_kib": None}),),
            deliveries=(Delivery(8, "grüß"), Delivery(9, " dich\n🎤")),
            text="grüß dich\n🎤",
        ),
        Visit("aligner", "aligner", text_from="asr", words=(Word("grüß", 0.0, 0.1 + 0.2),)),
    ),
    outcome=Outcome("crashed", "aligner", "run", "SIGSEGV", ("last", "words")),
    most_loaded=1,
    measurements=(
        sample("asr", "ttft_ms", 1 / 3),
        ratio("asr", "wer", 3, 22),
        constant("asr", "transcript", "grüß dich"),
        absent("memory", "peak_mib", "no peak was read"),
    ),
    problems=("rss failed in observe at ran: OSError: no",),
)


def trial(index: int) -> Trial:
    """Return a small trial."""
    return Trial(index, index, Utterance("a", "a.wav", "/a.wav", 1.0), "2026-01-01")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a run that has two trials."""
    store.write_json(tmp_path / store.RUN, RUN)
    log = store.TrialLog(tmp_path)
    log.append(trial(0))
    log.append(FULL)
    log.close()
    return tmp_path


def test_a_trial_comes_back_equal(folder: Path) -> None:
    """Every field of every record, to the last bit of each number."""
    assert store.read_run(folder) == store.StoredRun(
        folder, RUN, None, (trial(0), FULL), (), store.trials_stamp(folder)
    )


def test_an_environment_is_read_where_there_is_one(folder: Path) -> None:
    """It is written before the first trial and again after the last."""
    store.write_json(folder / store.ENVIRONMENT, ENVIRONMENT)
    assert store.read_run(folder).environment == ENVIRONMENT


def test_a_run_that_has_no_trial_yet_is_read(tmp_path: Path) -> None:
    """Killed before its first trial was over."""
    store.write_json(tmp_path / store.RUN, RUN)
    assert store.read_run(tmp_path).trials == ()


def test_each_trial_is_one_line_that_is_there_at_once(tmp_path: Path) -> None:
    """Another reader sees it before the log is closed; a second log goes on where the first ended."""
    for count in (1, 2):
        log = store.TrialLog(tmp_path)
        log.append(FULL)
        assert (tmp_path / store.TRIALS).read_bytes() == (msgspec.json.encode(FULL) + b"\n") * count
        log.close()


def test_a_trial_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``append`` returns when the kernel has been asked to write it to the disk."""
    synced: list[int] = []
    log = store.TrialLog(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_size))
    log.append(trial(0))
    log.close()
    assert synced == [len(msgspec.json.encode(trial(0))) + 1]


@pytest.mark.parametrize("kept", [1, 30, -1])
def test_a_torn_last_line_is_dropped_with_a_note(folder: Path, kept: int) -> None:
    """What a killed writer leaves costs that trial alone."""
    first, second = (folder / store.TRIALS).read_bytes().splitlines()
    (folder / store.TRIALS).write_bytes(first + b"\n" + second[:kept])
    stored = store.read_run(folder)
    assert stored.trials == (trial(0),)
    assert stored.notes == ("trials.jsonl: the last line is torn and was dropped (line 2)",)


def test_a_last_line_that_lacks_its_end_alone_is_whole(folder: Path) -> None:
    """Nothing of the trial is missing."""
    content = (folder / store.TRIALS).read_bytes()
    (folder / store.TRIALS).write_bytes(content.rstrip(b"\n"))
    assert store.read_run(folder).trials == (trial(0), FULL)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"index": 0', "Input data was truncated"),
        (b"", "Input data was truncated"),
        (b'{"index": 0}', "Object missing required field `iteration`"),
        (b"\xff\xfe", "JSON is malformed: invalid character (byte 0)"),
    ],
)
@pytest.mark.parametrize("place", [0, 1])
def test_a_damaged_line_is_refused(folder: Path, line: bytes, reason: str, place: int) -> None:
    """In the middle or with a line's end: no killed writer leaves that."""
    lines = (folder / store.TRIALS).read_bytes().splitlines()
    lines[place] = line
    (folder / store.TRIALS).write_bytes(b"\n".join(lines) + b"\n")
    with pytest.raises(StoreError) as caught:
        store.read_run(folder)
    path = folder / store.TRIALS
    assert str(caught.value) == f"run folder: found '{path}' line {place + 1} ({reason}), expected a trial"


@pytest.mark.parametrize("schema", [0, SCHEMA + 1, "1", None])
def test_another_schema_is_refused(folder: Path, schema: object) -> None:
    """The line says which one was found and which one this version reads."""
    run = msgspec.json.decode((folder / store.RUN).read_bytes())
    store.write_json(folder / store.RUN, {**run, "schema": schema})
    with pytest.raises(StoreError) as caught:
        store.read_run(folder)
    advice = "; a newer asr-align-harness wrote it, and reads it" if schema == SCHEMA + 1 else ""
    assert str(caught.value) == f"run folder: found '{folder}' of schema {schema}, expected schema 1 to 3{advice}"


def test_a_folder_of_the_first_schema_is_read(folder: Path) -> None:
    """What it does not say has its default: a cell of one block."""
    run = msgspec.json.decode((folder / store.RUN).read_bytes())
    for later in ("block", "blocks"):
        del run[later]
    store.write_json(folder / store.RUN, {**run, "schema": 1})
    found = store.read_run(folder)
    assert (found.run.schema, found.run.block, found.run.blocks, len(found.trials)) == (1, 0, 1, 2)


@pytest.mark.parametrize("enabled", [True, False])
def test_reading_leaves_the_collector_as_it_was(folder: Path, *, enabled: bool) -> None:
    """It rests while records are made, also where a line of them is damaged."""
    was_enabled = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        store.read_run(folder)
        assert gc.isenabled() is enabled
        (folder / store.TRIALS).write_bytes(b"{}\n{}\n")
        with pytest.raises(StoreError):
            store.read_run(folder)
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if was_enabled else gc.disable)()


def test_the_stamp_of_trials(folder: Path) -> None:
    """Reading the trials and looking at their file give the same one; one more byte gives another; no file, none."""
    stamp = store.trials_stamp(folder)
    assert stamp is not None
    assert stamp.size_bytes == (folder / store.TRIALS).stat().st_size
    assert store.read_run(folder).stamp == stamp
    with (folder / store.TRIALS).open("ab") as file:
        file.write(b"{")
    assert store.read_run(folder).stamp == store.trials_stamp(folder) != stamp
    (folder / store.TRIALS).unlink()
    assert store.trials_stamp(folder) is store.read_run(folder).stamp is None


def test_the_stamp_of_a_large_file(folder: Path) -> None:
    """Its two ends count, which are read; so does its size."""
    path = folder / store.TRIALS
    path.write_bytes(b"a" * 300_000)
    first = store.trials_stamp(folder)
    path.write_bytes(b"a" * 299_999 + b"b")
    assert store.trials_stamp(folder) != first
    path.write_bytes(b"b" + b"a" * 299_999)
    assert store.trials_stamp(folder) != first
    path.write_bytes(b"a" * 300_001)
    assert store.trials_stamp(folder) != first


def test_a_run_from_before_there_was_sampling(folder: Path) -> None:
    """Its record has no rate, and the default of today is not what it was done with."""
    stored = msgspec.json.decode((folder / store.RUN).read_bytes())
    del stored["protocol"]["sample_hz"]
    store.write_json(folder / store.RUN, stored)
    assert store.read_run(folder).run.protocol.sample_hz == 0.0


def test_a_folder_that_is_no_runs_is_refused(tmp_path: Path) -> None:
    """Missing, a file, without a run in it, with something else under the run's name."""
    missing = tmp_path / "missing"
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    (tmp_path / "strange").mkdir()
    (tmp_path / "strange" / "run.json").write_text("[1]")
    lines = []
    for folder in (missing, tmp_path / "file", tmp_path / "empty", tmp_path / "strange"):
        with pytest.raises(StoreError) as caught:
            store.read_run(folder)
        lines.append(str(caught.value))
    assert lines == [
        f"run folder: found '{missing}', expected the folder of a run",
        f"run folder: found '{tmp_path / 'file'}', expected the folder of a run",
        f"run folder: found '{tmp_path / 'empty'}' without run.json, expected the folder of a run",
        f"run folder: found '{tmp_path / 'strange' / 'run.json'}' (Expected `object`, got `array`), "
        "expected schema 1 to 3",
    ]


# --- writing ----------------------------------------------------------------------------------------------------


def test_claim_makes_the_folder_with_its_parents(tmp_path: Path) -> None:
    """And leaves nothing in it; an empty one is as good."""
    folder = tmp_path / "a" / "b"
    store.claim(folder)
    store.claim(folder)
    assert list(folder.iterdir()) == []


def test_claim_refuses_a_folder_with_a_run_in_it(folder: Path) -> None:
    """Trials of two runs never stand in one file."""
    with pytest.raises(StoreError) as caught:
        store.claim(folder)
    assert str(caught.value) == f"output folder: found '{folder}' with a run in it, expected a folder without one"


def test_claim_refuses_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """A file stands where a parent or the folder itself should."""
    (tmp_path / "file").write_text("")
    for folder, reason in ((tmp_path / "file", "File exists"), (tmp_path / "file" / "run", "Not a directory")):
        with pytest.raises(StoreError) as caught:
            store.claim(folder)
        assert str(caught.value) == f"output folder: found '{folder}' ({reason}), expected a folder that can be written"


def test_claim_refuses_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder may exist and be on a read-only disk."""

    def refuse(*_arguments: object, **_more: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    with pytest.raises(StoreError) as caught:
        store.claim(tmp_path)
    assert str(caught.value) == (
        f"output folder: found '{tmp_path}' (Read-only file system), expected a folder that can be written"
    )


def test_json_is_indented_and_ends_with_a_line(tmp_path: Path) -> None:
    """For people and for diff; characters stand as they are."""
    store.write_json(tmp_path / "a.json", {"wörter": [1]})
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == '{\n  "wörter": [\n    1\n  ]\n}\n'
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    """Nothing of the old one is left, nor of the temporary one."""
    store.write_text(tmp_path / "a", "old and long")
    store.write_text(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("step", ["open", "sync", "rename"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Disk full: one line that names the file, the old content, and no temporary."""
    store.write_text(tmp_path / "a", "old")

    def refuse(*_arguments: object, **_more: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        if step == "open":
            patch.setattr(store, "opened", refuse)
        elif step == "sync":
            patch.setattr(os, "fsync", refuse)
        else:
            patch.setattr(Path, "replace", refuse)
        with pytest.raises(StoreError) as caught:
            store.write_text(tmp_path / "a", "new")
    path = tmp_path / "a"
    assert str(caught.value) == (
        f"output file: found '{path}' (No space left on device), expected a file that can be written"
    )
    assert [child.name for child in tmp_path.iterdir()] == ["a"]
    assert path.read_text() == "old"


def test_a_record_that_is_no_json_touches_nothing(tmp_path: Path) -> None:
    """It is encoded before a file is opened."""
    with pytest.raises(TypeError):
        store.write_json(tmp_path / "a", {"a": object()})
    assert list(tmp_path.iterdir()) == []


def test_read_json_refuses_another_shape(tmp_path: Path) -> None:
    """The line names the file and what is wrong with it."""
    path = tmp_path / store.FAILURE
    store.write_json(path, store.Failure(("threads=0",), "threads: found 0"))
    assert store.read_json(path, store.Failure) == store.Failure(("threads=0",), "threads: found 0", SCHEMA)
    store.write_json(path, {"overrides": 1})
    with pytest.raises(StoreError) as caught:
        store.read_json(path, store.Failure)
    assert str(caught.value) == (
        f"run folder: found '{path}' (Expected `array`, got `int` - at `$.overrides`), expected schema 1 to 3"
    )


def test_read_json_refuses_what_cannot_be_read(tmp_path: Path) -> None:
    """A folder under the name of a file."""
    (tmp_path / store.SUMMARY).mkdir()
    with pytest.raises(StoreError) as caught:
        store.read_json(tmp_path / store.SUMMARY, dict)
    path = tmp_path / store.SUMMARY
    assert str(caught.value) == f"run folder: found '{path}' (Is a directory), expected a file that can be read"


def test_trials_are_being_written_while_their_log_is_open(tmp_path: Path) -> None:
    """The lock is the log's, and goes when it is closed; where there is no log nobody writes."""
    assert store.is_being_written(tmp_path) is False
    log = store.TrialLog(tmp_path)
    assert store.is_being_written(tmp_path) is True
    log.close()
    assert store.is_being_written(tmp_path) is False


def test_asking_who_writes_leaves_no_lock(tmp_path: Path) -> None:
    """A log that is opened afterwards is seen."""
    (tmp_path / store.TRIALS).touch()
    assert store.is_being_written(tmp_path) is False
    log = store.TrialLog(tmp_path)
    assert store.is_being_written(tmp_path) is True
    log.close()


def test_where_there_are_no_locks_nobody_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On such a platform a log is written all the same."""
    monkeypatch.setitem(sys.modules, "fcntl", None)
    log = store.TrialLog(tmp_path)
    assert store.is_being_written(tmp_path) is False
    log.close()


def test_trials_one_by_one(folder: Path, tmp_path: Path) -> None:
    """As the whole run reads them, a torn last line dropped with the same note; written they are the same again."""
    (tmp_path / "copy").mkdir()
    store.write_trials(tmp_path / "copy", store.each_trial(folder, []))
    whole = store.read_run(folder).trials
    assert tuple(store.each_trial(tmp_path / "copy", [])) == whole
    with (folder / store.TRIALS).open("ab") as file:
        file.write(b'{"torn')
    notes: list[str] = []
    assert tuple(store.each_trial(folder, notes)) == whole
    assert notes == list(store.read_run(folder).notes) != []
    assert list(store.each_trial(tmp_path / "copy" / "none", [])) == []


# --- a disk that takes no more ----------------------------------------------------------------------------------


def refuse(*_arguments: object, **_more: object) -> None:
    """Raise what a full disk raises."""
    raise OSError(28, "No space left on device")


def test_a_trial_that_is_not_taken_is_cut_off_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those before it stay, nothing of it does, and the next goes behind them when there is room."""
    store.write_json(tmp_path / store.RUN, RUN)
    log = store.TrialLog(tmp_path)
    log.append(trial(0))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        with pytest.raises(DiskError) as caught:
            log.append(FULL)
    path = tmp_path / store.TRIALS
    assert str(caught.value) == (
        f"output file: found '{path}' (No space left on device), expected a file that can be written"
    )
    assert (caught.value.number, caught.value.path) == (28, path)
    assert path.read_bytes() == msgspec.json.encode(trial(0)) + b"\n"
    log.append(trial(1))
    log.close()
    assert [one.index for one in store.read_run(tmp_path).trials] == [0, 1]


@pytest.mark.skipif(not hasattr(os, "O_DIRECTORY"), reason="the platform has no limit on a file's size")
def test_a_part_of_a_trial_is_cut_off_again(tmp_path: Path) -> None:
    """The system takes what fits, and refuses the rest: here a limit on the size of a file in place of a disk."""
    import resource

    log = store.TrialLog(tmp_path)
    log.append(trial(0))
    size = (tmp_path / store.TRIALS).stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, before[1]))
    try:
        with pytest.raises(DiskError, match="File too large"):
            log.append(trial(1))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    log.close()
    assert (tmp_path / store.TRIALS).stat().st_size == size


def test_what_cannot_be_cut_off_is_a_torn_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader drops it with a note."""
    store.write_json(tmp_path / store.RUN, RUN)
    (tmp_path / store.TRIALS).write_bytes(msgspec.json.encode(trial(0)) + b'\n{"index":1,')
    read = store.read_run(tmp_path)
    assert ([one.index for one in read.trials], len(read.notes)) == ([0], 1)


def test_the_folder_is_synced_with_its_new_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file on the disk is of no use where its name is not: once for the log, once for each file that is renamed."""
    synced: list[str] = []
    real = os.fsync

    def note(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    store.TrialLog(tmp_path).close()
    store.write_text(tmp_path / "a", "text")
    store.write_text(tmp_path / "b", "text", synced=False)
    assert synced == [tmp_path.name, f".a.{os.getpid()}", tmp_path.name]


def test_trials_that_are_set_aside_follow_whole_lines_only(tmp_path: Path) -> None:
    """What a killed writer left behind the last line does not spoil the next."""
    path = tmp_path / store.INTERRUPTED
    store.append_trials(path, [trial(0)])
    with path.open("ab") as file:
        file.write(b'{"index":')
    store.append_trials(path, [trial(1)])
    assert path.read_bytes().count(b"\n") == 2
    assert b'{"index":{' not in path.read_bytes()


def test_a_folder_in_which_nothing_has_run_is_left_empty(tmp_path: Path) -> None:
    """So that the same command can be given again; one with a trial stays as it is."""
    for name in (store.RUN, store.CONFIG, store.TRIALS, store.ENGINE_LOG, "engine-asr.log"):
        (tmp_path / name).touch()
    store.forsake(tmp_path)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / store.TRIALS).write_bytes(b"{")
    store.forsake(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [store.TRIALS]


def test_a_folder_in_a_run_is_made_once(tmp_path: Path) -> None:
    """Where a file has its name, the line says so."""
    store.make_folder(tmp_path / "charts")
    store.make_folder(tmp_path / "charts")
    (tmp_path / "words").touch()
    with pytest.raises(StoreError, match="File exists"):
        store.make_folder(tmp_path / "words")
