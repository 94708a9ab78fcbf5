from dataclasses import dataclass
from typing import Any

import pytest

from harness.corpus.keys import named, optional, options_of
from harness.errors import ConfigError, InputError, UserError


@dataclass(frozen=True)
class Keys:
    """A form's keys."""

    folder: str = named("the path of a folder")
    split: str | None = optional("a split")
    language: str | None = optional("a tag", "en")


def test_keys_are_texts_or_null() -> None:
    """What is not said has its default."""
    assert options_of(Keys, {"folder": "a"}) == Keys("a", None, "en")
    assert options_of(Keys, {"folder": "a", "split": "test", "language": None}) == Keys("a", "test", None)


@pytest.mark.parametrize(
    ("values", "kind", "line"),
    [
        ({}, ConfigError, "dataset.folder: found null, expected the path of a folder"),
        ({"folder": None}, ConfigError, "dataset.folder: found null, expected the path of a folder"),
        ({"folder": ""}, ConfigError, "dataset.folder: found '', expected the path of a folder"),
        ({"folder": ["a"]}, ConfigError, "dataset.folder: found ['a'], expected the path of a folder"),
        ({"folder": "a", "split": 5}, ConfigError, "dataset.split: found 5, expected a split, or null"),
        ({"folder": "a", "split": ""}, ConfigError, "dataset.split: found '', expected a split, or null"),
        ({"folder": "a\x1b"}, InputError, "dataset.folder: found 'a\\x1b', expected printable characters"),
        (
            {"foldr": "a"},
            ConfigError,
            "dataset.foldr: found the key 'foldr', expected a key of the dataset; choose from: folder, subset, split, "
            "language",
        ),
    ],
)
def test_what_is_no_key_or_no_value_is_refused(values: dict[str, Any], kind: type[UserError], line: str) -> None:
    """Keys that are read elsewhere are among those to choose from."""
    with pytest.raises(kind) as caught:
        options_of(Keys, values, also=["subset"])
    found, _, choices = str(caught.value).partition("; choose from: ")
    expected, _, names = line.partition("; choose from: ")
    assert (found, sorted(choices.split(", "))) == (expected, sorted(names.split(", ")))
