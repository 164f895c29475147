"""Any CSV or GeoJSON with columns named as a kind names them: in English, Japanese, or as published."""

from __future__ import annotations

from datetime import date

import geopandas as gpd

from layers.errors import Fault
from layers.kinds import Kind
from layers.readers.assemble import assembled, mapping_of
from layers.readers.table import Table, Verdict

NAME = "general"


def recognise(sample: Table, kind: Kind) -> Verdict | None:
    found = mapping_of(sample, kind)
    return Verdict(10, kind.id, ", ".join(found.values())) if found else None


def read(sample: Table, kind: Kind) -> tuple[gpd.GeoDataFrame, date | None, tuple[Fault, ...]]:
    frame, faults = assembled(sample, kind, mapping_of(sample, kind))
    return frame, None, faults
