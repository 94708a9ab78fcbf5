"""libchatllm.so through ctypes: the functions that the stages need, and the one object that may be alive.

Imported in :meth:`harness.stage.Stage.prepare`, because opening the library is part of what is measured.
"""

import codecs
import ctypes
import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from harness.stage import Refused

_CHUNK, _META, _ERROR, _MODEL_INFO = 0, 1, 2, 13
_OUT_OF_CONTEXT = "RUN OUT OF CONTEXT"  # src/chat.cpp: a META line, after which the answer begins anew
_SILENT = (14, 100, 101)  # thoughts and events: neither transcript nor log

_PRINT = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p)
_END = ctypes.CFUNCTYPE(None, ctypes.c_void_p)

_SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    # a pointer is declared as one: ctypes would cut it to 32 bits
    "chatllm_create": (ctypes.c_void_p, []),
    "chatllm_append_param": (None, [ctypes.c_void_p, ctypes.c_char_p]),
    "chatllm_start": (ctypes.c_int, [ctypes.c_void_p, _PRINT, _END, ctypes.c_void_p]),
    "chatllm_user_input": (ctypes.c_int, [ctypes.c_void_p, ctypes.c_char_p]),
    # Older builds take the object alone. The second argument travels in a register that they never read, in
    # the calling conventions of x86-64 and AArch64, so one declaration serves both.
    "chatllm_restart": (None, [ctypes.c_void_p, ctypes.c_char_p]),
    "chatllm_abort_generation": (None, [ctypes.c_void_p]),
    "chatllm_show_statistics": (None, [ctypes.c_void_p]),
}
_DESTROY: tuple[Any, list[Any]] = (ctypes.c_int, [ctypes.c_void_p])

_INPUT_RESULTS = {
    -1: "it is still working on another input; or it was built before February 2026, when it took no input "
    "for a model whose purpose is ASR: then update chatllm.cpp and build it again",
    -2: "no model is loaded",
    -3: "this model's purpose is neither chat nor ASR, so it takes no input",
}

_alive: "Model | None" = None
"""The object that this process holds. chatllm.cpp's state is global: with two, the first one's chunks reach
the second one's callback, and destroying one leaves the other dangling."""


class Library:
    """The opened library."""

    def __init__(self, path: str, open_first: Sequence[str] = ()) -> None:
        try:
            for other in open_first:
                ctypes.CDLL(other)
            self.functions = ctypes.CDLL(path)
        except OSError as error:
            raise RuntimeError(f"the library cannot be opened: {error}") from None
        for name, signature in _SIGNATURES.items():
            self._declare(path, name, signature)
        self.can_unload = hasattr(self.functions, "chatllm_destroy")
        """Builds before 2026 cannot: there only the process's end frees a model."""
        if self.can_unload:
            self._declare(path, "chatllm_destroy", _DESTROY)

    def _declare(self, path: str, name: str, signature: tuple[Any, list[Any]]) -> None:
        try:
            function = getattr(self.functions, name)
        except AttributeError:
            raise RuntimeError(f"{path} has no function {name}: it is no libchatllm, or too old") from None
        function.restype, function.argtypes = signature


class Model:
    """A loaded model: the one live object of this process. Its methods are called from one thread."""

    def __init__(self, library: Library, options: Sequence[str]) -> None:
        global _alive
        if _alive is not None:
            raise RuntimeError(_alive.why_it_stays())
        self._library = library
        self._call = library.functions
        self._listener = _Listener(self._abort)
        self._failed = True
        self.info: dict[str, Any] = {}
        """What the engine says of the model: name, purpose, param_num, context_length and more."""
        # From here on, and not from a successful start on: an object that failed to start cannot be
        # destroyed either (the engine would follow a null pointer), it stays first in the engine's list,
        # and its callbacks must outlive it.
        _alive = self
        self._object = ctypes.c_void_p(self._call.chatllm_create())
        for option in options:
            self._call.chatllm_append_param(self._object, _utf8(option))
        result = self._call.chatllm_start(self._object, self._listener.print_, self._listener.end, None)
        self._listener.complain()
        if result != 0:
            raise RuntimeError(_start_failure(result, options))
        self._failed = False
        self.info = self._listener.info

    def ask(self, prompt: str, take: Callable[[str], None]) -> tuple[int | None, str]:
        """Give the engine an input and return when the answer is complete.

        ``take`` gets each chunk, decoded, while the engine works. Returns the time of the first chunk
        (``time.monotonic_ns``), and what stands for a last character that was cut off.
        """
        self._listener.hear(take)
        result = self._call.chatllm_user_input(self._object, _utf8(prompt))
        # Not the end callback but the return ends the answer: a last chunk may come after that callback.
        self._listener.complain()
        if result != 0:
            meaning = _INPUT_RESULTS.get(result, "which it does not document")
            raise RuntimeError(f"chatllm.cpp refused the input with {result}: {meaning}")
        return self._listener.first_chunk_ns, self._listener.rest()

    def statistics(self) -> list[str]:
        """Return the engine's statistics lines: totals of everything since the load."""
        lines = self._listener.lines = []
        self._call.chatllm_show_statistics(self._object)
        self._listener.lines = None
        self._listener.complain()
        return lines

    def restart(self) -> None:
        """Forget the history; the system prompt stays."""
        self._call.chatllm_restart(self._object, None)
        self._listener.complain()

    def unload(self) -> None:
        """Destroy the object. Where the build cannot, say so in the log: the model stays."""
        global _alive
        if not self._library.can_unload:
            _log(self.why_it_stays())
            return
        result = self._call.chatllm_destroy(self._object)
        self._listener.complain()
        if result != 0:
            meaning = "it is still generating, or does not know the object"
            raise RuntimeError(f"chatllm.cpp refused to unload with {result}: {meaning}")
        _alive = None

    def why_it_stays(self) -> str:
        """Return why this object is still there."""
        if self._failed:
            return "a load of chatllm.cpp failed in this process, and what it left goes only with the process"
        if not self._library.can_unload:
            return (
                "this libchatllm was built before chatllm_destroy existed: only the process's end frees it. "
                "Run with isolation=stage, where each load has its own process, or build a newer one"
            )
        return "a model of chatllm.cpp is alive in this process, and its global state allows one: unload it"

    def _abort(self) -> None:
        self._call.chatllm_abort_generation(self._object)


