"""Picking spots: beside a road, spread evenly, inside an association's area."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from gisapp.sample.areas import Area
from gisapp.sample.plane import Floats
from gisapp.sample.streets import Section


@dataclass(frozen=True)
class Roadside:
    """Candidate spots along roads, the road's direction there, which section they belong to."""

    xy: Floats
    heading: Floats
    section: np.ndarray

    def only(self, chosen: np.ndarray) -> Roadside:
        return Roadside(self.xy[chosen], self.heading[chosen], self.section[chosen])

    def within(self, shape: shapely.Geometry) -> Roadside:
        return self.only(shapely.contains_xy(shape, self.xy[:, 0], self.xy[:, 1]))

    def beside(self, k: int, off_m: float) -> tuple[float, float]:
        """The spot off_m metres to the left of the road."""
        x, y = self.xy[k]
        return float(x - off_m * np.sin(self.heading[k])), float(y + off_m * np.cos(self.heading[k]))


def roadside(sections: tuple[Section, ...], chosen: np.ndarray, step_m: float = 22.0) -> Roadside:
    """Spots every step_m metres along the chosen sections, never at a junction."""
    spots, owner, heading = [], [], []
    for k in np.flatnonzero(chosen).tolist():
        line = sections[k].line
        at = np.arange(step_m / 2, max(line.length - 6, step_m / 2 + 0.1), step_m)
        here = shapely.get_coordinates(
            shapely.line_interpolate_point(line, np.minimum(at, line.length * 0.9))
        )
        there = shapely.get_coordinates(
            shapely.line_interpolate_point(line, np.minimum(at, line.length * 0.9) + 0.5)
        )
        spots.append(here)
        heading.append(np.arctan2(*(there - here).T[::-1]))
        owner += [k] * len(here)
    return Roadside(np.vstack(spots), np.concatenate(heading), np.array(owner))


def spread(xy: Floats, count: int, first: int = 0) -> list[int]:
    """Numbers of count spots far from each other: each next one is the farthest from those chosen."""
    chosen = [first]
    gap = np.hypot(*(xy - xy[first]).T)
    while len(chosen) < min(count, len(xy)):
        chosen.append(int(np.argmax(gap)))
        gap = np.minimum(gap, np.hypot(*(xy - xy[chosen[-1]]).T))
    return chosen


def area_of(areas: tuple[Area, ...], x: float, y: float) -> Area:
    """The association's area a place lies in (the nearest one for a place on the border)."""
    shapes = np.array([area.shape for area in areas], dtype=object)
    return areas[int(np.argmin(shapely.distance(shapes, shapely.Point(x, y))))]
