"""The made-up town 見本町: roads, river, hazards and reports, the same for the same seed.

Nothing in it is real. Layers carry the columns of their kinds and the ids of the shipped catalogue. Coordinates are
EPSG:4326 (lon, lat), computed in the plane rectangular zone VII (EPSG:6675).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import shapely

from gisapp.sample import hazard_sheets, living_sheets, sheets
from gisapp.sample.careers import Step
from gisapp.sample.photos import PhotoPlan
from gisapp.sample.plane import ZONE, lon_lat
from gisapp.sample.residents import SampleReport, fiscal_start, write_reports
from gisapp.sample.town import SampleError, Town, found_town
from layers.kinds import kind_of

__all__ = ["TODAY", "PhotoPlan", "Sample", "SampleError", "SampleLayer", "SampleReport", "Step", "build"]

TODAY = date(2026, 11, 20)
ATTRIBUTION = "見本町（架空の町のデータです）"

# layer id, how its table is made, the month and day of its state; the kind has the layer's name, or is named
_SHEETS: tuple[tuple[str, Callable[[Town], gpd.GeoDataFrame], tuple[int, int], str], ...] = (
    ("boundary", sheets.boundary, (4, 1), ""),
    ("neighbourhood_association", sheets.associations, (4, 1), ""),
    ("road_section", sheets.roads, (4, 1), ""),
    ("river", sheets.rivers, (4, 1), ""),
    ("flood_zone", hazard_sheets.flood_zones, (5, 30), ""),
    ("flood_zone_planned", hazard_sheets.planned_floods, (5, 30), "flood_zone"),
    ("flood_duration", hazard_sheets.flood_durations, (5, 30), "flood_zone"),
    ("flood_collapse", hazard_sheets.flood_collapses, (5, 30), "flood_zone"),
    ("inland_flood_zone", hazard_sheets.inland_floods, (3, 31), ""),
    ("flood_history", hazard_sheets.flood_history, (3, 31), ""),
    ("landslide_zone", hazard_sheets.landslide_zones, (3, 31), ""),
    ("garbage_station", sheets.garbage_stations, (4, 1), ""),
    ("recycling_point", living_sheets.recycling_points, (4, 1), ""),
    ("evacuation_site", sheets.evacuation_sites, (6, 1), ""),
    ("shelter", sheets.shelters, (6, 1), ""),
    ("welfare_shelter", living_sheets.welfare_shelters, (6, 1), ""),
    ("vulnerable_facility", living_sheets.vulnerable_facilities, (4, 1), ""),
    ("hydrant", sheets.hydrants, (4, 1), ""),
    ("aed", sheets.aeds, (9, 9), ""),
    ("disaster_radio_station", living_sheets.radio_stations, (4, 1), ""),
    ("emergency_route", living_sheets.emergency_routes, (4, 1), ""),
    ("underpass", living_sheets.underpasses, (4, 1), ""),
    ("cultural_property", sheets.cultural_properties, (3, 31), ""),
    ("school_district", living_sheets.school_areas, (4, 1), ""),
    ("zoning", sheets.zonings, (4, 1), ""),
    ("parcel", living_sheets.land_parcels, (1, 1), ""),
    ("water_pipe", sheets.water_pipes, (3, 31), ""),
    ("sewer_pipe", living_sheets.sewer_pipes, (3, 31), ""),
    ("manhole", living_sheets.manholes, (3, 31), ""),
    ("public_facility", sheets.public_facilities, (4, 1), ""),
    ("park", living_sheets.park_grounds, (4, 1), ""),
    ("public_toilet", living_sheets.public_toilets, (4, 1), ""),
    ("street_light", living_sheets.street_lights, (3, 31), ""),
)


@dataclass(frozen=True)
class SampleLayer:
    """One layer: its id and kind, its rows (EPSG:4326), the day they describe, and who to name."""

    id: str
    kind: str
    frame: gpd.GeoDataFrame
    as_of: date
    attribution: str


@dataclass(frozen=True)
class Sample:
    """The whole town: who it is, its layers, and what residents reported."""

    profile: dict[str, Any]
    layers: tuple[SampleLayer, ...]
    reports: tuple[SampleReport, ...]


def build(seed: int = 8, today: date = TODAY) -> Sample:
    """The town as it stood when `today` began in Japan: the same seed and day give the same town.

    Raises SampleError for the rare seed whose land leaves an association without a road.
    """
    town = found_town(seed, fiscal_start(today))
    layers = tuple(
        SampleLayer(id, kind or id, _whole(make(town), kind or id), _latest(today, day), ATTRIBUTION)
        for id, make, day, kind in _SHEETS
    )
    return Sample(_profile(town), layers, write_reports(town, today))


def _whole(frame: gpd.GeoDataFrame, kind_id: str) -> gpd.GeoDataFrame:
    """The frame with every column of its kind; what the made-up town does not say is unknown."""
    absent = [column.name for column in kind_of(kind_id).columns if column.name not in frame.columns]
    return frame.assign(**dict.fromkeys(absent))


def _latest(today: date, month_day: tuple[int, int]) -> date:
    this_year = date(today.year, *month_day)
    return this_year if this_year <= today else date(today.year - 1, *month_day)


def _profile(town: Town) -> dict[str, Any]:
    """The town's description; every telephone number is one that cannot be rung."""
    bounds = [float(edge) for edge in shapely.total_bounds(lon_lat([town.border]))]
    hall = next(facility for facility in town.facilities if facility.name == "見本町役場")
    lon, lat = shapely.get_coordinates(lon_lat([shapely.Point(hall.x, hall.y)]))[0].tolist()
    phones = {
        "road_damage": "0000-00-0001",
        "river_channel": "0000-00-0002",
        "water_leak": "0000-00-0003",
        "street_light": "0000-00-0004",
        "default": "0000-00-0000",
    }
    labels = {
        "road_damage": "建設課（道路）",
        "river_channel": "建設課（河川）",
        "water_leak": "水道課",
        "street_light": "総務課（防犯灯）",
        "default": "見本町役場（夜間・休日は当直）",
    }
    return {
        "name": sheets.NAME,
        "name_kana": "ミホンチョウ",
        "code": sheets.CODE,
        "prefecture": sheets.PREFECTURE,
        "county": sheets.COUNTY,
        "sample": True,
        "zone": ZONE,
        "center": [round((bounds[0] + bounds[2]) / 2, 7), round((bounds[1] + bounds[3]) / 2, 7)],
        "bounds": bounds,
        "emergency_phone": phones,
        "phones": [
            {
                "label": labels[key],
                "number": number,
                "hours": "24時間" if key == "default" else "平日 8時30分〜17時15分",
            }
            for key, number in phones.items()
        ],
        "town_hall": {
            "name": hall.name,
            "address": hall.address,
            "phone": hall.phone,
            "lon": lon,
            "lat": lat,
        },
    }
