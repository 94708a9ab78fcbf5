import json
import re
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.engine.build import VARIANTS, NoCompilerError, Value, build, built, compiler, why_not, write_model

needs_compiler = pytest.mark.skipif(bool(why_not()), reason=why_not() or "there is a compiler")
needs_proc = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="no /proc/PID/clear_refs here")

ROOT = Path(__file__).parents[2]

# Does one step after the other and prints, a line for each, what the kernel says of the process: counters in KiB,
# the peak of this step alone, open files, and times in milliseconds.
CHILD = """
import ctypes, gc, json, os, sys, time
from plugins.stages.chatllm_library import Library, Model

def counters():
    lines = [line.split() for line in open("/proc/self/status")]
    found = {line[0].rstrip(":"): int(line[1]) for line in lines if line[0].startswith(("Rss", "VmHWM"))}
    handles = {"files": len(os.listdir("/proc/self/fd")), "threads": len(os.listdir("/proc/self/task"))}
    return {**found, **handles}

library, options, prompt = Library(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3]
models = []
steps = {
    "idle": lambda: None,
    "load": lambda: models.append(Model(library, options)),
    "run": lambda: models[-1].ask(prompt, lambda text: None),
    "restart": lambda: models[-1].restart(),
    "unload": lambda: models.pop().unload(),
    "trim": lambda: ctypes.CDLL(None).malloc_trim(0),
}
counters()
for step in sys.argv[4:]:
    gc.collect()
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    start, cpu = time.monotonic(), time.process_time()
    steps[step]()
    took = {"ms": (time.monotonic() - start) * 1e3, "cpu_ms": (time.process_time() - cpu) * 1e3}
    print(json.dumps({**counters(), **took}), flush=True)
"""

Reading = dict[str, float]


def drive(tmp_path: Path, steps: str, options: str = "", /, **costs: Value) -> list[Reading]:
    """Do the steps in a process of their own; return a reading before the first and one after each."""
    model = write_model(tmp_path / "model.bin", **costs)
    prompt = "{{audio:/nowhere.wav}}"
    arguments = [str(built()), json.dumps(["-m", str(model), *options.split()]), prompt, "idle"]
    command = [sys.executable, "-c", CHILD, *arguments, *steps.split()]
    result = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, timeout=60)
    return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]


def added_mib(readings: list[Reading], counter: str = "RssAnon") -> list[float]:
    """Return what each step added to a counter, in MiB."""
    return [(after[counter] - before[counter]) / 1024 for before, after in pairwise(readings)]


# --- building -----------------------------------------------------------------------------------------------


@needs_compiler
@pytest.mark.parametrize("variants", [(), *((variant,) for variant in VARIANTS), ("NO_DESTROY", "OLD_ASR")])
def test_each_variant_exports_the_abi_and_nothing_else(variants: tuple[str, ...]) -> None:
    """The functions are those of libchatllm; only a build without destroy lacks that one."""
    expected = {
        "create",
        "append_param",
        "start",
        "user_input",
        "restart",
        "abort_generation",
        "show_statistics",
    }
    expected |= set() if "NO_DESTROY" in variants else {"destroy"}
    content = built(*variants).read_bytes()
    assert {name.decode() for name in re.findall(rb"\0chatllm_(\w+)(?=\0)", content)} == expected


def test_unknown_variant_is_refused(tmp_path: Path) -> None:
    """A misspelt variant is no build."""
    with pytest.raises(ValueError, match="found the variant 'NO_DESTORY', expected one of NO_DESTROY"):
        build(tmp_path, "NO_DESTORY")


@needs_compiler
def test_compilers_messages_are_shown(tmp_path: Path) -> None:
    """A build that fails says what the compiler said."""
    with pytest.raises(RuntimeError, match=r"does not compile: .*nowhere"):
        build(tmp_path, flags=["/nowhere/lib.so"])


def test_missing_compiler_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a compiler there is a line to skip tests with."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NoCompilerError):
        compiler()
    assert why_not() == "no C compiler (cc, gcc or clang) on PATH to build the engine of known truth with"


@needs_compiler
def test_program_builds_into_a_folder(tmp_path: Path) -> None:
    """The command of the README leaves a library and prints its path."""
    command = [sys.executable, "tests/engine/build.py", str(tmp_path / "new"), "OLD_ASR"]
    result = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert Path(result.stdout.strip()) == tmp_path / "new" / "libchatllm.so"
    assert (tmp_path / "new" / "libchatllm.so").is_file()


def test_readme_lists_every_key() -> None:
    """The keys that the engine reads and those that the README explains are the same."""
    source = Path(__file__).with_name("truth.c").read_text()
    read = set(re.findall(r'\{"(\w+)", &model->', source)) | set(re.findall(r'strcmp\(key, "(\w+)"\)', source))
    rows = re.findall(r"^\| (`.*?) \|", Path(__file__).with_name("README.md").read_text(), re.MULTILINE)
    assert {key for row in rows for key in re.findall(r"`(\w+)`", row)} == read


# --- memory -------------------------------------------------------------------------------------------------


