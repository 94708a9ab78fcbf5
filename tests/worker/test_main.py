import gc
import mmap
import os
import subprocess
import sys
import time
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from harness.records import Utterance
from harness.stage import Emit, Refused, Request, Result, Stage, Word
from harness.worker import __main__ as main
from harness.worker.__main__ import USAGE, Stamps, Worker, read_pcm, timed
from harness.worker.protocol import VERSION, Message, decode, encode

IDLE_MIB = 14.0


class Model:
    """Something that a stage holds, in a circle with it."""

    stage: "Small"


class Small(Stage):
    """Does as it is told, in this process."""

    role = "asr"
    name = "small"
    takes_pcm = True
    models: ClassVar["weakref.WeakSet[Model]"] = weakref.WeakSet()

    @dataclass(frozen=True)
    class Options:
        """What it says, and in which pieces."""

        pieces: tuple[str, ...] = ("a", "", "b")
        fail: str = ""
        stays: bool = False

    def prepare(self) -> Mapping[str, Any]:
        """State facts."""
        return {"version": "2"}

    def load(self) -> Mapping[str, Any]:
        """Hold a model that holds us."""
        if self.options.fail == "load":
            raise MemoryError
        self.model = Model()
        self.model.stage = self
        self.models.add(self.model)
        return {"parameters": 1}

    def run(self, request: Request, emit: Emit) -> Result:
        """Emit the pieces, and say what was heard."""
        if self.options.fail == "refuse":
            raise Refused("too short")
        for piece in self.options.pieces:
            emit(piece)
        said = f"{len(request.pcm)} {request.text} {request.duration_s} {Path(request.audio).name}"
        return Result(said, (Word("a", 0.0, 10.5),), {"tokens": 3})

    def unload(self) -> bool | None:
        """Let go of the model, or say that it cannot be."""
        if self.options.stays:
            return False
        del self.model
        return None


def prepared(**options: Any) -> Worker:
    """Return a worker that has prepared the small stage as ``asr``."""
    worker = Worker()
    command = {"seq": 1, "do": "prepare", "stage": "asr", "module": __name__, "class": "Small", "options": options}
    assert worker.answer(command)["ok"]
    return worker


def told(worker: Worker, do: str, **more: Any) -> Message:
    """Return the answer to a command, as it is after the pipe."""
    return decode(encode(worker.answer({"seq": 5, "do": do, "stage": "asr", **more})))


def without_stamps(answer: Message) -> Message:
    """Return an answer without what a clock and the kernel say."""
    stamps = ("start_ns", "end_ns", "cpu_ns", "usage", "deliveries")
    return {key: value for key, value in answer.items() if key not in stamps}


# --- in this process --------------------------------------------------------------------------------------------


def test_hello_says_version_and_pid() -> None:
    """Nothing of an engine is needed for it. Since when the worker listens does not depend on when it is asked."""
    worker = Worker()
    worker.ready_ns, worker.ready_cpu_ns = 7, 5
    assert worker.answer({"seq": 3, "do": "hello"}) == {
        "seq": 3,
        "ok": True,
        "start_ns": 0,
        "end_ns": 0,
        "cpu_ns": 5,
        "usage": None,
        "loaded": [],
        "version": VERSION,
        "pid": os.getpid(),
        "ready_ns": 7,
    }


