"""The twelve residents' associations: areas around where people live, bordered by river and main roads."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString, Polygon

from gisapp.sample.chance import stream
from gisapp.sample.curves import resampled
from gisapp.sample.ground import Ripple, ripple
from gisapp.sample.trunk import Trunk
from gisapp.sample.water import Bed

# name, district (the settlement it belongs to), seed east and north of the town's middle, households
SEEDS = (
    ("本町", "中央", -300, 560, 412),
    ("西町", "中央", -1050, 190, 318),
    ("東町", "中央", 330, 20, 275),
    ("桜ヶ丘", "中央", 420, 560, 368),
    ("寺前", "中央", -1050, 720, 241),
    ("川原", "中央", -480, -180, 297),
    ("上見本", "東部", 2200, 980, 188),
    ("新田", "東部", 2450, 520, 164),
    ("下見本", "西部", -2250, -60, 176),
    ("渡場", "西部", -2450, -560, 97),
    ("小見本", "南部", 1120, -1150, 143),
    ("奥沢", "南部", 1230, -1690, 61),
)
KEPT_ACROSS = 0.35  # an association keeps land beyond a river or main road only if it is this much of it all


@dataclass(frozen=True)
class Area:
    """One residents' association; seat is the middle of where its people live."""

    name: str
    district: str
    households: int
    seat: tuple[float, float]
    shape: Polygon


def divide(seed: int, town: Polygon, rivers: tuple[Bed, ...], roads: tuple[Trunk, ...]) -> tuple[Area, ...]:
    """The twelve areas: together the whole town, without gap or overlap, each in one piece."""
    pieces, owners = _pieces(seed, town, rivers, roads)
    _settle_fragments(pieces, owners)
    rng = stream(seed, "households")
    return tuple(
        Area(name, district, int(households * rng.uniform(0.92, 1.08)), (x, y), _union(pieces, owners == k))
        for k, (name, district, x, y, households) in enumerate(SEEDS)
    )


def _pieces(
    seed: int, town: Polygon, rivers: tuple[Bed, ...], roads: tuple[Trunk, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Faces between all lines, each with the number of the association it goes to."""
    lines = [river.line for river in rivers[:1]] + [road.line for road in roads]
    reach = _reaches(seed)
    walls = shapely.union_all([town.exterior, *lines])
    faces, owners, blocks = [], [], []
    for number, block in enumerate(_faces(walls, town)):
        for face in _faces(shapely.union_all([block.boundary, *shapely.boundary(reach)]), block):
            faces.append(face)
            owners.append(_owner(reach, face))
            blocks.append(number)
    pieces, owned = np.array(_noded(faces), dtype=object), np.array(owners)
    _keep_to_one_side(pieces, owned, np.array(blocks))
    return pieces, owned


def _keep_to_one_side(pieces: np.ndarray, owners: np.ndarray, blocks: np.ndarray) -> None:
    """Small parts beyond a river or main road go to a neighbour on their side: borders follow the line."""
    whole = np.array([shapely.area(pieces[owners == k]).sum() for k in range(len(SEEDS))])
    home = [_home_block(k, pieces, owners, blocks) for k in range(len(SEEDS))]
    for i in np.argsort(shapely.area(pieces)).tolist():
        if blocks[i] == home[owners[i]] or pieces[i].area > KEPT_ACROSS * whole[owners[i]]:
            continue
        beside = shapely.length(shapely.intersection(shapely.boundary(pieces), pieces[i].exterior))
        beside[(blocks != blocks[i]) | (owners == owners[i])] = 0
        if beside.max() > 0:
            owners[i] = owners[int(np.argmax(beside))]


def _home_block(k: int, pieces: np.ndarray, owners: np.ndarray, blocks: np.ndarray) -> int:
    """The block with most of an association's land around its seed."""
    near = np.where(owners == k, shapely.area(shapely.intersection(pieces, _around(k))), 0.0)
    return int(np.argmax(np.bincount(blocks, near)))


def _around(k: int) -> Polygon:
    """Where an association's people live: round its seed."""
    _, _, x, y, _ = SEEDS[k]
    return shapely.Point(x, y).buffer(350)


def _faces(lines: shapely.Geometry, within: Polygon) -> list[Polygon]:
    found = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.node(lines))))
    return [face for face in found if shapely.contains_xy(within, *_inner(face))]


def _inner(face: Polygon) -> tuple[float, float]:
    at = face.representative_point()
    return at.x, at.y


def _owner(reach: np.ndarray, face: Polygon) -> int:
    return int(np.argmax(shapely.area(shapely.intersection(reach, face))))


def _noded(faces: list[Polygon]) -> list[Polygon]:
    """The same faces with every corner of a neighbour on their own edge too: shared edges are equal."""
    edges = shapely.node(shapely.union_all([face.exterior for face in faces]))
    whole = shapely.get_parts(shapely.polygonize(shapely.get_parts(edges)))
    tree = shapely.STRtree(whole)
    return [whole[tree.query(shapely.Point(*_inner(face)), predicate="within")[0]] for face in faces]


def _reaches(seed: int) -> np.ndarray:
    """Where each seed is nearest (Voronoi), bent by one smooth unevenness so that borders wave together."""
    at = np.array([(x, y) for _, _, x, y, _ in SEEDS], dtype=float)
    cells = shapely.get_parts(
        shapely.voronoi_polygons(shapely.multipoints(at), extend_to=shapely.box(-6e3, -5e3, 6e3, 5e3))
    )
    waves = ripple(seed, "bend east", 1100), ripple(seed, "bend north", 1100)
    order = [int(np.argmax(shapely.contains_xy(cells, x, y))) for x, y in at]
    return np.array([_waved(cells[k], waves) for k in order], dtype=object)


def _waved(cell: Polygon, waves: tuple[Ripple, Ripple]) -> Polygon:
    """A cell with points every 60 m on its edges (the same ones whichever cell asks), moved by the waves."""
    ring = shapely.get_coordinates(cell)
    steps = []
    for a, b in itertools.pairwise(ring):
        turned = tuple(a) > tuple(b)
        edge = shapely.get_coordinates(resampled(LineString([b, a] if turned else [a, b]), 60.0))
        steps.append((edge[::-1] if turned else edge)[:-1])
    xy = np.vstack(steps)
    bend = np.column_stack([wave(xy[:, 0], xy[:, 1]) for wave in waves])
    return shapely.make_valid(Polygon(xy + 55 * bend))


def _settle_fragments(pieces: np.ndarray, owners: np.ndarray) -> None:
    """Parts cut off from their association's main part go to the neighbour with the longest common border."""
    for _ in range(6):
        for k in np.unique(owners).tolist():
            parts = shapely.get_parts(_union(pieces, owners == k))
            around = shapely.area(shapely.intersection(parts, _around(k)))
            for part in parts[np.argsort(around, kind="stable")[:-1]]:
                mine = (owners == k) & shapely.contains(part.buffer(0.01), pieces)
                beside = shapely.length(shapely.intersection(shapely.boundary(pieces), part.exterior))
                beside[mine | (owners == k)] = 0
                owners[mine] = owners[int(np.argmax(beside))]


def _union(pieces: np.ndarray, chosen: np.ndarray) -> Polygon:
    return shapely.coverage_union_all(pieces[chosen])
