from pathlib import Path

import pytest

from tests.whole.command import ROOT, SCRIPTED, called, settle

Capture = pytest.CaptureFixture[str]
SMALL = ("asr.keep_mib=1", "aligner.keep_mib=1", "iterations=2", "sample_hz=0")
REFERENCE = (ROOT / "samples" / "jfk.txt").read_text(encoding="utf-8").split()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    return settle(tmp_path, monkeypatch)


def test_oracle_and_transcript(capsys: Capture) -> None:
    """The aligner before the ASR is given the reference text, the same one after it the transcript: two rows."""
    ran = called(capsys, [*SCRIPTED, *SMALL, "experiment=alignment", "aligner@oracle=scripted"])
    assert ran.status == 0
    rows = [(text["stage"], text["text_from"], text["sanity"]["words"]) for text in ran.summary["alignment"]["texts"]]
    assert rows == [("oracle", "reference", 2 * len(REFERENCE)), ("aligner", "asr", 2 * 5)]
    assert "oracle.aas_ms, asr.aas_ms, aligner.aas_ms, oracle.coverage" not in ran.out
    assert (
        "no value for oracle.aas_ms, aligner.aas_ms, oracle.coverage, aligner.coverage: the dataset has no" in ran.out
    )
    assert "Alignment (" not in ran.out


def test_agreement_and_word_times(capsys: Capture) -> None:
    """Two aligners on one transcript are held against each other, and each one's words are written out."""
    arguments = ["experiment=agreement", "aligner@second=scripted", "subtitles=[ctm,vtt]", "verbose=true"]
    ran = called(capsys, [*SCRIPTED, *SMALL, *arguments])
    assert ran.status == 0
    (pair,) = ran.summary["alignment"]["agreements"]
    assert (pair["first"], pair["second"], pair["text_from"]) == ("aligner", "second", "asr")
    assert (pair["differences"]["n"], pair["differences"]["aas_ms"]) == (10, 0.0)
    assert "Agreement of word times, not accuracy" in ran.out
    assert (ran.folder / "jfk.second.ctm").read_text(encoding="utf-8").splitlines()[0] == "jfk 1 0.000 0.100 and"
    assert (ran.folder / "jfk.aligner.vtt").read_text(encoding="utf-8").splitlines()[2] == (
        "00:00:00.000 --> 00:00:00.500"
    )
