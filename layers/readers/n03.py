"""国土数値情報 N03 行政区域: the boundaries of the municipalities of a prefecture."""

from __future__ import annotations

import re
from datetime import date

import geopandas as gpd
import pandas as pd

from layers.canonical import numbered
from layers.codes import complete_code
from layers.errors import BadCode, Fault, Grade
from layers.kinds import Kind
from layers.readers.assemble import assembled
from layers.readers.cells import cell_text
from layers.readers.table import Table, Verdict

NAME = "ksj_n03"
_HEADERS = ("N03_001", "N03_004", "N03_007")
_AS_OF = re.compile(r"N03-(\d{4})(\d{2})(\d{2})")


def recognise(sample: Table, kind: Kind) -> Verdict | None:
    return Verdict(90, "boundary", ", ".join(_HEADERS)) if sample.has(*_HEADERS) else None


def read(sample: Table, kind: Kind) -> tuple[gpd.GeoDataFrame, date | None, tuple[Fault, ...]]:
    """One feature per part of a municipality, as published; a place without a code (所属未定地) keeps
    none.
    """
    five_digits = [cell_text(row.get("N03_007")) for row in sample.rows]
    ids = numbered(code or "unassigned" for code in five_digits)
    frame, faults = assembled(sample, kind, {"name": "N03_004", "prefecture": "N03_001"}, ids=ids)
    codes = [_code(code, number, sample) for code, number in zip(five_digits, sample.numbers, strict=True)]
    frame["code"] = pd.Series([code for code, _ in codes], index=frame.index, dtype=object)
    wards = [
        " ".join(filter(None, map(cell_text, (row.get("N03_004"), row.get("N03_005")))))
        for row in sample.rows
    ]
    frame["name"] = pd.Series([ward or None for ward in wards], index=frame.index, dtype=object)
    return frame, _as_of(sample), (*faults, *(fault for _, fault in codes if fault))


def _code(five_digits: str | None, number: int, sample: Table) -> tuple[str | None, Fault | None]:
    if five_digits is None:
        return None, None
    try:
        return complete_code(five_digits), None
    except BadCode as error:
        return None, Fault("value_unreadable", Grade.NOTE, number, "N03_007", error.found, error.expected)


def _as_of(sample: Table) -> date | None:
    found = _AS_OF.search(sample.file_name) or _AS_OF.search(sample.name)
    if found is None:
        return None
    try:
        return date(*map(int, found.groups()))
    except ValueError:
        return None
