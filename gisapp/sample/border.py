"""The town's border: a wavy line along the ridges, closing in on thirty square kilometres."""

from __future__ import annotations

import numpy as np
from shapely import Polygon
from shapely.affinity import rotate, scale

from gisapp.sample.chance import stream

AREA_M2 = 30_150_000.0
VALLEY_TURN_DEG = 13.0  # the town is longest along its valley


def draw_border(seed: int) -> Polygon:
    """The town as one polygon around the middle, in the town's metres."""
    rng = stream(seed, "border")
    turn = np.linspace(0, 2 * np.pi, 420, endpoint=False)
    reach = np.ones_like(turn)
    for waves, depth in (
        (2, 0.03),
        (3, 0.06),
        (5, 0.055),
        (8, 0.035),
        (11, 0.02),
        (17, 0.013),
        (26, 0.008),
        (43, 0.005),
    ):
        reach += depth * rng.uniform(0.6, 1.0) * np.sin(waves * turn + rng.uniform(0, 2 * np.pi))
    outline = Polygon(np.column_stack([4050 * reach * np.cos(turn), 2400 * reach * np.sin(turn)]))
    grow = float(np.sqrt(AREA_M2 / outline.area))
    return rotate(scale(outline, grow, grow, origin=(0, 0)), VALLEY_TURN_DEG, origin=(0, 0))
