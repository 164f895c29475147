"""What makes a town usable: parks, toilets, loudspeakers, lights, care homes, school districts, drains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString, Polygon
from shapely.affinity import rotate

from gisapp.sample.areas import Area
from gisapp.sample.chance import pick, stream
from gisapp.sample.curves import shifted
from gisapp.sample.places import Facility
from gisapp.sample.spots import area_of, spread
from gisapp.sample.town import Town

RADIOS, LIGHTS, MANHOLE_STEP_M = 26, 280, 45.0
# name, category, class of the disaster plan, how many it takes
CARE = (
    ("特別養護老人ホーム 見本の里", "特別養護老人ホーム", "高齢者福祉施設", 60),
    ("グループホーム 見本の森", "認知症対応型共同生活介護", "高齢者福祉施設", 18),
    ("デイサービスセンター 見本川", "通所介護", "高齢者福祉施設", 30),
    ("デイサービス 見本西", "通所介護", "高齢者福祉施設", 25),
    ("小規模多機能ホーム 寺前", "小規模多機能型居宅介護", "高齢者福祉施設", 24),
    ("介護老人保健施設 見本苑", "介護老人保健施設", "高齢者福祉施設", 80),
    ("就労支援センター みほん", "就労継続支援B型", "障害福祉サービス等提供施設", 20),
    ("放課後等デイサービス みほんひろば", "放課後等デイサービス", "障害福祉サービス等提供施設", 10),
    ("見本こども園", "認定こども園", "児童福祉施設", 120),
    ("東町学童クラブ", "放課後児童クラブ", "児童福祉施設", 40),
    ("上見本学童クラブ", "放課後児童クラブ", "児童福祉施設", 30),
    ("見本小学校", "小学校", "学校", 310),
    ("上見本小学校", "小学校", "学校", 96),
    ("見本中学校", "中学校", "学校", 205),
    ("見本町立診療所", "診療所（有床）", "医療施設", 19),
    ("見本クリニック", "診療所（有床）", "医療施設", 12),
)
POCKET_PARKS = (("西町ちびっこ公園", "西町"), ("川原ふれあい公園", "川原"), ("下見本水辺公園", "下見本"))
TOILETS = ("中央公園", "川原運動公園", "桜ヶ丘児童公園", "新田農村公園", "町民体育館", "見本町立図書館")
RECYCLERS = ("クリーンセンター", "見本町役場", "上見本公民館", "下見本公民館", "小見本公民館")
DISTRICTS = (
    ("上見本小学校", "小学校", ("東部",)),
    ("見本小学校", "小学校", ("中央", "西部", "南部")),
    ("見本中学校", "中学校", ("東部", "中央", "西部", "南部")),
)


@dataclass(frozen=True)
class CareHome:
    """A place whose people need time to flee (要配慮者利用施設)."""

    name: str
    category: str
    plan_class: str
    capacity: int
    area: Area
    x: float
    y: float


@dataclass(frozen=True)
class Park:
    """A park as a piece of ground."""

    name: str
    area: Area
    shape: Polygon


@dataclass(frozen=True)
class Drain:
    """A sewer pipe beside the middle of its street; drain_type is 汚水 or 雨水."""

    line: LineString
    drain_type: str
    diameter_mm: int
    material: str
    installed_year: int


def facility(town: Town, name: str) -> Facility | None:
    return next((one for one in town.facilities if one.name == name), None)


def care_homes(town: Town) -> tuple[CareHome, ...]:
    """Where the named building is one of the town's, there; else beside a street of the settlements."""
    rng = stream(town.seed, "care")
    water = shapely.union_all([river.bed.buffer(6) for river in town.rivers])
    spots = town.lived_in.only(~shapely.contains_xy(water, *town.lived_in.xy.T))
    places = iter(spread(spots.xy, 4 * len(CARE), int(rng.integers(len(spots.xy)))))
    found = []
    for name, category, plan_class, capacity in CARE:
        home = facility(town, name)
        x, y = (home.x, home.y) if home else _dry_spot(spots.beside(next(places), 18.0), spots.xy, water)
        found.append(CareHome(name, category, plan_class, capacity, area_of(town.areas, x, y), x, y))
    return tuple(found)


def _dry_spot(at: tuple[float, float], streets: np.ndarray, water: shapely.Geometry) -> tuple[float, float]:
    """The spot, or the nearest one on a street if it would stand in the water."""
    if not shapely.contains_xy(water, *at):
        return at
    nearest = streets[int(np.argmin(np.hypot(*(streets - np.array(at)).T)))]
    return float(nearest[0]), float(nearest[1])


