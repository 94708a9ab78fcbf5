"""``python -m harness known-times``: its options, and what they are refused for."""

import shlex
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from harness.overrides import parsed_overrides
from tests import stored
from tests.synthetic.sounds import recorded, written
from tests.whole.command import Ran, called, lines_of, settle

Capture = pytest.CaptureFixture[str]
TONES = [(round(word.start_ms), round(word.end_ms)) for word in stored.WORDS]
NEXT = "Run on it: python -m harness dataset=manifest dataset.manifest=out/manifest.jsonl\nResults: out\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a run whose audio has a tone for each word, and one whose audio is gone."""
    place = settle(tmp_path, monkeypatch)
    audio = written(place / "talk.wav", recorded(3_000, TONES))
    for name, canonical in (("run", audio), ("gone", place / "nowhere.wav")):
        trial = replace(stored.trial(0), utterance=stored.utterance(canonical=str(canonical)))
        stored.write(place / name, stored.run(), (trial,))
    Path("t.txt").write_text("Yellow Americans\n")
    return place


def test_a_corpus_is_made_of_a_run(capsys: Capture) -> None:
    """By default 20 sentences of 8 words; what is next stands below."""
    ran = called(capsys, ["known-times", "out", "--from", "run"])
    lines = lines_of(Path("out/manifest.jsonl"))
    seconds = sum(line["duration"] for line in lines)
    assert ran == Ran(0, f"20 sentences, 160 words, {seconds:.1f} s of synthetic speech\n{NEXT}", "")
    assert {len(line["words"]) for line in lines} == {8}


def test_what_is_asked_for_is_made(capsys: Capture) -> None:
    """Every option that shapes sentences."""
    options = ["--sentences", "2", "--words", "3", "--kinds", "repeated,shuffled", "--pause-ms", "70", "--seed", "5"]
    assert called(capsys, ["known-times", "out", "--from", "run", *options]).status == 0
    lines = lines_of(Path("out/manifest.jsonl"))
    assert [line["audio_filepath"] for line in lines] == ["0000-repeated.wav", "0001-shuffled.wav"]
    for line in lines:
        pauses = [round(1e3 * (word["start"] - before["end"])) for before, word in pairwise(line["words"])]
        assert pauses == [70, 70]


@pytest.mark.parametrize("name", ["a b,c", "x=y", "d'q", "${foo}", "ü"])
def test_what_is_next_can_be_typed_as_it_stands(name: str, capsys: Capture) -> None:
    """Whatever the folder is called, a shell and Hydra take the path for what it is; one sentence is no plural."""
    ran = called(capsys, ["known-times", name, "--from", "run", "--sentences", "1", "--words", "1"])
    said, command, _ = ran.out.splitlines()
    assert said.startswith("1 sentence, 1 word, ")
    *_, assignment = shlex.split(command)
    (override,) = parsed_overrides([assignment])
    value = OmegaConf.create({"path": override.value()}).path
    assert (override.key_or_group, value) == ("dataset.manifest", f"{name}/manifest.jsonl")


def test_an_option_that_is_no_number_is_named(capsys: Capture) -> None:
    """The line says which option it is about, and which argument is missing."""
    ran = called(capsys, ["known-times", "out", "--from", "run", "--sentences", "x"])
    assert (ran.status, ran.err.count("\n"), "--sentences" in ran.err) == (2, 1, True)
    assert "'OUT'" in called(capsys, ["known-times"]).err


def test_a_text_is_said(capsys: Capture) -> None:
    """A sentence a line, once more with the audio named beside a file of word times."""
    assert called(capsys, ["known-times", "out", "--from", "run", "--text", "t.txt"]).status == 0
    assert [line["text"] for line in lines_of(Path("out/manifest.jsonl"))] == ["yellow americans"]
    times = [f"x 1 {word.start_ms / 1e3} {(word.end_ms - word.start_ms) / 1e3} {word.text}\n" for word in stored.WORDS]
    Path("words.ctm").write_text("".join(times))
    options = ["--from", "words.ctm", "--audio", "talk.wav", "--text", "t.txt"]
    assert called(capsys, ["known-times", "other", *options]).status == 0
    assert Path("other/0000-told.wav").read_bytes() == Path("out/0000-told.wav").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("", "known-times: found neither, expected --from RUN, or --engine espeak-ng --text FILE"),
        ("--from run --engine espeak-ng", "known-times: found both, expected --from RUN, or --engine espeak-ng --text"),
        ("--from nowhere", "--from: found no file or folder 'nowhere', expected the folder of a run with word times"),
        ("--from gone", "--from: found 'gone', whose audio '"),
        ("--from run --sentences 0", "--sentences: found 0, expected a whole number of at least 1"),
        ("--from run --pause-ms -1,5", "--pause-ms: found '-1,5', expected the shortest and the longest pause, from 0"),
        ("--from run --pause-ms soon", "--pause-ms: found 'soon', expected the shortest and the longest pause, from 0"),
        ("--from run --pause-ms 1,2,3", "--pause-ms: found '1,2,3', expected the shortest and the longest pause, from"),
        ("--from run --kinds sung", "--kinds: found 'sung', expected kinds of sentences with commas between; choose"),
        ("--from run --text no.txt", "--text: found 'no.txt' (No such file or directory), expected a text file"),
        ("--from run --text t.txt --words 3", "--words: found it beside --text, which says what the sentences are"),
        ("--engine festival", "--engine: found 'festival', expected an engine that speaks; choose from: espeak-ng"),
        ("--engine espeak-ng", "--engine: found espeak-ng without --text, expected --text FILE, what it is to say"),
        ("--engine espeak-ng --text t.txt --pause-ms 5", "--pause-ms: found it beside --engine, which speaks and"),
    ],
)
def test_what_cannot_be_used_is_one_line(arguments: str, line: str, capsys: Capture) -> None:
    """Status 2, and no folder."""
    ran = called(capsys, ["known-times", "out", *arguments.split()])
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert ran.err.startswith(f"harness: {line}")
    assert not Path("out").exists()


def test_a_folder_that_is_in_use_is_refused(capsys: Capture) -> None:
    """A run is not written over."""
    ran = called(capsys, ["known-times", "run", "--from", "run"])
    assert ran.status == 2
    assert ran.err.startswith("harness: OUT: found 'run' with '")
