"""The measured process: takes commands from a pipe, calls the engine, stamps the clock beside the call.

Started as ``python -m harness.worker`` with the pipe to the supervisor as standard input and output and the engine
log as standard error. The first thing it does is to move the pipe elsewhere, so that whatever an engine prints goes
to the log. It holds the standard library, :mod:`harness.stage`, and the plugins of the stages that it is told to
prepare.
"""

import faulthandler
import gc
import importlib
import io
import os
import sys
import time
import traceback
import wave
from collections.abc import Callable
from typing import Any, BinaryIO

from harness.exchange import Request, Word
from harness.stage import Refused, Stage
from harness.worker.protocol import VERSION, Message, decode, encode

try:
    import resource
except ImportError:  # Windows has none
    resource = None  # type: ignore[assignment]

USAGE = {
    "minor_faults": "ru_minflt",
    "major_faults": "ru_majflt",
    "voluntary_switches": "ru_nvcsw",
    "involuntary_switches": "ru_nivcsw",
    "block_reads": "ru_inblock",
}
"""What getrusage(2) counts for the whole process, threads that have ended included, by our names."""


class Stamps:
    """Monotonic and CPU time around one call into an engine; page faults, context switches and block reads in it."""

    def __init__(self) -> None:
        self.start_ns = self.end_ns = self.cpu_ns = 0
        self.usage: dict[str, int] | None = None

    def around(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """Make the call; the stamps hold whether it returns or raises."""
        before = usage()
        cpu_ns = time.process_time_ns()
        self.start_ns = time.monotonic_ns()
        try:
            return call(*arguments)
        finally:
            self.end_ns = time.monotonic_ns()
            self.cpu_ns = time.process_time_ns() - cpu_ns
            self.usage = {name: after - before[name] for name, after in usage().items()} or None


def usage() -> dict[str, int]:
    """Return what the kernel has counted for this process up to now; nothing where the platform does not."""
    if resource is None:
        return {}
    counted = resource.getrusage(resource.RUSAGE_SELF)
    return {name: getattr(counted, field) for name, field in USAGE.items()}


def timed(word: Word) -> list[object]:
    """Return a word as an answer has it. Raises ValueError for a NaN, which would spoil the line of its trial."""
    numbers = (word.start_ms, word.end_ms) if word.quality is None else (word.start_ms, word.end_ms, word.quality)
    if not all(number - number == 0 for number in numbers):  # without the module math, which this process need not load
        raise ValueError(f"the word {word.text!r} has a time or a quality that is not a finite number")
    return [word.text, word.start_ms, word.end_ms, word.quality]


class Worker:
    """The stages of this process, and one method for each command. It is made when the process begins to listen."""

    def __init__(self) -> None:
        self.ready_ns, self.ready_cpu_ns = time.monotonic_ns(), time.process_time_ns()
        self.stages: dict[str, Stage] = {}
        self.loaded: list[str] = []

    def answer(self, command: Message) -> Message:
        """Carry out one command. An engine's exception becomes an answer; nothing is raised."""
        stamps = Stamps()
        try:
            more = getattr(self, f"do_{command['do']}")(command, stamps)
        except Exception as error:  # an engine may raise anything, and each kind is the same to us: an outcome
            traceback.print_exc()
            return {
                "seq": command.get("seq"),
                "ok": False,
                "error": f"{type(error).__name__}: {error}" if str(error) else type(error).__name__,
                "refused": str(error) if isinstance(error, Refused) else None,
                **self.stamped(stamps),
            }
        return {"seq": command["seq"], "ok": True, **self.stamped(stamps), **more}

    def stamped(self, stamps: Stamps) -> Message:
        """Return the part of an answer that every command shares."""
        return {
            "start_ns": stamps.start_ns,
            "end_ns": stamps.end_ns,
            "cpu_ns": stamps.cpu_ns,
            "usage": stamps.usage,
            "loaded": self.loaded,
        }

    def do_hello(self, command: Message, stamps: Stamps) -> Message:
        """Say which version of the messages this process speaks, since when it listens, and its CPU time until then."""
        return {"version": VERSION, "pid": os.getpid(), "ready_ns": self.ready_ns, "cpu_ns": self.ready_cpu_ns}

    def do_prepare(self, command: Message, stamps: Stamps) -> Message:
        """Make the stage's object and let it import its engine; only the engine is inside the stamps."""
        sys.path += [place for place in command.get("path", ()) if place not in sys.path]
        stage_class = getattr(importlib.import_module(command["module"]), command["class"])
        options = {
            name: tuple(value) if isinstance(value, list) else value for name, value in command["options"].items()
        }
        stage = self.stages[command["stage"]] = stage_class(stage_class.Options(**options))
        facts = dict(stamps.around(stage.prepare) or {})
        if not self.loaded:  # a loaded model's objects have to stay collectable
            gc.collect()
            gc.freeze()  # what was imported lives as long as the process: no later collection need scan it
        return {"facts": facts}

    def do_load(self, command: Message, stamps: Stamps) -> Message:
        """Load a stage's model."""
        facts = stamps.around(self.stages[command["stage"]].load)
        self.loaded.append(command["stage"])
        return {"facts": dict(facts or {})}

    def do_run(self, command: Message, stamps: Stamps) -> Message:
        """Give a loaded stage one request. The audio is read before the clock is."""
        stage = self.stages[command["stage"]]
        request = Request(
            audio=command["request"]["audio"],
            duration_s=command["request"]["duration_s"],
            text=command["request"]["text"],
            pcm=read_pcm(command["request"]["audio"]) if stage.takes_pcm else b"",
        )
        deliveries: list[tuple[int, str]] = []
        now_ns, keep = time.monotonic_ns, deliveries.append

        def emit(text: str) -> None:
            keep((now_ns(), text))

        result = stamps.around(stage.run, request, emit)
        return {
            "text": result.text,
            "words": [timed(word) for word in result.words],
            "deliveries": [(at_ns, text) for at_ns, text in deliveries if text],
            "facts": dict(result.facts),
        }

    def do_restart(self, command: Message, stamps: Stamps) -> Message:
        """Let a loaded stage forget what earlier requests left behind."""
        stamps.around(self.stages[command["stage"]].restart)
        return {}

    def do_unload(self, command: Message, stamps: Stamps) -> Message:
        """Let a stage give its model back, then collect: what is read afterwards is not garbage in waiting."""
        if stamps.around(self.stages[command["stage"]].unload) is not False:
            self.loaded.remove(command["stage"])
        gc.collect()
        return {}

    def do_trim(self, command: Message, stamps: Stamps) -> Message:
        """Collect, and ask the C allocator to give free pages back (``malloc_trim``, glibc only)."""
        from harness.worker.heap import malloc_trim  # with ctypes, which would cost every other worker half a megabyte

        gc.collect()
        trim = malloc_trim()
        if trim is None:
            return {"facts": {"trimmed": False, "reason": "this C library has no malloc_trim"}}
        return {"facts": {"trimmed": bool(stamps.around(trim, 0))}}

    def do_heap(self, command: Message, stamps: Stamps) -> Message:
        """Say what the C allocator has handed out."""
        from harness.worker.heap import heap

        return {"heap": heap()}


def encoded(answer: Message) -> bytes:
    """Return an answer as a line; what an engine returned and JSON does not have becomes an error."""
    try:
        return encode(answer)
    except (TypeError, ValueError) as error:
        traceback.print_exc()
        failure = {"ok": False, "error": f"{type(error).__name__}: {error}", "refused": None}
        stamps = {name: answer[name] for name in ("seq", "start_ns", "end_ns", "cpu_ns", "usage", "loaded")}
        return encode({**stamps, **failure})


def read_pcm(path: str) -> bytes:
    """Return the samples of a canonical file: 16 kHz, mono, signed 16-bit little-endian."""
    with wave.open(path, "rb") as audio:
        return audio.readframes(audio.getnframes())


def take_the_pipe() -> tuple[BinaryIO, BinaryIO]:
    """Move the pipe away from descriptors 0 and 1, where an engine or a child of it would find it."""
    commands, answers = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return os.fdopen(commands, "rb"), os.fdopen(answers, "wb", buffering=0)


class Log(io.FileIO):
    """The engine log as Python's own prints reach it: a full disk costs what is printed, and no trial."""

    def write(self, content: Any) -> int:
        """Write what the disk takes, and forget the rest."""
        try:
            return super().write(content)
        except OSError:
            return memoryview(content).nbytes


def print_safely() -> None:
    """Let ``print`` raise nothing, in an engine or here, when the log cannot grow."""
    out = io.BufferedWriter(Log(1, "wb", closefd=False))
    sys.stdout = io.TextIOWrapper(out, sys.stdout.encoding, sys.stdout.errors)
    error = io.BufferedWriter(Log(2, "wb", closefd=False))
    sys.stderr = io.TextIOWrapper(error, sys.stderr.encoding, sys.stderr.errors, line_buffering=True)


def main() -> None:
    """Answer commands until told to leave, or until the supervisor's end of the pipe is gone."""
    commands, answers = take_the_pipe()
    print_safely()
    faulthandler.enable()
    worker = Worker()
    for line in commands:
        command = decode(line)
        if command["do"] == "leave":
            break
        answer = worker.answer(command)
        sys.stdout.flush()
        answers.write(encoded(answer))


if __name__ == "__main__":
    main()
