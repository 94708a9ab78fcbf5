"""Simulated series of anonymous memory whose truth is known: a leak or none, a shape, and noise.

Shapes without a leak are what engines do that is none: a cache that fills and stays full, an arena that is taken in a
step, free memory that piles up until the allocator gives it back.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.noise import Floats, drawn, noises

LEAKS_KIB = (0, 16, 64, 256, 1024)
LENGTHS = (20, 50, 100, 300)
_LONGEST_FILL = 30

Shape = Callable[[int, np.random.Generator], Floats]
Noise = Callable[[int, np.random.Generator], Floats]


@dataclass(frozen=True, slots=True)
class Cell:
    """One kind of series: ``length`` iterations with a leak, a shape and noise, the last two by name."""

    shape: str
    noise: str
    leak_kib: int
    length: int


def flat(length: int, generator: np.random.Generator) -> Floats:
    """Return nothing but a level."""
    return np.zeros(length)


def filled(length: int, generator: np.random.Generator) -> Floats:
    """Return a plateau of 1 to 64 MiB that is reached evenly, in 1 to 30 iterations."""
    reached = generator.integers(1, _LONGEST_FILL + 1)
    height = 2.0 ** generator.uniform(0, 6)
    values: Floats = height * np.minimum(_iterations(length) / reached, 1.0)
    return values


def saturated(length: int, generator: np.random.Generator) -> Floats:
    """Return a plateau of 1 to 64 MiB that is come near to, slower and slower: to 95 % of it in 1 to 30 iterations."""
    reached = generator.integers(1, _LONGEST_FILL + 1)
    height = 2.0 ** generator.uniform(0, 6)
    values: Floats = height * (1 - np.exp(-3.0 * _iterations(length) / reached))
    return values


def steps(length: int, generator: np.random.Generator) -> Floats:
    """Return one to three steps upwards of 1/8 to 16 MiB, at any iterations."""
    made = np.zeros(length)
    for _ in range(generator.integers(1, 4)):
        made[generator.integers(0, length) :] += 2.0 ** generator.uniform(-3, 4)
    return made


def sawtooth(length: int, generator: np.random.Generator) -> Floats:
    """Return memory that piles up by 1 to 32 MiB over 3 to 25 iterations, and is given back at once."""
    period, height = generator.integers(3, 26), 2.0 ** generator.uniform(0, 5)
    values: Floats = height * ((_iterations(length) + generator.integers(0, period)) % period) / period
    return values


SHAPES: Mapping[str, Shape] = {
    "flat": flat,
    "plateau, filled": filled,
    "plateau, saturated": saturated,
    "steps": steps,
    "sawtooth": sawtooth,
}


def correlated(rho: float, sigma_mib: float) -> Noise:
    """Return noise in which each value remembers a share ``rho`` of the last one (AR(1)), of a standard deviation."""

    def noise(length: int, generator: np.random.Generator) -> Floats:
        shocks = generator.normal(0.0, sigma_mib * np.sqrt(1 - rho**2), length)
        shocks[0] = generator.normal(0.0, sigma_mib)
        values = np.empty(length)
        last = 0.0
        for i, shock in enumerate(shocks):
            values[i] = last = rho * last + shock
        return values

    return noise


def _real(residuals: Floats) -> Noise:
    return lambda length, generator: drawn(residuals, length, generator)


def noise_kinds() -> Mapping[str, Noise]:
    """Return every kind of noise by name: those of real runs, and made ones."""
    real = {name: _real(residuals) for name, residuals in noises().items()}
    made = {
        "white, 64 KiB": correlated(0.0, 1 / 16),
        "correlated 0.3, 64 KiB": correlated(0.3, 1 / 16),
        "correlated 0.6, 64 KiB": correlated(0.6, 1 / 16),
        "correlated 0.6, 1 MiB": correlated(0.6, 1.0),
    }
    return {**real, **made}


def simulated(cell: Cell, noise: Noise, generator: np.random.Generator) -> Floats:
    """Return one series of a cell in MiB, in whole pages as the kernel counts."""
    level = 20.0 + SHAPES[cell.shape](cell.length, generator) + noise(cell.length, generator)
    return np.round((level + cell.leak_kib / 1024 * _iterations(cell.length)) * 256) / 256


def _iterations(length: int) -> NDArray[np.float64]:
    return np.arange(1, length + 1, dtype=np.float64)
