from importlib import metadata
from pathlib import Path

import pytest

from harness.doctor.finding import Finding
from harness.doctor.package_findings import package_findings

METADATA = """Metadata-Version: 2.4
Name: acme
Version: 1.2
Requires-Dist: msgspec>=0.1
{needed}Requires-Dist: no-such-package>=2; extra == "more"
Requires-Dist: msgspec>=999; extra == "more"
Requires-Dist: no-such-other; extra == "more" and sys_platform == "nowhere"
Requires-Dist: psutil; extra == "less"
Provides-Extra: more
Provides-Extra: less
"""


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a distribution with two extras, and return its folder of metadata."""
    folder = tmp_path / "acme-1.2.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(METADATA.format(needed=""))
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


@pytest.mark.usefixtures("acme")
def test_an_extra_that_is_not_installed_is_named_with_the_command() -> None:
    """What is always needed is no extra's, and what is for another system is nobody's."""
    version = metadata.version("msgspec")
    assert list(package_findings("acme")) == [
        Finding("Packages", "needed", "ok", "installed"),
        Finding(
            "Packages",
            "extra more",
            "absent",
            f"no-such-package is not installed, msgspec {version} is not >=999",
            "pip install acme'[more]'",
        ),
        Finding("Packages", "extra less", "ok", "installed"),
    ]


def test_what_is_needed_and_not_there_is_missing(acme: Path) -> None:
    """From where it was installed: here it is edited in place."""
    (acme / "METADATA").write_text(METADATA.format(needed="Requires-Dist: no-such-package\n"))
    (acme / "direct_url.json").write_text('{"url": "file:///src/acme%20one", "dir_info": {"editable": true}}')
    first = next(package_findings("acme"))
    fix = "pip install --editable '/src/acme one'"
    assert first == Finding("Packages", "needed", "missing", "no-such-package is not installed", fix, needed=True)


def test_a_distribution_that_is_none_is_not_known() -> None:
    """As in a checkout that was put on the path."""
    (only,) = package_findings("no-such-distribution")
    assert (only.mark, only.text) == ("unknown", "no-such-distribution is not installed as a distribution")
