import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from harness.stage import Unusable
from plugins.stages.chatllm_files import (
    Ggml,
    check_ffmpeg,
    check_library,
    check_model,
    download_command,
    find_library,
    read_elf,
)
from tests.engine.build import build, built, compiler, why_not

needs_compiler = pytest.mark.skipif(bool(why_not()), reason=why_not() or "there is one")


@pytest.fixture(autouse=True)
def _no_search_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)


def compile_empty(library: Path, *flags: str) -> Path:
    """Compile a library that holds one number."""
    library.parent.mkdir(parents=True, exist_ok=True)
    source = library.with_suffix(".c")
    source.write_text(f"int {library.stem.replace('-', '_')} = 1;\n")
    command = [
        compiler(),
        "-shared",
        "-fPIC",
        f"-Wl,-soname,{library.name}",
        "-Wl,--no-as-needed",
        "-o",
        str(library),
    ]
    subprocess.run([*command, str(source), *flags], check=True, capture_output=True)
    return library


def build_tree(root: Path) -> Path:
    """Lay out what chatllm.cpp's build leaves: bindings/libchatllm.so, and ggml's libraries in build/lib."""
    lib = root / "build" / "lib"
    base = compile_empty(lib / "libggml-base.so")
    ggml = compile_empty(lib / "libggml.so", str(base))
    return compile_empty(root / "bindings" / "libchatllm.so", str(ggml))


# --- finding the library ------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", [None, "chatllm.cpp/bindings/libchatllm.so"])
def test_library_is_the_submodules_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str | None) -> None:
    """Without a name, and by a relative one, it is looked for in the working directory."""
    monkeypatch.chdir(tmp_path)
    library = tmp_path / "chatllm.cpp" / "bindings" / "libchatllm.so"
    library.parent.mkdir(parents=True)
    library.touch()
    assert find_library(named) == str(library)


@pytest.mark.parametrize("named", [None, "libchatllm.so"])
def test_library_is_found_on_the_loaders_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str | None
) -> None:
    """A folder of LD_LIBRARY_PATH will do, where the submodule was not built."""
    (tmp_path / "libchatllm.so").touch()
    monkeypatch.chdir(tmp_path.parent)
    monkeypatch.setenv("LD_LIBRARY_PATH", f"/nowhere:{tmp_path}")
    assert find_library(named) == str(tmp_path / "libchatllm.so")


def test_system_library_is_found_in_the_loaders_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the loader's cache lists is found by its name."""
    cached = next((line for line in Path("/proc/self/maps").read_text().split() if line.endswith("/libc.so.6")), None)
    if cached is None:
        pytest.skip("this process has no libc.so.6 to look for")
    monkeypatch.chdir(tmp_path)
    assert Path(find_library("libc.so.6")).name == "libc.so.6"


