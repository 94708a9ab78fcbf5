import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from harness.corpus.entry import Entry
from harness.corpus.manifest import Manifest, ManifestOptions, read_manifest
from harness.errors import InputError
from harness.records import Word
from tests.corpus.every import every
from tests.corpus.made_audio import make_audio


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with ``a.wav`` and ``b.wav`` of a second each, and the home and cache of a user in it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    make_audio(tmp_path / "a.wav")
    make_audio(tmp_path / "b.wav")
    return tmp_path


def line(**keys: Any) -> bytes:
    """Return a line of a manifest about ``a.wav``, with changes."""
    return json.dumps({"audio_filepath": "a.wav", "text": "ask not", "duration": 1.0, **keys}).encode()


def read(folder: Path, *lines: bytes, name: str = "m.jsonl") -> Manifest:
    """Return the entries of a manifest of lines."""
    (folder / name).write_bytes(b"\n".join(lines))
    return read_manifest(ManifestOptions(name), folder)


def bad(folder: Path, *lines: bytes) -> list[str]:
    """Return what is said of lines of which none is good."""
    entries = read(folder, *lines)
    assert len(entries) == 0
    return [str(one).replace(f"{folder}/", "") for one in entries.bad]


def test_every_key_of_a_line_is_read(folder: Path) -> None:
    """Paths are relative to the manifest's folder; what else a line says is passed over."""
    words = [{"word": "ask", "start": 0.1, "end": 0.2}, {"text": "not", "start_ms": 250, "end_ms": 400}]
    known = {"utt_id": 17, "speaker": "JFK", "lang": "en_US", "synthetic": "cut and pasted", "words": words}
    entries = read(folder, line(text=" ask\nnot ", offset=0.25, duration=0.5, other=[1], **known))
    assert entries.bad == []
    assert entries[0] == Entry(
        id="17",
        audio=str(folder / "a.wav"),
        offset_s=0.25,
        duration_s=0.5,
        reference="ask not",
        speaker="JFK",
        language="en-US",
        words=(Word("ask", 100.0, 200.0), Word("not", 250, 400)),
        synthetic="cut and pasted",
        recording="a",
    )


def test_what_a_line_does_not_say_comes_from_the_audio(folder: Path) -> None:
    """The length from the header, less the offset; the name from the file and the offset."""
    make_audio(folder / "sub" / "c.flac", 2.0)
    lines = (
        b'{"audio_filepath": "a.wav", "text": null}',
        line(audio_filepath="~/sub/c.flac", offset=0.5, duration=None),
    )
    whole, rest = every(read(folder, *lines))
    assert (whole.id, whole.duration_s, whole.reference) == ("a", 1.0, None)
    assert whole.no_reference == "its text in the manifest is empty"
    assert (rest.id, rest.audio, rest.duration_s) == ("c-00000500", str(folder / "sub/c.flac"), 1.5)


def test_the_text_may_be_anything(folder: Path) -> None:
    """Markup, control characters, both directions of writing, characters beyond the first plane."""
    texts = ["<b>ask</b> & not", "a\u0000b\u001b[31m", "שלום עולם", "今日は晴れ", "🎤 \U00020bb7", "ask not"]
    entries = read(folder, *(line(text=text, id=number) for number, text in enumerate(texts)))
    assert [entry.reference for entry in every(entries)] == texts


def test_lines_may_be_packed_and_end_in_every_way(folder: Path) -> None:
    """A mark at the start, carriage returns, empty lines, no end of the last line; the numbers count all."""
    content = b"\xef\xbb\xbf" + line(id="x") + b"\r\n\r\n  \n" + line(id="y") + b"\r\n" + b"nonsense\n" + line(id="z")
    plain = read(folder, content)
    (folder / "m.jsonl.gz").write_bytes(gzip.compress(content))
    packed = read_manifest(ManifestOptions("m.jsonl.gz"), folder)
    assert [entry.id for entry in every(plain)] == [entry.id for entry in every(packed)] == ["x", "y", "z"]
    assert [one.where for one in (*plain.bad, *packed.bad)] == ["line 5", "line 5"]


def test_every_stretch_has_a_name_of_its_own(folder: Path) -> None:
    """Files of one name are told apart by their folders, the same stretch twice by its line."""
    make_audio(folder / "s1" / "a.wav")
    make_audio(folder / "s2" / "a.wav")
    lines = [
        line(audio_filepath=f"{name}/a.wav", offset=offset, duration=None)
        for name in ("s1", "s2")
        for offset in (0, 0.5)
    ]
    entries = every(read(folder, *lines, line(audio_filepath="b.wav"), line(audio_filepath="b.wav")))
    assert [entry.id for entry in entries] == [
        "s1-a.wav", "s1-a.wav-00000500", "s2-a.wav", "s2-a.wav-00000500", "b", "b#6",
    ]  # fmt: skip
    assert [entry.recording for entry in entries] == ["s1-a.wav"] * 2 + ["s2-a.wav"] * 2 + ["b"] * 2


