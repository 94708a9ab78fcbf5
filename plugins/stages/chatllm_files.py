"""The files that chatllm.cpp needs, checked before it is started: library, ggml's libraries, model, ffmpeg.

Reads headers only, runs nothing. Each check raises :class:`harness.stage.Unusable` with the fix in one line.
"""
# The measured process holds this module, and pathlib would cost it half a MiB.
# ruff: noqa: PTH100, PTH112, PTH113, PTH118, PTH119, PTH120, PTH123, PTH208

import math
import os
import re
import shlex
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from harness.stage import Unusable

DEFAULT_LIBRARY = "chatllm.cpp/bindings/libchatllm.so"
BUILD = (
    "a built libchatllm.so: `git submodule update --init`, then in chatllm.cpp `cmake -B build && "
    "cmake --build build --target libchatllm`; or name one with the option library (CHATLLM_LIBRARY)"
)
BUILD_COMMAND = (
    "git submodule update --init && cmake -S chatllm.cpp -B chatllm.cpp/build && "
    "cmake --build chatllm.cpp/build --target libchatllm"
)
DOWNLOAD = (
    "the model file: download it (Luigi/Qwen3-ASR-0.6B-chatllm-quantized on Hugging Face has both), or name another "
    "with the option model"
)

_REPOSITORY = "Luigi/Qwen3-ASR-0.6B-chatllm-quantized"
_PUBLISHED = ("qwen3-asr-0.6b-q4_0.bin", "qwen3-forced-aligner-0.6b-q4_0.bin")
INSTALL_FFMPEG = "sudo apt-get install ffmpeg"

# e_machine in an ELF header, by what uname says
_MACHINES = {"x86_64": 62, "amd64": 62, "aarch64": 183, "arm64": 183}
_MACHINE_NAMES = {3: "x86", 40: "ARM", 62: "x86_64", 183: "aarch64", 243: "RISC-V"}
_LOAD, _DYNAMIC = 1, 2
_NEEDED, _STRING_TABLE, _STRING_SIZE, _RPATH, _RUNPATH = 1, 5, 10, 15, 29
_SYSTEM_FOLDERS = ("/lib", "/usr/lib", "/usr/local/lib", "/lib64", "/usr/lib64")

# What chatllm.cpp itself reads (src/models.cpp, load_file_header): "ggml", or "ggmm", a version and three
# offsets: of the configuration, the tokenizer and the tensors. docs/ggmm.md there says what the second is.
_GGML, _GGMM, _GGMM_VERSION = b"ggml", b"ggmm", 1
_HEADER = struct.Struct("<4s4I")
_SMALLEST_GGML = 12  # magic, model type, version
_FOREIGN = {
    b"GGUF": "a GGUF file",
    b"vers": "a Git LFS pointer (`git lfs pull` fetches the file)",
    b"<!DO": "a web page",
    b"<htm": "a web page",
    b"PK\x03\x04": "a PyTorch or zip archive",
}
# A tensor's elements per block and bytes per block, by ggml's type number (ggml.h, ggml_type)
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 10: (256, 84),
    11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 24: (1, 1), 25: (1, 2), 26: (1, 4),
    30: (1, 2),
}  # fmt: skip
_ALIGNMENT = 16  # of a tensor's data in the file (src/chat.cpp, TensorInfo::aligned_data_start)
_LONGEST_NAME = 512

_Read = Callable[[int, int], bytes]


@dataclass(frozen=True, slots=True)
class Elf:
    """What a shared library says of itself: its machine, what it needs, and where it looks for that first."""

    machine: int
    needed: tuple[str, ...]
    folders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ggml:
    """The paths of ggml's libraries that a libchatllm needs.

    ``open_first``, in this order, are those that the loader would not find by itself.
    """

    every: tuple[str, ...] = ()
    open_first: tuple[str, ...] = ()


# --- the library
# -----------------------------------------------------------------------------------------------


def find_library(named: str | None) -> str:
    """Return the library's path: the one named, else the submodule's build, else one on the loader's path."""
    if os.path.isfile(named or DEFAULT_LIBRARY):
        return os.path.abspath(named or DEFAULT_LIBRARY)
    name = named or "libchatllm.so"
    if os.sep not in name and (found := _on_loader_path(name)):
        return found
    if named:
        raise Unusable(f"no file {os.path.abspath(named)}", BUILD, key="library", fix=BUILD_COMMAND)
    raise Unusable(f"no {DEFAULT_LIBRARY} here, and none on the loader's path", BUILD, key="library", fix=BUILD_COMMAND)


