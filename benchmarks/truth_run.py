"""One run of the harness on the engine of known truth, in processes of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.results import Unmeasurable
from benchmarks.setting import ROOT


def harness_run(library: Path, model: Path, *overrides: str) -> Path:
    """Run the ASR alone on a model file and return the run's folder, beside the model; its own runs only there.

    Raises :class:`Unmeasurable` where the run fails.
    """
    outputs = model.with_suffix("")
    outputs.mkdir()
    folder = outputs / "run"
    with _ffmpeg(outputs) as path:
        stage = ["order=[asr]", "asr=chatllm", f"asr.library={library}", f"asr.model={model}", "quiet=true"]
        ran(["-m", "harness", *stage, f"hydra.run.dir={folder}", *overrides], outputs, {"PATH": path})
    return folder


def ran(arguments: Sequence[str], cwd: Path, more: Mapping[str, str]) -> str:
    """Run a Python command line and return what it printed. Raises :class:`Unmeasurable` for another status than 0."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **more}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()[-5:]
        raise Unmeasurable(f"{' '.join(arguments[:2])} ended with {done.returncode}: {' | '.join(said)}")
    return done.stdout


@contextmanager
def _ffmpeg(folder: Path) -> Iterator[str]:
    """Yield a PATH with a program of that name: the preflight asks for it, and this engine decodes nothing."""
    path = os.environ.get("PATH", os.defpath)
    if not shutil.which("ffmpeg"):
        program = folder / "bin" / "ffmpeg"
        program.parent.mkdir()
        program.write_text("#!/bin/sh\nexit 1\n")
        program.chmod(0o755)
        path = f"{program.parent}{os.pathsep}{path}"
    yield path