class _Listener:
    """Hears what one object prints. Nothing is raised inside a callback: ctypes would print it and go on."""

    def __init__(self, abort: Callable[[], None]) -> None:
        # These two must live as long as the engine may call them.
        self.print_ = _PRINT(self._print)
        self.end = _END(self._end)
        self.lines: list[str] | None = None
        self.info: dict[str, Any] = {}
        self.first_chunk_ns: int | None = None
        self._abort = abort
        self._errors: list[str] = []
        self._raised: BaseException | None = None
        self._full = False
        self.hear(lambda text: None)

    def hear(self, take: Callable[[str], None]) -> None:
        """Hand the next answer's chunks to ``take``."""
        self._take = take
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self.first_chunk_ns = None

    def rest(self) -> str:
        """Return what stands for a character whose end did not come."""
        return self._decoder.decode(b"", final=True)

    def complain(self) -> None:
        """Raise what went wrong during the last call: an exception of ours, or the engine's ERROR lines."""
        raised, self._raised = self._raised, None
        errors, self._errors = self._errors, []
        if raised is not None:
            raise raised
        if errors:
            raise RuntimeError("; ".join(errors))
        full, self._full = self._full, False
        if full:
            raise Refused(
                "the engine ran out of context and began anew, so its answer is none: the audio is too long for "
                "its length, which is context_length, or max_length where that is given"
            )

    def _print(self, _user: int | None, kind: int, raw: bytes | None) -> None:
        now_ns = time.monotonic_ns()
        try:
            self._hear(kind, raw or b"", now_ns)
        except BaseException as error:  # whatever it is, it is raised after the call
            if self._raised is None:
                self._raised = error
                if kind == _CHUNK:  # only then there is something to abort: during a load it would be a null pointer
                    self._abort()

    def _end(self, _user: int | None) -> None:
        """Nothing: the call's return is the answer's end."""

    def _hear(self, kind: int, raw: bytes, now_ns: int) -> None:
        if kind == _CHUNK:
            if self.first_chunk_ns is None:
                self.first_chunk_ns = now_ns
            if text := self._decoder.decode(raw):
                self._take(text)
            return
        line = raw.decode("utf-8", errors="replace")
        if kind == _ERROR:
            self._errors.append(line)
        elif kind == _MODEL_INFO:
            self.info = _information(line)
        elif kind == _META and self.lines is not None:
            self.lines.append(line)
        elif kind not in _SILENT:
            self._full = self._full or (kind == _META and _OUT_OF_CONTEXT in line)
            _log(line)


def _information(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line, strict=False)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"unreadable": line}


def _start_failure(result: int, options: Sequence[str]) -> str:
    # The engine counts from 1: at 0 stands a program's name. It also stops at a value that is no number.
    if 0 < result <= len(options):
        option = f"{options[result - 1]!r}, number {result} of {len(options)}"
        return f"chatllm.cpp does not know the option {option}, or does not take its value"
    if result == -1:
        return "chatllm.cpp was given no model"
    return f"chatllm.cpp could not start: result {result}"


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", errors="surrogateescape")


def _log(line: str) -> None:
    """Write a line to standard error, which is the run's engine.log."""
    sys.stderr.write(line + "\n")