def check_library(path: str) -> Ggml:
    """Check that a library is one for this machine, and that what it needs of ggml is there. Opens none."""
    elf = _elf(path)
    here = os.uname().machine
    if here in _MACHINES and elf.machine != _MACHINES[here]:
        theirs = _MACHINE_NAMES.get(elf.machine, f"machine {elf.machine}")
        expected = f"one built for this machine ({here}): {BUILD}"
        raise Unusable(f"{path}, built for {theirs}", expected, key="library", fix=BUILD_COMMAND)
    search = _Search([], [], [])
    search.follow(path, elf)
    if search.missing:
        expected = (
            "it in ../build/lib beside the library, where `cmake --build build --target libchatllm` in "
            "chatllm.cpp puts it, or in a folder of LD_LIBRARY_PATH"
        )
        found = f"{path} without {', '.join(search.missing)}"
        raise Unusable(found, expected, key="library", fix=BUILD_COMMAND)
    return Ggml(tuple(search.every), tuple(search.open_first))


@dataclass(frozen=True, slots=True)
class _Search:
    every: list[str]
    open_first: list[str]
    missing: list[str]

    def follow(self, path: str, elf: Elf) -> None:
        """Look up the ggml libraries that one needs, and theirs before them."""
        folder = os.path.dirname(os.path.abspath(path))
        beside = (os.path.join(os.path.dirname(folder), "build", "lib"), folder)
        for name in elf.needed:
            known = {os.path.basename(other) for other in self.every}.union(self.missing)
            if not name.startswith("libggml") or name in known:
                continue
            by_loader = _first_file(name, elf.folders) or _on_loader_path(name)
            found = by_loader or _first_file(name, beside)
            if not found:
                self.missing.append(name)
                continue
            self.every.append(found)
            self.follow(found, _elf(found))
            if not by_loader:
                self.open_first.append(found)


def _first_file(name: str, folders: Iterable[str]) -> str | None:
    return next(filter(os.path.isfile, (os.path.join(folder, name) for folder in folders)), None)


def _on_loader_path(name: str) -> str | None:
    """Return where the dynamic loader finds a library: LD_LIBRARY_PATH, its cache, the system's folders."""
    listed = os.environ.get("LD_LIBRARY_PATH", "")
    if listed and (found := _first_file(name, [folder or "." for folder in listed.split(":")])):
        return os.path.abspath(found)
    # the cache is a table of zero-terminated strings, the full paths among them: that is enough to know
    # that there is one
    pattern = rb"/[^\0]*/" + re.escape(os.fsencode(name)) + rb"(?=\0)"
    cached = [os.fsdecode(match[0]) for match in re.finditer(pattern, _content("/etc/ld.so.cache"))]
    return next(filter(os.path.isfile, cached), None) or _first_file(name, _SYSTEM_FOLDERS)


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def _elf(path: str) -> Elf:
    try:
        return read_elf(path)
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror}", "a library that can be read", key="library") from None
    except (ValueError, struct.error) as error:
        raise Unusable(f"{path}, which {error}", BUILD, key="library", fix=BUILD_COMMAND) from None


def read_elf(path: str) -> Elf:
    """Read a library's ELF header and dynamic section. Raises ValueError or struct.error for what is none."""
    with open(path, "rb") as file:
        read = _reader(file.fileno())
        if read(0, 4) != b"\x7fELF":
            raise ValueError("is no ELF library")
        machine = int.from_bytes(read(18, 2), "little" if read(5, 1) == b"\x01" else "big")
        if read(4, 2) != b"\x02\x01":  # 32 bits or big-endian: no machine that chatllm.cpp runs on
            return Elf(machine, (), ())
        table, entry_size, count = struct.unpack("<Q14xHH", read(32, 26))
        segments = [struct.unpack("<II6Q", read(table + i * entry_size, 56)) for i in range(count)]
        sections = [read(segment[2], segment[5]) for segment in segments if segment[0] == _DYNAMIC]
        dynamic = [pair for section in sections for pair in struct.iter_unpack("<qQ", section)]
        strings = _string_table(dict(dynamic), segments, read)
    named = [_string(strings, at) for tag, at in dynamic if tag in (_RPATH, _RUNPATH)]
    origin = os.path.dirname(os.path.abspath(path))
    folders = [folder for text in named for folder in text.split(":") if folder]
    return Elf(
        machine,
        tuple(_string(strings, at) for tag, at in dynamic if tag == _NEEDED),
        tuple(folder.replace("${ORIGIN}", origin).replace("$ORIGIN", origin) for folder in folders),
    )


def _reader(descriptor: int) -> _Read:
    size = os.fstat(descriptor).st_size

    def read(offset: int, count: int) -> bytes:
        if offset + count > size:
            raise ValueError("is truncated")
        return os.pread(descriptor, count, offset)

    return read


