"""With which options a run measured a metric, and which normaliser they name.

Several probes have an option ``normalizer``, and each its own value: figures, marks and matches are of the one whose
probe measured them.
"""

from collections.abc import Mapping
from typing import Any

from harness.errors import ConfigError
from harness.normalizer import Normalizer, normalizer
from harness.records import Run

NORMALIZER = "normalizer"
"""The option by which a probe has a text normaliser, and before ``_version`` what it was in the run."""


def probe_options(run: Run, metric: str) -> Mapping[str, Any]:
    """Return the options of the probe that measures a metric; none where no probe does."""
    return next((probe.options for probe in run.probes if metric in {one.name for one in probe.metrics}), {})


def known_normalizer(run: Run, metric: str) -> Normalizer | None:
    """Return the normaliser that a metric is measured with, None where the run names none, or one not known here."""
    try:
        return normalizer(str(probe_options(run, metric).get(NORMALIZER)))
    except ConfigError:
        return None


def normalizer_of(run: Run, metric: str) -> Normalizer:
    """Return the normaliser that a metric is measured with; ``basic`` where it is not known here."""
    return known_normalizer(run, metric) or normalizer("basic")
