"""Qwen3-ASR and Qwen3-ForcedAligner on chatllm.cpp, through its C library.

The engine decodes audio with ffmpeg, keeps its state in globals (one model a process) and ends the process
where a check of its own fails. What it would do silently is said here: audio that it skips, options that it
does not know, builds that cannot unload.
"""
# The measured process holds this module, and pathlib would cost it half a MiB.
# ruff: noqa: PTH100, PTH102, PTH106, PTH108, PTH113, PTH118, PTH119, PTH211

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from harness.stage import Emit, Refused, Request, Result, Stage, Unusable, hookimpl
from plugins.stages.chatllm_answer import Spoken, alignable, since, totals, words_in
from plugins.stages.chatllm_files import check_ffmpeg, check_library, check_model, find_library

if TYPE_CHECKING:
    from plugins.stages.chatllm_library import Library, Model

_OPENING, _CLOSING = "{{", "}}"
_PATH_CHARACTERS = frozenset("/._-+,=@~ ")
"""Beside letters and digits: what may stand in a path that goes through a shell's quotes and our braces."""


@dataclass(frozen=True)
class ChatllmOptions:
    """What both roles may be given. None is not passed on, and chatllm.cpp's own default holds."""

    model: str
    library: str | None = None
    language: str | None = None
    threads: int | None = None
    max_length: int | None = None
    context_length: int | None = None
    temperature: float | None = 0.0
    seed: int | None = None
    batch_size: int | None = None
    cache_dtype: str | None = None
    gpu_layers: int | str | None = None
    extra: tuple[str, ...] = ()


def _failure(check: Callable[[], object]) -> Unusable | None:
    try:
        check()
    except Unusable as lacking:
        return lacking
    return None


class Chatllm(Stage):
    """What both roles share: the library, the model's life, one question and its answer."""

    name = "chatllm"
    uses_threads = True
    one_per_process = True

    tokens_per_s: ClassVar[float]
    """A prompt with fewer tokens for a second of audio has no audio in it. Qwen3's encoder makes 13 of a
    second; the aligner's text alone makes several, so its bound is nearer."""

    options: ChatllmOptions
    _library: "Library"
    _model: "Model | None" = None

    def preflight(self) -> None:
        """Check library, ggml's libraries, model and ffmpeg, by their headers."""
        for check in self._checks():
            check()

    def lacks(self) -> Sequence[Unusable]:
        """Check each for itself: who builds the library may as well fetch the model."""
        return [lacking for check in self._checks() if (lacking := _failure(check))]

    def _checks(self) -> Sequence[Callable[[], object]]:
        return (
            lambda: check_library(find_library(self.options.library)),
            lambda: check_model(self.options.model),
            check_ffmpeg,
        )

    def label(self) -> str:
        """Return the model file's name, without ``.bin``."""
        return os.path.basename(self.options.model).removesuffix(".bin") or self.name

    def prepare(self) -> Mapping[str, Any]:
        """Open the library, after those of ggml that the loader would not find.

        ``can_unload`` is false for a build without ``chatllm_destroy``: there only the process's end frees a model.
        """
        from plugins.stages.chatllm_library import Library

        path = find_library(self.options.library)
        ggml = check_library(path)
        check_ffmpeg()
        self._library = Library(path, ggml.open_first)
        self._aliases = Aliases()
        files = [path, *ggml.every, os.path.abspath(self.options.model)]
        return {"files": files, "can_unload": self._library.can_unload}

    def load(self) -> Mapping[str, Any]:
        """Load the model. The facts say what it is, and which options it got: ``-l`` sizes the KV cache."""
        from plugins.stages.chatllm_library import Model

        options = self.arguments()
        self._totals: dict[str, float] = {}
        self._model = Model(self._library, options)
        return {
            "model": self._model.info,
            "options": options,
            "max_length": self.length(),
            "context_length": self.options.context_length,
            "can_unload": self._library.can_unload,
        }

    def restart(self) -> None:
        """Forget the history, keep the weights."""
        self._loaded().restart()

    def unload(self) -> bool:
        """Destroy the engine's object, and with it the model; return whether this build can."""
        self._aliases.remove()
        model, self._model = self._loaded(), None
        model.unload()
        return self._library.can_unload

    def arguments(self) -> list[str]:
        """Return the options as the engine's command line has them.

        Length and context are both ``context_length`` unless ``max_length`` is given: ``-c`` alone bounds
        no memory.
        """
        given = self.options
        values = {
            "-m": os.path.abspath(given.model),
            "-n": given.threads,
            "-l": self.length(),
            "-c": given.context_length,
            "-t": None if given.temperature is None else f"{given.temperature:g}",
            "--seed": given.seed,
            "--batch_size": given.batch_size,
            "--cache_dtype": given.cache_dtype,
            "-ngl": given.gpu_layers,
        }
        given_values = [(option, str(value)) for option, value in values.items() if value is not None]
        arguments = [part for pair in given_values for part in pair]
        arguments += ["--multimedia_file_tags", _OPENING, _CLOSING]
        for key, setting in self.settings().items():
            if setting is not None:
                arguments += ["--set", key, setting]
        return arguments + list(given.extra)

    def length(self) -> int | None:
        """Return what ``-l`` gets, in tokens."""
        return self.options.context_length if self.options.max_length is None else self.options.max_length

    def settings(self) -> dict[str, str | None]:
        """Return what is passed by ``--set``."""
        return {"language": self.options.language}

    def prompt(self, audio: str) -> str:
        """Return the part of a prompt that names the audio. Raises :class:`Refused` where there is none."""
        if not os.path.isfile(audio) or not os.access(audio, os.R_OK):
            raise Refused(f"found no audio file {audio} that can be read; chatllm.cpp would skip it silently")
        return f"{_OPENING}audio:{self._aliases.of(os.path.abspath(audio))}{_CLOSING}"

    def ask(self, request: Request, prompt: str, take: Callable[[str], None]) -> tuple[str, dict[str, Any]]:
        """Ask the engine; return what was left of the answer when it returned, and what it says of its own work.

        Raises RuntimeError where the prompt was too short to have audio in it: the answer is made up then.
        """
        model = self._loaded()
        try:
            first_chunk_ns, rest = model.ask(prompt, take)
        finally:  # a refused run is in the engine's totals too
            now = totals(model.statistics())
            own, self._totals = since(now, self._totals), now
        tokens = own.get("engine_prompt_tokens")
        if tokens and tokens < int(self.tokens_per_s * request.duration_s):
            raise RuntimeError(
                f"the prompt had {tokens} tokens for {request.duration_s:.1f} s of audio: it never reached the model. "
                "Either ffmpeg cannot decode it, or this chatllm.cpp opens the pipe to ffmpeg in a mode that Linux "
                'refuses (popen with "rb" in src/audio_process.cpp): update it'
            )
        return rest, {"first_chunk_ns": first_chunk_ns, **own}

    def _loaded(self) -> "Model":
        if self._model is None:
            raise RuntimeError("no model is loaded")
        return self._model


