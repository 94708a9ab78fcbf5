"""The folder of a generated corpus: canonical audio files, and a manifest in NeMo's form that names them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from harness.audio import wav_header
from harness.errors import StoreError
from harness.synthetic.spoken import Spoken
from harness.whole_folder import whole_folder

MANIFEST = "manifest.jsonl"
_EXPECTED = "a folder that is not there yet, is empty, or was made by this command"


@dataclass(frozen=True, slots=True)
class Written:
    """What was written."""

    folder: Path
    sentences: int
    words: int
    duration_s: float


def write(out: Path, sentences: Iterable[Spoken]) -> Written:
    """Write a corpus; where the folder holds one of ours, it takes its place, and never a part of it.

    Raises :class:`StoreError` for a folder that holds anything else, or cannot be written.
    """
    check(out)
    count, words, duration_s, lines = 0, 0, 0.0, []
    try:
        with whole_folder(out.resolve()) as folder:  # what a link points to is replaced, not the link
            for one in sentences:
                name = f"{one.name}.wav"
                (folder / name).write_bytes(wav_header(len(one.samples)) + one.samples.astype("<i2").tobytes())
                lines.append(json.dumps(manifest_line(name, one), ensure_ascii=False) + "\n")
                count, words, duration_s = count + 1, words + len(one.words), duration_s + one.duration_s
            (folder / MANIFEST).write_text("".join(lines), encoding="utf-8")
    except OSError as error:
        raise StoreError("OUT", f"'{out}' ({error.strerror})", "a folder that can be written") from None
    return Written(out, count, words, duration_s)


def check(out: Path) -> None:
    """Raise :class:`StoreError` where a folder is in use by something that this did not make."""
    if not out.exists():
        return
    if not out.is_dir():
        raise StoreError("OUT", f"'{out}', which is a file", _EXPECTED)
    found = {path.name for path in out.iterdir()}
    if not found <= _ours(out):
        strange = min(found - _ours(out))
        raise StoreError("OUT", f"'{out}' with '{strange}' in it", _EXPECTED)


def manifest_line(name: str, one: Spoken) -> dict[str, object]:
    """Return a sentence as a line of NeMo's manifest; times in seconds, which are whole milliseconds."""
    return {
        "audio_filepath": name,
        "text": one.text,
        "duration": one.duration_s,
        "words": [{"word": word.text, "start": word.start_ms / 1000, "end": word.end_ms / 1000} for word in one.words],
        "speaker": one.speaker,
        "synthetic": one.synthetic,
    }


def _ours(out: Path) -> set[str]:
    """Return the names that a manifest of ours in a folder stands for; none where there is no such manifest."""
    try:
        lines = [json.loads(line) for line in (out / MANIFEST).read_text(encoding="utf-8").splitlines()]
        return {MANIFEST, *(line["audio_filepath"] for line in lines if line["synthetic"])}
    except (OSError, ValueError, KeyError, TypeError):
        return set()