def test_a_worker_is_ready_when_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the monotonic clock, and with the CPU time that the process has had until then."""
    monkeypatch.setattr(time, "monotonic_ns", lambda: 11)
    monkeypatch.setattr(time, "process_time_ns", lambda: 13)
    worker = Worker()
    assert (worker.ready_ns, worker.ready_cpu_ns) == (11, 13)


def test_one_life_of_a_stage(utterance: Utterance) -> None:
    """prepare, load, run, restart and unload: every answer, and who is loaded after it."""
    worker = Worker()
    command = {"module": __name__, "class": "Small", "options": {"pieces": ["x", "", "y"]}}
    request = {"audio": utterance.canonical, "duration_s": 0.1, "text": "what"}
    head = {"seq": 5, "ok": True}
    assert without_stamps(told(worker, "prepare", **command)) == {**head, "loaded": [], "facts": {"version": "2"}}
    assert without_stamps(told(worker, "load")) == {**head, "loaded": ["asr"], "facts": {"parameters": 1}}
    answer = told(worker, "run", request=request)
    assert without_stamps(answer) == {
        **head,
        "loaded": ["asr"],
        "text": "3200 what 0.1 silence.wav",
        "words": [["a", 0.0, 10.5, None]],
        "facts": {"tokens": 3},
    }
    assert [text for _, text in answer["deliveries"]] == ["x", "y"]
    assert without_stamps(told(worker, "restart")) == {**head, "loaded": ["asr"]}
    assert without_stamps(told(worker, "unload")) == {**head, "loaded": []}


def test_deliveries_are_stamped_inside_the_call(utterance: Utterance) -> None:
    """An empty text is no delivery; start, deliveries and end rise."""
    worker = prepared()
    told(worker, "load")
    answer = told(worker, "run", request={"audio": utterance.canonical, "duration_s": 0.1, "text": ""})
    stamps = [answer["start_ns"], *(at_ns for at_ns, _ in answer["deliveries"]), answer["end_ns"]]
    assert len(stamps) == 4
    assert stamps == sorted(stamps)
    assert answer["cpu_ns"] >= 0


def test_options_that_json_made_lists_are_tuples_again() -> None:
    """An ``Options`` says tuple, and so it is given one."""
    assert prepared(pieces=["x", "y"]).stages["asr"].options == Small.Options(pieces=("x", "y"))


@pytest.mark.parametrize(
    "bad", [Word("a", float("nan"), 1.0), Word("a", 0.0, float("inf")), Word("a", 0, 1, float("nan"))]
)
def test_a_time_that_is_no_number_is_the_engines_error(bad: Word) -> None:
    """JSON has none, and a trial with null in its place could not be read again."""
    with pytest.raises(ValueError, match=r"^the word 'a' has a time or a quality that is not a finite number$"):
        timed(bad)
    assert timed(Word("a", 0.0, 1.5)) == ["a", 0.0, 1.5, None]


def test_an_exception_is_an_answer(capsys: pytest.CaptureFixture[str]) -> None:
    """Type and message go to the supervisor, the traceback to the log; a type without a message stands alone."""
    worker = prepared(fail="load")
    answer = told(worker, "load")
    assert without_stamps(answer) == {"seq": 5, "ok": False, "error": "MemoryError", "refused": None, "loaded": []}
    assert answer["end_ns"] >= answer["start_ns"] > 0
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_a_refusal_says_that_it_is_one(utterance: Utterance, capsys: pytest.CaptureFixture[str]) -> None:
    """The engine is whole: its model stays loaded."""
    worker = prepared(fail="refuse")
    told(worker, "load")
    answer = told(worker, "run", request={"audio": utterance.canonical, "duration_s": 0.1, "text": ""})
    assert without_stamps(answer) == {
        "seq": 5,
        "ok": False,
        "error": "Refused: too short",
        "refused": "too short",
        "loaded": ["asr"],
    }
    assert "Refused: too short" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("do", "error"),
    [
        ("dance", "AttributeError: 'Worker' object has no attribute 'do_dance'"),
        ("load", "KeyError: 'asr'"),
        ("unload", "KeyError: 'asr'"),
    ],
)
def test_a_command_that_makes_no_sense_is_answered(do: str, error: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A worker does not die of what it is told."""
    answer = told(Worker(), do)
    assert (answer["ok"], answer["error"], answer["loaded"]) == (False, error, [])
    assert capsys.readouterr().err


def test_unload_leaves_nothing_for_the_collector() -> None:
    """A model in a reference circle is gone when the answer is given, not some time later."""
    gc.unfreeze()  # what earlier tests prepared in this process
    gc.collect()
    assert len(Small.models) == 0
    worker = prepared()
    told(worker, "load")
    assert len(Small.models) == 1
    gc.disable()
    try:
        told(worker, "unload")
        assert len(Small.models) == 0
    finally:
        gc.enable()


def test_a_model_that_cannot_be_unloaded_stays_in_the_account() -> None:
    """A stage that returns False from unload is still loaded, and the worker says so."""
    worker = prepared(stays=True)
    told(worker, "load")
    assert without_stamps(told(worker, "unload")) == {"seq": 5, "ok": True, "loaded": ["asr"]}


def test_trim_says_whether_it_did_something() -> None:
    """True or False by glibc's malloc_trim; a reason where the C library has none."""
    answer = told(Worker(), "trim")
    assert answer["ok"] is True
    assert answer["facts"]["trimmed"] in (True, False)
    assert set(answer["facts"]) <= {"trimmed", "reason"}


def test_heap_is_told_in_bytes_or_not_with_a_reason() -> None:
    """No clock is stamped: nothing of an engine is called."""
    answer = told(Worker(), "heap")
    assert (answer["ok"], answer["start_ns"], answer["usage"]) == (True, 0, None)
    assert set(answer["heap"]) in ({"used_bytes", "mapped_bytes"}, {"reason"})


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no getrusage")
def test_page_faults_and_switches_are_those_of_the_call() -> None:
    """Memory that is touched in it for the first time, a sleep in it; nothing of what was before."""

    def busy() -> None:
        with mmap.mmap(-1, 400 * mmap.PAGESIZE) as memory:
            if hasattr(mmap, "MADV_NOHUGEPAGE"):
                memory.madvise(mmap.MADV_NOHUGEPAGE)
            for at in range(0, len(memory), mmap.PAGESIZE):
                memory[at] = 1
        time.sleep(0.001)

    stamps = Stamps()
    stamps.around(busy)
    assert stamps.usage is not None
    assert sorted(stamps.usage) == sorted(USAGE)
    assert 400 <= stamps.usage["minor_faults"] < 800
    assert stamps.usage["voluntary_switches"] >= 1
    stamps.around(int)
    assert stamps.usage["minor_faults"] < 100


