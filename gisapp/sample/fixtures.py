"""What stands along the streets: garbage stations, hydrants, water pipes and the zones of land use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString, Polygon

from gisapp.sample.areas import Area
from gisapp.sample.chance import pick, stream
from gisapp.sample.curves import shifted
from gisapp.sample.spots import Roadside, spread
from gisapp.sample.streets import Section
from gisapp.sample.water import smooth

STATIONS, HYDRANTS = 60, 45
CALENDARS = {
    "中央": ("A", "月・木", "第2水", "第1・第3金"),
    "東部": ("B", "火・金", "第1水", "第2・第4月"),
    "西部": ("C", "火・金", "第3水", "第2・第4木"),
    "南部": ("D", "月・木", "第4水", "第1・第3火"),
}
# material, first and last year laid, weight
PIPES = (
    ("石綿セメント管", 1965, 1978, 2),
    ("鋳鉄管", 1965, 1980, 1),
    ("硬質塩化ビニル管", 1972, 2006, 5),
    ("ダクタイル鋳鉄管", 1976, 2024, 4),
    ("水道配水用ポリエチレン管", 2004, 2024, 3),
)
ZONES = {
    "第一種低層住居専用地域": (50, 80),
    "第一種住居地域": (60, 200),
    "近隣商業地域": (80, 200),
    "商業地域": (80, 400),
    "準工業地域": (60, 200),
    "工業地域": (60, 200),
}


@dataclass(frozen=True)
class Station:
    """A garbage station; calendar, burnable, non_burnable and recyclable are its district's days."""

    name: str
    area: Area
    households: int
    x: float
    y: float


@dataclass(frozen=True)
class Pipe:
    """A water main beside the middle of its street."""

    line: LineString
    diameter_mm: int
    material: str
    installed_year: int


def stations(seed: int, side: Roadside, areas: tuple[Area, ...]) -> tuple[Station, ...]:
    """Sixty stations, at least two for each association and more where more people live."""
    rng = stream(seed, "stations")
    found = []
    for area, count in zip(areas, shares([a.households for a in areas], STATIONS), strict=True):
        near = side.within(area.shape.buffer(-6))
        for n, k in enumerate(spread(near.xy, count, int(rng.integers(len(near.xy)))), 1):
            x, y = near.beside(k, float(rng.choice([-1, 1])) * 1.4)
            found.append(
                Station(
                    f"{area.name}第{n}", area, round(area.households / count * rng.uniform(0.7, 1.3)), x, y
                )
            )
    return tuple(found)


def shares(weights: list[int], total: int) -> list[int]:
    """Whole numbers of at least 2 in proportion to the weights, adding up to the total."""
    exact = np.array(weights) / sum(weights) * (total - 2 * len(weights))
    whole = np.floor(exact).astype(int)
    whole[np.argsort(whole - exact)[: total - 2 * len(weights) - whole.sum()]] += 1
    return [int(n) + 2 for n in whole]


def hydrant_spots(seed: int, side: Roadside) -> list[tuple[float, float, str, int | None]]:
    """x, y, type and pipe width (none for a tank) of the water points for fire engines."""
    rng = stream(seed, "hydrants")
    found = []
    for k in spread(side.xy, HYDRANTS, int(rng.integers(len(side.xy)))):
        tank = rng.random() < 0.27
        x, y = side.beside(k, 7.0 if tank else 1.8)
        found.append(
            (x, y, "防火水槽" if tank else "消火栓", None if tank else pick(rng, (75, 100, 150), (3, 4, 2)))
        )
    return found


def pipes(seed: int, sections: tuple[Section, ...]) -> tuple[Pipe, ...]:
    """A pipe under most streets of the settlements, older in the old middle."""
    rng = stream(seed, "pipes")
    found = []
    for section in sections:
        if (
            section.settlement < 0
            or (section.manager == "私道" and rng.random() < 0.6)
            or rng.random() < 0.05
        ):
            continue
        material, first, last, _ = pick(rng, PIPES, [pipe[3] for pipe in PIPES])
        year = int(rng.integers(first, last + 1))
        wide = (150, 200, 250) if section.manager in ("国道", "県道") else (50, 75, 100, 150)
        line = shifted(section.line, np.full(len(section.line.coords), 1.2))
        found.append(Pipe(line, pick(rng, wide), material, year))
    return tuple(found)


def zoning(
    sections: tuple[Section, ...], town: Polygon, water: shapely.Geometry
) -> list[tuple[str, shapely.Geometry]]:
    """Blocks around the middle, each in one zone by where it lies; a zone's blocks joined."""
    middle = shapely.union_all([section.line for section in sections if section.settlement == 0])
    limit = smooth(middle.buffer(95), 40).buffer(-45).intersection(town).difference(water.buffer(4))
    lines = [section.line for section in sections if section.settlement == 0 or section.manager == "国道"]
    edges = shapely.union_all([limit.boundary, *(line.intersection(limit) for line in lines)])
    blocks = [
        b
        for b in shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.node(edges))))
        if limit.contains(b.representative_point())
    ]
    main = shapely.union_all([s.line for s in sections if s.manager == "国道"])
    named = np.array([_zone_of(block, main) for block in blocks])
    joined = [(zone, shapely.union_all(np.array(blocks, dtype=object)[named == zone])) for zone in ZONES]
    return [(zone, part) for zone, whole in joined for part in shapely.get_parts(whole) if part.area > 400]


def _zone_of(block: Polygon, main: shapely.Geometry) -> str:
    at = block.representative_point()
    off = main.distance(at)
    if off < 85:
        return "商業地域" if -620 < at.x < 120 else "近隣商業地域"
    if at.x > 150 and at.y < 150:
        return "工業地域" if at.y < -40 else "準工業地域"
    return "第一種低層住居専用地域" if at.y > 480 or at.y < -160 else "第一種住居地域"
