"""Compiles the engine of known truth, and writes its model files.

::

    library = build(folder)                                  # libchatllm.so in folder
    library = build(folder, "NO_DESTROY", "RESTART_ONE_ARG") # an older build
    library = built("OLD_ASR")                               # once in this process, somewhere
    model = write_model(folder / "asr.bin", load_ms=50, keep_mib=64, text="hello world")

As a program it does the same: ``python tests/engine/build.py FOLDER [VARIANT ...]``.
"""

import atexit
import functools
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

SOURCE = Path(__file__).with_name("truth.c")
VARIANTS = ("NO_DESTROY", "RESTART_ONE_ARG", "OLD_ASR")
_FLAGS = ("-std=c11", "-O1", "-fPIC", "-shared", "-fvisibility=hidden", "-Wall", "-Wextra", "-Werror")

Value = str | float


class NoCompilerError(Exception):
    """There is no C compiler here; the message is a reason to skip a test for."""


def compiler() -> str:
    """Return the C compiler's path. Raises :class:`NoCompilerError`."""
    for name in ("cc", "gcc", "clang"):
        if path := shutil.which(name):
            return path
    raise NoCompilerError("no C compiler (cc, gcc or clang) on PATH to build the engine of known truth with")


def why_not() -> str:
    """Return why the engine cannot be built here, or an empty text: the reason of a ``skipif``."""
    try:
        compiler()
    except NoCompilerError as missing:
        return str(missing)
    return ""


def build(folder: Path, *variants: str, flags: Iterable[str] = ()) -> Path:
    """Compile the engine into ``folder`` as ``libchatllm.so`` and return its path.

    ``variants`` are of :data:`VARIANTS`; ``flags`` are handed to the compiler. Raises
    :class:`NoCompilerError`, and RuntimeError with the compiler's messages.
    """
    for variant in variants:
        if variant not in VARIANTS:
            raise ValueError(f"found the variant {variant!r}, expected one of {', '.join(VARIANTS)}")
    folder.mkdir(parents=True, exist_ok=True)
    library = folder / "libchatllm.so"
    defines = [f"-D{variant}" for variant in variants]
    command = [compiler(), *_FLAGS, *defines, "-o", str(library), str(SOURCE), *flags, "-lpthread"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise RuntimeError(f"the engine of known truth does not compile: {result.stderr}")
    return library


@functools.cache
def built(*variants: str) -> Path:
    """Return the engine, compiled once in this process into a folder that goes when the process does."""
    folder = Path(tempfile.mkdtemp(prefix="truth-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return build(folder, *variants)


def write_model(path: Path, *words: tuple[str, int, int], **costs: Value) -> Path:
    """Write a model file: ``words`` as (text, start, end) in ms, ``costs`` by the keys of README.md."""
    lines = ["ggml", "# a model of the engine of known truth: tests/engine/README.md"]
    lines += [f"{key}={value}" for key, value in costs.items()]
    lines += [f"word={start_ms},{end_ms},{text}" for text, start_ms, end_ms in words]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    sys.stdout.write(f"{build(Path(sys.argv[1]), *sys.argv[2:])}\n")
