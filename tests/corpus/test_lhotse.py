import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from harness.corpus.entry import Entry
from harness.corpus.lhotse import Cuts, LhotseOptions, read_lhotse
from harness.records import Word
from tests.corpus.every import every
from tests.corpus.made_audio import make_audio

WRITTEN = Path(__file__).parent / "data" / "cuts.jsonl"
TALK = {"id": "talk", "sources": [{"type": "file", "channels": [0], "source": "talk.wav"}]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the audio of the cut set that lhotse wrote."""
    make_audio(tmp_path / "talk.wav", 4.0)
    make_audio(tmp_path / "stereo.wav", 2.0, channels=2)
    return tmp_path


def read(folder: Path, *cuts: Any) -> Cuts:
    """Return the entries of a cut set: whole lines, or what differs from a cut of the first second."""
    plain = {"id": "cut", "start": 0, "duration": 1, "channel": 0, "recording": TALK, "type": "MonoCut"}
    lines = [cut if isinstance(cut, bytes) else json.dumps({**plain, **cut}).encode() for cut in cuts]
    (folder / "cuts.jsonl").write_bytes(b"\n".join(lines))
    return read_lhotse(LhotseOptions(str(folder / "cuts.jsonl")), folder)


@pytest.mark.parametrize("packed", [False, True])
def test_what_lhotse_wrote_is_read(packed: bool, folder: Path) -> None:
    """Cuts of one file's one channel; lhotse counts aligned words from the recording's start, we from the cut's."""
    target = folder / ("cuts.jsonl.gz" if packed else "cuts.jsonl")
    if packed:
        target.write_bytes(gzip.compress(WRITTEN.read_bytes()))
    else:
        shutil.copy(WRITTEN, target)
    entries = read_lhotse(LhotseOptions(str(target)), folder)
    assert [(entry.id, entry.offset_s, entry.duration_s, entry.reference) for entry in every(entries)] == [
        ("talk-0", 0.0, 4.0, "ask not what"),
        ("talk-1", 1.0, 1.0, "ask not"),
        ("talk-2", 2.4, 0.6, "what"),
        ("inner", 1.0, 1.0, "ask not"),
    ]
    assert entries[1] == Entry(
        id="talk-1",
        audio=str(folder / "talk.wav"),
        offset_s=1.0,
        duration_s=1.0,
        reference="ask not",
        speaker="JFK",
        language="en",
        words=(Word("ask", 100.0, 400.0), Word("not", 500.0, 750.0)),
        recording="talk",
    )
    assert [str(one).partition(", expected")[0] for one in entries.bad] == [
        "line 4: found a MultiCut",
        "line 5: found one channel of a file with 2",
        "line 6: found a MixedCut",
        "line 7: found a recording to be transformed (Speed)",
        "line 8: found a recording to be transformed (Resample)",
    ]


def test_a_cut_without_a_text_says_so(folder: Path) -> None:
    """Or without a supervision; what two speakers say is in the order of their times, and nobody's."""
    said = [
        {"start": 0.5, "text": "yes", "speaker": "B", "language": "English"},
        {"start": 0.1, "text": "no", "speaker": "A", "language": "English"},
    ]
    entries = read(folder, {"id": "a"}, {"id": "b", "supervisions": [{"start": 0}]}, {"id": "c", "supervisions": said})
    assert [(entry.reference, entry.no_reference) for entry in every(entries)] == [
        (None, "the cut has no supervision"),
        (None, "its supervisions hold no text"),
        ("no yes", None),
    ]
    assert (entries[2].speaker, entries[2].language) == (None, "en")


def alignment(*items: Any) -> dict[str, Any]:
    """Return what differs in a cut with aligned words."""
    return {"supervisions": [{"start": 0, "text": "a", "alignment": {"word": items}}]}


def test_alignments_of_older_versions_are_read(folder: Path) -> None:
    """Before 1.8 an item was an object; silences are no words."""
    older = {"symbol": "ask", "start": 0.5, "duration": 0.25}
    (entry,) = every(read(folder, alignment(["<eps>", 0, 0.5, None], older)))
    assert entry.words == (Word("ask", 500.0, 750.0),)


@pytest.mark.parametrize(
    ("cut", "found"),
    [
        (b"ask", "found 'ask' (JSON is malformed"),
        (b"[]", "found [], expected a MonoCut as lhotse writes it"),
        (b'{"id": "a", "sources": []}', "found nothing under the key 'type', expected a MonoCut as lhotse writes it"),
        (b'{"type": "PaddingCut"}', "found PaddingCut"),
        ({"id": 5}, "found MonoCut (Expected `str`, got `int` - at `$.id`), expected"),
        ({"recording": None}, "found a cut without a recording (features only), expected a cut with its recording"),
        (
            {"recording": {"id": "m", "sources": [{"type": "url", "channels": [0], "source": "http://a"}]}},
            "found a recor",
        ),
        ({"recording": {"id": "m", "sources": []}}, "found a recording from nowhere, expected one source of the type"),
        ({"start": -1}, "found start -1, expected a number of seconds of at least 0"),
        ({"duration": 0}, "found duration 0, expected a number of seconds above 0"),
        ({"start": 4}, "found offset 4 in 'talk.wav' of 4 s, expected an offset within the file"),
        (alignment(["ask", "soon"]), "found in the alignment ['ask', 'soon'], expected [word, start, duration, score]"),
        (alignment(["ask", -1, 1]), "found the word 'ask' from -1 to 0 s, expected words that start at 0 s"),
    ],
)
def test_a_bad_cut_is_said_with_its_line(cut: Any, found: str, folder: Path) -> None:
    """What was found and what was expected."""
    entries = read(folder, {}, cut)
    (said,) = (str(one).replace(f"{folder}/", "") for one in entries.bad)
    assert said.startswith(f"line 2: {found}")
    assert len(entries) == 1


def test_an_id_is_there_once(folder: Path) -> None:
    """The line that has it first keeps it."""
    (said,) = read(folder, {}, {}).bad
    assert str(said) == "line 2: found the id 'cut', which line 1 has too, expected an id of its own"