@pytest.mark.parametrize(
    ("named", "found"),
    [
        (None, "no chatllm.cpp/bindings/libchatllm.so here, and none on the loader's path"),
        ("/nowhere/libchatllm.so", "no file /nowhere/libchatllm.so"),
    ],
)
def test_missing_library_says_how_to_build_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str | None, found: str
) -> None:
    """The error holds the build commands, and the option at fault."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Unusable) as caught:
        find_library(named)
    assert (caught.value.found, caught.value.key) == (found, "library")
    assert "`git submodule update --init`" in caught.value.expected
    assert "`cmake -B build && cmake --build build --target libchatllm`" in caught.value.expected


# --- reading the library ------------------------------------------------------------------------------------


@needs_compiler
def test_engine_of_known_truth_needs_no_ggml() -> None:
    """A library that needs none of ggml is fine as it is."""
    assert check_library(str(built())) == Ggml((), ())


@needs_compiler
def test_ggml_beside_the_build_is_opened_first(tmp_path: Path) -> None:
    """Where the loader would not look in ../build/lib, what stands there is named, each after what it needs."""
    library = build_tree(tmp_path)
    lib = tmp_path / "build" / "lib"
    ggml, base = str(lib / "libggml.so"), str(lib / "libggml-base.so")
    assert check_library(str(library)) == Ggml(every=(ggml, base), open_first=(base, ggml))


@needs_compiler
def test_library_opens_once_ggml_is_open(tmp_path: Path) -> None:
    """By itself the library does not open; after those that are to be opened first it does."""
    build_tree(tmp_path)
    ggml = tmp_path / "build" / "lib" / "libggml.so"
    library = build(tmp_path / "bindings", flags=["-Wl,--no-as-needed", str(ggml)])
    child = (
        "import sys; from plugins.stages.chatllm_library import Library\n"
        "try: Library(sys.argv[1])\n"
        "except RuntimeError as error: print('libggml' in str(error))\n"
        "print(Library(sys.argv[1], sys.argv[2:]).can_unload)\n"
    )
    arguments = [str(library), *check_library(str(library)).open_first]
    result = subprocess.run([sys.executable, "-c", child, *arguments], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["True", "True"]


@needs_compiler
@pytest.mark.parametrize("tag", ["--enable-new-dtags", "--disable-new-dtags"])
@pytest.mark.parametrize("origin", ["$ORIGIN", "${ORIGIN}"])
def test_run_path_of_the_library_is_followed(tmp_path: Path, tag: str, origin: str) -> None:
    """RUNPATH and RPATH are read, and $ORIGIN stands for the library's folder."""
    lib = tmp_path / "elsewhere"
    ggml = compile_empty(lib / "libggml.so")
    run_path = f"-Wl,{tag},-rpath,{origin}/../elsewhere"
    library = compile_empty(tmp_path / "bindings" / "libchatllm.so", str(ggml), run_path)
    folder = f"{library.parent}/../elsewhere"
    assert read_elf(str(library)).folders == (folder,)
    assert check_library(str(library)) == Ggml((f"{folder}/libggml.so",), ())


@needs_compiler
def test_ggml_in_ld_library_path_is_left_to_the_loader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What LD_LIBRARY_PATH reaches need not be opened first."""
    library = build_tree(tmp_path)
    lib = tmp_path / "build" / "lib"
    monkeypatch.setenv("LD_LIBRARY_PATH", str(lib))
    assert check_library(str(library)) == Ggml((str(lib / "libggml.so"), str(lib / "libggml-base.so")), ())


@needs_compiler
@pytest.mark.parametrize("gone", ["libggml.so", "libggml-base.so"])
def test_missing_ggml_is_named(tmp_path: Path, gone: str) -> None:
    """A ggml library that is nowhere is named, and where it should be."""
    library = build_tree(tmp_path)
    (tmp_path / "build" / "lib" / gone).unlink()
    with pytest.raises(Unusable) as caught:
        check_library(str(library))
    assert (caught.value.found, caught.value.key) == (f"{library} without {gone}", "library")
    assert "../build/lib" in caught.value.expected
    assert "LD_LIBRARY_PATH" in caught.value.expected


@needs_compiler
@pytest.mark.parametrize(("machine", "name"), [(62, "x86_64"), (183, "aarch64"), (243, "RISC-V"), (8, "machine 8")])
def test_library_for_another_machine_is_named(tmp_path: Path, machine: int, name: str) -> None:
    """The ELF header's machine is compared with ours, and both are named."""
    library = tmp_path / "libchatllm.so"
    content = bytearray(built().read_bytes())
    content[18:20] = struct.pack("<H", machine)
    library.write_bytes(content)
    here = os.uname().machine
    if name == here:
        assert check_library(str(library)) == Ggml()
        return
    with pytest.raises(Unusable) as caught:
        check_library(str(library))
    assert caught.value.found == f"{library}, built for {name}"
    assert caught.value.expected.startswith(f"one built for this machine ({here})")