def test_a_platform_that_counts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows has no module ``resource``: no figures, and never zeros."""
    monkeypatch.setattr(main, "resource", None)
    stamps = Stamps()
    stamps.around(int)
    assert stamps.usage is None


def test_stamps_hold_when_the_call_raises() -> None:
    """A call that fails has a duration like any other, and its exception goes through."""
    stamps = Stamps()
    with pytest.raises(ZeroDivisionError):
        stamps.around(lambda: 1 / 0)
    assert 0 < stamps.start_ns <= stamps.end_ns
    assert stamps.cpu_ns >= 0


def test_stamps_pass_arguments_and_answer_on() -> None:
    """The call is made with the arguments given, and its answer returned."""
    assert Stamps().around(divmod, 7, 2) == (3, 1)


def test_pcm_is_every_sample_of_the_file(utterance: Utterance) -> None:
    """100 ms at 16 kHz in two bytes each."""
    assert read_pcm(utterance.canonical) == bytes(3200)


# --- as a process -----------------------------------------------------------------------------------------------


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Return a worker as a process, its standard error in a file."""
    with (
        (tmp_path / "engine.log").open("wb") as log,
        subprocess.Popen(
            [sys.executable, "-m", "harness.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            bufsize=0,
        ) as process,
    ):
        yield process
        process.kill()


def ask(process: subprocess.Popen[bytes], **command: Any) -> Message:
    """Send a command, and return what the next line of the process's output holds."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(encode({"seq": 1, "stage": "asr", **command}))
    return decode(process.stdout.readline())


def scripted(**options: Any) -> Message:
    """Return the command that prepares the scripted ASR."""
    return {"do": "prepare", "module": "tests.engine.scripted", "class": "ScriptedAsr", "options": options}


def rss_mib(pid: int) -> float:
    """Return VmRSS by the kernel's account."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmRSS")


def test_what_an_engine_prints_goes_to_the_log(process: subprocess.Popen[bytes], tmp_path: Path) -> None:
    """By print and by the descriptor; the protocol carries answers alone."""
    assert ask(process, **scripted(say="I am an engine"))["facts"] == {"version": "1"}
    assert ask(process, do="hello")["pid"] == process.pid
    assert (tmp_path / "engine.log").read_text() == "I am an engine\nI am an engine\n"


def test_the_pipe_is_out_of_an_engines_way(process: subprocess.Popen[bytes]) -> None:
    """Descriptor 0 is /dev/null, descriptor 1 the log, where libraries and child processes write."""
    ask(process, do="hello")
    links = Path(f"/proc/{process.pid}/fd")
    assert (links / "0").readlink() == Path("/dev/null")
    assert (links / "1").readlink() == (links / "2").readlink()


@pytest.mark.parametrize("seen", ["nothing", "hello"])
def test_a_worker_ends_when_the_supervisor_is_gone(process: subprocess.Popen[bytes], seen: str) -> None:
    """The end of the pipe is the end of the process, whether it had been spoken to or not."""
    if seen == "hello":
        ask(process, do="hello")
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(30) == 0


def test_a_worker_leaves_when_told(process: subprocess.Popen[bytes]) -> None:
    """Without an answer, with status 0."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(encode({"seq": 1, "do": "leave"}))
    assert process.stdout.read() == b""
    assert process.wait(30) == 0


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
def test_a_worker_is_small_before_an_engine(process: subprocess.Popen[bytes]) -> None:
    """At most 14 MiB after hello, and with a stage's module imported whose engine costs nothing."""
    ask(process, do="hello")
    assert rss_mib(process.pid) <= IDLE_MIB
    ask(process, **scripted())
    assert rss_mib(process.pid) <= IDLE_MIB


def test_a_worker_imports_next_to_nothing(process: subprocess.Popen[bytes]) -> None:
    """Neither Hydra nor tables nor a sampler: the measured process holds the engine."""
    script = "import sys, harness.worker.__main__; print(*sorted(sys.modules))"
    modules = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"hydra", "jiwer", "msgspec", "numpy", "omegaconf", "pluggy", "psutil", "rich", "scipy", "tabulate"}
    assert heavy.isdisjoint(modules)
    assert [name for name in modules if name.startswith("harness")] == [
        "harness",
        "harness.exchange",
        "harness.stage",
        "harness.worker",
        "harness.worker.__main__",
        "harness.worker.protocol",
    ]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the platform has no disk that is always full")
def test_what_is_printed_is_lost_where_the_log_cannot_grow() -> None:
    """Nothing is raised, by a line or by more than a buffer holds; where it can grow, all of it is there."""
    program = (
        "import sys\nfrom harness.worker.__main__ import print_safely\nprint_safely()\n"
        "print('out' * 50_000)\nprint('error', file=sys.stderr)\nsys.stdout.flush()\n"
    )
    with open("/dev/full", "wb") as full:  # noqa: PTH123 a device
        done = subprocess.run([sys.executable, "-c", program], stdout=full, stderr=full, check=False)
    assert done.returncode == 0
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert (len(done.stdout), done.stderr) == (150_001, b"error\n")
