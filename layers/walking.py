"""How far it is on foot: along the town's roads from one place to others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from layers.crs import easting_northing
from layers.versions import LayerVersion

JOIN_M = 1.0  # ends drawn this close are one crossing: road registers are drawn sheet by sheet
ACCESS_M = 300.0  # farther from any road, a way along the roads says nothing
CUTOFF_M = 3_000.0
_SAME_M = 0.01
_Metres = NDArray[np.float64]
_Numbers = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Foot:
    """Where one steps onto the road: the piece of road, metres to each of its ends, metres to get there."""

    piece: int
    from_start_m: float
    from_end_m: float
    access_m: float


class RoadGraph:
    """The roads of some layers, cut where they meet. Roads meet where lines share a corner, and where the
    end of one lies within JOIN_M of another; a bridge over a road shares no corner with it and does not
    meet it.
    """

    def __init__(self, lines: NDArray[np.object_], zone: int) -> None:
        self.zone = zone
        pieces, starts, ends, nodes = _pieces(lines)
        self._pieces, self.starts, self.ends = pieces, starts, ends
        self._tree = shapely.STRtree(pieces)
        self.links = _links(starts, ends, shapely.length(pieces), nodes)

    @classmethod
    def build(cls, versions: Sequence[LayerVersion], zone: int) -> RoadGraph:
        """The graph over the lines of some layer versions (metres of the plane zone)."""
        shapes = [version.index.plane for version in versions]
        parts = shapely.get_parts(np.concatenate(shapes)) if shapes else np.empty(0, dtype=object)
        return cls(parts[shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING], zone)

    def foot(self, lon: float, lat: float) -> Foot | None:
        """The nearest point of a road to a place (degrees); None where no road is within ACCESS_M."""
        place = shapely.points(*easting_northing(lon, lat, self.zone))
        near = self._tree.query_nearest(place, max_distance=ACCESS_M, all_matches=False)
        if not len(near):
            return None
        piece = int(near[0])
        line = self._pieces[piece]
        along = float(shapely.line_locate_point(line, place))
        return Foot(piece, along, float(line.length) - along, float(shapely.distance(line, place)))

    def point(self, foot: Foot) -> tuple[float, float]:
        """Where a foot stands on its road: easting, northing in metres of the plane zone."""
        there = shapely.line_interpolate_point(self._pieces[foot.piece], foot.from_start_m)
        return float(there.x), float(there.y)

    def piece(self, number: int) -> shapely.LineString:
        """A piece of road between two crossings, in metres of the plane zone."""
        return self._pieces[number]

    def corners(self, start: int, end: int) -> _Metres:
        """The corners of the shortest piece of road from a crossing to the next, in this direction."""
        piece = self._piece_between[min(start, end), max(start, end)]
        found: _Metres = shapely.get_coordinates(self._pieces[piece])
        return found if self.starts[piece] == start else found[::-1]

    @cached_property
    def _piece_between(self) -> dict[tuple[int, int], int]:
        pairs = np.sort(np.column_stack([self.starts, self.ends]), axis=1).tolist()
        longest_first = np.argsort(-shapely.length(self._pieces), kind="stable").tolist()
        return {(pairs[at][0], pairs[at][1]): at for at in longest_first}

    def reach(self, start: Foot | None, cutoff_m: float = CUTOFF_M) -> Reach:
        """Everywhere the roads lead from a place within cutoff_m metres along them."""
        if start is None:
            return Reach(self, None, np.empty(0), cutoff_m)
        at = [self.starts[start.piece], self.ends[start.piece]]
        found = dijkstra(self.links, directed=True, indices=at, limit=cutoff_m)
        along = np.minimum(found[0] + start.from_start_m, found[1] + start.from_end_m)
        return Reach(self, start, along, cutoff_m)


@dataclass(frozen=True, slots=True)
class Reach:
    """The ways from one place: metres along the roads to every crossing, infinite where none leads."""

    roads: RoadGraph
    start: Foot | None
    along: _Metres
    cutoff_m: float

    def metres_to(self, end: Foot | None) -> float | None:
        """Metres on foot: to the road, along roads, and from the road. None where the roads do not lead
        there, or not within the cut-off.
        """
        if self.start is None or end is None:
            return None
        metres = min(
            float(self.along[self.roads.starts[end.piece]]) + end.from_start_m,
            float(self.along[self.roads.ends[end.piece]]) + end.from_end_m,
        )
        if end.piece == self.start.piece:
            metres = min(metres, abs(end.from_start_m - self.start.from_start_m))
        return self.start.access_m + metres + end.access_m if metres <= self.cutoff_m else None


def _pieces(lines: NDArray[np.object_]) -> tuple[NDArray[np.object_], _Numbers, _Numbers, int]:
    """Lines cut at every crossing: the pieces, the crossings at their two ends, the number of crossings."""
    lines = _with_joints(lines[shapely.length(lines) > 0])
    corners, owner = shapely.get_coordinates(lines, return_index=True)
    if not len(corners):
        none = np.empty(0, dtype=np.intp)
        return np.empty(0, dtype=object), none, none, 0
    _, spot = np.unique(np.round(corners / _SAME_M).astype(np.int64), axis=0, return_inverse=True)
    first = np.r_[True, owner[1:] != owner[:-1]]
    last = np.r_[first[1:], True]
    node = _joined(corners, spot.reshape(-1), first | last)
    # a corner is a crossing if a line ends there, or if it belongs to more than one stretch of road
    shared = np.bincount(node) > 1
    ending = np.zeros(len(shared), dtype=bool)
    ending[node[first | last]] = True
    cut = (shared | ending)[node]
    begin = np.flatnonzero(cut & ~last)
    cuts = np.flatnonzero(cut)
    until = cuts[np.searchsorted(cuts, begin, side="right")]
    pieces = [shapely.linestrings(corners[a : b + 1]) for a, b in zip(begin, until, strict=True)]
    known, number = np.unique(np.r_[node[begin], node[until]], return_inverse=True)
    return np.array(pieces, dtype=object), number[: len(begin)], number[len(begin) :], len(known)


def _with_joints(lines: NDArray[np.object_]) -> NDArray[np.object_]:
    """The lines, each with a corner wherever another one ends on it between two of its corners."""
    if not len(lines):
        return lines
    ends = np.concatenate([shapely.get_point(lines, 0), shapely.get_point(lines, -1)])
    tree = shapely.STRtree(lines)
    end, line = tree.query(ends, predicate="dwithin", distance=JOIN_M)
    foreign = end % len(lines) != line
    wanted: dict[int, list[float]] = {}
    for e, at in zip(end[foreign].tolist(), line[foreign].tolist(), strict=True):
        wanted.setdefault(at, []).append(float(shapely.line_locate_point(lines[at], ends[e])))
    jointed = lines.copy()
    for at, measures in wanted.items():
        jointed[at] = _cornered(lines[at], measures)
    return jointed


def _cornered(line: shapely.LineString, measures: list[float]) -> shapely.LineString:
    corners = shapely.get_coordinates(line)
    known = np.r_[0.0, np.cumsum(np.hypot(*np.diff(corners, axis=0).T))]
    fresh = [m for m in sorted(set(measures)) if np.abs(known - m).min() > JOIN_M]
    if not fresh:
        return line
    added = shapely.get_coordinates(shapely.line_interpolate_point(line, np.array(fresh)))
    order = np.argsort(np.r_[known, fresh], kind="stable")
    return shapely.linestrings(np.vstack([corners, added])[order])


def _joined(corners: _Metres, spot: _Numbers, ending: NDArray[np.bool_]) -> _Numbers:
    """The crossing of each corner: corners at one spot, and ends with the corners within JOIN_M of them."""
    ends = np.flatnonzero(ending)
    leader = np.arange(int(spot.max()) + 1)
    near = cKDTree(corners).query_ball_point(corners[ends], JOIN_M)
    for end, others in zip(ends.tolist(), near, strict=True):
        for other in others:
            a, b = _root(leader, int(spot[end])), _root(leader, int(spot[other]))
            leader[max(a, b)] = min(a, b)
    roots = np.array([_root(leader, one) for one in range(len(leader))])
    _, node = np.unique(roots[spot], return_inverse=True)
    return node.reshape(-1)


def _root(leader: _Numbers, one: int) -> int:
    while leader[one] != one:
        leader[one] = leader[leader[one]]
        one = int(leader[one])
    return one


def _links(starts: _Numbers, ends: _Numbers, metres: _Metres, nodes: int) -> csr_array:
    """The way from each crossing to its neighbours, both ways; of two roads between a pair the shorter."""
    there, back = np.r_[starts, ends], np.r_[ends, starts]
    both = np.r_[metres, metres]
    order = np.lexsort((both, back, there))
    there, back, both = there[order], back[order], both[order]
    kept = np.ones(len(there), dtype=bool)
    kept[1:] = (there[1:] != there[:-1]) | (back[1:] != back[:-1])
    return coo_array((both[kept], (there[kept], back[kept])), shape=(nodes, nodes)).tocsr()
