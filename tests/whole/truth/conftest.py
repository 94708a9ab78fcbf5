"""Runs of the engine of known truth, each in an empty folder."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.engine.build import Value, built, write_model
from tests.whole.command import Ran, called, carrying, settle
from tests.whole.truth.facts import REFERENCE, WORDS

SPEECH: dict[str, Value] = {"text": REFERENCE, "ttft_ms": 2, "run_ms": 3}

Capture = pytest.CaptureFixture[str]
Run = Callable[..., Ran]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, with a program ``ffmpeg`` for the preflight: this engine decodes nothing."""
    ffmpeg = tmp_path / "bin" / "ffmpeg"
    ffmpeg.parent.mkdir()
    ffmpeg.write_text("#!/bin/sh\nexit 1\n")
    ffmpeg.chmod(0o755)
    monkeypatch.setenv("PATH", str(ffmpeg.parent), prepend=":")
    return settle(tmp_path, monkeypatch)


@pytest.fixture(autouse=True)
def marker(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Give every process that is started from here a text to be known by; none is left in the end."""
    text = f"truth-{uuid.uuid4()}"
    monkeypatch.setenv("HARNESS_TEST_MARKER", text)
    yield text
    assert carrying(text) == []


@pytest.fixture
def chain(folder: Path, capsys: Capture) -> Run:
    """Return a function that runs both roles; ``asr`` and ``aligner`` are costs beside what they say."""

    def run(
        *arguments: str,
        asr: dict[str, Value] | None = None,
        aligner: dict[str, Value] | None = None,
        build: tuple[str, ...] = (),
    ) -> Ran:
        write_model(folder / "speech.bin", **{**SPEECH, **(asr or {})})
        write_model(folder / "times.bin", *WORDS, purpose="aligner", **(aligner or {}))
        library = built(*build)
        stages = ["asr=chatllm", "asr.model=speech.bin", "aligner=chatllm", "aligner.model=times.bin"]
        libraries = [f"asr.library={library}", f"aligner.library={library}"]
        # Hydra's own options (-m) stand before overrides
        return called(capsys, [*arguments, *stages, *libraries])

    return run


@pytest.fixture
def alone(folder: Path, capsys: Capture) -> Run:
    """Return a function that runs the ASR alone, three times unless told otherwise; keywords are its costs."""

    def run(*arguments: str, build: tuple[str, ...] = (), **costs: Value) -> Ran:
        write_model(folder / "speech.bin", **{**SPEECH, **costs})
        own = ["order=[asr]", "asr=chatllm", "asr.model=speech.bin", f"asr.library={built(*build)}"]
        protocol = [] if any(one.startswith("iterations=") for one in arguments) else ["iterations=3"]
        return called(capsys, [*arguments, *own, *protocol])

    return run
