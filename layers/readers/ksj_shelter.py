"""国土数値情報 P20 避難施設 (2012): older than the law on designated sites, so they are places and no designation."""

from __future__ import annotations

from datetime import date

import geopandas as gpd

from layers.errors import Fault, Grade
from layers.kinds import Kind
from layers.readers.assemble import assembled
from layers.readers.table import Table, Verdict

NAME = "ksj_shelter"
_HEADERS = ("P20_002", "P20_003", "P20_004")
_COLUMNS = {"name": "P20_002", "address": "P20_003", "description": "P20_004", "note": "備考"}
_HOME = "public_facility"


def recognise(sample: Table, kind: Kind) -> Verdict | None:
    """Never as evacuation sites or shelters: 災害対策基本法 第49条の4 and 第49条の7 came in 2013."""
    if not sample.has(*_HEADERS):
        return None
    if kind.any_columns:
        return Verdict(65, kind.id, ", ".join(_HEADERS))
    return Verdict(90, _HOME, ", ".join(_HEADERS))


def read(sample: Table, kind: Kind) -> tuple[gpd.GeoDataFrame, date | None, tuple[Fault, ...]]:
    known = {column.name for column in kind.columns}
    mapping = {
        name: header
        for name, wanted in _COLUMNS.items()
        if name in known and (header := sample.column(wanted))
    }
    frame, faults = assembled(sample, kind, mapping)
    stale = Fault("designation_stale", Grade.NOTE, None, None, "P20 (2012)", "2013")
    return frame, None, (stale, *faults)
