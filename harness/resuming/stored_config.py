"""The configuration of a stored run, as it was composed."""

from pathlib import Path

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from harness import store
from harness.errors import StoreError

_EXPECTED = "the configuration that the run was begun with; without it only its reports can be made"


def read_config(folder: Path) -> DictConfig:
    """Read ``config.yaml``. Raises :class:`StoreError` where it is missing, torn, or no configuration."""
    path = folder / store.CONFIG
    try:
        config = OmegaConf.create(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StoreError("run folder", f"'{folder}' without {store.CONFIG}", _EXPECTED) from None
    except OSError as error:
        raise StoreError("run folder", f"'{path}' ({error.strerror})", _EXPECTED) from None
    except (YAMLError, OmegaConfBaseException, UnicodeDecodeError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else "no YAML"
        raise StoreError("run folder", f"'{path}' ({reason})", _EXPECTED) from None
    if not isinstance(config, DictConfig) or not config:
        raise StoreError("run folder", f"'{path}', which is no mapping of keys to values", _EXPECTED)
    return config
