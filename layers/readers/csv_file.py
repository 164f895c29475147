"""A CSV file as a table: one header row, a place in each row, line breaks inside quotes."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from typing import Any

import shapely

from layers.errors import Fault, UnreadableFile
from layers.readers.cells import Unreadable, degrees
from layers.readers.encoding import decoded
from layers.readers.table import Table, header_key, refusal

_LATITUDE = ("緯度", "latitude", "lat", "y")
_LONGITUDE = ("経度", "longitude", "lon", "lng", "long", "x")


def csv_table(file_name: str, raw: bytes) -> Table:
    """The table of a CSV file. Row numbers are a spreadsheet's: the header is row 1, the first record row
    2.
    """
    text = decoded(raw)
    first_line = text.split("\n", 1)[0]
    records = _records(text, "\t" if "\t" in first_line and "," not in first_line else ",")
    header = _unrepeated(next(records, (0, []))[1])
    if not any(header):
        raise UnreadableFile([refusal("file_empty", "", "a header row")])
    rows, numbers, faults = [], [], []
    for number, cells in records:
        if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
            faults.append(refusal("row_too_long", str(len(cells)), str(len(header)), row=number))
        # a row that stops early leaves its last columns unknown
        rows.append({name: cell for name, cell in zip(header, cells, strict=False) if name})
        numbers.append(number)
    columns = tuple(name for name in header if name)
    places, place_faults = _places(columns, rows, numbers)
    return Table(file_name, "csv", columns, rows, numbers, places, faults=(*faults, *place_faults))


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells):
                yield number, cells
    except csv.Error as error:
        raise UnreadableFile([refusal("csv_broken", str(error), "RFC 4180", row=number + 1)]) from None


def _unrepeated(header: list[str]) -> list[str]:
    seen: Counter[str] = Counter()
    names = []
    for name in (cell.strip() for cell in header):
        seen[name] += 1
        names.append(name if seen[name] == 1 or not name else f"{name} ({seen[name]})")
    return names


def _places(
    columns: tuple[str, ...], rows: list[dict[str, Any]], numbers: list[int]
) -> tuple[list[shapely.Point | None], list[Fault]]:
    latitude, longitude = _column(columns, _LATITUDE), _column(columns, _LONGITUDE)
    if latitude is None or longitude is None:
        raise UnreadableFile([refusal("position_columns_missing", ", ".join(columns), "緯度, 経度")])
    places: list[shapely.Point | None] = []
    faults = []
    for number, row in zip(numbers, rows, strict=True):
        lon, lat = degrees(row.get(longitude)), degrees(row.get(latitude))
        for column, value in ((longitude, lon), (latitude, lat)):
            if isinstance(value, Unreadable):
                faults.append(refusal("position_unreadable", value.found, value.expected, number, column))
        both = isinstance(lon, float) and isinstance(lat, float)
        places.append(shapely.Point(lon, lat) if both else None)
    return places, faults


def _column(columns: tuple[str, ...], names: tuple[str, ...]) -> str | None:
    keys = {header_key(column): column for column in reversed(columns)}
    return next((keys[name] for name in names if name in keys), None)
