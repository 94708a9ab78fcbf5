"""The process in which libespeak-ng speaks, where it cannot; where it can, :mod:`tests.synthetic.test_espeak`."""

import ctypes.util
import io
import json
import sys
from types import SimpleNamespace

import pytest

from harness.synthetic import espeak_process


def test_a_missing_library_is_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, and no text is spoken."""
    out = io.BytesIO()
    monkeypatch.setattr(espeak_process, "_NAMES", ("libnosuch.so.1",))
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps({"voice": "en", "texts": ["one"]})))
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=out))
    espeak_process.main()
    assert out.getvalue() == b'{"error": "library"}\n'
