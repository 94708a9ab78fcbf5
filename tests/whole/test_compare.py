from pathlib import Path

import pytest

from tests.whole.command import SCRIPTED, Ran, harness, json_of

SMALL = (
    "asr.keep_mib=1",
    "aligner.keep_mib=1",
    "asr.work_mib=1",
    "aligner.work_mib=1",
    "order=[asr]",
    "iterations=9",
    "probe=[rtf,wer]",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a run that says the right words, and one that is slower and says others."""
    place = tmp_path_factory.mktemp("compare")
    for name, changes in (("right", ()), ("wrong", ("asr.text=so what", "asr.chunk_ms=40"))):
        ran = harness(*SCRIPTED, *SMALL, *changes, f"hydra.run.dir={name}", cwd=place)
        assert ran.status == 0
    return place


def compared(folder: Path, *arguments: str) -> Ran:
    """Compare in a process of its own."""
    return harness("compare", *arguments, cwd=folder)


def test_a_run_is_kept_and_a_later_one_compared_with_it(folder: Path) -> None:
    """From two runs by the command line to the word, the labelled option, and the exit status."""
    kept = harness("baseline", "main", "right", cwd=folder)
    assert (kept.status, kept.out) == (0, "Baseline: outputs/baselines/main\n")
    ran = compared(folder, "main", "wrong", "--threshold", "5%", "--benchmark-json", "figures.json")
    assert (ran.status, ran.err) == (1, "")
    rows = {line.split()[0]: line.split() for line in reversed(ran.out.splitlines()) if line}
    assert rows["asr.wer"][-1] == "worse"
    assert rows["asr.latency_ms"][-1] == "slower"
    assert rows["asr.chunk_ms"] == ["asr.chunk_ms", "0.0", "40.0"]
    assert "Threshold broken: asr.wer: worse by " in ran.out
    assert "asr.rtf" in [one["name"] for one in json_of(folder / "figures.json")]


def test_a_run_and_itself(folder: Path) -> None:
    """Nothing differs, nothing is shown, and no threshold is broken."""
    ran = compared(folder, "right", "right", "--threshold", "0%")
    assert (ran.status, ran.err) == (0, "")
    assert "What else differs" not in ran.out
    assert ran.out.splitlines()[-2:] == ["A and B are the same folder: 'right'", "Shown: no difference"]
