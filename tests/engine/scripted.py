"""A stage that does what its options say: known memory, known times, and every way to fail.

Loaded by ``plugins=[tests.engine.scripted]`` with ``--config-dir tests/engine/conf``, as ``asr=scripted`` and
``aligner=scripted``.
"""

import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.stage import Emit, Refused, Request, Result, Stage, Word, hookimpl

_PAGE = 4096


def resident(mib: float) -> bytearray:
    """Return so many MiB of memory, every page of it touched."""
    memory = bytearray(round(mib * 2**20))
    memory[::_PAGE] = b"\x01" * len(memory[::_PAGE])
    return memory


class _Scripted(Stage):
    """What both roles share."""

    name = "scripted"
    uses_threads = False

    @dataclass(frozen=True)
    class Options:
        """What the stage costs, what it says, and how it fails.

        ``fail`` is ``kind@phase`` or ``kind@phase@call``. Kinds: ``raise``, ``refuse``, ``segv``, ``kill``, ``exit``,
        ``hang``, ``rubbish`` (writes to the protocol's pipe), ``stop`` (SIGINT to the supervisor, and works on),
        ``interrupt`` (SIGINT, and hangs), ``insist`` (SIGINT twice, and hangs). Phases:
        ``prepare``, ``load``, ``run``, ``restart``, ``unload``; their calls are counted from 0 in each process.
        """

        text: str = "and so my fellow americans"
        keep_mib: float = 8.0
        work_mib: float = 4.0
        leak_mib: float = 0.0
        ttft_ms: float = 0.0
        chunk_ms: float = 0.0
        say: str = ""
        fail: str = ""

    def prepare(self) -> Mapping[str, Any]:
        """Start counting calls; print what is to be printed."""
        self.calls: dict[str, int] = {}
        self.leaked: list[bytearray] = []
        self._act("prepare")
        if self.options.say:
            print(self.options.say)
            os.write(1, (self.options.say + "\n").encode())
        return {"version": "1"}

    def load(self) -> None:
        """Take the memory."""
        self._act("load")
        self.kept = resident(self.options.keep_mib)
        self.leaked.append(resident(self.options.leak_mib))

    def run(self, request: Request, emit: Emit) -> Result:
        """Use the working memory, deliver the text word by word."""
        self._act("run")
        work = resident(self.options.work_mib)
        del work
        return self._answer(request, emit)

    def restart(self) -> None:
        """Do nothing, or fail."""
        self._act("restart")

    def unload(self) -> None:
        """Give the memory back."""
        self._act("unload")
        del self.kept

    def _answer(self, request: Request, emit: Emit) -> Result:
        raise NotImplementedError

    def _act(self, phase: str) -> None:
        call = self.calls.get(phase, 0)
        self.calls[phase] = call + 1
        kind, _, when = self.options.fail.partition("@")
        if when not in (phase, f"{phase}@{call}"):
            return
        if kind == "raise":
            raise RuntimeError(f"told to raise in {phase}")
        if kind == "refuse":
            raise Refused("told to refuse")
        if kind == "exit":
            os._exit(3)
        if kind == "hang":
            time.sleep(3600)
        if kind == "rubbish":
            _write_to_the_pipe(b"what is this\n")
        if kind in ("stop", "interrupt", "insist"):
            os.kill(os.getppid(), signal.SIGINT)
            if kind == "stop":
                return
            time.sleep(0.3 if kind == "insist" else 3600)  # two signals at once are heard as one
            os.kill(os.getppid(), signal.SIGINT)
            time.sleep(3600)
        number = {"segv": signal.SIGSEGV, "kill": signal.SIGKILL}.get(kind)
        if number:
            sys.stderr.write(f"about to die in {phase}\n")
            sys.stderr.flush()
            os.kill(os.getpid(), number)


def _write_to_the_pipe(line: bytes) -> None:
    """Find the pipe that carries the answers, as a library with a stray descriptor might, and write to it."""
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, line)
        except OSError:
            continue


class ScriptedAsr(_Scripted):
    """Says its text."""

    role = "asr"
    streams = "pieces"

    def _answer(self, request: Request, emit: Emit) -> Result:
        time.sleep(self.options.ttft_ms / 1e3)
        for number, word in enumerate(self.options.text.split(" ")):
            if number:
                time.sleep(self.options.chunk_ms / 1e3)
            emit(word if number == 0 else f" {word}")
        return Result(text=self.options.text)


class ScriptedAligner(_Scripted):
    """Gives each word of the text 100 ms."""

    role = "aligner"

    def _answer(self, request: Request, emit: Emit) -> Result:
        words = request.text.split()
        return Result(words=tuple(Word(word, 100.0 * at, 100.0 * at + 100.0) for at, word in enumerate(words)))


@hookimpl
def harness_stages() -> Sequence[type[Stage]]:
    """Say which stages this file holds."""
    return [ScriptedAsr, ScriptedAligner]
