from pathlib import Path

import pytest

from harness.resuming.sources import package_sources, packages_of, source_sha256, sources_of


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a plugin's module that is made of three, one of which imports an engine when it is prepared."""
    package = tmp_path / "made_up_engine"
    package.mkdir()
    (package / "__init__.py").write_text('"""Import nothing,\nimport a lot of things.\n"""\n')
    (package / "stage.py").write_text(
        "import os\nfrom made_up_engine import (\n    inner,\n)\nfrom harness import cli\n"
    )
    (package / "inner.py").write_text("from .deep import run\n")
    (package / "deep.py").write_text("def run():\n    import psutil, absent_package\n    from jiwer import wer\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return "made_up_engine.stage"


def test_a_module_is_made_of_what_it_imports_of_its_own_package(engine: str) -> None:
    """Nothing is run for it, and what is the harness's is known by another name."""
    assert list(sources_of(engine)) == [
        "made_up_engine",
        "made_up_engine.deep",
        "made_up_engine.inner",
        "made_up_engine.stage",
    ]
    assert sources_of("no.such.module") == {}


def test_packages_are_known_before_they_are_imported(engine: str) -> None:
    """By their versions, also where a function imports them; the standard library is Python's version."""
    assert list(packages_of([engine])) == ["jiwer", "psutil"]


def test_a_changed_source_changes_the_hash(tmp_path: Path) -> None:
    """One that is gone, too."""
    (tmp_path / "a.py").write_text("a = 1\n")
    files = package_sources(tmp_path)
    first = source_sha256(files)
    (tmp_path / "a.py").write_text("a = 2\n")
    second = source_sha256(files)
    (tmp_path / "a.py").unlink()
    assert len({first, second, source_sha256(files), source_sha256([])}) == 4
