"""A rectangle on the map, and where Japan lies."""

from __future__ import annotations

import math
from typing import NamedTuple


class Box(NamedTuple):
    """West, south, east, north in degrees of longitude and latitude."""

    west: float
    south: float
    east: float
    north: float

    @property
    def centre(self) -> tuple[float, float]:
        return (self.west + self.east) / 2, (self.south + self.north) / 2

    def holds(self, lon: float, lat: float) -> bool:
        return self.west <= lon <= self.east and self.south <= lat <= self.north

    def grown(self, by_deg: float) -> Box:
        return Box(self.west - by_deg, self.south - by_deg, self.east + by_deg, self.north + by_deg)


WORLD = Box(-180.0, -85.05112878, 180.0, 85.05112878)  # as far as Web Mercator reaches
JAPAN = Box(122.0, 20.0, 154.5, 46.0)  # 与那国島 to 南鳥島, 沖ノ鳥島 to 択捉島


def clamped(box: tuple[float, float, float, float]) -> Box:
    """The part of a box a map can show: never fails, whatever a browser sends."""
    sides = [side if math.isfinite(side) else limit for side, limit in zip(box, WORLD, strict=True)]
    west, east = sorted(min(max(side, WORLD.west), WORLD.east) for side in (sides[0], sides[2]))
    south, north = sorted(min(max(side, WORLD.south), WORLD.north) for side in (sides[1], sides[3]))
    return Box(west, south, east, north)
