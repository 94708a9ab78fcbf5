from typing import Any

import pytest

from harness.corpus.choice import CHOICE_KEYS, Choice, choice_of
from harness.errors import ConfigError


def test_what_is_not_said_is_everything() -> None:
    """Null is the default; the other keys are the form's."""
    assert choice_of({"audio": "a.wav"}) == (Choice(), {"audio": "a.wav"})
    assert choice_of(dict.fromkeys(CHOICE_KEYS)) == (Choice(), {})


def test_every_key_is_read() -> None:
    """Numbers become seconds, speakers that Hydra took for numbers become names."""
    dataset = {
        "manifest": "m.jsonl",
        "speakers": [1089, "anna"],
        "matching": "1089-*",
        "min_duration_s": 1,
        "max_duration_s": 1.0,
        "subset": 5,
        "limit_s": 600,
        "on_bad": "skip",
    }
    expected = Choice(
        speakers=("1089", "anna"),
        matching="1089-*",
        min_duration_s=1.0,
        max_duration_s=1.0,
        subset=5,
        limit_s=600.0,
        on_bad="skip",
    )
    assert choice_of(dataset) == (expected, {"manifest": "m.jsonl"})


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("min_duration_s", 0, "found 0, expected null, or a number of seconds above 0"),
        ("min_duration_s", "1 s", "found '1 s', expected null, or a number of seconds above 0"),
        ("max_duration_s", -1, "found -1, expected null, or a number of seconds above 0"),
        ("max_duration_s", float("nan"), "found nan, expected null, or a number of seconds above 0"),
        ("limit_s", True, "found True, expected null, or a number of seconds above 0"),
        ("limit_s", float("inf"), "found inf, expected null, or a number of seconds above 0"),
        ("subset", 0, "found 0, expected null, or a whole number of utterances of at least 1"),
        ("subset", 1.5, "found 1.5, expected null, or a whole number of utterances of at least 1"),
        ("subset", True, "found True, expected null, or a whole number of utterances of at least 1"),
        ("speakers", "anna", "found 'anna', expected a list of speakers, for instance [1089,1188]"),
        ("speakers", [1.5], "found [1.5], expected a list of speakers, for instance [1089,1188]"),
        ("matching", "", "found '', expected null, or a pattern for ids, for instance '1089-*'"),
        ("matching", 5, "found 5, expected null, or a pattern for ids, for instance '1089-*'"),
        (
            "on_bad",
            "skp",
            "found 'skp', expected what to do about entries that cannot be used; choose from: skip, stop",
        ),
    ],
)
def test_a_value_that_is_none_is_refused(key: str, value: Any, line: str) -> None:
    """One line that names the key."""
    with pytest.raises(ConfigError) as caught:
        choice_of({key: value})
    assert str(caught.value) == f"dataset.{key}: {line}"


def test_a_longest_below_the_shortest_is_refused() -> None:
    """Nothing could be both."""
    with pytest.raises(ConfigError) as caught:
        choice_of({"min_duration_s": 5, "max_duration_s": 2.5})
    assert str(caught.value) == (
        "dataset.max_duration_s: found 2.5 with min_duration_s=5, expected at least min_duration_s"
    )
