"""Which of the possible ways become streets: nets in settlements, cheapest routes between them, stubs."""

from __future__ import annotations

import itertools
from heapq import heappop, heappush

import numpy as np

from gisapp.sample.chance import stream
from gisapp.sample.mesh import SETTLEMENTS, Mesh

Way = tuple[int, int]
BRIDGE_COST_M = 420.0
KEPT_SHARE = (0.78, 0.62, 0.62, 0.62)  # of a settlement's streets that are not needed to hold it together
# Routes between settlements and over the hills: from here to there, metres; the ground chooses the way.
LINKS = (
    ((-2300, -450), (-700, -160)),
    ((-500, -150), (330, -300)),
    ((330, -300), (1100, -1500)),
    ((2400, 950), (1500, 350)),
    ((2500, 500), (1250, -1500)),
    ((-1900, -50), (-1100, 1100)),
    ((-980, 1150), (250, 800)),
    ((400, 600), (2300, 950)),
    ((-1900, -500), (-900, -1900)),
    ((-900, -1900), (1000, -1700)),
    ((-3600, -950), (-2000, -500)),
    ((2000, 850), (1300, 420)),
    ((-420, 420), (-420, -60)),
    ((-900, 150), (-880, -160)),
    ((2600, 1000), (2620, 640)),
)
LONELY_ENDS = 24
STUBS = 34


def choose_streets(seed: int, mesh: Mesh) -> dict[Way, str]:
    """Each way that is built, with its class: 国道, 県道, 町道 or 私道. Together they hang together."""
    rng = stream(seed, "streets")
    streets: dict[Way, str] = {}
    for manager, trunk in zip(("国道", "県道", "県道"), mesh.trunks, strict=True):
        streets |= {_way(a, b): manager for a, b in itertools.pairwise(trunk)}
    for way in _nets(mesh, rng):
        streets.setdefault(way, "町道")
    neighbours = _neighbours(mesh)
    for start, goal in _links(mesh, rng):
        for way in _route(mesh, neighbours, start, goal, streets):
            streets.setdefault(way, "町道")
    whole = _hanging_together(streets, mesh.trunks[0][0])
    return whole | _stubs(mesh, whole, rng)


def _way(a: int, b: int) -> Way:
    return (a, b) if a < b else (b, a)


def _nets(mesh: Mesh, rng: np.random.Generator) -> list[Way]:
    """Streets inside settlements: a spanning tree and a share of the rest, no triangle's longest side."""
    longest = _longest_sides(mesh)
    root = list(range(len(mesh.xy)))
    nets: list[Way] = []
    for k in rng.permutation(len(mesh.ways)):
        a, b = (int(i) for i in mesh.ways[k])
        home = mesh.home[a]
        if (
            home < 0
            or home != mesh.home[b]
            or mesh.water_m[k] > 0
            or mesh.length_m[k] > 150
            or (a, b) in longest
        ):
            continue
        top_a, top_b = _top(root, a), _top(root, b)
        if top_a != top_b or rng.random() < KEPT_SHARE[home]:
            nets.append((a, b))
        root[top_a] = top_b
    return nets


def _longest_sides(mesh: Mesh) -> set[Way]:
    xy = mesh.xy[mesh.triangles]
    sides = np.stack([np.hypot(*(xy[:, i] - xy[:, j]).T) for i, j in ((0, 1), (1, 2), (0, 2))], axis=1)
    ends = ((0, 1), (1, 2), (0, 2))
    return {
        (int(t[ends[s][0]]), int(t[ends[s][1]]))
        for t, s in zip(mesh.triangles, sides.argmax(axis=1), strict=True)
    }


def _top(root: list[int], i: int) -> int:
    while root[i] != i:
        root[i] = root[root[i]]
        i = root[i]
    return i


def _links(mesh: Mesh, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Pairs of points to be joined by a route: the named links, then lonely houses in the hills."""
    pairs = [(_nearest(mesh, *start), _nearest(mesh, *goal)) for start, goal in LINKS]
    wild = np.flatnonzero(mesh.home < 0)
    wild = wild[wild >= sum(len(trunk) for trunk in mesh.trunks) - 2]
    lonely = rng.choice(wild, LONELY_ENDS, replace=False)
    centres = np.array([(s.x, s.y) for s in SETTLEMENTS])
    for i in lonely.tolist():
        toward = centres[np.argmin(np.hypot(*(centres - mesh.xy[i]).T))]
        pairs.append((i, _nearest(mesh, *toward)))
    return pairs


def _nearest(mesh: Mesh, x: float, y: float) -> int:
    return int(np.argmin(np.hypot(mesh.xy[:, 0] - x, mesh.xy[:, 1] - y)))


def _neighbours(mesh: Mesh) -> list[list[tuple[int, float]]]:
    found: list[list[tuple[int, float]]] = [[] for _ in mesh.xy]
    cost = mesh.length_m * (1 + (mesh.climb / 0.09) ** 2) + BRIDGE_COST_M * (mesh.water_m > 0)
    for (a, b), c in zip(mesh.ways.tolist(), cost.tolist(), strict=True):
        found[a].append((b, c))
        found[b].append((a, c))
    return found


def _route(
    mesh: Mesh, neighbours: list[list[tuple[int, float]]], start: int, goal: int, built: dict[Way, str]
) -> list[Way]:
    """The cheapest route (Dijkstra); driving on what is built already costs a little less."""
    best, came, queue = {start: 0.0}, {start: start}, [(0.0, start)]
    while queue:
        cost, here = heappop(queue)
        if here == goal:
            break
        if cost > best[here]:
            continue
        for there, step in neighbours[here]:
            total = cost + (0.72 * min(step, 400.0) if _way(here, there) in built else step)
            if total < best.get(there, np.inf):
                best[there], came[there] = total, here
                heappush(queue, (total, there))
    steps: list[Way] = []
    while goal in came and goal != start:
        steps.append(_way(goal, came[goal]))
        goal = came[goal]
    return steps


def _hanging_together(streets: dict[Way, str], start: int) -> dict[Way, str]:
    """Only the streets one can drive to from a point."""
    ends: dict[int, list[int]] = {}
    for a, b in streets:
        ends.setdefault(a, []).append(b)
        ends.setdefault(b, []).append(a)
    seen, todo = {start}, [start]
    while todo:
        new = [i for i in ends[todo.pop()] if i not in seen]
        seen.update(new)
        todo += new
    return {way: manager for way, manager in streets.items() if way[0] in seen}


def _stubs(mesh: Mesh, streets: dict[Way, str], rng: np.random.Generator) -> dict[Way, str]:
    """Private lanes: from a settlement's street toward an unreached neighbour or across a block."""
    reached = {i for way in streets for i in way}
    found: dict[Way, str] = {}
    for k in rng.permutation(len(mesh.ways)):
        a, b = (int(i) for i in mesh.ways[k])
        lane = mesh.home[a] >= 0 and mesh.water_m[k] == 0 and 60 < mesh.length_m[k] < 130
        if lane and (a, b) not in streets and a in reached and len(found) < STUBS:
            found[(a, b)] = "私道"
    return found
