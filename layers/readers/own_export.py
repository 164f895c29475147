"""A layer that was written by this program (layers/writers), read back as the same layer."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from layers.canonical import SOURCE_PROPERTIES, canonical
from layers.crs import LONLAT, to_lonlat
from layers.errors import Fault, Grade
from layers.exported import ESCAPE, FEATURE_ID, FORMULA_STARTS, POSITIONS
from layers.kinds import Column, Kind
from layers.readers.cells import Unreadable, cell_value
from layers.readers.records import column_of
from layers.readers.table import Table, Verdict

NAME = "own_export"
_TYPES = {"text": str, "int": int, "float": float, "bool": bool}


def recognise(sample: Table, kind: Kind) -> Verdict | None:
    """By feature_id and every column of the kind, under its title or its own name."""
    if FEATURE_ID not in sample.columns:
        return None
    found = [_header(sample, column) for column in kind.columns]
    return Verdict(99, kind.id, ", ".join((FEATURE_ID, *filter(None, found)))) if all(found) else None


def read(sample: Table, kind: Kind) -> tuple[gpd.GeoDataFrame, date | None, tuple[Fault, ...]]:
    """The rows as they were written: unknown stays unknown, no stays no."""
    faults: list[Fault] = list(sample.faults)
    columns: dict[str, list[Any]] = {
        FEATURE_ID: [None if one is None else str(one) for one in _cells(sample, FEATURE_ID)]
    }
    used = {FEATURE_ID, SOURCE_PROPERTIES}
    for column in kind.columns:
        header = _header(sample, column) or ""
        used.add(header)
        columns[column.name] = [
            _value(cell, column, number, faults)
            for cell, number in zip(_cells(sample, header), sample.numbers, strict=True)
        ]
    columns[SOURCE_PROPERTIES] = _source(sample, used)
    index = pd.Index(sample.numbers, name="row")
    series = {name: pd.Series(cells, index=index, dtype=object) for name, cells in columns.items()}
    shapes = to_lonlat(np.array([*sample.places, None], dtype=object)[:-1], sample.crs)
    frame = gpd.GeoDataFrame(series, geometry=gpd.GeoSeries(shapes, index=index, crs=LONLAT))
    return canonical(frame, kind), None, tuple(faults)


def _header(sample: Table, column: Column) -> str | None:
    return next((name for name in (column.title_ja, column.name) if name in sample.columns), None)


def _cells(sample: Table, header: str) -> list[Any]:
    cells = column_of(sample.rows, header)
    return [_plain(cell) for cell in cells] if sample.format == "csv" else cells


def _plain(cell: Any) -> Any:
    """A cell of our CSV without the apostrophe that keeps a spreadsheet from running it."""
    if not cell:
        return None  # CSV has no other way to leave a cell unknown
    rest = cell.lstrip("'")
    return cell[1:] if cell[0] == "'" and rest and rest[0] in FORMULA_STARTS else cell


def _value(cell: Any, column: Column, number: int, faults: list[Fault]) -> Any:
    wanted = _TYPES[column.type]
    if cell is None or type(cell) is wanted:
        return cell
    if wanted is str:
        return str(cell)
    if isinstance(cell, int) and wanted in (bool, float) and (wanted is float or cell in (0, 1)):
        return wanted(cell)
    found = cell_value(cell, column)  # somebody has worked on the file
    if isinstance(found, Unreadable):
        faults.append(
            Fault("value_unreadable", Grade.NOTE, number, column.title_ja, found.found[:200], found.expected)
        )
        return None
    return None if cell == "" else found.value


def _source(sample: Table, used: set[str]) -> list[str | None]:
    if SOURCE_PROPERTIES in sample.columns:
        return [None if one is None else str(one) for one in _cells(sample, SOURCE_PROPERTIES)]
    positions = POSITIONS if sample.format == "csv" else ()
    rest = [name for name in sample.columns if name not in used and name not in positions]
    columns = [_cells(sample, name) for name in rest]
    names = [_whole(name) for name in rest]
    texts = []
    for row in zip(*columns, strict=True) if columns else ():
        kept = {name: cell for name, cell in zip(names, row, strict=True) if cell not in (None, "")}
        texts.append(json.dumps(kept, ensure_ascii=False) if kept else None)
    return texts or [None] * len(sample.rows)


def _whole(name: str) -> str:
    while name.startswith(ESCAPE):
        name = name.removeprefix(ESCAPE)
    return name
