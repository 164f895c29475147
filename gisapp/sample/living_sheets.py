"""What helps people from day to day and in a disaster, as tables."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import shapely

from gisapp.sample.amenities import (
    RECYCLERS,
    TOILETS,
    care_homes,
    drains,
    facility,
    light_spots,
    manhole_spots,
    parks,
    radio_spots,
    school_districts,
    trunk_routes,
    underpass_spots,
)
from gisapp.sample.chance import pick, stream
from gisapp.sample.parcels import parcels
from gisapp.sample.places import Facility
from gisapp.sample.sheets import NAME, PREFECTURE, sheet
from gisapp.sample.spots import area_of
from gisapp.sample.town import Town

PHONE = "0000-00-{:04d}"  # numbers that cannot be rung
WELFARE = ("保健福祉センター", "見本こども園")


def welfare_shelters(town: Town) -> gpd.GeoDataFrame:
    """The shelters for people who need care: two of the town's buildings and the largest care home."""
    homes = _named(town, WELFARE)
    rows: list[dict[str, Any]] = [
        {
            "name": one.name,
            "address": one.address,
            "common_id": one.common_id(1),
            "accepts": "高齢の方、障がいのある方、乳幼児とその家族",
            "capacity": 80,
            "phone": one.phone,
        }
        for one in homes
    ]
    largest = max((c for c in care_homes(town) if "高齢" in c.plan_class), key=lambda c: c.capacity)
    rows.append(
        {
            "name": largest.name,
            "address": f"{PREFECTURE}見本郡{NAME}大字{largest.area.name}",
            "accepts": "介護が必要な高齢の方とその家族",
            "capacity": largest.capacity // 2,
            "phone": PHONE.format(5000),
            "note": "町との協定による福祉避難所です",
        }
    )
    spots = [(one.x, one.y) for one in homes] + [(largest.x, largest.y)]
    return sheet("welfare", rows, [shapely.Point(at) for at in spots])


def vulnerable_facilities(town: Town) -> gpd.GeoDataFrame:
    homes = care_homes(town)
    danger = shapely.union_all([*(f.area for f in town.floods), *(z.area for z in town.slopes)])
    rows = [
        {
            "name": home.name,
            "category": home.category,
            "plan_class": home.plan_class,
            "plan_required": bool(shapely.contains_xy(danger, home.x, home.y)),
            "capacity": home.capacity,
            "department": "教育委員会" if home.plan_class == "学校" else "健康福祉課",
            "address": f"{PREFECTURE}見本郡{NAME}大字{home.area.name}",
            "phone": PHONE.format(5001 + number),
        }
        for number, home in enumerate(homes)
    ]
    return sheet("vulnerable", rows, [shapely.Point(home.x, home.y) for home in homes])


def recycling_points(town: Town) -> gpd.GeoDataFrame:
    places = _named(town, RECYCLERS)
    rows = [
        {
            "name": f"{one.name} 資源回収拠点",
            "items": "紙、びん、かん、ペットボトル、小型家電"
            if one.name == "クリーンセンター"
            else "紙、びん、かん、ペットボトル",
            "days": "月火水木金土" if one.name == "クリーンセンター" else "月火水木金",
            "opens": "08:30",
            "closes": "17:00",
            "address": one.address,
            "phone": one.phone,
        }
        for one in places
    ]
    return sheet("recycling", rows, [shapely.Point(one.x + 6.0, one.y) for one in places])


def public_toilets(town: Town) -> gpd.GeoDataFrame:
    rng = stream(town.seed, "toilets")
    places = _named(town, TOILETS)
    rows = []
    for one in places:
        open_ground = one.is_park()
        rows.append(
            {
                "name": f"{one.name} トイレ",
                "location": "園内" if open_ground else "1階",
                "address": one.address,
                "men": int(rng.integers(1, 4)),
                "women": int(rng.integers(1, 4)),
                "shared": int(rng.integers(0, 2)),
                "accessible": 1 if rng.random() < 0.7 else 0,
                "wheelchair": None,
                "baby": bool(rng.random() < 0.5),
                "ostomate": bool(rng.random() < 0.3),
                "opens": "00:00" if open_ground else "08:30",
                "closes": "24:00" if open_ground else "17:15",
            }
        )
        rows[-1]["wheelchair"] = rows[-1]["accessible"] == 1
    return sheet("toilet", rows, [shapely.Point(one.x - 7.0, one.y) for one in places])


