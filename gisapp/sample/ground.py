"""The lie of the land: a valley with a winding river, two side streams, terraces, and hills around."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString

from gisapp.sample.chance import stream
from gisapp.sample.curves import along_m, shifted, spline
from gisapp.sample.plane import Floats

AXIS = [
    (-5600, -1750),
    (-4300, -1050),
    (-3000, -700),
    (-1700, -150),
    (-600, 150),
    (500, -100),
    (1500, 250),
    (2500, 950),
    (3600, 1150),
    (4500, 1700),
    (5600, 2400),
]
SOUTH = [(1900, -3600), (1550, -2700), (1100, -1900), (1150, -1200), (750, -600), (480, -60)]
NORTH = [(-1500, 3300), (-1250, 2300), (-750, 1650), (-900, 1000), (-1250, 480), (-1350, 60)]
BASINS = ((1150.0, -1450.0, 430.0), (-980.0, 1150.0, 260.0))  # x, y, radius: flat ground beside the streams
RIVER_HALF_M, STREAM_HALF_M = 30.0, 7.0


@dataclass(frozen=True)
class Ripple:
    """A smooth unevenness with a mean near 0 and a spread near 1, defined everywhere."""

    wave: Floats
    phase: Floats

    def __call__(self, x: Floats, y: Floats) -> Floats:
        total = sum(np.sin(a * x + b * y + p) for (a, b), p in zip(self.wave, self.phase, strict=True))
        return np.asarray(total / np.sqrt(len(self.phase) / 2))


def ripple(seed: int, purpose: str, length_m: float) -> Ripple:
    """An unevenness whose humps are about length_m long."""
    rng = stream(seed, purpose)
    heading, pace = rng.uniform(0, 2 * np.pi, 11), 2 * np.pi / (length_m * rng.uniform(0.7, 1.6, 11))
    return Ripple(
        np.column_stack([np.cos(heading), np.sin(heading)]) * pace[:, None], rng.uniform(0, 6.28, 11)
    )


@dataclass(frozen=True)
class Ground:
    """Heights above the main river, and the lines water runs along; metres everywhere."""

    axis: LineString
    river: LineString
    south: LineString
    north: LineString
    hills: Ripple
    steepness: Ripple
    fields: Ripple

    def wall_m(self, x: Floats, y: Floats) -> Floats:
        """How far a place lies outside every valley floor; 0 on the floors."""
        at = shapely.points(x, y)
        outside = shapely.distance(at, self.axis) - valley_half_m(x) * (1 + 0.12 * self.fields(x, y))
        for line in (self.south, self.north):
            outside = np.minimum(
                outside, shapely.distance(at, line.simplify(2)) - 105 * (1 + 0.2 * self.fields(x, y))
            )
        for east, north, radius in BASINS:
            outside = np.minimum(outside, np.hypot(x - east, y - north) - radius)
        return np.asarray(np.maximum(outside, 0.0))

    def survey(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Height above the main river's bed beside a place, and wall_m of the place."""
        at, half, wall = shapely.points(x, y), valley_half_m(x), self.wall_m(x, y)
        from_bed = np.maximum(shapely.distance(at, self.river.simplify(2)) - RIVER_HALF_M, 0.0)
        from_axis = shapely.distance(at, self.axis)
        floor = 2.6 * _step(from_bed / 45) + 0.006 * from_bed + 0.45 * self.fields(x, y)
        terrace = 4.2 * _step((from_axis - 0.4 * half) / 260)
        climb = 0.03 * np.maximum(from_axis - half, 0.0)
        return np.maximum(floor + terrace + climb, 0.0) + self.hill_m(x, y, wall), wall

    def hill_m(self, x: Floats, y: Floats, wall: Floats) -> Floats:
        """Height that the hills add above the valley floors; wall is wall_m of the same places."""
        steep = np.clip(0.55 + 0.22 * self.steepness(x, y), 0.2, 1.0)
        ridge = np.clip(260 + 60 * self.hills(x, y), 120, 420)
        return np.asarray(ridge * (1 - np.exp(-wall * steep / ridge)) * _step(wall / 60))


def _step(t: Floats) -> Floats:
    t = np.clip(t, 0.0, 1.0)
    return t * t * (3 - 2 * t)


def valley_half_m(x: Floats) -> Floats:
    """Half the width of the main valley's floor: a gorge downstream (west), wide in the middle."""
    return np.interp(
        x,
        [-5600, -3700, -3100, -2300, -1200, 700, 1700, 3000, 4200],
        [90, 110, 210, 330, 560, 540, 300, 350, 200],
    )


def shape_ground(seed: int) -> Ground:
    """The land of one seed."""
    rng = stream(seed, "river")
    axis = spline(AXIS)
    s, room = along_m(axis), valley_half_m(shapely.get_coordinates(axis)[:, 0])
    swing = np.sin(2 * np.pi * s / rng.uniform(1250, 1400) + rng.uniform(-0.5, 0.5))
    swing += 0.35 * np.sin(2 * np.pi * s / rng.uniform(560, 640) + rng.uniform(0, 6))
    river = shifted(axis, swing * np.minimum(0.36 * room, 150))
    return Ground(
        axis.simplify(2),
        river,
        _stream_line(SOUTH, river, rng),
        _stream_line(NORTH, river, rng),
        ripple(seed, "hills", 1500),
        ripple(seed, "steepness", 650),
        ripple(seed, "fields", 420),
    )


def _stream_line(knots: list[tuple[int, int]], river: LineString, rng: np.random.Generator) -> LineString:
    """A side stream: winds a little, and ends in the river."""
    mouth = river.interpolate(river.project(shapely.Point(knots[-1])))
    course = spline([*knots[:-1], (mouth.x, mouth.y)])
    s = along_m(course)
    calm = np.minimum(1.0, (s[-1] - s) / 200)
    return shifted(course, 28 * calm * np.sin(2 * np.pi * s / rng.uniform(330, 390) + rng.uniform(0, 6)))
