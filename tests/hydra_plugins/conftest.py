from collections.abc import Iterator

import pytest
from hydra.version import VersionBase
from packaging.version import Version


@pytest.fixture(autouse=True)
def _version_of_hydras_tests() -> Iterator[None]:
    """Let a job's working directory be its output folder, as Hydra's own tests expect, whatever ran in this process."""
    base = VersionBase.instance()
    before = base.version_base
    base.setbase(Version("1.1"))
    yield
    base.version_base = before
