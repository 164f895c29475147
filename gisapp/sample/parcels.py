"""The land along the streets cut into parcels with 大字 and 地番, each on one side of one street."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import Polygon

from gisapp.sample.areas import Area
from gisapp.sample.chance import pick, stream
from gisapp.sample.fixtures import shares
from gisapp.sample.plane import Floats
from gisapp.sample.town import Town

PARCELS = 1500
REACH_M = 24.0  # from the middle of a parcel to its farthest corner
SMALLEST_M2 = 90.0
CATEGORIES = (("宅地", 8), ("畑", 2), ("田", 2), ("雑種地", 1))


@dataclass(frozen=True)
class Parcel:
    """One piece of land: 大字 and 地番 name it, category is its 地目."""

    area: Area
    lot: str
    category: str
    shape: Polygon

    @property
    def oaza(self) -> str:
        return f"大字{self.area.name}"


def parcels(town: Town) -> tuple[Parcel, ...]:
    """About fifteen hundred parcels, numbered street by street within their 大字; none overlaps a street or another."""
    rng = stream(town.seed, "parcels")
    kept_free = [section.line.buffer(section.width_m / 2 + 0.5) for section in town.sections]
    kept_free += [river.bed.buffer(5) for river in town.rivers]
    taken = np.array(kept_free, dtype=object)
    seats = _seats(town, shapely.union_all(taken), rng)
    land, owners = _cut(town, seats, taken)
    chosen = _chosen(town, land, owners)
    names, weights = [name for name, _ in CATEGORIES], [weight for _, weight in CATEGORIES]
    numbers: dict[str, int] = {}
    found = []
    for at in chosen.tolist():
        area = town.areas[owners[at]]
        count = numbers[area.name] = numbers.get(area.name, 0) + 1
        # five parcels share a number, the later ones as its branches: 101番, 101番2 …
        number, branch = 101 + (count - 1) // 5, (count - 1) % 5 + 1
        lot = f"{number}番" if branch == 1 else f"{number}番{branch}"
        found.append(Parcel(area, lot, pick(rng, names, weights), land[at]))
    return tuple(found)


def _chosen(town: Town, land: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """Each association's share of the parcels by its households, those around its middle, in walking order."""
    large = shapely.area(land) >= SMALLEST_M2
    found = []
    for number, (area, count) in enumerate(
        zip(town.areas, shares([a.households for a in town.areas], PARCELS), strict=True)
    ):
        own = np.flatnonzero(large & (owners == number))
        near = shapely.distance(land[own], shapely.Point(area.seat))
        found.append(own[np.argsort(near, kind="stable")[:count]])
    return np.sort(np.concatenate(found))


def _seats(town: Town, taken: shapely.Geometry, rng: np.random.Generator) -> Floats:
    """A spot for each parcel, left and right of the street, in the order one walks."""
    side = town.lived_in
    off = np.array([[side.beside(k, 15.0), side.beside(k, -15.0)] for k in range(len(side.xy))])
    spots = off.reshape(-1, 2) + rng.uniform(-4, 4, (2 * len(side.xy), 2))
    shapely.prepare(taken)
    return np.asarray(spots[~shapely.contains_xy(taken, spots[:, 0], spots[:, 1])])


def _cut(town: Town, seats: Floats, taken: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The land nearest to each seat, without streets and water, and which association each lies in."""
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(seats), ordered=True))
    shapes = np.array([area.shape for area in town.areas], dtype=object)
    points = shapely.points(seats)
    owners = np.argmin(shapely.distance(shapes[:, None], points[None, :]), axis=0)
    rough = shapely.intersection(cells, shapely.buffer(points, REACH_M))
    rough = shapely.intersection(rough, shapes[owners])
    rough = _without(rough, taken)
    return np.array([_largest(shape) for shape in rough], dtype=object), owners


def _without(shapes: np.ndarray, taken: np.ndarray) -> np.ndarray:
    """Each shape less the streets and waters that reach it: of what is left, the largest part will count."""
    left = shapes.copy()
    at, reaching = shapely.STRtree(taken).query(shapes, predicate="intersects")
    for k in np.unique(at).tolist():
        left[k] = shapes[k].difference(shapely.union_all(taken[reaching[at == k]]))
    return left


def _largest(shape: shapely.Geometry) -> Polygon:
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return max(parts, key=lambda part: part.area, default=Polygon())
