"""Which piece of ground a rectangle of paper shows, and at what scale: plane metres to points."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.box import Box
from layers.crs import easting_northing, to_lonlat, to_plane

PT_PER_MM = 72 / 25.4
# What the town's own sheets and 国土基本図 use; the smaller ones are for a whole town or its neighbours.
SCALES = (500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 200_000, 500_000, 1_000_000)


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle of a page in points, from the lower left corner of the paper."""

    left: float
    bottom: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def top(self) -> float:
        return self.bottom + self.height

    @property
    def middle(self) -> tuple[float, float]:
        return self.left + self.width / 2, self.bottom + self.height / 2


@dataclass(frozen=True, slots=True)
class View:
    """The place in the middle of a frame (degrees) and the scale: 1 to denominator."""

    lon: float
    lat: float
    denominator: int

    @classmethod
    def fitting(cls, box: Box, frame: Frame, zone: int) -> View:
        """The largest round scale at which a box of degrees fits the frame, the box in its middle."""
        window = to_plane(shapely.box(*box), zone)
        west, south, east, north = window.bounds
        wanted = max(
            (east - west) * 1000 * PT_PER_MM / frame.width, (north - south) * 1000 * PT_PER_MM / frame.height
        )
        denominator = next((one for one in SCALES if one >= wanted * (1 - 1e-9)), SCALES[-1])
        middle = to_lonlat(shapely.points((west + east) / 2, (south + north) / 2), zone)
        return cls(middle.x, middle.y, denominator)


@dataclass(frozen=True)
class Window:
    """A view in a frame: grid north is up, and one millimetre of paper is denominator millimetres of ground.

    zone is the EPSG code of the plane rectangular zone; eastings and northings are metres in it.
    """

    frame: Frame
    view: View
    zone: int

    @property
    def pt_per_m(self) -> float:
        """Points of paper for one metre of ground."""
        return 1000 * PT_PER_MM / self.view.denominator

    @cached_property
    def centre(self) -> tuple[float, float]:
        """The middle as (easting, northing)."""
        return easting_northing(self.view.lon, self.view.lat, self.zone)

    @cached_property
    def ground(self) -> tuple[float, float, float, float]:
        """West, south, east, north of the frame in metres of the plane zone."""
        (easting, northing), half_w, half_h = self.centre, self.frame.width / 2, self.frame.height / 2
        away_e, away_n = half_w / self.pt_per_m, half_h / self.pt_per_m
        return easting - away_e, northing - away_n, easting + away_e, northing + away_n

    @cached_property
    def box(self) -> Box:
        """The box of degrees that holds the frame."""
        outline = shapely.segmentize(shapely.box(*self.ground), (self.ground[2] - self.ground[0]) / 8)
        return Box(*(float(side) for side in to_lonlat(outline, self.zone).bounds))

    def on_paper(self, plane: NDArray[np.float64]) -> NDArray[np.float64]:
        """Eastings and northings (n, 2) as points of the page."""
        moved: NDArray[np.float64] = (plane - np.array(self.centre)) * self.pt_per_m + np.array(
            self.frame.middle
        )
        return moved

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        """Where a place of degrees lies on the page; it may lie outside the frame."""
        easting, northing = easting_northing(lon, lat, self.zone)
        x, y = self.on_paper(np.array([[easting, northing]]))[0]
        return float(x), float(y)

    def shows(self, lon: float, lat: float) -> bool:
        """Whether a place lies within the frame."""
        x, y = self.at(lon, lat)
        frame = self.frame
        return math.isfinite(x + y) and frame.left <= x <= frame.right and frame.bottom <= y <= frame.top