def parks(town: Town) -> tuple[Park, ...]:
    """The parks among the facilities, and three small ones."""
    rng = stream(town.seed, "parks")
    keep_off = shapely.union_all(
        [*(s.line.buffer(s.width_m / 2 + 1) for s in town.sections), *(r.bed for r in town.rivers)]
    )
    spots = [
        (f.name, f.area, f.x, f.y, 48.0 if "広" in f.marks else 26.0) for f in town.facilities if f.is_park()
    ]
    for name, place in POCKET_PARKS:
        area = next(area for area in town.areas if area.name == place)
        near = town.lived_in.within(area.shape.buffer(-20))
        x, y = near.beside(int(rng.integers(len(near.xy))), 22.0)
        spots.append((name, area, x, y, 17.0))
    found = []
    for name, area, x, y, half_m in spots:
        ground = rotate(
            shapely.box(x - half_m, y - 0.7 * half_m, x + half_m, y + 0.7 * half_m), rng.uniform(0, 90)
        )
        parts = shapely.get_parts(ground.buffer(3).intersection(town.border).difference(keep_off))
        found.append(Park(name, area, max(parts, key=lambda part: part.area)))
    return tuple(found)


def radio_spots(town: Town) -> list[tuple[float, float]]:
    """Masts a few metres off the streets, spread over where people live."""
    rng = stream(town.seed, "radio")
    side = town.lived_in
    return [side.beside(k, 4.5) for k in spread(side.xy, RADIOS, int(rng.integers(len(side.xy))))]


def light_spots(town: Town) -> list[tuple[float, float, str, int]]:
    """x, y, sort of lamp and the year it was put up; every ninth spot along the streets."""
    rng = stream(town.seed, "lights")
    side = town.lived_in
    chosen = np.sort(rng.permutation(len(side.xy))[:LIGHTS])
    found = []
    for k in chosen.tolist():
        led = rng.random() < 0.8
        year = int(rng.integers(2014, 2026)) if led else int(rng.integers(1998, 2014))
        found.append((*side.beside(k, 2.4), "LED" if led else pick(rng, ("蛍光灯", "ナトリウム灯")), year))
    return found


def school_districts(town: Town) -> list[tuple[str, str, shapely.Geometry]]:
    """School, sort of school, and the areas whose children go there, joined."""
    return [
        (school, level, shapely.coverage_union_all([a.shape for a in town.areas if a.district in districts]))
        for school, level, districts in DISTRICTS
    ]


def drains(town: Town) -> tuple[Drain, ...]:
    """Foul water under the streets of the middle, rain water under some of them too, wider."""
    rng = stream(town.seed, "drains")
    found = []
    for section in town.sections:
        if section.settlement != 0 or section.manager == "私道":
            continue
        year = int(rng.integers(1988, 2020))
        foul = shifted(section.line, np.full(len(section.line.coords), -1.2))
        found.append(Drain(foul, "汚水", pick(rng, (150, 200, 250), (3, 4, 2)), "硬質塩化ビニル管", year))
        if rng.random() < 0.35:
            rain = shifted(section.line, np.full(len(section.line.coords), -2.0))
            found.append(Drain(rain, "雨水", pick(rng, (300, 450, 600, 800)), "ヒューム管", year - 3))
    return tuple(found)


def manhole_spots(pipes: tuple[Drain, ...]) -> list[tuple[float, float, Drain]]:
    """A cover at the upper end of every pipe, and every MANHOLE_STEP_M metres along a long one."""
    found = []
    for pipe in pipes:
        count = max(1, int(pipe.line.length // MANHOLE_STEP_M))
        at = np.arange(count) * pipe.line.length / count
        points = shapely.get_coordinates(shapely.line_interpolate_point(pipe.line, at))
        found += [(float(x), float(y), pipe) for x, y in points]
    return found


def trunk_routes(town: Town) -> list[tuple[str, str, str, shapely.Geometry]]:
    """Name, rank, who keeps it and the line of the roads that are kept open for help: main roads, joined."""
    ranks = {"国道": "第一次緊急輸送道路", "県道": "第二次緊急輸送道路"}
    named = dict.fromkeys((s.name, s.manager, s.body) for s in town.sections if s.manager in ranks)
    routes = []
    for name, manager, body in named:
        lines = [s.line for s in town.sections if (s.name, s.manager) == (name, manager)]
        for part in shapely.get_parts(shapely.line_merge(shapely.union_all(lines))):
            routes.append((name, ranks[manager], body, part))
    return routes


def underpass_spots(town: Town) -> list[tuple[float, float, str, str]]:
    """x, y, road and keeper of three dips of town roads in low land, near where they meet the national road."""
    low = shapely.union_all([flood.area for flood in town.floods])
    trunk = shapely.union_all([s.line for s in town.sections if s.manager == "国道"])
    found: list[tuple[float, float, str, str]] = []
    for section in town.sections:
        if section.manager != "町道" or section.line.length < 60 or not section.line.touches(trunk):
            continue
        x, y = shapely.get_coordinates(section.line.interpolate(0.5, normalized=True))[0].tolist()
        apart = all(np.hypot(x - a, y - b) > 600 for a, b, *_ in found)
        if apart and shapely.contains_xy(low, x, y):
            found.append((x, y, section.name, section.body))
    return found[:3]
