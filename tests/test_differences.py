from typing import Any

import pytest

from harness.differences import differences


@pytest.mark.parametrize(
    ("default", "used", "expected"),
    [
        ({"threads": 6}, {"threads": 6}, {}),
        ({"timeout_s": 600}, {"timeout_s": 600.0}, {}),
        ({"threads": 6}, {"threads": 2}, {"threads": {"default": 6, "used": 2}}),
        ({"strict": False}, {"strict": 0}, {"strict": {"default": False, "used": 0}}),
        (
            {"asr": {"stage": "a", "topn": 2}},
            {"asr": {"stage": "b", "model": "m.bin"}},
            {
                "asr.model": {"default": None, "used": "m.bin", "added": True},
                "asr.stage": {"default": "a", "used": "b"},
                "asr.topn": {"default": 2, "used": None, "removed": True},
            },
        ),
        (
            {"probe": {"rss": {}, "wer": {"normalizer": "basic"}}},
            {"probe": {"rss": {}}},
            {"probe.wer.normalizer": {"default": "basic", "used": None, "removed": True}},
        ),
        (
            {"probe": {}},
            {"probe": {"pss": {}}},
            {
                "probe": {"default": {}, "used": None, "removed": True},
                "probe.pss": {"default": None, "used": {}, "added": True},
            },
        ),
        (
            {"order": ["asr", "aligner"]},
            {"order": ["aligner", "asr"]},
            {"order": {"default": ["asr", "aligner"], "used": ["aligner", "asr"]}},
        ),
        ({"budget": None}, {"budget": None}, {}),
    ],
)
def test_keys_that_differ(default: dict[str, Any], used: dict[str, Any], expected: dict[str, Any]) -> None:
    """By the path of the key; a key of one side alone says so, and a list is one value."""
    assert differences(default, used) == expected
