from typing import Any

import pytest

from harness.report.dataset_name import dataset_name


@pytest.mark.parametrize(
    ("dataset", "name"),
    [
        ({"audio": "a.wav", "transcript": None}, "a.wav"),
        ({"form": "recording", "audio": "a.wav"}, "a.wav"),
        ({"form": "manifest", "manifest": "m.jsonl"}, "manifest m.jsonl"),
        ({"form": "librispeech", "root": "dev-clean", "language": "en"}, "librispeech dev-clean"),
        ({"form": "manifest"}, "-"),
        ({}, "-"),
    ],
)
def test_a_dataset_is_called_by_what_it_is_read_from(dataset: dict[str, Any], name: str) -> None:
    """Its first key beside the form, which every form's file names first."""
    assert dataset_name(dataset, "-") == name
