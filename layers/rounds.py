"""A round over some places along the town's roads: how far each is from each, in which order, and by which way."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from layers.walking import Foot, RoadGraph

STARTS = 8  # first guesses that are made better; the best of them is taken
_AT_ONCE = 16
_GAIN_M = 1e-6
Metres = NDArray[np.float64]
Round = list[int]


def distances(graph: RoadGraph, feet: Sequence[Foot]) -> Metres:
    """Metres from each place to each along the roads, the ways to and from the road included; infinite where no
    road leads. A round trip is as long either way.
    """
    nodes, ends = _ends(graph, feet)
    found = [
        dijkstra(graph.links, directed=True, indices=nodes[at : at + _AT_ONCE])[:, nodes]
        for at in range(0, len(nodes), _AT_ONCE)
    ]
    between = np.vstack(found) if found else np.empty((0, 0))
    metres = np.zeros((len(feet), len(feet)))
    for a, start in enumerate(feet):
        for b in range(a + 1, len(feet)):
            way = _shortest(between, ends, feet, a, b)
            metres[a, b] = metres[b, a] = start.access_m + way + feet[b].access_m
    return metres


def _ends(graph: RoadGraph, feet: Sequence[Foot]) -> tuple[NDArray[np.intp], list[list[tuple[int, float]]]]:
    """The crossings at the two ends of each place's piece of road, and metres to them; by their position."""
    both = [[graph.starts[foot.piece], graph.ends[foot.piece]] for foot in feet]
    nodes, at = np.unique(np.array(both, dtype=np.intp).reshape(-1, 2), return_inverse=True)
    pairs = at.reshape(-1, 2).tolist()
    return nodes, [
        [(pair[0], foot.from_start_m), (pair[1], foot.from_end_m)]
        for pair, foot in zip(pairs, feet, strict=True)
    ]


def _shortest(
    between: Metres, ends: list[list[tuple[int, float]]], feet: Sequence[Foot], a: int, b: int
) -> float:
    ways = [m + float(between[i, j]) + n for i, m in ends[a] for j, n in ends[b]]
    if feet[a].piece == feet[b].piece:
        ways.append(abs(feet[a].from_start_m - feet[b].from_start_m))
    return min(ways)


