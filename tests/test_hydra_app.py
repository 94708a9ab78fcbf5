from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra

from harness.config import builtin_folder
from harness.errors import ConfigError
from harness.hydra_app import run, search_path
from tests.whole.command import SCRIPTED, called, harness, json_of, settle

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    return settle(tmp_path, monkeypatch)


def own(folder: Path, name: str, text: str) -> None:
    """Write a YAML file of the user's into ``conf`` in the working directory."""
    path = folder / "conf" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def places(config_dir: str | None = None) -> list[Path]:
    """Return the folders in which YAML is looked for, in their order."""
    return [Path(element.path.removeprefix("file://")) for element in search_path(config_dir).get_path()]


def test_yaml_is_searched_for_in_the_users_folders_first(folder: Path) -> None:
    """First what the command line names, then ``conf`` in the working directory, then ours."""
    (folder / "conf").mkdir()
    (folder / "more").mkdir()
    wanted = [folder / "more", folder / "conf", builtin_folder("conf")]
    assert [place for place in places("more") if place in wanted] == wanted


def test_our_own_conf_is_not_searched_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the checkout the working directory's ``conf`` is ours."""
    monkeypatch.chdir(builtin_folder("conf").parent)
    assert places().count(builtin_folder("conf")) == 1


def test_hydra_is_free_again_after_an_error() -> None:
    """A failed composition leaves nothing behind that would trouble the next one."""
    for _ in range(2):
        with pytest.raises(ConfigError):
            run(["threads=0"])
    assert not GlobalHydra.instance().is_initialized()


def test_several_values_need_a_sweep() -> None:
    """Without ``-m`` a comma is refused, and the line says what would be right."""
    with pytest.raises(ConfigError, match="threads: found several values, expected one; -m sweeps over several"):
        run(["threads=1,2"])


def test_the_configuration_is_printed_on_request(capsys: Capture) -> None:
    """``--cfg job`` prints what would be run, with the overrides, and runs nothing."""
    ran = called(capsys, ["--cfg", "job", "iterations=7"])
    assert (ran.status, ran.err) == (0, "")
    assert "iterations: 7\n" in ran.out
    assert "Results: " not in ran.out


def test_an_option_of_hydras_that_would_do_nothing_is_refused(capsys: Capture) -> None:
    """A rerun of a pickled job takes no part of ours: said, rather than running something else."""
    ran = called(capsys, ["--experimental-rerun", "job.pickle", "iterations=1"])
    assert (ran.status, ran.out) == (2, "")
    assert "found --experimental-rerun, expected Hydra's other options" in ran.err


def test_the_search_path_is_printed_on_request(folder: Path) -> None:
    """``--info searchpath`` says where YAML is looked for, in its order."""
    (folder / "conf").mkdir()
    ran = harness("--info", "searchpath", cwd=folder)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.index(str(folder / "conf")) < ran.out.index(str(builtin_folder("conf")))


@pytest.mark.parametrize(
    "arguments",
    [
        [*SCRIPTED, "order=[asr]", "iterations=1"],
        ["order=[asr]", "iterations=1", *SCRIPTED],
        ["plugins=[tests.engine.scripted]", *SCRIPTED[:2], "order=[asr]", "asr=scripted", "iterations=1", "--run"],
    ],
    ids=["options first", "options in the middle", "options everywhere"],
)
def test_options_and_overrides_may_stand_in_any_order(arguments: list[str], capsys: Capture) -> None:
    """As with any command line, an option may come between two overrides."""
    ran = called(capsys, arguments)
    assert (ran.status, ran.outcomes) == (0, ["ok"])


def test_an_override_may_refer_to_another_key(capsys: Capture) -> None:
    """An interpolation on the command line is resolved in the whole configuration."""
    ran = called(capsys, [*SCRIPTED, "order=[asr]", "iterations=1", "asr.text=${dataset.transcript}"])
    assert (ran.status, ran.trials[0]["visits"][0]["text"]) == (0, "samples/jfk.txt")


def test_the_folder_of_the_users_choice_is_taken(folder: Path, capsys: Capture) -> None:
    """``hydra.run.dir`` names a run's folder, and ``latest`` still points to it."""
    ran = called(capsys, [*SCRIPTED, "order=[asr]", "iterations=1", f"hydra.run.dir={folder}/mine"])
    assert (ran.status, ran.folder) == (0, folder / "mine")


def test_a_folder_with_a_run_in_it_is_not_written_over(folder: Path, capsys: Capture) -> None:
    """A second run into the same folder is refused before anything of the first is touched."""
    arguments = [*SCRIPTED, "order=[asr]", "iterations=1", f"hydra.run.dir={folder}/mine"]
    called(capsys, arguments)
    before = {path.name: path.read_bytes() for path in (folder / "mine").iterdir()}
    ran = called(capsys, arguments)
    assert ran.status == 2
    assert ran.err.startswith(f"harness: output folder: found '{folder}/mine' with a run in it, expected ")
    assert {path.name: path.read_bytes() for path in (folder / "mine").iterdir()} == before


def test_a_sweep_does_not_write_into_a_folder_with_a_run(folder: Path, capsys: Capture) -> None:
    """Nor does a job that is refused for that leave there why; Hydra's own sweeper looks at no folder before."""
    arguments = [*SCRIPTED, "order=[asr]", "iterations=1"]
    called(capsys, [*arguments, f"hydra.run.dir={folder}/mine/0"])
    before = {path.name: path.read_bytes() for path in (folder / "mine" / "0").iterdir()}
    ran = called(capsys, ["-m", *arguments, "hydra/sweeper=basic", "seed=1", f"hydra.sweep.dir={folder}/mine"])
    assert f"harness: job 0: output folder: found '{folder}/mine/0' with a run in it, expected " in ran.err
    assert {path.name: path.read_bytes() for path in (folder / "mine" / "0").iterdir()} == before


def test_an_experiment_that_sweeps_is_a_sweep(folder: Path, capsys: Capture) -> None:
    """``hydra.mode: MULTIRUN`` in an experiment needs no ``-m``, and its keys are columns of the table."""
    params = "hydra: {mode: MULTIRUN, sweeper: {params: {lifecycle: 'recreate,restart'}}}"
    own(folder, "experiment/both.yaml", f"# @package _global_\norder: [asr]\niterations: 1\n{params}\n")
    ran = called(capsys, [*SCRIPTED, "experiment=both"])
    assert ran.status == 0
    assert [job["overrides"]["lifecycle"] for job in json_of(ran.folder / "sweep.json")["cells"]] == [
        "recreate",
        "restart",
    ]