@needs_compiler
def test_truncated_library_is_refused(tmp_path: Path) -> None:
    """However early a library ends, that is said, and never another exception."""
    content = built().read_bytes()
    library = tmp_path / "libchatllm.so"
    for length in (*range(200), len(content) // 4):
        library.write_bytes(content[:length])
        with pytest.raises(Unusable, match="truncated"):
            check_library(str(library))


def test_32_bit_library_is_of_another_machine(tmp_path: Path) -> None:
    """Of a library with 32 bits only the machine is read."""
    library = tmp_path / "libchatllm.so"
    library.write_bytes(b"\x7fELF\x01\x01".ljust(18, b"\0") + struct.pack("<H", 3))
    with pytest.raises(Unusable, match="built for x86,"):
        check_library(str(library))


def test_text_is_no_library(tmp_path: Path) -> None:
    """A file that is no ELF library is refused with the build commands."""
    library = tmp_path / "libchatllm.so"
    library.write_text("a linker script")
    with pytest.raises(Unusable, match="which is no ELF library") as caught:
        check_library(str(library))
    assert "cmake" in caught.value.expected


def test_folder_is_no_library(tmp_path: Path) -> None:
    """What cannot be read is refused with the system's reason."""
    with pytest.raises(Unusable, match="Is a directory"):
        check_library(str(tmp_path))


# --- the model ----------------------------------------------------------------------------------------------


def tensor(at: int, name: str, kind: int, *shape: int, data_bytes: int) -> bytes:
    """Return a tensor's entry as it stands at an offset: header, padding to 16 bytes, data."""
    encoded = name.encode()
    head = struct.pack("<I", len(encoded)) + encoded + struct.pack(f"<{len(shape) + 2}I", len(shape), *shape, kind)
    return head + b"\0" * (-(at + len(head)) % 16) + b"\1" * data_bytes


def ggmm(*tensors: tuple[str, int, tuple[int, ...], int], version: int = 1) -> bytes:
    """Return a GGMM file: header, 44 bytes for metadata, configuration and tokenizer, then the tensors."""
    content = struct.pack("<4s4I", b"ggmm", version, 32, 48, 64) + b"\0" * 44
    for name, kind, shape, data_bytes in tensors:
        content += tensor(len(content), name, kind, *shape, data_bytes=data_bytes)
    return content


TENSORS = (
    ("embed.weight", 2, (4, 64), 4 * 2 * 18),
    ("norm.weight", 0, (64,), 64 * 4),
    ("lm_head.weight", 8, (2, 32), 2 * 34),
)
WHOLE = ggmm(*TENSORS)


def refusal(path: Path) -> Unusable:
    """Return the refusal of a model file."""
    with pytest.raises(Unusable) as caught:
        check_model(str(path))
    assert caught.value.key == "model"
    return caught.value


def test_whole_model_passes(tmp_path: Path) -> None:
    """A GGMM file whose tensors end where the file does is fine."""
    path = tmp_path / "model.bin"
    path.write_bytes(WHOLE)
    check_model(str(path))


def test_truncated_model_is_refused_wherever_it_ends(tmp_path: Path) -> None:
    """One byte less in any tensor's header or data is seen; the engine would not see it."""
    path = tmp_path / "model.bin"
    between = {len(ggmm(*TENSORS[:count])) for count in (1, 2)}  # a file that is cut there is whole by itself
    for length in set(range(4, len(WHOLE))) - between:
        path.write_bytes(WHOLE[:length])
        assert refusal(path).found == f"{path}, which ends too early, at {length} bytes"


@pytest.mark.parametrize(
    "tensors",
    [
        (("a", 99, (4, 64), 1),),  # a type of numbers that is newer than this check
        (("a" * 600, 0, (4,), 16),),
        (("a", 0, (1, 1, 1, 1, 1), 4),),
    ],
)
def test_layout_that_is_not_known_passes(
    tmp_path: Path, tensors: tuple[tuple[str, int, tuple[int, ...], int], ...]
) -> None:
    """What the check does not understand is left to the engine."""
    path = tmp_path / "model.bin"
    path.write_bytes(ggmm(*tensors))
    check_model(str(path))


def test_old_format_and_truth_pass(tmp_path: Path) -> None:
    """A file that begins with ggml is of the older format, or a model of the engine of known truth."""
    path = tmp_path / "model.bin"
    path.write_bytes(b"ggml\nload_ms=5\n")
    check_model(str(path))
    path.write_bytes(b"ggml\n")
    assert refusal(path).found == f"{path}, which ends too early, at 5 bytes"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (b"GGUF\3\0\0\0", "a GGUF file"),
        (
            b"version https://git-lfs.github.com/spec/v1\n",
            "a Git LFS pointer (`git lfs pull` fetches the file)",
        ),
        (b"<!DOCTYPE html>", "a web page"),
        (b"PK\x03\x04....", "a PyTorch or zip archive"),
        (b"\x89PNG", "a file that begins with b'\\x89PNG'"),
    ],
)
def test_other_formats_are_named(tmp_path: Path, content: bytes, found: str) -> None:
    """What a file is instead is said, where it is known."""
    path = tmp_path / "model.bin"
    path.write_bytes(content)
    refused = refusal(path)
    assert refused.found == f"{path}, {found}"
    assert refused.expected.startswith("a model in chatllm.cpp's own format (GGMM)")


