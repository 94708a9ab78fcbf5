from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.doctor.engine_findings import engines
from harness.plugins import Found, Registry
from harness.stage import Stage, Unusable

OPTIONS = """
role: asr
stage: {stage}
threads: ${{threads}}
"""


class Parrot(Stage):
    """Says its line."""

    role = "asr"
    name = "parrot"
    uses_threads = True

    @dataclass(frozen=True)
    class Options:
        """Its options."""

        threads: int = 1

    def lacks(self) -> list[Unusable]:
        """Lack two things, one of them with a command that mends it."""
        return [
            Unusable("no beak", "a beak", "beak", fix="pip install beak"),
            Unusable("no wings", "two wings"),
        ]


class Able(Parrot):
    """Can do it."""

    name = "able"

    def lacks(self) -> list[Unusable]:
        """Lack nothing."""
        return []


class Wild(Parrot):
    """Bites who asks."""

    name = "wild"

    def lacks(self) -> list[Unusable]:
        """Fail as no plugin should."""
        raise ValueError("bitten")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder whose conf has a group of stages, a default order and nothing else of the harness."""
    conf = tmp_path / "conf"
    (conf / "asr").mkdir(parents=True)
    text = "defaults:\n  - asr: parrot\n  - _self_\norder: [asr]\nthreads: 4\n"
    (conf / "config.yaml").write_text(text)
    for name in ("parrot", "able", "wild", "nobody"):
        (conf / "asr" / f"{name}.yaml").write_text(OPTIONS.format(stage=name))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("harness.defaults.conf_folders", lambda: iter(()))
    monkeypatch.setattr("harness.defaults.builtin_folder", lambda name: conf)
    return conf


REGISTRY = Registry({("asr", one.name): Found(one, "acme 1.2") for one in (Parrot, Able, Wild)}, {})


def test_every_engine_of_the_folder_is_tried() -> None:
    """All that one lacks is said, with a command where there is one; one that fails or is unknown is a line."""
    found = engines(REGISTRY)
    assert [(one.item, one.mark, one.text, one.fix, one.needed) for one in found.findings] == [
        ("asr=able", "ok", "can run: Can do it. [acme 1.2]", "", False),
        (
            "asr=nobody",
            "missing",
            "asr.stage: found 'nobody', expected the name of a stage with the role asr; "
            "choose from: able, wild, parrot",
            "",
            False,
        ),
        ("asr=parrot", "missing", "asr.beak: no beak", "pip install beak", True),
        ("asr=parrot", "missing", "no wings; expected two wings", "", True),
        ("asr=wild", "missing", "ValueError: bitten", "", False),
    ]
    assert found.threads == 4


def test_threads_matter_where_an_engine_can_run() -> None:
    """One that cannot needs none."""
    assert engines(Registry({("asr", "parrot"): Found(Parrot, "acme 1.2")}, {})).threads is None


def test_a_file_that_cannot_be_used_is_a_line(folder: Path) -> None:
    """Its options are checked as a run checks them, and the others are still tried."""
    (folder / "asr" / "able.yaml").write_text("role: asr\nstage: able\nfeathers: 2\n")
    (folder / "asr" / "wild.yaml").write_text("role: [asr\n")
    (folder / "asr" / "nobody.yaml").unlink()
    found = {one.item: one for one in engines(REGISTRY).findings}
    assert found["asr=able"].text == (
        "asr.feathers: found the key 'feathers', expected an option of able; choose from: threads"
    )
    assert found["asr=wild"].text.startswith(f"configuration: found '{folder}/asr/wild.yaml' line 2 (")
    assert found["asr=parrot"].mark == "missing"


def test_a_stage_that_no_file_names_is_not_known(folder: Path) -> None:
    """It may want options that nobody gives."""
    (folder / "asr" / "wild.yaml").unlink()
    found = {one.item: (one.mark, one.text) for one in engines(REGISTRY).findings}
    assert found["asr=wild"] == ("unknown", "no file in conf/asr names it")


def test_a_configuration_that_cannot_be_composed_is_what_is_missing(folder: Path) -> None:
    """Then no run can be done."""
    (folder / "config.yaml").write_text("defaults:\n  - asr: gone\n")
    (only,) = engines(REGISTRY).findings
    assert (only.item, only.mark, only.fatal) == ("configuration", "missing", True)
    assert "asr/gone" in only.text
