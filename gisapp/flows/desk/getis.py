"""The process that asks the statistics libraries where reports crowd together, and ends when it has answered.

esda (PySAL) takes about three seconds and a hundred megabytes to load. The app that everybody waits for loads none
of it: this module is run, never imported by another (ADR 0029).
"""

from __future__ import annotations

import json
import sys

import numpy as np
from esda.getisord import G_Local
from libpysal.weights import W
from numpy.typing import NDArray
from scipy.stats import binom, false_discovery_control, norm

Reals = NDArray[np.float64]


def gi_star(counts: list[int], neighbours: list[list[int]]) -> Reals:
    """Getis and Ord's Gi* of each cell (Ord and Getis 1995). neighbours are the positions of the cells around each,
    itself left out; a neighbour weighs as much as the cell itself. Zero where all counts are the same.
    """
    if len(set(counts)) < 2:
        return np.zeros(len(counts))
    around = {at: [at, *others] for at, others in enumerate(neighbours)}
    weights = W(around, silence_warnings=True)
    found = G_Local(np.array(counts, dtype=float), weights, transform="B", permutations=0, star=True)
    z: Reals = np.nan_to_num(np.asarray(found.Zs, dtype=float))
    return z


def chances(z: Reals, counts: list[int], neighbours: list[list[int]]) -> Reals:
    """How likely at least so many around each cell are by chance: the larger of two answers.

    The normal tail of z, which is far too small where reports are few; and the exact tail of as many reports
    strewn evenly over the cells, which does not know how uneven the cells are.
    """
    many = np.array(counts)
    around = np.array([many[at] + many[others].sum() for at, others in enumerate(neighbours)])
    cells = np.array([len(others) + 1 for others in neighbours])
    strewn = binom.sf(around - 1, many.sum(), cells / len(counts))
    larger: Reals = np.maximum(norm.sf(z), strewn)
    return larger


def answer(counts: list[int], neighbours: list[list[int]]) -> dict[str, list[float]]:
    """z, p, and q: p after Benjamini and Hochberg (1995), because many cells are asked at once."""
    z = gi_star(counts, neighbours)
    p = np.clip(chances(z, counts, neighbours), 0.0, 1.0)
    return {"z": z.tolist(), "p": p.tolist(), "q": false_discovery_control(p).tolist()}


def main() -> int:
    """Read {"counts", "neighbours"} as JSON, print the answer as JSON."""
    asked = json.load(sys.stdin)
    json.dump(answer(asked["counts"], asked["neighbours"]), sys.stdout)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
