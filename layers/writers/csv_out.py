"""A layer as CSV that Excel opens: UTF-8 with BOM, points as 緯度 and 経度, lines and areas as WKT."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import shapely

from layers.exported import FORMULA_STARTS, LATITUDE, LONGITUDE, WKT
from layers.writers.sheet import Loss, Sheet

# What a spreadsheet would run as a formula gets an apostrophe before it; so does a text that has one there already,
# so that taking one off gives back what it was.
_FORMULA = re.compile(f"'*[{re.escape(FORMULA_STARTS)}]")


def write_csv(sheet: Sheet, path: Path) -> tuple[Loss, ...]:
    """Write the sheet. An empty text and an unknown value are the same in CSV: both are an empty cell."""
    places = list(_places(sheet))
    columns = [_cells(column) for column in sheet.columns.columns]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file, lineterminator="\r\n")
        out.writerow([*map(_safe, sheet.columns.column_names), *(name for name, _ in places)])
        out.writerows(zip(*columns, *(cells for _, cells in places), strict=True))
    return ()


def _places(sheet: Sheet) -> Iterator[tuple[str, list[str]]]:
    if sheet.geometry_types in ([], ["Point"]):
        positions = [(shape.y, shape.x) if shape is not None else ("", "") for shape in sheet.shapes]
        yield LATITUDE, [str(y) for y, _ in positions]
        yield LONGITUDE, [str(x) for _, x in positions]
    else:
        texts = shapely.to_wkt(sheet.shapes, rounding_precision=-1)
        yield WKT, ["" if text is None else text for text in texts]


def _cells(column: pa.ChunkedArray) -> list[Any]:
    values = column.to_pylist()
    if pa.types.is_boolean(column.type):
        return ["" if value is None else str(int(value)) for value in values]
    if pa.types.is_string(column.type):
        return ["" if value is None else _safe(value) for value in values]
    return ["" if value is None else repr(value) for value in values]


def _safe(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text
