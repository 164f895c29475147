"""Every way that could become a street: points over the town, joined to their neighbours."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import Polygon

from gisapp.sample.chance import stream
from gisapp.sample.plane import Floats
from gisapp.sample.relief import Relief
from gisapp.sample.trunk import STEP_M, Trunk
from gisapp.sample.water import Bed

CLEAR_OF_TRUNK_M = 0.62 * STEP_M  # keeps each step of a main road a side of its triangles
CLEAR_OF_WATER_M = 14.0
BRIDGE_MAX_M = 150.0


@dataclass(frozen=True)
class Settlement:
    """A place where houses stand: an ellipse, the spacing of its streets and how regular they are."""

    name: str
    x: float
    y: float
    east_m: float
    north_m: float
    turn_deg: float
    block_m: tuple[float, float]
    jitter_m: float

    def holds(self, x: Floats, y: Floats) -> np.ndarray:
        """Whether each place lies inside the ellipse."""
        turn = np.deg2rad(self.turn_deg)
        dx, dy = np.asarray(x) - self.x, np.asarray(y) - self.y
        u, v = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
        return np.asarray((u / self.east_m) ** 2 + (v / self.north_m) ** 2 <= 1)


SETTLEMENTS = (
    Settlement("中央", -420, 290, 1240, 640, 4, (80, 62), 11),
    Settlement("東部", 2430, 760, 680, 420, 24, (88, 70), 18),
    Settlement("西部", -2280, -190, 620, 420, 18, (88, 70), 18),
    Settlement("南部", 1170, -1430, 420, 560, 8, (88, 72), 20),
)


@dataclass(frozen=True)
class Mesh:
    """Points and the ways between them. ways[k] = (i, j), i < j; the other arrays run along ways.

    home[i] numbers the settlement a point lies in, -1 in the hills; trunks[t] lists a main road's points.
    """

    xy: Floats
    home: np.ndarray
    trunks: tuple[tuple[int, ...], ...]
    ways: np.ndarray
    length_m: Floats
    water_m: Floats
    climb: Floats
    triangles: np.ndarray


def weave(
    seed: int, town: Polygon, rise: Relief, wall: Relief, rivers: tuple[Bed, ...], roads: tuple[Trunk, ...]
) -> Mesh:
    """Points of the main roads, of each settlement and of the hills, and the ways between neighbours."""
    rng = stream(seed, "mesh")
    water = shapely.union_all([river.bed.buffer(CLEAR_OF_WATER_M) for river in rivers])
    tracks = shapely.union_all([road.line for road in roads])
    taken = tracks.buffer(CLEAR_OF_TRUNK_M)
    home, trunks, xy = _trunk_points(roads)
    for number, settlement in enumerate(SETTLEMENTS):
        found = _free(_blocks(settlement, rng), town.buffer(-40), shapely.union(water, taken))
        found = found[wall.at(found[:, 0], found[:, 1]) < 45]
        xy, home = np.vstack([xy, found]), np.concatenate([home, np.full(len(found), number)])
    crowded = shapely.union_all(shapely.buffer(shapely.points(xy), 105, quad_segs=3))
    wild = _free(_scatter(town, rng), town.buffer(-60), shapely.union(water, crowded))
    xy, home = np.vstack([xy, wild]), np.concatenate([home, np.full(len(wild), -1)])
    return _joined(xy, home, trunks, town, rise, shapely.union_all([river.bed for river in rivers]))


def _trunk_points(roads: tuple[Trunk, ...]) -> tuple[np.ndarray, tuple[tuple[int, ...], ...], Floats]:
    """Main road points, the fork shared with the first road counted once."""
    xy, trunks = roads[0].points, [tuple(range(len(roads[0].points)))]
    for road in roads[1:]:
        fork = int(np.argmin(np.hypot(*(roads[0].points - road.points[0]).T)))
        trunks.append((fork, *range(len(xy), len(xy) + len(road.points) - 1)))
        xy = np.vstack([xy, road.points[1:]])
    home = np.full(len(xy), -1)
    for number, settlement in enumerate(SETTLEMENTS):
        home[settlement.holds(xy[:, 0], xy[:, 1])] = number
    return home, tuple(trunks), xy


def _blocks(settlement: Settlement, rng: np.random.Generator) -> Floats:
    """A turned grid of street corners, each moved a little."""
    east, north = settlement.block_m
    half = max(settlement.east_m, settlement.north_m)
    u, v = np.meshgrid(np.arange(-half, half, east), np.arange(-half, half, north))
    turn = np.deg2rad(settlement.turn_deg)
    x = settlement.x + u.ravel() * np.cos(turn) - v.ravel() * np.sin(turn)
    y = settlement.y + u.ravel() * np.sin(turn) + v.ravel() * np.cos(turn)
    xy = np.column_stack([x, y])
    return np.asarray((xy + rng.normal(0, settlement.jitter_m, xy.shape))[settlement.holds(x, y)])


def _scatter(town: Polygon, rng: np.random.Generator) -> Floats:
    west, south, east, north = town.bounds
    x, y = np.meshgrid(np.arange(west, east, 185), np.arange(south, north, 185))
    xy = np.column_stack([x.ravel(), y.ravel()])
    return xy + rng.uniform(-62, 62, xy.shape)


def _free(xy: Floats, inside: Polygon, outside: shapely.Geometry) -> Floats:
    keep = shapely.contains_xy(inside, xy[:, 0], xy[:, 1]) & ~shapely.contains_xy(outside, xy[:, 0], xy[:, 1])
    return np.asarray(xy[keep])


def _joined(
    xy: Floats,
    home: np.ndarray,
    trunks: tuple[tuple[int, ...], ...],
    town: Polygon,
    rise: Relief,
    bed: shapely.Geometry,
) -> Mesh:
    number = {(x, y): i for i, (x, y) in enumerate(xy.tolist())}
    cells = shapely.get_parts(shapely.delaunay_triangles(shapely.multipoints(xy)))
    corners = shapely.get_coordinates(cells).reshape(-1, 4, 2)[:, :3].tolist()
    triangles = np.sort([[number[tuple(corner)] for corner in cell] for cell in corners], axis=1)
    ways = np.unique(np.vstack([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [0, 2]]]), axis=0)
    lines = shapely.linestrings(xy[ways])
    shapely.prepare(fence := town.buffer(5))
    water_m = np.zeros(len(ways))
    shapely.prepare(bed)
    wet = shapely.intersects(bed, lines)
    water_m[wet] = shapely.length(shapely.intersection(lines[wet], bed))
    keep = shapely.contains(fence, lines) & (water_m < BRIDGE_MAX_M) | _on_trunks(ways, trunks)
    height = rise.at(xy[:, 0], xy[:, 1])
    length = shapely.length(lines)
    climb = np.abs(height[ways[:, 0]] - height[ways[:, 1]]) / length
    return Mesh(xy, home, trunks, ways[keep], length[keep], water_m[keep], climb[keep], triangles)


def _on_trunks(ways: np.ndarray, trunks: tuple[tuple[int, ...], ...]) -> np.ndarray:
    steps = {tuple(sorted(pair)) for trunk in trunks for pair in itertools.pairwise(trunk)}
    return np.array([tuple(way) in steps for way in ways.tolist()])