@needs_compiler
@needs_proc
@pytest.mark.parametrize("memory_with", ["mmap", "malloc"])
def test_kept_memory_is_exact_and_given_back(tmp_path: Path, memory_with: str) -> None:
    """Model and cache are there after the load, and gone after the unload, each time.

    The blocks are larger than those (32 MiB) that glibc's malloc would begin to keep after the first unload.
    """
    costs: dict[str, Value] = {"keep_mib": 48, "kv_kib_per_token": 40, "memory_with": memory_with}
    readings = drive(tmp_path, "load unload load unload", "-l 1024", **costs)
    assert added_mib(readings) == pytest.approx([88, -88, 88, -88], abs=0.5)


@needs_compiler
@needs_proc
@pytest.mark.parametrize(("length", "cache_mib"), [(512, 8), (2048, 32), (9999, 64)])
def test_cache_grows_with_the_length(tmp_path: Path, length: int, cache_mib: int) -> None:
    """-l sizes the KV cache, up to the model's own context length."""
    readings = drive(tmp_path, "load", f"-l {length}", kv_kib_per_token=16, context_length=4096)
    assert added_mib(readings) == pytest.approx([cache_mib], abs=0.5)


@needs_compiler
@needs_proc
def test_transient_memory_is_in_the_peak_alone(tmp_path: Path) -> None:
    """A spike of the load and a run's working memory show in that step's peak, and nothing stays."""
    costs = {"keep_mib": 16, "load_peak_mib": 40, "work_mib": 24}
    readings = drive(tmp_path, "load run unload", **costs)
    assert added_mib(readings) == pytest.approx([16, 0, -16], abs=0.5)
    idle, loaded, ran, _ = readings
    resident_kib = [sum(value for name, value in one.items() if name.startswith("Rss")) for one in readings]
    assert (loaded["VmHWM"] - resident_kib[0]) / 1024 == pytest.approx(16 + 40, abs=1)
    assert (ran["VmHWM"] - resident_kib[1]) / 1024 == pytest.approx(24, abs=1)
    assert (idle["VmHWM"] - resident_kib[0]) / 1024 == pytest.approx(0, abs=1)


@needs_compiler
@needs_proc
@pytest.mark.parametrize("leak_with", ["mmap", "malloc"])
def test_leaks_stay(tmp_path: Path, leak_with: str) -> None:
    """What a load and a run leak is there after the unload, and no trim gives it back."""
    steps = "trim load run run unload trim load run unload"  # the first trim is for what the interpreter has freed
    costs: dict[str, Value] = {"leak_load_kib": 2048, "leak_run_kib": 1024, "leak_with": leak_with}
    assert added_mib(drive(tmp_path, steps, **costs))[1:] == pytest.approx([2, 1, 1, 0, 0, 2, 1, 0], abs=0.3)


@needs_compiler
@needs_proc
def test_retained_memory_goes_with_a_trim(tmp_path: Path) -> None:
    """Small blocks that are freed stay with glibc's allocator until malloc_trim, and are used again before that."""
    if not sys.platform.startswith("linux") or b"GLIBC" not in Path("/proc/self/exe").read_bytes():
        pytest.skip("the allocator is not glibc's")
    readings = drive(tmp_path, "load unload load unload trim", retain_mib=32)
    assert added_mib(readings) == pytest.approx([32, 0, 0, 0, -32], abs=2)


@needs_compiler
@needs_proc
@pytest.mark.parametrize("named", [True, False])
def test_mapped_file_is_file_memory(tmp_path: Path, named: bool) -> None:
    """A mapped file counts as RssFile (RssShmem on tmpfs), not as what the process allocated."""
    path = tmp_path / "weights"
    path.write_bytes(b"\1" * (24 << 20))
    costs: dict[str, Value] = {"map_mib": 24, "map_file": str(path)} if named else {"map_mib": 24}
    readings = drive(tmp_path, "load unload", **costs)
    mapped = [sum(both) for both in zip(added_mib(readings, "RssFile"), added_mib(readings, "RssShmem"), strict=True)]
    assert mapped == pytest.approx([24, -24], abs=0.5)
    assert added_mib(readings) == pytest.approx([0, 0], abs=0.5)


@needs_compiler
@needs_proc
def test_leaked_files_are_counted(tmp_path: Path) -> None:
    """Each load leaves its descriptors open."""
    readings = drive(tmp_path, "load unload load unload", leak_fd_per_load=3)
    assert [reading["files"] - readings[0]["files"] for reading in readings] == [0, 3, 3, 6, 6]


@needs_compiler
@needs_proc
def test_leaked_threads_are_counted(tmp_path: Path) -> None:
    """Each load leaves its threads asleep."""
    readings = drive(tmp_path, "load unload load unload", leak_thread_per_load=2)
    assert [reading["threads"] - readings[0]["threads"] for reading in readings] == [0, 2, 2, 4, 4]


# --- time ---------------------------------------------------------------------------------------------------


