"""Damaged audio and manifests: opened as a corpus, and every utterance decoded, as a run does it."""

import io
import json
import wave
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import soundfile

from benchmarks.faults.bounded import tried
from benchmarks.faults.damage import damaged
from benchmarks.faults.verdict import Row
from benchmarks.setting import ROOT
from harness.corpus.forms import open_corpus
from harness.corpus.opened import attempted

_SECONDS = 0.4
_TEXT = "ask not what your country"
_KINDS = ("jfk.wav", "wide.wav", "float.wav", "a.flac", "a.ogg", "a.mp3", "a.aiff")
_TEXTS = ("manifest", "folder txt", "folder ctm", "folder TextGrid", "lhotse", "transcript", "librispeech")
_TEXT_GRID = (
    'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0\nxmax = 0.4\ntiers? <exists>\nsize = 1\nitem []:\n'
    '    item [1]:\n        class = "IntervalTier"\n        name = "words"\n        xmin = 0\n        xmax = 0.4\n'
    '        intervals: size = 1\n        intervals [1]:\n            xmin = 0\n            xmax = 0.4\n'
    '            text = "ask"\n'
)  # fmt: skip


def inputs(count: int, seed: int, folder: Path) -> list[Row]:
    """Damage so many inputs: by turns an audio file and a file that names or transcribes some."""
    whole = {name: _audio(name) for name in _KINDS}
    rows = [Row("damaged audio files"), Row("damaged manifests")]
    for number in range(count):
        dice = Random(f"{seed} input {number}")
        here = folder / f"input-{number}"
        here.mkdir()
        is_text = number % 2 == 1
        dataset = _text(dice, here, whole) if is_text else _sound(dice, here, whole)
        tried(rows[is_text], f"seed {seed} input {number}", partial(_used, dataset, here))
    return rows


def _used(dataset: Mapping[str, Any], here: Path) -> None:
    corpus = open_corpus(dataset, here)
    for number in range(len(corpus)):
        attempted(corpus, number)


def _audio(name: str) -> bytes:
    """Return a short audio file in the form that its name says."""
    if name == "jfk.wav":
        with wave.open(str(ROOT / "samples" / "jfk.wav"), "rb") as audio:
            made = io.BytesIO()
            with wave.open(made, "wb") as short:
                short.setparams(audio.getparams())
                short.writeframes(audio.readframes(round(_SECONDS * audio.getframerate())))
        return made.getvalue()
    tone = np.sin(np.arange(round(_SECONDS * 44_100)) / 20)[:, None].repeat(2, axis=1) * 0.5
    made = io.BytesIO()
    subtype = {"wide.wav": "PCM_24", "float.wav": "FLOAT"}.get(name)
    soundfile.write(made, tone, 44_100, format=name.partition(".")[2].upper(), subtype=subtype)
    return made.getvalue()


def _sound(dice: Random, here: Path, whole: Mapping[str, bytes]) -> dict[str, Any]:
    name = dice.choice(_KINDS)
    (here / name).write_bytes(damaged(whole[name], dice, whole[dice.choice(_KINDS)]))
    if dice.random() < 0.5:
        return {"audio": str(here / name), "transcript": None}
    (here / "a.jsonl").write_text(json.dumps({"audio_filepath": name, "duration": _SECONDS, "text": _TEXT}) + "\n")
    return {"form": "manifest", "manifest": str(here / "a.jsonl")}


def _text(dice: Random, here: Path, whole: Mapping[str, bytes]) -> dict[str, Any]:
    kind = dice.choice(_TEXTS)
    name = "a.flac" if kind == "librispeech" else "jfk.wav"
    place = here / "1" / "2" if kind == "librispeech" else here
    place.mkdir(parents=True, exist_ok=True)
    named = {"librispeech": "1-2-0000.flac", "lhotse": "talk.wav"}.get(kind, name)
    (place / named).write_bytes(whole[name])
    line = {"audio_filepath": name, "duration": _SECONDS, "text": _TEXT, "offset": 0.1}
    cut = json.loads((ROOT / "tests" / "corpus" / "data" / "cuts.jsonl").read_text().splitlines()[0])
    path, content, dataset = {
        "manifest": (
            here / "m.jsonl", json.dumps(line) + "\n", {"form": "manifest", "manifest": str(here / "m.jsonl")}
        ),
        "folder txt": (here / "jfk.txt", _TEXT, {"form": "folder", "folder": str(here)}),
        "folder ctm": (here / "jfk.ctm", "jfk 1 0.10 0.20 ask\n", {"form": "folder", "folder": str(here)}),
        "folder TextGrid": (here / "jfk.TextGrid", _TEXT_GRID, {"form": "folder", "folder": str(here)}),
        "lhotse": (here / "c.jsonl", json.dumps(cut) + "\n", {"form": "lhotse", "cuts": str(here / "c.jsonl")}),
        "transcript": (
            here / "jfk.txt", _TEXT, {"audio": str(here / "jfk.wav"), "transcript": str(here / "jfk.txt")}
        ),
        "librispeech": (
            place / "1-2.trans.txt", f"1-2-0000 {_TEXT.upper()}\n", {"form": "librispeech", "root": str(here)}
        ),
    }[kind]  # fmt: skip
    path.write_bytes(damaged(content.encode() * dice.randint(1, 3), dice, whole["jfk.wav"]))
    return dataset
