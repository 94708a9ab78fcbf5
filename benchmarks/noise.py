"""Noise of real runs, for simulated series: what is left of stored anonymous memory when its trend is taken away.

``noise.json`` holds series as they were read (KiB, the steady iterations of one process), each with the command of its
run. ``python -m benchmarks.noise NAME=FOLDER ...`` writes it anew from the folders of stored runs.
"""

import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import store
from harness.analysis.series import series
from harness.analysis.slope import theil_sen

Floats = NDArray[np.float64]

STORED = Path(__file__).with_name("noise.json")
SETTLED = 40
"""Iterations that are left out of a stored series: until then caches fill, which is no noise."""
_NOT_ASKED = ("outputs", "quiet")
STRETCH = 60
"""Over so many iterations the trend of a stored series is taken as a line."""


def residuals(anon_kib: Sequence[float]) -> Floats:
    """Return what a stored series is above or below its own trend, in MiB: a line over each stretch of it.

    The rate of a real series changes slowly, which is no noise: one line over the whole would leave that in.
    """
    y = np.asarray(anon_kib, np.float64)[SETTLED:] / 1024
    parts = [_off_line(part) for part in np.array_split(y, max(1, round(len(y) / STRETCH)))]
    return np.concatenate(parts)


def _off_line(y: Floats) -> Floats:
    x = np.arange(len(y), dtype=np.float64)
    off = y - theil_sen(x, y) * x
    return off - float(np.median(off))


def noises() -> Mapping[str, Floats]:
    """Return the residuals of each stored series by its name."""
    stored = json.loads(STORED.read_text(encoding="utf-8"))
    return {name: residuals(one["anon_kib"]) for name, one in stored.items()}


def block_length(noise: Floats) -> int:
    """Return how many values are drawn together (Hall, Horowitz and Jing, 1995, Biometrika 82)."""
    return max(1, round(math.cbrt(len(noise))))


def drawn(noise: Floats, n: int, generator: np.random.Generator) -> Floats:
    """Return ``n`` values in blocks from random places, the end joined to the beginning (Politis and Romano, 1992).

    What a value remembers of the last stays in; the cube root of the noise's length is the usual length of a block.
    """
    block = block_length(noise)
    starts = generator.integers(0, len(noise), size=-(-n // block))
    places = (starts[:, None] + np.arange(block)) % len(noise)
    chosen: Floats = noise[places.ravel()[:n]]
    return chosen


def _stored(folder: Path) -> Mapping[str, Any]:
    """Return a run's series: after each trim where there is one, else at the end of each iteration."""
    run = store.read_run(folder)
    found = series(run.run, run.trials)
    values = found.anon_mib if found.trimmed_mib is None else found.trimmed_mib
    asked = [one for one in run.run.overrides if one.partition("=")[0] not in _NOT_ASKED]
    return {
        "command": " ".join(["python -m harness", *asked]),
        "engine": {stage.key: f"{stage.name}, {stage.origin}" for stage in run.run.stages},
        "anon_kib": [round(value * 1024) for value in values],
    }


def main() -> None:
    """Write ``noise.json`` from ``NAME=FOLDER`` arguments."""
    named = dict(argument.split("=", 1) for argument in sys.argv[1:])
    found = {name: _stored(Path(folder)) for name, folder in named.items()}
    STORED.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
