"""Depth zones as towns publish them themselves: areas with a depth class in words, such as 内水浸水想定区域."""

from __future__ import annotations

from datetime import date

import geopandas as gpd

from layers.errors import Fault
from layers.kinds import Kind
from layers.readers.assemble import assembled, mapping_of
from layers.readers.depths import depths, is_depth
from layers.readers.evidence import GLANCE, texts
from layers.readers.table import Table, Verdict

NAME = "flood_inland"
_DEPTH = ("最大浸水深", "浸水深", "浸水深区分", "想定浸水深", "浸水ランク", "浸水深ランク")
_MAPS = {"inland_flood_zone": ("内水", "雨水"), "storm_surge_zone": ("高潮",), "tsunami_zone": ("津波",),
         "flood_zone": ("洪水", "想定最大", "計画規模")}  # fmt: skip


def recognise(sample: Table, kind: Kind) -> Verdict | None:
    """By a column of depths in words on areas; which map it is, only the file's own name or the person says."""
    header = _header(sample)
    if header is None:
        return None
    said = f"{sample.name} {sample.file_name}"
    named = next((kind_id for kind_id, words in _MAPS.items() if any(word in said for word in words)), None)
    if kind.id in _MAPS and named in (None, kind.id):
        return Verdict(
            80 if named else 40, kind.id, ", ".join(part for part in (header, sample.name) if part)
        )
    return Verdict(80 if named else 40, named or "inland_flood_zone", header)


def read(sample: Table, kind: Kind) -> tuple[gpd.GeoDataFrame, date | None, tuple[Fault, ...]]:
    header = _header(sample) or _DEPTH[0]
    worked, unread = depths(sample, header, kind)
    mapping = {name: column for name, column in mapping_of(sample, kind).items() if name not in worked}
    mapping = {name: column for name, column in mapping.items() if column != header}
    frame, faults = assembled(sample, kind, mapping, worked=worked)
    return frame, None, (*faults, *unread)


def _header(sample: Table) -> str | None:
    header = sample.column(*_DEPTH)
    said = texts(sample, header)
    areas = all(place is None or place.geom_type.endswith("Polygon") for place in sample.places[:GLANCE])
    return header if said and areas and sum(map(is_depth, said)) * 2 > len(said) else None
