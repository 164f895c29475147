"""The river beds, and how deep a flood would stand: bands of depth ranks that never overlap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import Polygon

from gisapp.sample.curves import ribbon
from gisapp.sample.ground import RIVER_HALF_M, STREAM_HALF_M, Ground
from gisapp.sample.plane import Floats
from gisapp.sample.relief import Relief, region_above

# Lower limits of the ranks 1 to 6, metres of water (水害ハザードマップ作成の手引き).
RANK_FROM_M = ((1, 0.05), (2, 0.5), (3, 3.0), (4, 5.0), (5, 10.0), (6, 20.0))
STREAM_STAGE_M, STREAM_REACH_M = 3.2, 120.0
PLANNED_SHARE = 0.62  # of the largest flood's rise: the flood that the dykes are planned for
SMALLEST_M2 = 900.0


@dataclass(frozen=True)
class Bed:
    """One river: its name, who looks after it, its middle line and its bed."""

    name: str
    manager: str
    line: shapely.LineString
    bed: Polygon
    half_m: float


@dataclass(frozen=True)
class Flood:
    """Where water of one depth rank (1 to 6) would stand in a flood of some size."""

    river: str
    rank: int
    area: Polygon


def beds(ground: Ground, town: Polygon) -> tuple[Bed, ...]:
    """The river and its two side streams inside the town."""
    named = (
        ("見本川", "岐阜県 見本土木事務所", ground.river, RIVER_HALF_M),
        ("小見本川", "見本町", ground.south, STREAM_HALF_M),
        ("寺沢川", "見本町", ground.north, STREAM_HALF_M),
    )
    return tuple(
        Bed(name, manager, _longest(line.intersection(town)), _bed(line, half, town), half)
        for name, manager, line, half in named
    )


def _bed(line: shapely.LineString, half_m: float, town: Polygon) -> Polygon:
    xy = shapely.get_coordinates(line)
    breath = 1 + 0.18 * np.sin(xy[:, 0] / 170) + 0.1 * np.sin(xy[:, 1] / 75 + xy[:, 0] / 300)
    return _longest(ribbon(line, half_m * breath, half_m * breath[::-1]).intersection(town))


def _longest(geometry: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(geometry)
    return parts[int(np.argmax(shapely.length(parts)))]


def stage_m(x: Floats) -> Floats:
    """How high the largest flood rises above the river's bed: the gorge in the west holds the water back."""
    return np.interp(
        x, [-4400, -3500, -2850, -2150, -1200, 0, 2000, 4200], [25.0, 23.0, 13.0, 7.0, 5.2, 4.8, 5.6, 7.5]
    )


def floods(
    ground: Ground, rise: Relief, rivers: tuple[Bed, ...], town: Polygon, share: float = 1.0
) -> tuple[Flood, ...]:
    """Every flood zone, deepest inside shallower, cut so that no two overlap.

    share is how much of the largest imaginable flood's rise is meant.
    """
    main = rivers[0]
    found = _bands(main.name, _main_depth(rise, share), town)
    taken = shapely.union_all([flood.area for flood in found])
    for river in rivers[1:]:
        bands = _bands(river.name, _stream_depth(ground, rise, river, share), town.difference(taken))
        found += bands
        taken = shapely.union_all([taken, *(flood.area for flood in bands)])
    return tuple(found)


def _main_depth(rise: Relief, share: float) -> Relief:
    return Relief(rise.x, rise.y, share * stage_m(rise.x)[None, :] - rise.value)


def _stream_depth(ground: Ground, rise: Relief, river: Bed, share: float) -> Relief:
    """Depth beside a stream, which has its own bed height; negative everywhere far from it."""
    across, up = np.meshgrid(rise.x, rise.y)
    x, y = across.ravel(), up.ravel()
    depth = np.full(x.shape, -9.0)
    reach = river.line.buffer(STREAM_REACH_M)
    shapely.prepare(reach)
    near = shapely.contains_xy(reach, x, y)
    away = shapely.distance(shapely.points(x[near], y[near]), river.line)
    hill = ground.hill_m(x[near], y[near], ground.wall_m(x[near], y[near]))
    land = 0.03 * away + 0.35 * ground.fields(x[near], y[near]) + 0.6 * hill
    depth[near] = share * STREAM_STAGE_M - np.maximum(land, 0) - 3.4 * (away / STREAM_REACH_M) ** 2
    return Relief(rise.x, rise.y, depth.reshape(rise.value.shape))


def _bands(name: str, depth: Relief, within: Polygon) -> list[Flood]:
    """Nested regions, each smoothed, then each without the deeper one inside it."""
    regions: list[shapely.Geometry] = []
    for _, limit in RANK_FROM_M:
        region = smooth(region_above(depth, limit), 14.0).intersection(within)
        regions.append(region.intersection(regions[-1]) if regions else region)
    found = []
    for (rank, _), region, deeper in zip(RANK_FROM_M, regions, [*regions[1:], Polygon()], strict=True):
        band = shapely.get_parts(region.difference(deeper))
        found += [
            Flood(name, rank, part)
            for part in band
            if part.geom_type == "Polygon" and part.area > SMALLEST_M2
        ]
    return found


def smooth(region: shapely.Geometry, radius_m: float) -> shapely.Geometry:
    """The region without teeth, holes and islands narrower than about twice the radius."""
    opened = region.buffer(-radius_m).buffer(2 * radius_m).buffer(-radius_m)
    return opened.simplify(1.0)
