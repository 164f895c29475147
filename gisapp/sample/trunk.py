"""The main roads: one national road along the valley, two prefectural roads over the hills."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString, Polygon

from gisapp.sample.curves import resampled, shifted, spline
from gisapp.sample.ground import Ground, valley_half_m
from gisapp.sample.plane import Floats

STEP_M = 80.0  # side streets can only join a main road at one of its points


@dataclass(frozen=True)
class Trunk:
    """A main road: its class, its number plate, and the points it runs through."""

    manager: str
    name: str
    points: Floats

    @property
    def line(self) -> LineString:
        return LineString(self.points)


def main_roads(ground: Ground, town: Polygon) -> tuple[Trunk, ...]:
    """The three main roads; each prefectural road starts at a point of the national road."""
    national = _points(_national(ground), town)
    south_fork, north_fork = (national[np.argmin(np.abs(national[:, 0] - x))] for x in (330.0, -640.0))
    south = _beside(ground.south, south_fork, -62.0, 0.90)
    north = _beside(ground.north, north_fork, -55.0, 0.72)
    return (
        Trunk("国道", "国道999号", national),
        Trunk("県道", "県道901号 見本小見本線", _points(south, town)),
        Trunk("県道", "県道902号 見本寺沢線", _points(north, town)),
    )


def _national(ground: Ground) -> LineString:
    """North of the river on the terrace; crosses to the south bank in the east."""
    xy = shapely.get_coordinates(ground.axis)
    side = np.interp(xy[:, 0], [-5600, 1250, 1800, 5600], [1, 1, -1, -1])
    rough = shifted(ground.axis, side * (0.5 * valley_half_m(xy[:, 0]) + 35))
    return spline(shapely.get_coordinates(resampled(rough, 330.0)))


def _beside(stream: LineString, start: Floats, off_m: float, mouth: float) -> LineString:
    """From the fork to the stream, then up along it; off_m to the left of the water's way down."""
    course = shapely.get_coordinates(
        resampled(shifted(resampled(stream, 60.0), np.full(_count(stream), off_m)), 260.0)
    )
    upward = course[: max(3, int(len(course) * mouth))][::-1]
    return spline(np.vstack([start, upward]))


def _count(line: LineString) -> int:
    return len(shapely.get_coordinates(resampled(line, 60.0)))


def _points(road: LineString, town: Polygon) -> Floats:
    """Evenly spaced points of the longest part inside the town, both ends on its border or fork."""
    parts = shapely.get_parts(road.intersection(town))
    inside = parts[int(np.argmax(shapely.length(parts)))]
    return np.asarray(shapely.get_coordinates(resampled(inside, STEP_M)))