class ChatllmAsr(Chatllm):
    """Qwen3-ASR on chatllm.cpp: streams its transcript, in any of its languages."""

    role = "asr"
    streams = "pieces"
    tokens_per_s = 5.0

    @dataclass(frozen=True)
    class Options(ChatllmOptions):
        """The keys of ``conf/asr/chatllm.yaml``."""

        model: str = "models/qwen3-asr-0.6b-q4_0.bin"
        language: str | None = "auto"

    def run(self, request: Request, emit: Emit) -> Result:
        """Transcribe. ``first_chunk_ns`` is the first callback, perhaps of the language; emits are speech.

        What is held back for the end of a character or a tag, and does not get it, is in the text but is
        not emitted: by then the engine has returned. Raises :class:`Refused` where the engine says that it
        heard no speech (``language None``): an empty transcript would be counted as words that the model
        missed.
        """
        spoken = Spoken()

        def take(text: str) -> None:
            if piece := spoken.feed(text):
                emit(piece)

        rest, facts = self.ask(request, self.prompt(request.audio), take)
        spoken.feed(rest)
        spoken.finish()
        text = spoken.text.strip()
        if spoken.language is not None:
            facts["language"] = spoken.language
        if spoken.language == "None" and not text:
            raise Refused(f"the engine heard no speech in {request.audio} (it answered 'language None')")
        return Result(text=text, facts=facts)


class ChatllmAligner(Chatllm):
    """Qwen3-ForcedAligner on chatllm.cpp: when each word of a given text is spoken, in steps of 80 ms."""

    role = "aligner"
    tokens_per_s = 10.0

    @dataclass(frozen=True)
    class Options(ChatllmOptions):
        """The keys of ``conf/aligner/chatllm.yaml``."""

        model: str = "models/qwen3-forced-aligner-0.6b-q4_0.bin"
        language: str | None = "English"
        format: str | None = "json"
        delimiter: str | None = None

    options: Options

    def settings(self) -> dict[str, str | None]:
        """Return what is passed by ``--set``."""
        own = {"format": self.options.format, "delimiter": self.options.delimiter or None}
        return super().settings() | own

    def run(self, request: Request, emit: Emit) -> Result:
        """Align ``request.text``. Segments without a letter or digit are left out, and facts name them."""
        text, left_out = alignable(request.text, self.options.delimiter)
        if not text:
            raise Refused(f"found {request.text[:80]!r} to align, expected at least one letter or digit")
        answer: list[str] = []
        rest, facts = self.ask(request, f"{self.prompt(request.audio)} {text}", answer.append)
        if left_out:
            facts["left_out"] = left_out
        return Result(words=words_in("".join(answer) + rest), facts=facts)


class Aliases:
    """Paths of our own making for audio whose path means something to a shell or to the engine.

    Symbolic links in a private folder, which is made when the first is asked for, and removed with them.
    """

    def __init__(self) -> None:
        self._folder = ""
        self._links: dict[str, str] = {}

    def of(self, path: str) -> str:
        """Return the path, or a link to it where it has such characters."""
        if _is_plain(path):
            return path
        if path not in self._links:
            if not self._folder:
                self._folder = os.path.join(_temporary_folder(), f"harness-{os.urandom(8).hex()}")
                os.mkdir(self._folder, 0o700)
            link = os.path.join(self._folder, f"audio-{len(self._links)}.wav")
            os.symlink(path, link)
            self._links[path] = link
        return self._links[path]

    def remove(self) -> None:
        """Remove the links and their folder."""
        for link in self._links.values():
            os.unlink(link)
        if self._folder:
            os.rmdir(self._folder)
        self._links, self._folder = {}, ""


def _temporary_folder() -> str:
    folder = os.environ.get("TMPDIR", "")
    return folder if folder and _is_plain(folder) else "/tmp"  # noqa: S108 (what is made there is private)


def _is_plain(path: str) -> bool:
    return all(character.isalnum() or character in _PATH_CHARACTERS for character in path)


@hookimpl
def harness_stages() -> list[type[Stage]]:
    """Say which stages this file holds."""
    return [ChatllmAsr, ChatllmAligner]