def good_round(metres: Metres) -> Round:
    """The places in an order that makes the way around and back to the first (0) short; metres must be finite.

    Nearest neighbour from several places, each made better by turning stretches round (2-opt, Croes 1958) and by
    moving up to three places elsewhere (Or-opt, Or 1976) until neither helps; the shortest is taken.
    """
    places = len(metres)
    if places < 4:
        return list(range(places))
    far = metres.tolist()
    starts = range(0, places, max(1, places // STARTS))
    found = [_better(far, nearest_next(far, start)) for start in starts]
    best = min(found, key=lambda order: length_m(far, order))
    at = best.index(0)
    return best[at:] + best[:at]


def length_m(metres: Sequence[Sequence[float]], order: Sequence[int]) -> float:
    """Metres around and back."""
    return sum(metres[a][b] for a, b in pairwise([*order, order[0]]))


def nearest_next(metres: Sequence[Sequence[float]], start: int = 0) -> Round:
    """Always on to the nearest place that is left: what one does without thinking."""
    order, left = [start], set(range(len(metres))) - {start}
    while left:
        here = metres[order[-1]]
        order.append(min(left, key=lambda place: (here[place], place)))
        left.remove(order[-1])
    return order


def _better(metres: list[list[float]], order: Round) -> Round:
    while _turned(metres, order) or _moved(metres, order):
        pass
    return order


def _turned(metres: list[list[float]], order: Round) -> bool:
    """Turn a stretch round where that shortens the way."""
    n, changed = len(order), False
    for i in range(n - 1):
        for j in range(i + 2, n if i else n - 1):
            a, b, c, d = order[i], order[i + 1], order[j], order[(j + 1) % n]
            if metres[a][c] + metres[b][d] < metres[a][b] + metres[c][d] - _GAIN_M:
                order[i + 1 : j + 1] = reversed(order[i + 1 : j + 1])
                changed = True
    return changed


def _moved(metres: list[list[float]], order: Round) -> bool:
    """Take up to three places in a row out and put them where they cost less."""
    n = len(order)
    for size in (1, 2, 3):
        for i in range(n):
            row = [order[(i + k) % n] for k in range(size)]
            rest = [order[(i + size + k) % n] for k in range(n - size)]
            saved = metres[rest[-1]][row[0]] + metres[row[-1]][rest[0]] - metres[rest[-1]][rest[0]]
            for j, (a, b) in enumerate(pairwise(rest)):
                for turned in (row, row[::-1]):
                    cost = metres[a][turned[0]] + metres[turned[-1]][b] - metres[a][b]
                    if cost < saved - _GAIN_M:
                        order[:] = [*rest[: j + 1], *turned, *rest[j + 1 :]]
                        return True
    return False


def way_between(graph: RoadGraph, a: Foot, b: Foot) -> NDArray[np.float64]:
    """The corners of the way along the roads from one place to another: easting, northing. Empty where none leads."""
    if a.piece == b.piece and abs(a.from_start_m - b.from_start_m) <= _by_crossings(graph, a, b):
        return _stretch(graph, a.piece, a.from_start_m, b.from_start_m)
    ends_a = [(int(graph.starts[a.piece]), a.from_start_m), (int(graph.ends[a.piece]), a.from_end_m)]
    ends_b = [(int(graph.starts[b.piece]), b.from_start_m), (int(graph.ends[b.piece]), b.from_end_m)]
    along, before = dijkstra(graph.links, indices=[node for node, _ in ends_a], return_predecessors=True)
    ways = [
        (m + along[side, node] + n, side, node) for side, (_, m) in enumerate(ends_a) for node, n in ends_b
    ]
    metres, side, last = min(ways)
    if not np.isfinite(metres):
        return np.empty((0, 2))
    nodes = [last]
    while nodes[-1] != ends_a[side][0]:
        nodes.append(int(before[side, nodes[-1]]))
    nodes.reverse()
    first = _stretch(graph, a.piece, a.from_start_m, _measure(graph, a.piece, nodes[0]))
    final = _stretch(graph, b.piece, _measure(graph, b.piece, nodes[-1]), b.from_start_m)
    return np.vstack([first, *(graph.corners(u, v) for u, v in pairwise(nodes)), final])


def _by_crossings(graph: RoadGraph, a: Foot, b: Foot) -> float:
    """Metres between two places of one piece of road, out over its ends."""
    start, end = int(graph.starts[a.piece]), int(graph.ends[a.piece])
    across = float(dijkstra(graph.links, indices=start)[end])
    low, high = sorted((a.from_start_m, b.from_start_m))
    length = a.from_start_m + a.from_end_m
    return low + across + length - high


def _measure(graph: RoadGraph, piece: int, node: int) -> float:
    """Metres along a piece to the crossing at one of its ends."""
    return 0.0 if graph.starts[piece] == node else float(graph.piece(piece).length)


def _stretch(graph: RoadGraph, piece: int, from_m: float, to_m: float) -> NDArray[np.float64]:
    """The corners of a piece of road from one measure to another, in this direction."""
    line = graph.piece(piece)
    low, high = sorted((from_m, to_m))
    corners = shapely.get_coordinates(line)
    known = np.r_[0.0, np.cumsum(np.hypot(*np.diff(corners, axis=0).T))]
    ends = shapely.get_coordinates(shapely.line_interpolate_point(line, np.array([low, high])))
    found = np.vstack([ends[:1], corners[(known > low) & (known < high)], ends[1:]])
    return found if from_m <= to_m else found[::-1]
