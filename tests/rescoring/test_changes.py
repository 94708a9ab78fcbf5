import re
from pathlib import Path

import pytest

from harness.errors import ConfigError
from harness.rescoring.changes import Changes, changes, checked_label


def test_words_are_those_of_a_run() -> None:
    """Names, lists, numbers and quotes as Hydra writes them."""
    words = [
        "normalizer=none",
        "probe.aas.limit_ms=20",
        "+probe=[aas,drift]",
        "references='my file.txt'",
        "plugins=mine",
    ]
    assert changes(words) == Changes(
        words=tuple(words),
        normalizer="none",
        options={"aas": {"limit_ms": 20}},
        added=("aas", "drift"),
        plugins=("mine",),
        references=Path("my file.txt"),
    )
    assert changes(["probe=[wer]"]).probes == ("wer",)
    assert changes(["probe=wer"]).probes == ("wer",)
    assert changes([]) == Changes()


@pytest.mark.parametrize(
    ("words", "label"),
    [
        ([], "again"),
        (["plugins=[mine]"], "again"),
        (["normalizer=whisper"], "whisper"),
        (["probe.wer.normalizer=none"], "wer.normalizer-none"),
        (["normalizer=none", "+probe=[aas,drift]"], "none_probe-aas-drift"),
        (["references=/some/where/new.jsonl"], "references-new"),
    ],
)
def test_a_label_is_made_of_what_is_changed(words: list[str], label: str) -> None:
    """The normaliser's name alone, else key and value; nothing that a folder's name may not have."""
    assert changes(words).label == label
    assert checked_label(label) == label


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["foo=1"], "foo: found the key 'foo', expected a key that scoring reads; choose from: .*normalizer.*"),
        (["normalizer"], "command line: found 'normalizer', expected KEY=VALUE, as a run is given it"),
        (["=none"], "command line: found '=none', expected KEY=VALUE, as a run is given it"),
        (["normalizer=a,b"], "command line: found 'normalizer=a,b', expected KEY=VALUE, .*, with one value"),
        (["~probe"], "command line: found '~probe', expected KEY=VALUE, .*, with one value"),
        (["normalizer=[none"], r"command line: found 'normalizer=\[none', expected KEY=VALUE, .*"),
        (["normalizer=3"], "normalizer: found 3, expected a name"),
        (["normalizer=null"], "normalizer: found None, expected a name"),
        (["normalizer=none", "normalizer=none"], "normalizer: found it twice, expected each key once"),
        (["probe.wer.normalizer=none"] * 2, "probe.wer.normalizer: found it twice, expected each key once"),
        (["probe=[1]"], r"probe: found \[1\], expected a name, or a list of names"),
        (["references=true"], "references: found True, expected a file"),
        (["probe.wer=none"], "probe.wer: found the key 'probe.wer', expected a key that scoring reads; .*"),
    ],
)
def test_what_cannot_be_changed_is_one_line(words: list[str], line: str) -> None:
    """It says what was found and what was expected."""
    with pytest.raises(ConfigError) as caught:
        changes(words)
    assert re.fullmatch(line, str(caught.value))


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", ".hidden", "x" * 101])
def test_a_name_is_no_path(name: str) -> None:
    """The results stand in one folder of this name."""
    with pytest.raises(ConfigError, match=r"^--name: found "):
        checked_label(name)
