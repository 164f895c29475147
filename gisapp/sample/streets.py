"""The streets as sections between junctions: bent like real ones, with class, number and width."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString

from gisapp.sample.chance import stream
from gisapp.sample.curves import rounded
from gisapp.sample.mesh import Mesh
from gisapp.sample.plane import Floats
from gisapp.sample.routes import Way

BODIES = {
    "国道": "国土交通省 見本国道維持出張所",
    "県道": "岐阜県 見本土木事務所",
    "町道": "見本町 建設課",
    "私道": "土地の所有者",
}
WIDTHS_M = {"国道": (9.0, 12.0), "県道": (6.0, 8.5), "町道": (3.6, 6.5), "私道": (3.0, 4.0)}
LANE_SHARE = 0.62  # a private lane ends inside its block


@dataclass(frozen=True)
class Section:
    """A stretch of road between two junctions or up to an end. settlement is -1 in the hills."""

    line: LineString
    manager: str
    name: str
    width_m: float
    settlement: int

    @property
    def body(self) -> str:
        return BODIES[self.manager]


def lay_streets(
    seed: int, mesh: Mesh, streets: dict[Way, str], trunk_names: tuple[str, ...]
) -> tuple[Section, ...]:
    """Every section of road. Sections meet only at their ends."""
    rng = stream(seed, "sections")
    lanes = {way for way, manager in streets.items() if manager == "私道"}
    chains = _chains(
        {way: manager for way, manager in streets.items() if way not in lanes},
        {i for w in lanes for i in w[:1]},
    )
    xy = _relaxed(mesh, chains)
    lines = [(chain, _bent(xy[list(chain)])) for chain in chains]
    lines += [(way, _lane(mesh.xy[list(way)])) for way in sorted(lanes)]
    return _named(mesh, streets, _uncrossed(lines, mesh.xy), trunk_names, rng)


def _chains(streets: dict[Way, str], stops: set[int]) -> list[tuple[int, ...]]:
    """Points from junction to junction; a change of class or the foot of a lane is a junction too."""
    ends: dict[int, list[int]] = defaultdict(list)
    for a, b in sorted(streets):
        ends[a].append(b)
        ends[b].append(a)
    kind = {frozenset(way): manager for way, manager in streets.items()}
    junction = {
        i
        for i, to in ends.items()
        if len(to) != 2 or i in stops or len({kind[frozenset((i, t))] for t in to}) > 1
    }
    used: set[frozenset[int]] = set()
    chains = []
    for start in sorted(junction):
        for step in ends[start]:
            if frozenset((start, step)) in used:
                continue
            chain = [start, step]
            while chain[-1] not in junction:
                chain.append(next(t for t in ends[chain[-1]] if t != chain[-2]))
            used.update(frozenset(pair) for pair in itertools.pairwise(chain))
            chains.append(tuple(chain))
    return chains


def _relaxed(mesh: Mesh, chains: list[tuple[int, ...]]) -> Floats:
    """The points, those between junctions pulled toward their neighbours; main roads stay as drawn."""
    fixed = {i for trunk in mesh.trunks for i in trunk}
    xy = mesh.xy.copy()
    for _ in range(2):
        for chain in chains:
            for a, i, b in zip(chain, chain[1:], chain[2:], strict=False):
                if i not in fixed:
                    xy[i] = 0.6 * xy[i] + 0.2 * (xy[a] + xy[b])
    return xy


def _lane(xy: Floats) -> LineString:
    return LineString(np.round([xy[0], xy[0] + LANE_SHARE * (xy[1] - xy[0])], 3))


def _bent(xy: Floats) -> LineString:
    return LineString(np.round(rounded(xy, 3) if len(xy) > 2 else xy, 3))


def _uncrossed(
    lines: list[tuple[tuple[int, ...], LineString]], xy: Floats
) -> list[tuple[tuple[int, ...], LineString]]:
    """A bend that cuts into another road goes back to its straight steps, which never do."""
    while True:
        shapes = np.array([line for _, line in lines], dtype=object)
        clash = {k for k in shapely.STRtree(shapes).query(shapes, predicate="crosses").ravel().tolist()}
        straight = {k: LineString(np.round(xy[list(lines[k][0])], 3)) for k in clash if len(lines[k][0]) > 2}
        changed = {k: line for k, line in straight.items() if not line.equals_exact(lines[k][1], 0)}
        if not changed:
            return lines
        lines = [(chain, changed.get(k, line)) for k, (chain, line) in enumerate(lines)]


def _named(
    mesh: Mesh,
    streets: dict[Way, str],
    lines: list[tuple[tuple[int, ...], LineString]],
    trunk_names: tuple[str, ...],
    rng: np.random.Generator,
) -> tuple[Section, ...]:
    plates = {
        frozenset(pair): name
        for trunk, name in zip(mesh.trunks, trunk_names, strict=True)
        for pair in itertools.pairwise(trunk)
    }
    sections: list[Section] = []
    numbers: dict[str, int] = defaultdict(int)
    for chain, line in lines:
        manager = streets[min(chain[:2]), max(chain[:2])]
        home = int(mesh.home[chain[0]] if mesh.home[chain[0]] == mesh.home[chain[-1]] else -1)
        numbers[manager] += 1
        name = plates.get(frozenset(chain[:2])) or f"{manager}{numbers[manager]:03d}号線"
        low, high = WIDTHS_M[manager]
        width = round(float(rng.uniform(low, high if home >= 0 or manager != "町道" else 4.5)), 1)
        sections.append(Section(line, manager, "私道" if manager == "私道" else name, width, home))
    return tuple(sections)