def test_newer_version_is_named(tmp_path: Path) -> None:
    """A GGMM version that the engine would not take is refused."""
    path = tmp_path / "model.bin"
    path.write_bytes(ggmm(*TENSORS, version=2))
    assert refusal(path).found == f"{path}, GGMM version 2"


def test_missing_model_names_those_beside_it(tmp_path: Path) -> None:
    """The models in the same folder are the choices."""
    (tmp_path / "other.bin").touch()
    (tmp_path / "notes.txt").touch()
    refused = refusal(tmp_path / "model.bin")
    assert refused.found == f"no file {tmp_path / 'model.bin'}"
    assert refused.choices == (str(tmp_path / "other.bin"),)
    assert "Luigi/Qwen3-ASR-0.6B-chatllm-quantized" in refused.expected


def test_missing_folder_has_no_choices(tmp_path: Path) -> None:
    """Where there is no folder there is nothing to choose from."""
    assert refusal(tmp_path / "nowhere" / "model.bin").choices == ()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_model_is_refused(tmp_path: Path) -> None:
    """A model without the right to read it is refused with the system's reason."""
    path = tmp_path / "model.bin"
    path.write_bytes(WHOLE)
    path.chmod(0)
    assert refusal(path).found == f"{path}: Permission denied"


@pytest.mark.parametrize(
    ("path", "command"),
    [
        ("/a b/other.bin", ""),
        (
            "/a b/qwen3-asr-0.6b-q4_0.bin",
            "pip install huggingface_hub && hf download Luigi/Qwen3-ASR-0.6B-chatllm-quantized "
            "qwen3-asr-0.6b-q4_0.bin --local-dir '/a b'",
        ),
    ],
)
def test_a_published_model_can_be_fetched(path: str, command: str) -> None:
    """Into the folder where it is looked for; where another comes from is not known."""
    assert download_command(path) == command


# --- ffmpeg -------------------------------------------------------------------------------------------------


def test_missing_ffmpeg_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without ffmpeg on PATH the stage cannot run; a file that cannot be executed is none."""
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "ffmpeg").touch(0o600)
    with pytest.raises(Unusable, match="no ffmpeg") as caught:
        check_ffmpeg()
    assert "`apt-get install ffmpeg`" in caught.value.expected
    (tmp_path / "ffmpeg").chmod(0o700)
    check_ffmpeg()
