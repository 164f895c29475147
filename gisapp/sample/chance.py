"""Chance that repeats: every part of the made-up town draws from its own numbered stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from zlib import crc32

import numpy as np

T = TypeVar("T")


def stream(seed: int, purpose: str) -> np.random.Generator:
    """A generator that depends only on the seed and the purpose, so that one part never shifts another."""
    return np.random.default_rng([seed, crc32(purpose.encode())])


def pick(rng: np.random.Generator, choices: Sequence[T], weights: Sequence[float] | None = None) -> T:
    """One of the choices as it is (numpy's own choice would turn tuples and texts into its types)."""
    if weights is None:
        return choices[int(rng.integers(len(choices)))]
    ladder = np.cumsum(np.asarray(weights, dtype=float))
    return choices[int(np.searchsorted(ladder, rng.random() * ladder[-1], side="right"))]
