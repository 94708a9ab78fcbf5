import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.whole.command import ROOT, Ran, harness, json_of, python

OFFLINE = ("--quiet", "--no-deps", "--no-index", "--disable-pip-version-check")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the project's wheel, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    arguments = ("wheel", *OFFLINE, "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT))
    ran = python("-m", "pip", *arguments, cwd=folder)
    assert ran.status == 0, ran.err
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    """Return the names of the files in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that the wheel is installed in, in front of the checkout."""
    target = tmp_path_factory.mktemp("site")
    ran = python("-m", "pip", "install", *OFFLINE, "--target", str(target), str(wheel), cwd=target.parent)
    assert ran.status == 0, ran.err
    return target


@pytest.fixture(scope="module")
def ran(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Run the installed harness in an empty folder."""
    folder = tmp_path_factory.mktemp("empty")
    return harness("order=[aligner]", "iterations=1", cwd=folder, env={"PYTHONPATH": str(site)})


def of_the_project() -> Iterator[str]:
    """Yield the names under which the project's files belong into the wheel."""
    for folder in ("harness", "plugins", "hydra_plugins"):
        for file in (ROOT / folder).rglob("*"):
            if file.suffix in (".py", ".html") and "__pycache__" not in file.parts:
                yield str(file.relative_to(ROOT))
    for folder in ("conf", "samples"):
        for file in (ROOT / folder).rglob("*"):
            if file.is_file():
                yield f"harness/{file.relative_to(ROOT)}"


def test_everything_that_a_run_needs_is_in_the_wheel(names: set[str]) -> None:
    """Configuration, samples, plugins and templates travel with the package."""
    wanted = set(of_the_project())
    assert {"harness/conf/config.yaml", "harness/samples/jfk.wav", "plugins/stages/pocketsphinx.py"} <= wanted
    assert wanted - names == set()


def test_nothing_else_is_in_the_wheel(names: set[str]) -> None:
    """Tests, benchmarks, outputs and models stay where they are."""
    packages = {"harness", "plugins", "hydra_plugins", "asr_align_harness"}
    assert {name.partition("/")[0].partition("-")[0] for name in names} == packages
    assert "hydra_plugins/__init__.py" not in names, "it is Hydra's namespace, which others share"
    assert [name for name in names if name.endswith((".pyc", ".orig", ".rej"))] == []


def test_the_wheel_says_what_it_is(wheel: Path, names: set[str]) -> None:
    """The licence is in it, the entry points of our plugins and the console script too."""
    assert [name for name in names if name.endswith("/licenses/LICENSE")]
    (entry_points,) = (name for name in names if name.endswith(".dist-info/entry_points.txt"))
    with zipfile.ZipFile(wheel) as archive:
        lines = archive.read(entry_points).decode().splitlines()
    script, stage, probe = (
        "harness = harness.cli:main",
        "pocketsphinx = plugins.stages.pocketsphinx",
        "wer = plugins.probes.wer",
    )
    assert {"[console_scripts]", script, "[harness]", stage, probe} <= set(lines)


def test_the_installed_package_is_the_one_that_runs(site: Path, tmp_path: Path) -> None:
    """Nothing of the checkout is imported, though it stands behind on the path."""
    code = "import harness, plugins; print(harness.__file__); print(plugins.__file__)"
    ran = python("-c", code, cwd=tmp_path, env={"PYTHONPATH": str(site)})
    assert ran.out.splitlines() == [str(site / name / "__init__.py") for name in ("harness", "plugins")]


def test_the_installed_package_runs_in_an_empty_folder(ran: Ran) -> None:
    """Sample, configuration, engine and reports are found, and the run is whole."""
    assert (ran.status, ran.outcomes) == (0, ["ok"])
    utterance = ran.trials[0]["utterance"]
    assert utterance["canonical"].endswith("/harness/samples/jfk.wav")
    assert len(ran.trials[0]["visits"][0]["words"]) == 22
    assert (ran.folder / "report.html").stat().st_size > 1000


def test_the_run_is_of_the_installed_package(ran: Ran, site: Path) -> None:
    """The sample is the one that came with the wheel."""
    assert Path(ran.trials[0]["utterance"]["canonical"]) == (site / "harness/samples/jfk.wav").resolve()


def test_the_installed_package_lists_its_plugins(site: Path, tmp_path: Path) -> None:
    """Each plugin is found once, though the checkout's installation names the same."""
    ran = harness("plugins", cwd=tmp_path, env={"PYTHONPATH": str(site)})
    assert ran.status == 0
    rows = [line.split()[0] for line in ran.out.splitlines() if line.startswith("  ") and line[2] != " "]
    assert {"asr=pocketsphinx", "aligner=pocketsphinx", "rss", "rtf", "ttft", "wer"} <= set(rows)
    assert len(rows) == len(set(rows))


def test_the_installed_package_sweeps_in_turns(site: Path, tmp_path: Path) -> None:
    """Hydra finds the sweeper that came with it."""
    turns = ("-m", "asr=null", "order=[asr]", "threads=1,2", "iterations=2", "sweep.interleave=2", "quiet=true")
    ran = harness(*turns, cwd=tmp_path, env={"PYTHONPATH": str(site)})
    assert (ran.status, ran.err.count("Traceback")) == (0, 0)
    plan = json_of(ran.folder / "plan.json")
    assert [(job["cell"], job["block"]) for job in plan["jobs"]] == [(0, 0), (1, 0), (1, 1), (0, 1)]
