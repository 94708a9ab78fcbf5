"""Keeps our launchers' names ours: Hydra would check ``conf/hydra/launcher/ray.yaml`` by the keys of another ray."""

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.plugins.search_path_plugin import SearchPathPlugin

from harness.config import builtin_folder


class OwnNames(SearchPathPlugin):
    """Is asked by Hydra for folders of YAML when all plugins are known; adds none.

    A package's configuration under the name of one of our files would be its schema.
    """

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Take away what other packages have registered under the names of our files."""
        registered = ConfigStore.instance().repo.get("hydra", {}).get("launcher", {})
        for file in (builtin_folder("conf") / "hydra" / "launcher").glob("*.yaml"):
            registered.pop(file.name, None)