NUMBER, PATH = (
    "expected a number of seconds",
    "expected an audio file: WAV, FLAC, MP3, Ogg or what else libsndfile reads",
)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"ask not", "found 'ask not' (Expecting value), expected one JSON object a line: {"),
        (line() + line(), "found '{\"audio_filepath\": \"a.wav\", \"text\": \"ask not\", \"duration\": ... (Extra"),
        (b"[1]", "found [1], expected one JSON object a line: {"),
        (b'"a"', "found 'a', expected one JSON object a line: {"),
        (b"{}", "found no key 'audio_filepath', expected audio_filepath: the path of an audio file"),
        (b'{"audio_filepath": "a.wav"}', "found no key 'text', expected text: a text, or null where nobody knows"),
        (line(audio_filepath=5), "found audio_filepath 5, expected the path of an audio file"),
        (line(text=["a"]), "found text ['a'], expected a text, or null"),
        (line(duration="1"), f"found duration '1', {NUMBER} above 0"),
        (line(duration=True), f"found duration True, {NUMBER} above 0"),
        (line(duration=float("nan")), f"found duration nan, {NUMBER} above 0"),
        (line(duration=float("inf")), f"found duration inf, {NUMBER} above 0"),
        (line().replace(b"1.0", b"1e999"), f"found duration inf, {NUMBER} above 0"),
        (line(duration=0), f"found duration 0, {NUMBER} above 0"),
        (line(duration=-1), f"found duration -1, {NUMBER} above 0"),
        (line(offset=-0.5), f"found offset -0.5, {NUMBER} of at least 0"),
        (line(offset=float("nan")), f"found offset nan, {NUMBER} of at least 0"),
        (line(offset=1), "found offset 1 in 'a.wav' of 1 s, expected an offset within the file"),
        (line(offset=0.5), "found offset 0.5 and duration 1 in 'a.wav' of 1 s, expected a stretch that ends"),
        (line(audio_filepath="c.wav"), f"found no file 'c.wav', {PATH}"),
        (line(audio_filepath=""), "found '"),
        (line(audio_filepath="a.wav\0"), "found the path '"),
        (line(audio_filepath="m.jsonl", duration=None), "found 'm.jsonl' (Format not recognised.), expected an audio"),
        (line(audio_filepath="talk.m4a"), "found 'talk.m4a', which libsndfile does not read, expected"),
        (line(audio_filepath="empty.wav"), f"found 'empty.wav', which is empty, {PATH}"),
        (line().replace(b"ask", b"gr\xfc\xdf"), "found bytes that are no UTF-8 (invalid start byte), ex"),
        (line().replace(b"ask", b"a\0k"), "found '{\"audio_filepath\": \"a.wav\", \"text\": \"a\\x00k not\", \"d"),
        (line(text="\ud83d"), "found a text with half of a surrogate pair, expected characters of Unicode"),
        (b'{"text":' * 5000, "found '{\"text\":{\"text\":{\"text\":"),
        (line(words=[{"word": "ask"}]), "found in words {'word': 'ask'}, expected a list of {"),
        (line(words=[{"word": " ", "start": 0, "end": 1}]), "found in words {'word': ' ', 'start': 0.0, 'end': 1.0}"),
        (line(words="ask"), "found words 'ask', expected a list of {"),
        (line(words=[{"word": "ask", "start": 0.2, "end": 0.1}]), "found the word 'ask' from 0.2 to 0.1 s, expected"),
        (line(words=[{"word": "ask", "start": 5, "end": 6}]), "found the word 'ask' at 5 s of 1 s of audio, expected"),
    ],
)  # fmt: skip
def test_a_bad_line_is_said_with_its_number(content: bytes, found: str, folder: Path) -> None:
    """What was found and what was expected, on one line; nothing is raised."""
    (folder / "empty.wav").touch()
    (folder / "talk.m4a").write_bytes(b"....ftypM4A ")
    (said,) = bad(folder, b"", content)
    assert said.startswith(f"line 2: {found}")
    assert len(said) < 300


def test_an_id_is_there_once(folder: Path) -> None:
    """The line that has it first keeps it."""
    entries = read(folder, line(id="x"), line(id="y"), line(id="x"))
    assert [entry.id for entry in every(entries)] == ["x", "y"]
    assert [str(one) for one in entries.bad] == [
        "line 3: found the id 'x', which line 1 has too, expected an id of its own"
    ]


def test_a_manifest_that_cannot_be_read_is_one_line(folder: Path) -> None:
    """A folder, nothing, another coding, packed badly."""
    (folder / "u16.jsonl").write_bytes(line().decode().encode("utf-16"))
    (folder / "cut.jsonl.gz").write_bytes(gzip.compress(line() * 50)[:-9])
    (folder / "no.jsonl.gz").write_bytes(line())
    found = {}
    for name in (".", "no.jsonl", "u16.jsonl", "cut.jsonl.gz", "no.jsonl.gz"):
        with pytest.raises(InputError) as caught:
            read_manifest(ManifestOptions(str(folder / name)), folder)
        found[name] = str(caught.value).replace(f"{folder}", "HERE").partition(", expected")[0]
    assert found == {
        ".": "dataset.manifest: found 'HERE', which is a folder",
        "no.jsonl": "dataset.manifest: found no file 'HERE/no.jsonl'",
        "u16.jsonl": "dataset.manifest: found 'HERE/u16.jsonl', which is UTF-16",
        "cut.jsonl.gz": "dataset.manifest: found 'HERE/cut.jsonl.gz' (Compressed file ended before the end-of-stream "
        "marker was reached)",
        "no.jsonl.gz": "dataset.manifest: found 'HERE/no.jsonl.gz' (Not a gzipped file (b'{\"'))",
    }


def test_a_manifest_that_changes_meanwhile_is_said(folder: Path) -> None:
    """Lines are read again when they are asked for."""
    entries = read(folder, line(), line())
    (folder / "m.jsonl").write_bytes(b"x" * 500)
    with pytest.raises(InputError) as caught:
        entries[1]
    assert "'m.jsonl', of which line 2 is not what it was" in str(caught.value).replace(f"{folder}/", "")
