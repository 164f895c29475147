"""岐阜県の土砂災害警戒区域 GeoJSON: one file holds the warning zones, another the special ones."""

from __future__ import annotations

from datetime import date

import geopandas as gpd

from layers.canonical import numbered
from layers.errors import Fault
from layers.kinds import Kind
from layers.readers.assemble import assembled, mapping_of
from layers.readers.cells import cell_text
from layers.readers.table import Table, Verdict

NAME = "gifu_landslide"
_HEADERS = ("渓流番号", "渓流名", "現象種類", "告示番号")


def recognise(sample: Table, kind: Kind) -> Verdict | None:
    return Verdict(90, "landslide_zone", ", ".join(_HEADERS)) if sample.has(*_HEADERS) else None


def read(sample: Table, kind: Kind) -> tuple[gpd.GeoDataFrame, date | None, tuple[Fault, ...]]:
    """The zones; one stream has several shapes, told apart by 図形番号."""
    parts = ([cell_text(row.get(name)) for name in ("渓流番号", "図形番号")] for row in sample.rows)
    ids = numbered("-".join(part for part in pair if part) for pair in parts)
    frame, faults = assembled(sample, kind, mapping_of(sample, kind), ids=ids, fixed=_zone(sample, kind))
    return frame, None, faults


def _zone(sample: Table, kind: Kind) -> dict[str, object]:
    """Which of the two files this is: said by its name only, and left unknown when that says nothing."""
    if "zone" in mapping_of(sample, kind):
        return {}
    said = f"{sample.name} {sample.file_name}".casefold()
    if "tokubetsu" in said or "特別" in said:
        return {"zone": "特別警戒区域"}
    return {"zone": "警戒区域" if "keikai" in said or "警戒" in said else None}
