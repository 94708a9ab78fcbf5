from pathlib import Path

import pytest

from harness.overrides import parsed_overrides, swept_keys
from tests.whole.command import SCRIPTED, called, json_of, settle

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    return settle(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("overrides", "keys"),
    [
        ([], ()),
        (["threads=1"], ()),
        (["threads=1,2"], ("threads",)),
        (["order=[asr,aligner]"], ()),
        (["order=[asr,aligner],[aligner,asr]", "iterations=1"], ("order",)),
        (["threads=1,2", "asr.topn=2,4"], ("threads", "asr.topn")),
        (["threads=range(1,3)"], ("threads",)),
        (["asr=pocketsphinx,chatllm"], ("asr",)),
        (["+asr.new=1,2"], ("asr.new",)),
        (["++threads=1,2"], ("threads",)),
        (["asr.text='a,b'"], ()),
    ],
)
def test_swept_keys_are_those_with_several_values(overrides: list[str], keys: tuple[str, ...]) -> None:
    """A list is one value, and so is a quoted text with a comma in it."""
    assert swept_keys(overrides) == keys


@pytest.mark.parametrize("name", ["null", "'null'"])
def test_the_stage_null_can_be_named_without_quotes(name: str, capsys: Capture) -> None:
    """To Hydra ``null`` is nothing; where a group has a file of that name, it is that file."""
    ran = called(capsys, ["--cfg", "job", f"asr={name}", f"aligner={name}"])
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.count("\n  stage: 'null'\n") == 2


def test_the_stage_null_can_be_swept(folder: Path, capsys: Capture) -> None:
    """It is one value of several, and each job is one stage's."""
    ran = called(capsys, [*SCRIPTED[:3], "-m", "asr=scripted,null", "order=[asr]", "iterations=1", "quiet=true"])
    assert ran.status == 0
    (sweep,) = (folder / "outputs" / "sweeps").glob("*/*")
    assert [json_of(sweep / job / "run.json")["stages"][0]["name"] for job in ("0", "1")] == ["scripted", "null"]


def test_a_text_that_holds_null_is_left_alone(capsys: Capture) -> None:
    """Only a whole name is one, and only of a group."""
    ran = called(capsys, ["--cfg", "job", "asr=null", "asr.text=null and void", "dataset.transcript=null"])
    assert (ran.status, ran.err) == (0, "")
    assert "\n  text: null and void\n" in ran.out
    assert "\n  transcript: null\n" in ran.out


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("sweep.baseline=threads=1", "threads=1"),
        ("sweep.baseline=threads=1,order=[asr,aligner]", "threads=1,order=[asr,aligner]"),
        ("sweep.baseline='threads=1'", "threads=1"),
        ('sweep.baseline="threads=1"', "threads=1"),
        ("sweep.baseline=3", 3),
    ],
)
def test_a_baseline_may_be_written_as_the_sweep_is(given: str, value: object) -> None:
    """Without quotes around its own assignments, which Hydra alone would not read."""
    (override,) = parsed_overrides([given])
    assert (override.value(), override.is_sweep_override()) == (value, False)


def test_a_key_of_every_dataset_needs_no_plus(capsys: Capture) -> None:
    """Though the chosen one's YAML does not list it; a key that is nobody's is refused with those there are."""
    ran = called(capsys, ["--cfg", "job", "dataset.subset=5", "++dataset.limit_s=60", "dataset.speakers=[a,b]"])
    assert (ran.status, ran.err) == (0, "")
    assert "\n  subset: 5\n  limit_s: 60\n  speakers:\n  - a\n  - b\n" in ran.out
    ran = called(capsys, ["dataset.subst=5"])
    line = "harness: dataset.subst: found the key 'subst', expected a key of the configuration; choose from: subset, "
    assert ran.err.startswith(line)


def test_a_key_of_every_dataset_can_be_swept() -> None:
    """As any other."""
    assert swept_keys(["++dataset.subset=5,10"]) == ("dataset.subset",)
