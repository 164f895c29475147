"""ごみステーション一覧: a town's list of collection points, with the headers towns use for it."""

from __future__ import annotations

from datetime import date

import geopandas as gpd

from layers.errors import Fault
from layers.kinds import KINDS, Kind
from layers.readers.area_days import AREA
from layers.readers.assemble import assembled, mapping_of
from layers.readers.table import Table, Verdict

NAME = "garbage_csv"
# No national format exists: what gives such a list away is what is collected, and when.
_TELLING = ("burnable", "non_burnable", "recyclable", "calendar")


def recognise(sample: Table, kind: Kind) -> Verdict | None:
    found = mapping_of(sample, KINDS["garbage_station"])
    seen = [found[name] for name in _TELLING if name in found]
    return (
        Verdict(70, "garbage_station", ", ".join(seen)) if len(seen) >= 2 and not sample.has(AREA) else None
    )


def read(sample: Table, kind: Kind) -> tuple[gpd.GeoDataFrame, date | None, tuple[Fault, ...]]:
    frame, faults = assembled(sample, kind, mapping_of(sample, kind))
    return frame, None, faults
