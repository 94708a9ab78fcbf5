"""From a run on the sample to a corpus with exactly known word times."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.records import Word
from harness.synthetic.audible import rms_by_ms
from tests import stored
from tests.synthetic.sounds import read
from tests.whole.command import ROOT, called, settle

WORDS = (
    Word("and", 290.0, 630.0),
    Word("so", 630.0, 970.0),
    Word("americans", 1630.0, 2160.0),
    Word("ask", 3250.0, 3990.0),
    Word("not", 3990.0, 4300.0),
    Word("what", 5370.0, 5610.0),
)
"""Where the aligner pocketsphinx finds six words of the sample."""
OPTIONS = ("--sentences", "3", "--words", "5", "--kinds", "shuffled,long-pause", "--pause-ms", "60,200")


def test_the_times_of_the_manifest_are_those_of_the_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Between words every sample is the recording's own background; from a word's first millisecond on it is not.

    The same seed gives the same bytes, in place of the corpus that was there.
    """
    settle(tmp_path, monkeypatch)
    heard = stored.utterance(canonical=str(ROOT / "samples" / "jfk.wav"), speaker="jfk")
    trial = replace(stored.trial(0), utterance=heard)
    visits = tuple(replace(visit, words=WORDS) if visit.role == "aligner" else visit for visit in trial.visits)
    stored.write(Path("run"), stored.run(), (replace(trial, visits=visits),))
    out = Path("out")
    made = called(capsys, ["known-times", "out", "--from", "run", *OPTIONS])
    assert (made.status, made.err) == (0, "")
    assert made.out.startswith("3 sentences, 15 words, ")
    first = {path.name: path.read_bytes() for path in out.iterdir()}
    lines = [json.loads(line) for line in first["manifest.jsonl"].decode().splitlines()]
    assert len(lines) == 3
    for line in lines:
        _check(line, out)
    assert called(capsys, ["known-times", "out", "--from", "run", *OPTIONS]).status == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == first


def _check(line: dict[str, Any], folder: Path) -> None:
    """Compare a line's words with the samples: the background repeats after 180 ms, speech does not."""
    samples = read(folder / str(line["audio_filepath"]))
    assert line["duration"] == len(samples) / 16_000
    assert line["text"] == " ".join(word["word"] for word in line["words"])
    assert str(line["synthetic"]).startswith("words cut from jfk at the bounds that the stage aligner found, trimmed")
    background = np.resize(samples[: 180 * 16], len(samples))
    differs_ms = rms_by_ms((samples.astype(np.int32) - background).clip(-32_768, 32_767).astype(np.int16)) > 0
    spans = [(round(1e3 * word["start"]), round(1e3 * word["end"])) for word in line["words"]]
    assert spans[0][0] == 300
    assert len(samples) == (spans[-1][1] + 300) * 16
    for start, end in spans:
        assert differs_ms[start:end].all()
        differs_ms[start - 2 : end + 2] = False  # with the fades
    assert not differs_ms.any()
    pauses = [start - end for (_, end), (start, _) in pairwise(spans)]
    longest = 2_000 if "long-pause" in str(line["audio_filepath"]) else 200
    assert all(60 <= pause <= 200 for pause in sorted(pauses)[:-1])
    assert 60 <= max(pauses) <= longest
