"""What else water does in the made-up town: how long it stays, what it tears down, where drains run over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import Polygon

from gisapp.sample.areas import Area
from gisapp.sample.chance import pick, stream
from gisapp.sample.plane import Floats
from gisapp.sample.spots import area_of, spread
from gisapp.sample.town import Town
from gisapp.sample.water import smooth

DURATION_OF = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 5}  # the deeper the water stands, the longer it stays
SMALLEST_M2 = 400.0
POOLS = 11
# metres of water in a pool from its rim inwards, and the share of the pool's radius each class reaches
POOL_DEPTHS_M = ((0.0, 0.3, 1.0), (0.3, 0.5, 0.72), (0.5, 1.0, 0.45))
# years before the first fiscal year that is told of, month and day, what it was called
STORMS = (
    (1, (9, 3), "台風999号（架空）"),
    (4, (7, 14), "梅雨前線による大雨（架空）"),
    (9, (10, 20), "台風998号（架空）"),
)


@dataclass(frozen=True)
class Duration:
    """Where water would stay as long as a rank (1 to 7) says."""

    river: str
    rank: int
    area: Polygon


@dataclass(frozen=True)
class Collapse:
    """Where houses could be swept away: by the current, by the bank breaking off, or by both."""

    river: str
    cause: str
    area: Polygon


@dataclass(frozen=True)
class Pool:
    """Where drains run over in a downpour: metres of water from lower_m up to upper_m."""

    place: Area
    lower_m: float
    upper_m: float
    area: Polygon


@dataclass(frozen=True)
class Wetted:
    """A place that has been under water: when, from what, how deep in metres, and what happened there."""

    place: Area
    storm: int
    depth_m: float
    damage: str
    area: Polygon


def durations(town: Town) -> tuple[Duration, ...]:
    """The largest flood's zones joined by how long the water stays."""
    found = []
    for river in dict.fromkeys(flood.river for flood in town.floods):
        for rank in sorted(set(DURATION_OF.values())):
            deep = [f.area for f in town.floods if f.river == river and DURATION_OF[f.rank] == rank]
            found += [Duration(river, rank, part) for part in _parts(shapely.union_all(deep))]
    return tuple(found)


def collapses(town: Town) -> tuple[Collapse, ...]:
    """Along the river the current and the banks, along the streams only the banks."""
    wet = shapely.union_all([flood.area for flood in town.floods])
    deep = shapely.union_all([flood.area for flood in town.floods if flood.rank >= 2])
    found: list[Collapse] = []
    taken: shapely.Geometry = shapely.union_all([river.bed for river in town.rivers])
    for number, river in enumerate(town.rivers):
        bank = river.bed.buffer(20.0 if number == 0 else 9.0).intersection(town.border).difference(taken)
        current = river.bed.buffer(70.0).intersection(deep) if number == 0 else Polygon()
        zones = {
            "どちらも": bank.intersection(current),
            "氾濫流": smooth(current.difference(bank), 4.0).difference(bank).difference(taken),
            "河岸侵食": bank.difference(current).intersection(wet.buffer(30.0)),
        }
        for cause, zone in zones.items():
            found += [Collapse(river.name, cause, part) for part in _parts(zone)]
        taken = shapely.union_all([taken, *zones.values()])
    return tuple(found)


def pools(town: Town) -> tuple[Pool, ...]:
    """Pools in the streets of the settlements, deeper toward their middle."""
    rng = stream(town.seed, "pools")
    dry = town.border.difference(shapely.union_all([river.bed.buffer(8) for river in town.rivers]))
    found: list[Pool] = []
    taken = Polygon()
    middles = town.lived_in.xy[spread(town.lived_in.xy, POOLS * 4, int(rng.integers(len(town.lived_in.xy))))]
    for x, y in middles[rng.permutation(len(middles))[:POOLS]].tolist():
        shape, place = _blob(x, y, rng.uniform(60, 130), rng), area_of(town.areas, x, y)
        rings = [_shrunk(shape, x, y, reach) for *_, reach in POOL_DEPTHS_M]
        free = dry.difference(taken)
        for (lower, upper, _), ring, inner in zip(POOL_DEPTHS_M, rings, [*rings[1:], Polygon()], strict=True):
            band = ring.difference(inner).intersection(free)
            found += [Pool(place, lower, upper, part) for part in _parts(band, 60.0)]
        taken = shapely.union_all([taken, rings[0]])
    return tuple(found)


def history(town: Town) -> tuple[Wetted, ...]:
    """Parts of today's flood zones and pools that were under water in one of three storms."""
    rng = stream(town.seed, "history")
    shallow = [f.area for f in town.floods if f.rank <= 2] + [pool.area for pool in pools(town)]
    wet = shapely.union_all(shallow)
    near = town.lived_in.within(wet)
    found: list[Wetted] = []
    for k in spread(near.xy, 12, int(rng.integers(len(near.xy)))):
        x, y = near.xy[k]
        depth_m = round(float(rng.uniform(0.1, 0.9)), 1)
        shape = _blob(float(x), float(y), rng.uniform(35, 90), rng).intersection(wet)
        damage = "床上浸水" if depth_m >= 0.5 else pick(rng, ("床下浸水", "道路冠水"), (2, 1))
        place, storm = area_of(town.areas, x, y), int(rng.integers(len(STORMS)))
        largest = max(_parts(shape, 60.0), key=lambda part: part.area, default=None)
        if largest is not None:
            found.append(Wetted(place, storm, depth_m, damage, largest))
    return tuple(found)


def _blob(x: float, y: float, radius_m: float, rng: np.random.Generator) -> Polygon:
    """A round shape with a rim like a puddle's."""
    turn = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    reach: Floats = np.ones_like(turn)
    for waves, depth in ((2, 0.2), (3, 0.12), (5, 0.07)):
        reach += depth * rng.uniform(0.5, 1.0) * np.sin(waves * turn + rng.uniform(0, 2 * np.pi))
    return Polygon(
        np.column_stack([x + radius_m * reach * np.cos(turn), y + radius_m * reach * np.sin(turn)])
    )


def _shrunk(shape: Polygon, x: float, y: float, share: float) -> Polygon:
    return Polygon(np.array([x, y]) + share * (shapely.get_coordinates(shape) - np.array([x, y])))


def _parts(shape: shapely.Geometry, smallest_m2: float = SMALLEST_M2) -> list[Polygon]:
    whole = shapely.get_parts(shapely.make_valid(shape))
    return [part for part in whole if part.geom_type == "Polygon" and part.area >= smallest_m2]