def park_grounds(town: Town) -> gpd.GeoDataFrame:
    rng = stream(town.seed, "park rows")
    found = parks(town)
    rows = []
    for park in found:
        large = park.shape.area > 4000
        rows.append(
            {
                "name": park.name,
                "park_type": "近隣公園" if large else "街区公園",
                "address": f"{NAME}大字{park.area.name}",
                "area_m2": float(round(park.shape.area)),
                "opened_year": int(rng.integers(1972, 2016)),
                "equipment": pick(
                    rng, ("すべり台、ぶらんこ", "すべり台、鉄棒、砂場", "ぶらんこ、鉄棒", "なし")
                ),
                "parking": "あり" if large else "なし",
                "toilet": "あり" if park.name in TOILETS else "なし",
            }
        )
    return sheet("park", rows, [park.shape for park in found])


def street_lights(town: Town) -> gpd.GeoDataFrame:
    rows: list[dict[str, Any]] = []
    shapes = []
    for x, y, lamp, year in light_spots(town):
        area = area_of(town.areas, x, y)
        rows.append(
            {
                "name": f"{area.name}-{len(rows) + 1:03d}",
                "lamp": lamp,
                "manager": "見本町 総務課",
                "association": area.name,
                "installed_year": year,
            }
        )
        shapes.append(shapely.Point(x, y))
    return sheet("light", rows, shapes)


def radio_stations(town: Town) -> gpd.GeoDataFrame:
    rows: list[dict[str, Any]] = []
    shapes = []
    for x, y in radio_spots(town):
        area = area_of(town.areas, x, y)
        rows.append(
            {
                "name": f"{area.name}子局{len(rows) + 1}",
                "address": f"{NAME}大字{area.name}",
                "speakers": 2 + len(rows) % 3,
            }
        )
        shapes.append(shapely.Point(x, y))
    return sheet("radio", rows, shapes)


def emergency_routes(town: Town) -> gpd.GeoDataFrame:
    found = trunk_routes(town)
    rows = [{"name": name, "rank": rank, "manager_body": body} for name, rank, body, _ in found]
    return sheet("route", rows, [line for *_, line in found])


def underpasses(town: Town) -> gpd.GeoDataFrame:
    found = underpass_spots(town)
    rows = [
        {
            "name": f"{area_of(town.areas, x, y).name}アンダーパス",
            "road_name": name,
            "manager_body": body,
            "clearance_m": 3.8,
            "flooding": "大雨のとき水がたまります",
            "closing": "水の深さ20cmで通行止め",
        }
        for x, y, name, body in found
    ]
    return sheet("underpass", rows, [shapely.Point(x, y) for x, y, *_ in found])


def school_areas(town: Town) -> gpd.GeoDataFrame:
    found = school_districts(town)
    schools = {one.name: one for one in town.facilities}
    rows = [
        {"name": name, "level": level, "address": schools[name].address, "phone": schools[name].phone}
        for name, level, _ in found
    ]
    return sheet("school", rows, [shape for *_, shape in found])


def land_parcels(town: Town) -> gpd.GeoDataFrame:
    found = parcels(town)
    rows = [
        {
            "oaza": one.oaza,
            "chiban": one.lot,
            "land_category": one.category,
            "area_m2": round(one.shape.area, 2),
        }
        for one in found
    ]
    return sheet("parcel", rows, [one.shape for one in found])


def sewer_pipes(town: Town) -> gpd.GeoDataFrame:
    found = drains(town)
    rows = [
        {
            "drain_type": d.drain_type,
            "diameter_mm": float(d.diameter_mm),
            "material": d.material,
            "installed_year": d.installed_year,
        }
        for d in found
    ]
    return sheet("sewer", rows, [d.line for d in found])


def manholes(town: Town) -> gpd.GeoDataFrame:
    rng = stream(town.seed, "manholes")
    rows: list[dict[str, Any]] = []
    shapes = []
    for x, y, drain in manhole_spots(drains(town)):
        rows.append(
            {
                "name": f"{'F' if drain.drain_type == '汚水' else 'R'}{len(rows) + 1:04d}",
                "drain_type": drain.drain_type,
                "cover": pick(rng, ("鋳鉄製（標準）", "鋳鉄製（町の花の図柄）"), (5, 1)),
                "depth_m": round(float(rng.uniform(1.2, 3.4)), 2),
                "installed_year": drain.installed_year,
            }
        )
        shapes.append(shapely.Point(x, y))
    return sheet("manhole", rows, shapes)


def _named(town: Town, names: tuple[str, ...]) -> list[Facility]:
    return [one for name in names if (one := facility(town, name))]
