"""The town's layers as tables: one row for each thing, with the columns of its kind and lon, lat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from gisapp.sample.chance import pick, stream
from gisapp.sample.fixtures import CALENDARS, ZONES, hydrant_spots
from gisapp.sample.places import Facility
from gisapp.sample.plane import lon_lat
from gisapp.sample.spots import area_of
from gisapp.sample.town import Town
from gisapp.sample.wet import pools

PREFECTURE, COUNTY, NAME, CODE = "岐阜県", "見本郡", "見本町", "219991"
CULTURE = (
    ("見本神社本殿", "町指定", "有形文化財（建造物）"),
    ("寺沢の大杉", "県指定", "天然記念物"),
    ("見本宿跡", "町指定", "史跡"),
    ("渡場の常夜灯", "町指定", "有形民俗文化財"),
    ("小見本の獅子舞", "町指定", "無形民俗文化財"),
    ("木造仏坐像", "県指定", "有形文化財（彫刻）"),
    ("下見本古墳", "町指定", "史跡"),
    ("旧見本家住宅主屋", "国登録", "有形文化財（建造物）"),
)


def sheet(
    prefix: str, rows: Sequence[dict[str, Any]], shapes: Sequence[shapely.Geometry]
) -> gpd.GeoDataFrame:
    """Rows with feature_id first and their geometry in EPSG:4326."""
    numbered = [{"feature_id": f"{prefix}-{n:04d}", **row} for n, row in enumerate(rows, 1)]
    return gpd.GeoDataFrame(numbered, geometry=lon_lat(list(shapes)), crs=4326)


def boundary(town: Town) -> gpd.GeoDataFrame:
    return sheet("boundary", [{"name": NAME, "code": CODE, "prefecture": PREFECTURE}], [town.border])


def associations(town: Town) -> gpd.GeoDataFrame:
    rows = [{"name": area.name, "households": area.households} for area in town.areas]
    return sheet("association", rows, [area.shape for area in town.areas])


def roads(town: Town) -> gpd.GeoDataFrame:
    rows = [
        {"name": s.name, "manager": s.manager, "manager_body": s.body, "width_m": s.width_m}
        for s in town.sections
    ]
    return sheet("road", rows, [s.line for s in town.sections])


def rivers(town: Town) -> gpd.GeoDataFrame:
    return sheet(
        "river", [{"name": r.name, "manager": r.manager} for r in town.rivers], [r.bed for r in town.rivers]
    )


def garbage_stations(town: Town) -> gpd.GeoDataFrame:
    rows = []
    for station in town.stations:
        letter, burnable, non_burnable, recyclable = CALENDARS[station.area.district]
        rows.append(
            {
                "name": station.name,
                "district": station.area.district,
                "association": station.area.name,
                "burnable": burnable,
                "non_burnable": non_burnable,
                "recyclable": recyclable,
                "calendar": f"{letter}地区",
                "households": station.households,
            }
        )
    return sheet("garbage", rows, [shapely.Point(s.x, s.y) for s in town.stations])


def evacuation_sites(town: Town) -> gpd.GeoDataFrame:
    """Flags follow from the zones a site lies in; sea and volcanoes are far, so never designated."""
    rows, chosen = [], _marked(town, "避")
    running_over = shapely.union_all([pool.area for pool in pools(town)])
    for site in chosen:
        dry, open_ground = site.depth_rank == 0, "広" in site.marks
        rows.append(
            {
                "name": site.name,
                "address": site.address,
                "common_id": site.common_id(2),
                "hazard_flood": dry,
                "hazard_landslide": not site.slide,
                "hazard_storm_surge": False,
                "hazard_earthquake": "古" not in site.marks and not site.slide,
                "hazard_tsunami": False,
                "hazard_fire": open_ground,
                "hazard_inland_flood": site.depth_rank <= 1
                and not shapely.contains_xy(running_over, site.x, site.y),
                "hazard_volcano": False,
                "also_shelter": "宿" in site.marks,
                "note": _site_note(site),
            }
        )
    return sheet("evacuation", rows, _points(chosen))


def _site_note(site: Facility) -> str:
    notes = ["洪水のときは開設しません"] if site.depth_rank else []
    notes += ["土砂災害のおそれがあるときは開設しません"] if site.slide else []
    notes += ["耐震改修の前です"] if "古" in site.marks else []
    return "。".join(notes)


def shelters(town: Town) -> gpd.GeoDataFrame:
    rng, rows, chosen = stream(town.seed, "shelters"), [], _marked(town, "宿")
    for site in chosen:
        welfare = "避" not in site.marks
        room = int(rng.integers(8, 16)) * (40 if "広" in site.marks else 10)
        rows.append(
            {
                "name": site.name,
                "address": site.address,
                "common_id": site.common_id(1),
                "accepts": "高齢の方、障がいのある方、乳幼児とその家族" if welfare else "",
                "also_evacuation_site": not welfare,
                "capacity": room,
                "note": "福祉避難所" if welfare else "",
            }
        )
    return sheet("shelter", rows, _points(chosen))


def _marked(town: Town, mark: str) -> list[Facility]:
    return [facility for facility in town.facilities if mark in facility.marks]


def _points(facilities: Sequence[Facility]) -> list[shapely.Point]:
    return [shapely.Point(f.x, f.y) for f in facilities]


def hydrants(town: Town) -> gpd.GeoDataFrame:
    rows: list[dict[str, Any]] = []
    shapes = []
    for x, y, kind, diameter_mm in hydrant_spots(town.seed, town.lived_in):
        area = area_of(town.areas, x, y).name
        rows.append(
            {
                "name": f"{kind}{len(rows) + 1:02d}",
                "hydrant_type": kind,
                "diameter_mm": np.nan if diameter_mm is None else float(diameter_mm),
                "address": f"{NAME}大字{area}",
            }
        )
        shapes.append(shapely.Point(x, y))
    return sheet("hydrant", rows, shapes)


def aeds(town: Town) -> gpd.GeoDataFrame:
    rng, rows, chosen = stream(town.seed, "aed"), [], _marked(town, "A")
    for site in chosen:
        always = site.name == "見本消防署" or rng.random() < 0.25
        where = pick(rng, ("1階 玄関ホール", "1階 事務室前", "玄関の外（収納箱）", "体育館入口"))
        rows.append(
            {
                "name": site.name,
                "location_in_building": where,
                "address": site.address,
                "hours": "24時間" if always else "平日 8時30分〜17時15分",
                "child_pads": bool(rng.random() < 0.7),
            }
        )
    return sheet("aed", rows, _points(chosen))


def cultural_properties(town: Town) -> gpd.GeoDataFrame:
    rng = stream(town.seed, "culture")
    water = shapely.union_all([river.bed for river in town.rivers])
    rows: list[dict[str, Any]] = []
    shapes = []
    for number, (name, designation, category) in enumerate(CULTURE):
        home = next(
            (a for a in town.areas if name.startswith(a.name)), town.areas[(3 * number) % len(town.areas)]
        )
        here = town.lived_in.within(home.shape.buffer(-6))
        spots = shapely.points([here.beside(k, 32.0) for k in rng.permutation(len(here.xy)).tolist()])
        good = shapely.contains(home.shape, spots) & ~shapely.intersects(water, spots)
        rows.append(
            {
                "name": name,
                "designation": designation,
                "category": category,
                "address": f"{NAME}大字{home.name}",
            }
        )
        shapes.append(spots[int(np.argmax(good))])
    return sheet("culture", rows, shapes)


def zonings(town: Town) -> gpd.GeoDataFrame:
    rows = [
        {"zone_name": z, "coverage_pct": ZONES[z][0], "floor_area_pct": ZONES[z][1]} for z, _ in town.zoning
    ]
    return sheet("zoning", rows, [shape for _, shape in town.zoning])


def water_pipes(town: Town) -> gpd.GeoDataFrame:
    rows = [
        {"diameter_mm": p.diameter_mm, "material": p.material, "installed_year": p.installed_year}
        for p in town.pipes
    ]
    return sheet("pipe", rows, [p.line for p in town.pipes])


def public_facilities(town: Town) -> gpd.GeoDataFrame:
    rows = [{"name": f.name, "address": f.address, "phone": f.phone} for f in town.facilities]
    return sheet("facility", rows, _points(town.facilities))
