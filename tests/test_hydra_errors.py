from pathlib import Path

import pytest

from harness.errors import ConfigError, StoreError
from harness.hydra_app import run
from tests.whole.command import settle


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    return settle(tmp_path, monkeypatch)


def own(folder: Path, name: str, text: str) -> None:
    """Write a YAML file of the user's into ``conf`` in the working directory."""
    path = folder / "conf" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("overrides", "subject", "nearest"),
    [
        (["asr=pocketsphynx"], "asr", "pocketsphinx"),
        (["probe=[rss,tftt]"], "probe", "ttft"),
        (["iteration=3"], "iteration", "iterations"),
        (["asr.topm=3"], "asr.topm", "topn"),
        (["dataset.adio=x"], "dataset.adio", "audio"),
    ],
)
def test_what_hydra_does_not_know_becomes_an_error_of_ours(overrides: list[str], subject: str, nearest: str) -> None:
    """The exception carries what was meant as data, the nearest choice first."""
    with pytest.raises(ConfigError) as caught:
        run(overrides)
    assert (caught.value.subject, caught.value.choices[:1]) == (subject, (nearest,))


def test_a_folder_that_cannot_be_made_is_an_error_of_the_store(folder: Path) -> None:
    """Hydra's own OSError becomes a line that names the folder and the key."""
    (folder / "file").touch()
    with pytest.raises(StoreError, match=r"output folder: found 'file/.*outputs=FOLDER"):
        run(["outputs=file/below"])


def test_own_experiments_are_offered(folder: Path) -> None:
    """A misspelt experiment is answered with those of the user too."""
    own(folder, "experiment/mine.yaml", "# @package _global_\niterations: 2\n")
    with pytest.raises(ConfigError) as caught:
        run(["experiment=mime"])
    assert (caught.value.subject, caught.value.choices[:1]) == ("experiment", ("mine",))


@pytest.mark.parametrize(
    ("overrides", "nearest"),
    [
        (["asr=chatllm", "asr.modle=x"], "model"),
        (["experiment=exp3", "asr_large.modl=x"], "model"),
        (["probe=[ttft]", "probe.wer.normalizer=none"], "ttft"),
    ],
)
def test_the_choices_are_those_of_what_was_chosen(overrides: list[str], nearest: str) -> None:
    """The keys of another stage than the one that the command line names would be no help."""
    with pytest.raises(ConfigError) as caught:
        run(overrides)
    assert caught.value.choices[0] == nearest


def test_a_file_that_is_not_utf_8_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A damaged file of the user's own configuration."""
    from harness.cli import status_of

    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "config.yaml").write_bytes(b"\xe7: 1\n")
    monkeypatch.chdir(tmp_path)
    assert status_of(["--cfg", "job"]) == 2
    assert capsys.readouterr().err == (
        "harness: configuration: found a file that is not UTF-8 (invalid continuation byte), expected YAML in UTF-8\n"
    )
