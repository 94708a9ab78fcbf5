import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from harness import store
from harness.errors import StoreError
from harness.records import Outcome, Rescoring, Run
from harness.resuming.ownership import own
from harness.resuming.stored_config import read_config
from tests import stored
from tests.whole.command import SCRIPTED, Ran, called, json_of, lines_of, settle

Resume = Callable[..., Ran]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run of two trials, one stage, that is finished."""
    folder = tmp_path_factory.mktemp("done")
    with pytest.MonkeyPatch.context() as patch:
        from harness.cli import status_of

        settle(folder, patch)
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
        assert status_of([*SCRIPTED, "order=[asr]", "iterations=2", "quiet=true", "hydra.run.dir=outputs/run"]) == 0
        return Path("outputs/run").resolve()


@pytest.fixture
def folder(done: Path, tmp_path: Path) -> Path:
    """Return a copy of the run as it was after its first trial, when it was killed."""
    copy = tmp_path / "run"
    shutil.copytree(done, copy)
    for name in (store.SUMMARY, store.ORIGINAL, store.REPORT_MD, store.REPORT_HTML, store.DIFFERS):
        (copy / name).unlink()
    first, _ = (copy / store.TRIALS).read_bytes().splitlines(keepends=True)
    (copy / store.TRIALS).write_bytes(first)
    return copy


@pytest.fixture
def resume(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Resume:
    """Return a function that carries the command out in another folder than that of the run."""
    settle(tmp_path, monkeypatch)
    monkeypatch.setattr("sys.path", [*__import__("sys").path])

    def carry_out(folder: Path, *arguments: str) -> Ran:
        monkeypatch.chdir(tmp_path)
        return called(capsys, ["resume", str(folder), *arguments])

    return carry_out


def change(path: Path, **values: object) -> None:
    """Put other values into a stored record; None takes one away."""
    record = {**json_of(path), **values}
    path.write_text(json.dumps({name: value for name, value in record.items() if value is not None}))


def indices(folder: Path) -> list[tuple[int, int]]:
    """Return number and leg of each trial, as they lie on disk."""
    return [(trial["index"], trial["leg"]) for trial in lines_of(folder / store.TRIALS)]


def test_what_has_changed_is_refused_unless_it_is_forced(folder: Path, resume: Resume) -> None:
    """All at once, and nothing is written; forced, each line stands in the record, which is of no one identity."""
    identity = json_of(folder / store.IDENTITY)
    change(folder / store.IDENTITY, machine={**identity["machine"], "hostname": "a", "cores": "512"})
    before = (folder / store.RUN).read_bytes()
    ran = resume(folder)
    found = identity["machine"]
    lines = [
        f"machine: hostname: found {found['hostname']}, expected a",
        f"machine: cores: found {found['cores']}, expected 512",
    ]
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.splitlines() == [
        f"harness: run folder: found '{folder}' begun with something else (2 differences), expected what it was "
        "begun with; --force goes on all the same, and the record says so",
        *(f"  {line}" for line in lines),
    ]
    assert ((folder / store.RUN).read_bytes(), indices(folder)) == (before, [(0, 0)])
    ran = resume(folder, "--force")
    assert (ran.status, indices(folder)) == (0, [(0, 0), (1, 1)])
    (seam,) = store.read_json(folder / store.RUN, Run).seams
    assert (seam.leg, seam.kept, seam.forced) == (1, 1, tuple(lines))
    assert [f"warning: goes on all the same: {line}" in ran.err for line in lines] == [True, True]
    assert json_of(folder / store.IDENTITY)["sha256"] == ""


def test_a_run_of_an_older_version_that_died_before_its_first_trial(folder: Path, resume: Resume) -> None:
    """It is done from the beginning, found from where the command is given, for it does not say where it was begun."""
    for name in (store.IDENTITY, store.ENVIRONMENT, "owner-0000.json"):
        (folder / name).unlink()
    change(folder / store.RUN, schema=2, directory=None, seams=None)
    (folder / store.TRIALS).write_bytes(b'{"index": 0, "itera')
    ran = resume(folder)
    assert (ran.status, indices(folder)) == (0, [(0, 1), (1, 1)])
    run = store.read_json(folder / store.RUN, Run)
    assert (run.schema, run.id, len(run.seams)) == (3, "run", 1)
    assert "Trials: 2 ok" in (folder / store.REPORT_MD).read_text() or ran.err == ""


def test_a_finished_run_has_nothing_left(done: Path, tmp_path: Path, resume: Resume) -> None:
    """Its reports are made where there are none of its trials, and only there."""
    shutil.copytree(done, tmp_path / "run")
    ran = resume(tmp_path / "run")
    assert (ran.status, ran.out) == (0, f"nothing is left to do: 2 of 2 trials\nResults: {tmp_path / 'run'}\n")
    (tmp_path / "run" / store.SUMMARY).unlink()
    ran = resume(tmp_path / "run")
    assert (ran.status, ran.out.splitlines()[1]) == (
        0,
        "its reports were missing or of other trials, and were made again",
    )
    assert (tmp_path / "run" / store.SUMMARY).read_bytes() == (done / store.SUMMARY).read_bytes()


def test_a_run_that_was_to_stop_at_a_failure_has_stopped(folder: Path, resume: Resume) -> None:
    """The rest was not wanted."""
    run = store.read_json(folder / store.RUN, Run)
    store.write_json(folder / store.RUN, replace(run, protocol=replace(run.protocol, on_crash="stop")))
    (trial,) = store.read_run(folder).trials
    (folder / store.TRIALS).write_bytes(msgspec.json.encode(replace(trial, outcome=Outcome("crashed"))) + b"\n")
    ran = resume(folder)
    line = "nothing is left to do: 1 of 2 trials, for one failed, and on_crash=stop"
    assert (ran.status, ran.out.splitlines()[0]) == (0, line)


def test_a_run_that_goes_on_elsewhere_is_left_alone(folder: Path, resume: Resume) -> None:
    """Whoever runs it is named."""
    with own(folder):
        ran = resume(folder)
    assert ran.status == 2
    assert f"'{folder}', which is being run by " in ran.err
    assert indices(folder) == [(0, 0)]


@pytest.mark.parametrize("what", ["directory", "rescored", "search", "nothing"])
def test_what_cannot_go_on_is_one_line(what: str, folder: Path, tmp_path: Path, resume: Resume) -> None:
    """With what to do."""
    expected = {
        "directory": "begun in '/no/such' (No such file or directory), expected that folder, from which relative paths",
        "rescored": "which was scored again, not run, expected the run that it was made from",
        "search": "with a search for a memory limit, expected a run or a sweep; a search begins anew",
        "nothing": "without run.json, expected the folder of a run",
    }
    run = store.read_json(folder / store.RUN, Run)
    if what == "directory":
        store.write_json(folder / store.RUN, replace(run, directory="/no/such"))
    elif what == "rescored":
        store.write_json(folder / store.RUN, replace(run, rescored=Rescoring(source="a", at="b", harness_version="c")))
    elif what == "search":
        (tmp_path / "search" / store.ATTEMPTS).mkdir(parents=True)
        folder = folder.rename(tmp_path / "search" / store.ATTEMPTS / "0000-unlimited").parents[1]
    else:
        (folder / store.RUN).unlink()
    ran = resume(folder)
    assert (ran.status, len(ran.err.splitlines())) == (2, 1)
    assert expected[what] in ran.err


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (None, "without config.yaml, expected the configuration that the run was begun with"),
        (b"order: [asr\niter", r"config\.yaml' \(.*\), expected the configuration"),
        (b"- 1\n", "which is no mapping of keys to values"),
        (b"", "which is no mapping of keys to values"),
        (b"\xff", "can't decode byte"),
        (b"a: ${", r"config\.yaml' \(.*\), expected the configuration"),
    ],
)
def test_a_run_without_its_configuration_cannot_go_on(content: bytes | None, line: str, tmp_path: Path) -> None:
    """Missing, torn, or something else."""
    if content is not None:
        (tmp_path / store.CONFIG).write_bytes(content)
    with pytest.raises(StoreError, match=line):
        read_config(tmp_path)


def test_no_engine_is_asked_of_a_run_that_cannot_be_read(tmp_path: Path, resume: Resume) -> None:
    """A damaged trial is no torn end, and is not dropped."""
    folder = stored.write(tmp_path / "run", stored.run(), stored.trials(2))
    content = (folder / store.TRIALS).read_bytes()
    (folder / store.TRIALS).write_bytes(b"damage\n" + content)
    ran = resume(folder)
    assert (ran.status, "trials.jsonl' line 1" in ran.err) == (2, True)
