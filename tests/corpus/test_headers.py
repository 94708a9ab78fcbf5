from pathlib import Path

import pytest

from harness.corpus.headers import Headers
from harness.errors import InputError
from tests.corpus.made_audio import make_audio


def test_a_file_is_looked_at_once(tmp_path: Path) -> None:
    """However many stretches of it there are."""
    path = make_audio(tmp_path / "a.flac", 2.5)
    headers = Headers()
    headers.check(str(path))
    assert headers.length_s(str(path)) == 2.5
    path.unlink()
    assert (headers.stretch_s(str(path), 0.5, None), headers.stretch_s(str(path), 0.5, 1.0)) == (2.0, 1.0)
    headers.check(str(path))


def test_a_stretch_may_end_a_little_late(tmp_path: Path) -> None:
    """Times are rounded; it is cut to what is there, and 0.1 s is the most."""
    path = str(make_audio(tmp_path / "a.wav", 2.0))
    assert Headers().stretch_s(path, 1.0, 1.05) == 1.0
    with pytest.raises(InputError, match="expected a stretch that ends within the file"):
        Headers().stretch_s(path, 1.0, 1.2)


def test_audio_without_a_sample_is_refused(tmp_path: Path) -> None:
    """Its header is whole."""
    path = str(make_audio(tmp_path / "a.wav", 0.0))
    with pytest.raises(InputError, match="which holds no sample"):
        Headers().length_s(path)