@needs_compiler
@needs_proc
def test_calls_take_what_is_said(tmp_path: Path) -> None:
    """Each call returns no earlier than it says, and on a busy machine not much later."""
    costs = {"load_ms": 60, "run_ms": 40, "restart_ms": 20, "unload_ms": 30}
    readings = drive(tmp_path, "load run restart unload", **costs)
    for reading, expected in zip(readings[1:], costs.values(), strict=True):
        assert expected <= reading["ms"] < expected + 250


@needs_compiler
@needs_proc
def test_spike_lasts_as_long_as_it_is_said(tmp_path: Path) -> None:
    """A spike's duration is part of the load."""
    assert drive(tmp_path, "load", load_peak_mib=1, load_peak_ms=50)[1]["ms"] >= 50


@needs_compiler
@needs_proc
@pytest.mark.parametrize("threads", [1, 3])
def test_threads_burn_their_time(tmp_path: Path, threads: int) -> None:
    """Each of -n threads uses the CPU for so long."""
    readings = drive(tmp_path, "load run", f"-n {threads}", spin_ms=40)
    assert readings[2]["cpu_ms"] == pytest.approx(40 * threads, abs=15)


# --- failures -----------------------------------------------------------------------------------------------


def end_of(tmp_path: Path, *steps: str, **costs: Value) -> tuple[int, int]:
    """Return how a process that does the steps ends, and how many of them it did."""
    model = write_model(tmp_path / "model.bin", **costs)
    command = [sys.executable, "-c", CHILD, str(built()), json.dumps(["-m", str(model)]), "", *steps]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=60)
    return result.returncode, sum(line.startswith("{") for line in result.stdout.splitlines())


@needs_compiler
@needs_proc
@pytest.mark.parametrize(
    ("phase", "name", "number", "done"),
    [
        ("load", "SEGV", signal.SIGSEGV, 0),
        ("run", "ABRT", signal.SIGABRT, 1),
        ("restart", "FPE", signal.SIGFPE, 2),
        ("unload", "KILL", signal.SIGKILL, 3),
    ],
)
def test_crash_is_by_the_signal_and_in_the_phase(tmp_path: Path, phase: str, name: str, number: int, done: int) -> None:
    """The process dies in the phase that is named, by the signal that is named."""
    end = end_of(tmp_path, "load", "run", "restart", "unload", crash_in=phase, crash_signal=name)
    assert end == (-number, done)


@needs_compiler
@needs_proc
def test_process_leaves_with_the_status(tmp_path: Path) -> None:
    """The process leaves with the status that is said."""
    assert end_of(tmp_path, "load", "run", exit_in="run", exit_status=7) == (7, 1)


@needs_compiler
@needs_proc
def test_fault_waits_for_its_turn(tmp_path: Path) -> None:
    """A phase fails only after it was passed so often."""
    steps = ("load", "run", "run", "run", "unload")
    assert end_of(tmp_path, *steps, crash_in="run", fault_after=2) == (-signal.SIGSEGV, 3)


@needs_compiler
@needs_proc
def test_hang_never_ends(tmp_path: Path) -> None:
    """A hanging load ends only when the process is ended."""
    model = write_model(tmp_path / "model.bin", hang_in="load", print_stdout="loading")
    command = [sys.executable, "-c", CHILD, str(built()), json.dumps(["-m", str(model)]), "", "load"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "loading\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.1)
        process.kill()


@needs_compiler
def test_traps_of_the_original_are_there() -> None:
    """Destroying before a start, and aligning punctuation, end the process as they do in the original."""
    start = "import ctypes, sys; c = ctypes.CDLL(sys.argv[1]); c.chatllm_create.restype = ctypes.c_void_p\n"
    destroy = start + "c.chatllm_destroy(ctypes.c_void_p(c.chatllm_create()))"
    result = subprocess.run([sys.executable, "-c", destroy, str(built())], capture_output=True, check=False)
    assert result.returncode == -signal.SIGSEGV


@needs_compiler
def test_punctuation_alone_aborts_the_process(tmp_path: Path) -> None:
    """A segment without a letter or digit is a failed check, as in the original."""
    model = write_model(tmp_path / "model.bin", purpose="aligner")
    child = (
        "import sys; from plugins.stages.chatllm_library import Library, Model\n"
        "model = Model(Library(sys.argv[1]), ['-m', sys.argv[2], '--set', 'language', 'English'])\n"
        "model.ask('and so', print); model.ask('and - so', print)\n"
    )
    command = [sys.executable, "-c", child, str(built()), str(model)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert result.returncode == -signal.SIGABRT


@needs_compiler
def test_text_changes_after_so_many_runs(tmp_path: Path) -> None:
    """Runs are counted in the process, over loads: after N of them the text is another."""
    model = write_model(tmp_path / "model.bin", tag=0, text="one", text_after="2:another one")
    child = (
        "import sys; from plugins.stages.chatllm_library import Library, Model\n"
        "library = Library(sys.argv[1])\n"
        "for _ in range(4):\n"
        "    model, heard = Model(library, ['-m', sys.argv[2]]), []\n"
        "    model.ask('', heard.append); print(''.join(heard)); model.unload()\n"
    )
    command = [sys.executable, "-c", child, str(built()), str(model)]
    result = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout.splitlines() == ["one", "one", "another one", "another one"]