def _string_table(values: dict[int, int], segments: list[tuple[int, ...]], read: _Read) -> bytes:
    """Return the dynamic string table. It is named by address: the segment loaded there tells the offset."""
    address, count = values.get(_STRING_TABLE, 0), values.get(_STRING_SIZE, 0)
    for kind, _, offset, start, _, length, _, _ in segments:
        if kind == _LOAD and start <= address < start + length:
            return read(address - start + offset, count)
    return b""


def _string(table: bytes, at: int) -> str:
    return os.fsdecode(table[at : table.find(b"\0", at)])


# --- the model
# -------------------------------------------------------------------------------------------------


def check_model(path: str) -> None:
    """Check that a model file is there, of chatllm.cpp's format, and whole.

    The engine does not notice a file that ends too early: it reads what there is, and the rest of the
    weights is whatever the memory held. So the table of tensors is followed to the file's end.
    """
    where = os.path.abspath(path)
    if not os.path.isfile(where):
        choices = _models_beside(where)
        raise Unusable(f"no file {where}", DOWNLOAD, key="model", choices=choices, fix=download_command(where))
    try:
        with open(where, "rb") as file:
            _check_content(where, file.fileno())
    except OSError as error:
        raise Unusable(f"{where}: {error.strerror}", "a model that can be read", key="model") from None


def download_command(path: str) -> str:
    """Return the command that fetches a model, empty for one that is not known to be published."""
    folder, name = os.path.split(path)
    if name not in _PUBLISHED:
        return ""
    return f"pip install huggingface_hub && hf download {_REPOSITORY} {name} --local-dir {shlex.quote(folder)}"


def _models_beside(path: str) -> tuple[str, ...]:
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        return ()
    return tuple(os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".bin"))


def _check_content(path: str, descriptor: int) -> None:
    # No reading ahead: the load time that will be measured depends on how much of the file is cached.
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_RANDOM)
    size, start = os.fstat(descriptor).st_size, os.pread(descriptor, _HEADER.size, 0)
    magic = start[:4]
    if magic not in (_GGML, _GGMM):
        kind = _FOREIGN.get(magic, f"a file that begins with {magic!r}") if size else "an empty file"
        expected = f"a model in chatllm.cpp's own format (GGMM): {DOWNLOAD}"
        raise Unusable(f"{path}, {kind}", expected, key="model", fix=download_command(path))
    whole = size >= _SMALLEST_GGML if magic == _GGML else size > _HEADER.size
    if magic == _GGMM and whole:
        _, version, _, _, tensors = _HEADER.unpack(start)
        if version != _GGMM_VERSION:
            expected = f"version {_GGMM_VERSION}: {DOWNLOAD}"
            raise Unusable(f"{path}, GGMM version {version}", expected, key="model")
        whole = tensors < size and all(end <= size for end in _tensor_ends(descriptor, tensors, size))
    if not whole:
        expected = f"the whole file: {DOWNLOAD}"
        found = f"{path}, which ends too early, at {size} bytes"
        raise Unusable(found, expected, key="model", fix=download_command(path))


def _tensor_ends(descriptor: int, offset: int, size: int) -> Iterator[int]:
    """Yield where each tensor's data ends. Stop at what is not known: better no verdict than a wrong one."""
    while offset < size:
        header = os.pread(descriptor, _LONGEST_NAME + 32, offset)
        if len(header) < 4:
            yield size + 1
            return
        length = int.from_bytes(header[:4], "little")
        if not 0 < length <= _LONGEST_NAME:
            return
        at = 4 + length
        dimensions = int.from_bytes(header[at : at + 4], "little")
        if len(header) < at + 4 or (1 <= dimensions <= 4 and len(header) < at + 8 + 4 * dimensions):
            yield size + 1
            return
        if not 1 <= dimensions <= 4:
            return
        *shape, kind = struct.unpack_from(f"<{dimensions + 1}I", header, at + 4)
        if kind not in _BLOCKS:
            return
        elements, block_bytes = _BLOCKS[kind]
        data = -(-(offset + at + 8 + 4 * dimensions) // _ALIGNMENT) * _ALIGNMENT
        offset = data + math.prod(shape) // elements * block_bytes
        yield offset


# --- ffmpeg
# ----------------------------------------------------------------------------------------------------


def check_ffmpeg() -> None:
    """Check that ffmpeg is on PATH: without it the engine skips the audio silently, and answers anyway."""
    folders = os.get_exec_path()
    if not any(os.access(os.path.join(folder, "ffmpeg"), os.X_OK) for folder in folders):
        expected = "ffmpeg on PATH, with which chatllm.cpp decodes audio: `apt-get install ffmpeg` or the like"
        raise Unusable("no ffmpeg", expected, fix=INSTALL_FFMPEG)
