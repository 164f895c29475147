"""The town's hazard zones as tables."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import geopandas as gpd

from gisapp.sample.sheets import sheet
from gisapp.sample.town import Town
from gisapp.sample.water import Flood
from gisapp.sample.wet import STORMS, collapses, durations, history, pools

LARGEST, PLANNED = "想定最大規模", "計画規模"


def flood_zones(town: Town) -> gpd.GeoDataFrame:
    return _depths("flood", town.floods, LARGEST)


def planned_floods(town: Town) -> gpd.GeoDataFrame:
    return _depths("planned", town.planned, PLANNED)


def _depths(prefix: str, floods: Iterable[Flood], scenario: str) -> gpd.GeoDataFrame:
    floods = list(floods)
    rows = [{"depth_rank": f.rank, "scenario": scenario, "river_name": f.river} for f in floods]
    return sheet(prefix, rows, [f.area for f in floods])


def flood_durations(town: Town) -> gpd.GeoDataFrame:
    found = durations(town)
    rows = [{"duration_rank": d.rank, "scenario": LARGEST, "river_name": d.river} for d in found]
    return sheet("duration", rows, [d.area for d in found])


def flood_collapses(town: Town) -> gpd.GeoDataFrame:
    found = collapses(town)
    rows = [{"collapse": c.cause, "scenario": LARGEST, "river_name": c.river} for c in found]
    return sheet("collapse", rows, [c.area for c in found])


def inland_floods(town: Town) -> gpd.GeoDataFrame:
    found = pools(town)
    rows = [
        {
            "depth_lower_m": p.lower_m,
            "depth_upper_m": p.upper_m,
            "scenario": "1時間に80mmの雨",
            "name": p.place.name,
        }
        for p in found
    ]
    return sheet("inland", rows, [p.area for p in found])


def flood_history(town: Town) -> gpd.GeoDataFrame:
    found = history(town)
    rows = []
    for wetted in found:
        years, (month, day), cause = STORMS[wetted.storm]
        rows.append(
            {
                "name": wetted.place.name,
                "occurred_on": date(town.start.year - years, month, day).isoformat(),
                "cause": cause,
                "damage": wetted.damage,
                "depth_m": wetted.depth_m,
            }
        )
    return sheet("history", rows, [wetted.area for wetted in found])


def landslide_zones(town: Town) -> gpd.GeoDataFrame:
    rows = [
        {
            "zone": z.zone,
            "phenomenon": z.phenomenon,
            "name": z.name,
            "notice_no": z.notice_no,
            "notice_date": z.notice_date,
            "address": z.place,
        }
        for z in town.slopes
    ]
    return sheet("landslide", rows, [z.area for z in town.slopes])
