from pathlib import Path
from typing import Any

import pytest

from harness import store
from harness.report.difference_lines import difference_lines


@pytest.mark.parametrize(
    ("found", "line"),
    [
        ({}, "Configuration: as the defaults are"),
        (
            {
                "asr.model": {"default": None, "used": "m.bin", "added": True},
                "asr.stage": {"default": "pocketsphinx", "used": "chatllm"},
                "order": {"default": ["asr", "aligner"], "used": ["asr"]},
            },
            'Configuration: asr.stage=chatllm (default pocketsphinx), order=["asr"] (default ["asr", "aligner"]), '
            "1 key more in differs.json",
        ),
        (
            {"a": {"default": "", "used": None}, "b": {"default": 1.5, "used": True}},
            'Configuration: a=null (default ""), b=true (default 1.5)',
        ),
    ],
)
def test_what_differs_is_one_line(found: dict[str, Any], line: str, tmp_path: Path) -> None:
    """Keys that both sides have, and how many there are beside them."""
    store.write_json(tmp_path / store.DIFFERS, found)
    assert list(difference_lines(tmp_path)) == [line]


def test_many_keys_are_counted(tmp_path: Path) -> None:
    """From the thirteenth on."""
    store.write_json(tmp_path / store.DIFFERS, {f"k{n:02d}": {"default": 0, "used": n} for n in range(20)})
    (line,) = difference_lines(tmp_path)
    assert line.startswith("Configuration: k00=0 (default 0), k01=1 (default 0), ")
    assert line.endswith(", k11=11 (default 0), 8 keys more in differs.json")


def test_a_run_from_before_says_nothing(tmp_path: Path) -> None:
    """It has no such file."""
    assert list(difference_lines(tmp_path)) == []


def test_a_damaged_file_is_no_loss_to_the_rest(tmp_path: Path) -> None:
    """Its error is the line."""
    (tmp_path / store.DIFFERS).write_text('{"a": ')
    (line,) = difference_lines(tmp_path)
    assert line.startswith(f"Configuration: run folder: found '{tmp_path}/differs.json' (")
