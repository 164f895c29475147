"""5374 area_days.csv: on which days which waste is collected, by the name of an area.

Such a table has no places. Its rows take the outline of the area of that name from the town's own layers
(自治会・町内会, 通学区域 …; see addresses.py), and become a layer of areas that shows the days. Without such a layer the
file is refused with the names it wants.
"""

from __future__ import annotations

import re
from datetime import date

import geopandas as gpd

from layers.errors import Fault, UnreadableFile
from layers.kinds import Kind
from layers.readers.assemble import assembled
from layers.readers.cells import cell_text
from layers.readers.evidence import GLANCE, texts
from layers.readers.table import Table, Verdict, header_key, refusal

NAME = "area_days"
AREA = "地名"
_CENTRE = header_key("センター")
_DAYS = re.compile(r"(?:[月火水木金土日][1-5]?(?:\s*[*＊]\d+)?[\s、,]*)+")


def recognise(sample: Table, kind: Kind) -> Verdict | None:
    """By 地名 and, behind it, columns whose cells are days of the week: 月 木, 水2, 火1 火3."""
    days = day_columns(sample)
    if not days or not sample.has(AREA):
        return None
    nowhere = all(place is None for place in sample.places[:GLANCE])
    # without places it is nothing yet: whatever it was said to be, reading says what to do about that
    return Verdict(85, kind.id if nowhere else "general", ", ".join((AREA, *days)))


def read(sample: Table, kind: Kind) -> tuple[gpd.GeoDataFrame, date | None, tuple[Fault, ...]]:
    """The areas with their days. Raises UnreadableFile while no row has a place."""
    names = [cell_text(name) for name in sample.values(AREA)]
    if all(place is None for place in sample.places):
        wanted = ", ".join(dict.fromkeys(name for name in names if name))
        raise UnreadableFile([refusal("area_days_without_areas", wanted, AREA)])
    frame, faults = assembled(sample, kind, {}, ids=names, worked={"name": names})
    return frame, None, faults


def day_columns(sample: Table) -> list[str]:
    """The kinds of waste of the table, as its headers call them."""
    others = [column for column in sample.columns if column != sample.column(AREA)]
    return [
        column
        for column in others
        if not header_key(column).startswith(_CENTRE) and _are_days(sample, column)
    ]


def _are_days(sample: Table, column: str) -> bool:
    said = texts(sample, column)
    return bool(said) and all(_DAYS.fullmatch(text) for text in said)
