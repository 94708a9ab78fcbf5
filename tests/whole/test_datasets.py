from pathlib import Path

import pytest

from tests.corpus.made_audio import make_audio
from tests.whole.command import called, settle


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of audio files of several forms."""
    place = settle(tmp_path, monkeypatch)
    for name in ("a.wav", "deep/b.flac", "C.ogg", "d.mp3"):
        make_audio(place / "mix" / name, 0.5)
    (place / "mix" / "a.ctm").write_text("a 1 0.1 0.2 ask\na 1 0.3 0.1 not\n", encoding="utf-8")
    (place / "mix" / "deep" / "b.txt").write_text("\u05e9\u05dc\u05d5\u05dd", encoding="utf-8")
    (place / "mix" / "C.lab").write_text("<b>ask</b>\x1b[31m & not", encoding="utf-8")
    return place


def test_a_folder_of_mixed_forms_is_run(capsys: pytest.CaptureFixture[str]) -> None:
    """Each file is an utterance with what lies beside it, and no control character reaches the terminal."""
    ran = called(capsys, ["dataset=folder", "dataset.folder=mix", "asr=null", "aligner=null", "iterations=1"])
    assert (ran.status, ran.outcomes) == (0, ["ok"] * 4)
    assert "Audio: folder mix" in ran.out
    assert "Corpus: folder, 4 utterances, " in ran.out
    assert "\x1b" not in ran.out + ran.err
    said = {
        trial["utterance"]["id"]: (
            trial["utterance"]["audio"],
            trial["utterance"]["reference"],
            [(word["text"], word["start_ms"], word["end_ms"]) for word in trial["utterance"]["reference_words"]],
        )
        for trial in ran.trials
    }
    assert said == {
        "a": ("mix/a.wav", "ask not", [("ask", 100.0, 300.0), ("not", 300.0, 400.0)]),
        "b": ("mix/deep/b.flac", "\u05e9\u05dc\u05d5\u05dd", []),
        "C": ("mix/C.ogg", "<b>ask</b>\x1b[31m & not", []),
        "d": ("mix/d.mp3", None, []),
    }


def test_bad_lines_are_shown_before_anything_is_run(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """All of them, each with its number; the status says that what was given cannot be used."""
    good = '{"audio_filepath": "mix/a.wav", "text": "ask", "duration": 0.5}\n'
    (folder / "m.jsonl").write_text(good + "ask\x1b\n" + good.replace("0.5", "NaN"), encoding="utf-8")
    ran = called(capsys, ["dataset=manifest", "dataset.manifest=m.jsonl", "asr=null", "aligner=null"])
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.splitlines() == [
        "harness: dataset: found 2 bad entries in 'm.jsonl', expected none; dataset.on_bad=skip runs the rest",
        "  line 2: found 'ask\\x1b' (Expecting value), expected one JSON object a line: "
        '{"audio_filepath": ..., "text": ..., "duration": ..., "offset": ...}',
        "  line 3: found duration nan, expected a number of seconds above 0",
    ]
