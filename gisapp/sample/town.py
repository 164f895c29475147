"""The whole made-up town in metres: land, water, roads, areas and what stands in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import shapely
from shapely import Polygon

from gisapp.sample.areas import Area, divide
from gisapp.sample.border import draw_border
from gisapp.sample.fixtures import Pipe, Station, pipes, stations, zoning
from gisapp.sample.ground import shape_ground
from gisapp.sample.mesh import weave
from gisapp.sample.places import Facility, place_facilities
from gisapp.sample.relief import Relief, lattice
from gisapp.sample.routes import choose_streets
from gisapp.sample.slopes import SlopeZone, slope_zones
from gisapp.sample.spots import Roadside, roadside
from gisapp.sample.streets import Section, lay_streets
from gisapp.sample.trunk import main_roads
from gisapp.sample.water import PLANNED_SHARE, Bed, Flood, beds, floods

GRID_M = 30.0
FEWEST_M = 400.0  # of streets that an association has at least


class SampleError(Exception):
    """A seed gives no usable town; the message names the seed and what is missing."""


@dataclass(frozen=True)
class Town:
    """Everything in the town, in metres east and north of its middle.

    start is the first day of the two fiscal years that are told of.
    floods is the largest imaginable flood (想定最大規模), planned the one of the river plan (計画規模).
    """

    seed: int
    start: date
    border: Polygon
    rivers: tuple[Bed, ...]
    floods: tuple[Flood, ...]
    planned: tuple[Flood, ...]
    sections: tuple[Section, ...]
    lived_in: Roadside
    areas: tuple[Area, ...]
    slopes: tuple[SlopeZone, ...]
    facilities: tuple[Facility, ...]
    stations: tuple[Station, ...]
    pipes: tuple[Pipe, ...]
    zoning: tuple[tuple[str, shapely.Geometry], ...]


def found_town(seed: int, today: date) -> Town:
    """Lay out the town: first the land, then the water, then roads, then all that depends on them."""
    border, ground = draw_border(seed), shape_ground(seed)
    west, south, east, north = border.buffer(350).bounds
    x, y = lattice((west, south, east, north), GRID_M)
    across, up = np.meshgrid(x, y)
    heights = ground.survey(across.ravel(), up.ravel())
    rise, wall = (Relief(x, y, part.reshape(across.shape)) for part in heights)
    rivers = beds(ground, border)
    trunks = main_roads(ground, border)
    mesh = weave(seed, border, rise, wall, rivers, trunks)
    sections = lay_streets(seed, mesh, choose_streets(seed, mesh), tuple(trunk.name for trunk in trunks))
    areas = divide(seed, border, rivers, trunks)
    zones = floods(ground, rise, rivers, border)
    slopes = slope_zones(seed, rise, wall, border, _surveyed(sections), areas, today)
    water = shapely.union_all([river.bed.buffer(6) for river in rivers])
    side = _lived_in(seed, sections, areas)
    slides = shapely.union_all([zone.area for zone in slopes])
    return Town(
        seed,
        today,
        border,
        rivers,
        zones,
        floods(ground, rise, rivers, border, PLANNED_SHARE),
        sections,
        side,
        areas,
        slopes,
        place_facilities(seed, side, areas, zones, slides, water),
        stations(seed, side, areas),
        pipes(seed, sections),
        tuple(zoning(sections, border, water)),
    )


def _surveyed(sections: tuple[Section, ...]) -> shapely.Geometry:
    """Where slopes were looked at: around streets with houses, and along the main roads."""
    return shapely.union_all(
        [
            s.line.buffer(170 if s.settlement >= 0 else 70)
            for s in sections
            if s.settlement >= 0 or s.manager in ("国道", "県道")
        ]
    )


def _lived_in(seed: int, sections: tuple[Section, ...], areas: tuple[Area, ...]) -> Roadside:
    """Spots along the streets with houses; an area the streets of its settlement miss gets its other roads too."""
    public = np.array([section.manager != "私道" for section in sections])
    chosen = public & np.array([section.settlement >= 0 for section in sections])
    lines = np.array([section.line for section in sections], dtype=object)
    for area in areas:
        inside_m = shapely.length(shapely.intersection(lines, area.shape.buffer(-6)))
        if inside_m[chosen].sum() < FEWEST_M:
            near = np.argsort(shapely.distance(lines, shapely.Point(area.seat)), kind="stable")
            near = near[public[near] & (inside_m[near] > 0)]
            chosen[near[np.cumsum(inside_m[near]) <= FEWEST_M + inside_m[near[:1]].sum()]] = True
        if not inside_m[chosen].sum() > 0:
            raise SampleError(
                f"seed {seed}: no road lies in the area {area.name}; expected one; try another seed"
            )
    return roadside(sections, chosen)
