import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from sysconfig import get_path

import msgspec
import pytest

from plugins.stages.chatllm_files import check_library
from tests.container import ROOT, instructions, only

USER = "nobody"
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"

# --- the build stages' own commands, run here


def shell(command: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a RUN instruction's command as an image's build does."""
    return subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_empty_submodule(tmp_path: Path) -> None:
    """Where the submodule is empty, the build stops and says which command fills it."""
    result = shell(only("RUN", containing="CMakeLists.txt").text, tmp_path)
    assert result.returncode == 1
    assert result.stderr == "found nothing in chatllm.cpp, expected its source: git submodule update --init\n"


def test_dependencies(tmp_path: Path) -> None:
    """What is installed before the source is there is what pyproject.toml depends on."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    command = only("RUN", containing="dependencies.txt").text.partition("&&")[0]
    result = shell(command.replace("python", sys.executable, 1), tmp_path)
    assert result.stderr == ""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (tmp_path / "dependencies.txt").read_text(encoding="utf-8").splitlines() == project["dependencies"]


CMAKE_PROJECT = """
cmake_minimum_required(VERSION 3.14)
project(small C)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib CACHE STRING "")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib CACHE STRING "")
add_library(ggml-base SHARED base.c)
add_library(ggml SHARED ggml.c)
target_link_libraries(ggml PUBLIC ggml-base)
add_library(libchatllm SHARED EXCLUDE_FROM_ALL chatllm.c)
target_link_libraries(libchatllm PRIVATE ggml)
set_target_properties(libchatllm PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY "../bindings")
"""
SOURCES = {
    "base.c": "int base(void) { return 20; }",
    "ggml.c": "int base(void); int ggml(void) { return base() + 1; }",
    "chatllm.c": "int base(void); int ggml(void); int answer(void) { return ggml() + base() + 1; }",
}


@pytest.mark.skipif(not shutil.which("cmake") or not shutil.which("cc"), reason="no CMake or no C compiler here")
def test_libraries_find_each_other(tmp_path: Path) -> None:
    """The build's command makes libraries that open without help once they stand where the image has them."""
    built, image = tmp_path / "built/chatllm.cpp", tmp_path / "image/chatllm.cpp"
    (built / "bindings").mkdir(parents=True)
    (built / "CMakeLists.txt").write_text(CMAKE_PROJECT, encoding="utf-8")
    for name, text in SOURCES.items():
        (built / name).write_text(text, encoding="utf-8")
    result = shell(only("RUN", containing="cmake -B build").text, built, BUILD_THREADS="2", CMAKE_ARGS="")
    assert result.returncode == 0, result.stderr
    for part in ("bindings", "build/lib"):
        shutil.copytree(built / part, image / part, symlinks=True)
    shutil.rmtree(built)

    library = image / "bindings/libchatllm.so"
    found = check_library(str(library))
    assert sorted({Path(path).name for path in found.every}) == ["libggml-base.so", "libggml.so"]
    assert found.open_first == ()
    code = f"import ctypes; print(ctypes.CDLL({str(library)!r}).answer())"
    assert (
        subprocess.run([sys.executable, "-c", code], cwd="/", capture_output=True, text=True, check=True).stdout
        == "42\n"
    )


@pytest.mark.skipif(not shutil.which("cmake") or not shutil.which("cc"), reason="no CMake or no C compiler here")
def test_missing_library_stops_the_build(tmp_path: Path) -> None:
    """A library that needs one that is not there does not get into an image."""
    command = only("RUN", containing="cmake -B build").text
    check = command[command.index("ldd ") :]
    (tmp_path / "bindings").mkdir()
    stub = tmp_path / "libggml.so"
    for source, target, needs in (("ggml", stub, []), ("chatllm", tmp_path / "bindings/libchatllm.so", [str(stub)])):
        (tmp_path / f"{source}.c").write_text(f"int {source}(void) {{ return 1; }}", encoding="utf-8")
        compiled = ["cc", "-shared", "-fPIC", "-Wl,--no-as-needed", "-o", str(target), f"{source}.c", *needs]
        subprocess.run(compiled, cwd=tmp_path, check=True)
    stub.unlink()
    result = shell(check, tmp_path)
    assert result.returncode == 1
    assert "libggml.so => not found" in result.stdout


# --- the harness, installed from a wheel, as an ordinary user in an empty folder


@dataclass(frozen=True)
class Account:
    """Who runs a command and where: the ordinary user, in a folder that was empty. None: who these tests are is one."""

    user: pwd.struct_passwd | None
    folder: Path

    def run(self, command: list[str], path: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command with nothing of our own environment; ``path`` is where Python looks for modules."""
        return subprocess.run(
            command,
            cwd=self.folder,
            env={
                "PATH": SYSTEM_PATH,
                "PYTHONPATH": path,
                "PYTHONDONTWRITEBYTECODE": "1",
                "HOME": str(self.folder),
                "XDG_CACHE_HOME": str(self.folder / ".cache"),
            },
            user=self.user and self.user.pw_uid,
            group=self.user and self.user.pw_gid,
            extra_groups=self.user and [],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


@dataclass(frozen=True)
class Installed:
    """A wheel that was installed, and the ordinary user and the interpreter to run it with."""

    account: Account
    python: str
    path: str

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the image's entry point with arguments."""
        _, *entry = only("ENTRYPOINT").words
        return self.account.run([self.python, *entry, *arguments], self.path)


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """Return a folder that everyone may enter: pytest's own are for this user alone."""
    with tempfile.TemporaryDirectory(prefix="container-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def account(place: Path) -> Account:
    """Return the ordinary user with an empty folder; skip where there is none."""
    folder = place / "empty"
    folder.mkdir(mode=0o755)
    if os.geteuid() != 0:
        return Account(None, folder)
    try:
        user = pwd.getpwnam(USER)
    except KeyError:
        pytest.skip(f"these tests run as root, and there is no user {USER} to be instead")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return Account(user, folder)


@pytest.fixture(scope="module")
def installed(place: Path, account: Account) -> Installed:
    """Build the wheel without network, and install it as the image's build does."""
    python = interpreter(account)
    for module in ("pip", "hatchling"):
        if find_spec(module) is None:
            pytest.skip(f"no {module} in this environment to build the wheel with")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = [
        "wheel",
        "--no-index",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        str(place / "wheels"),
        str(ROOT),
    ]
    subprocess.run([*pip, *build], check=True, timeout=120)
    (wheel,) = (place / "wheels").glob("*.whl")
    target = place / "target"
    install = ["install", "--no-index", "--no-deps", "--target", str(target), str(wheel)]
    subprocess.run([*pip, *install], check=True, timeout=120, umask=0o022)
    return Installed(account, python, f"{target}:{site_packages(place, python, account)}")


def interpreter(account: Account) -> str:
    """Return a Python of our version that the user may run; skip where there is none."""
    for python in (sys.executable, shutil.which(f"python{VERSION}", path=SYSTEM_PATH)):
        with suppress(PermissionError):
            command = [python or "", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
            if python and account.run(command).stdout.strip() == VERSION:
                return python
    pytest.skip(f"the user {USER} may not run {sys.executable}, and {SYSTEM_PATH} has no Python {VERSION}")


def site_packages(place: Path, python: str, account: Account) -> str:
    """Return the installed packages' folder, or a tree of links to them where the user may not enter it."""
    ours = Path(get_path("purelib"))
    if account.run([python, "-c", "import omegaconf"], str(ours)).returncode == 0:
        return str(ours)
    linked = place / "packages"
    try:
        shutil.copytree(ours, linked, copy_function=os.link, ignore=shutil.ignore_patterns("__pycache__"))
    except (OSError, shutil.Error):
        pytest.skip(f"the user {USER} may not enter {ours}, and its files cannot be linked to from {place}")
    return str(linked)


def test_plugins(installed: Installed) -> None:
    """The installed harness lists its stages and probes."""
    result = installed.run("plugins")
    assert (result.returncode, result.stderr) == (0, "")
    assert "pocketsphinx" in result.stdout


def test_run(installed: Installed) -> None:
    """A run in an empty folder finds the sample, and leaves what it leaves below outputs, as that user's."""
    result = installed.run("order=[aligner]", "iterations=1", "quiet=true")
    assert result.returncode == 0, result.stdout + result.stderr
    folder = installed.account.folder
    summary = folder / "outputs/latest/summary.json"
    assert json.loads(summary.read_text(encoding="utf-8"))
    assert [path.name for path in folder.iterdir() if path.name != ".cache"] == ["outputs"]
    assert summary.stat().st_uid == (installed.account.user.pw_uid if installed.account.user else os.geteuid())


def test_volumes_are_what_exp5_reads(installed: Installed) -> None:
    """The installed harness has exp5, which reads its models and writes its results where the volumes are."""
    result = installed.run("experiment=exp5", "--cfg", "job", "--resolve")
    assert (result.returncode, result.stderr) == (0, "")
    config = msgspec.yaml.decode(result.stdout)
    (working_folder,) = (one.text for one in instructions() if one.name == "WORKDIR" and not one.stage)
    used = [config["asr"]["model"], config["aligner"]["model"], f"{config['outputs']}/latest"]
    folders = {str(PurePosixPath(working_folder, path).parent) for path in used}
    assert folders == set(only("VOLUME").words)
    assert (config["iterations"], config["threads"], config["context_length"]) == (100, 6, 4096)
