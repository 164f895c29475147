"""From a table to a layer: which column is which, what each cell means, and nothing thrown away."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from layers.canonical import SOURCE_PROPERTIES, canonical
from layers.crs import LONLAT, to_lonlat
from layers.errors import Fault, Grade
from layers.kinds import Kind
from layers.readers.cells import Unreadable, cell_text, cell_value
from layers.readers.table import Table

_ID_HEADERS = ("feature_id", "共通ID", "ID", "NO", "No.", "№")
_GEOGRAPHIC = {
    LONLAT,
    6668,
    4612,
    6697,
}  # JGD2011 and JGD2000 count as WGS84: a null transform within a metre
_TOKYO = {4301, *range(30161, 30180)}


def mapping_of(table: Table, kind: Kind) -> dict[str, str]:
    """Canonical column → header of this file, by the canonical name, the Japanese title or a published
    header.
    """
    found = {
        column.name: table.column(column.name, column.title_ja, *column.aliases) for column in kind.columns
    }
    return {name: header for name, header in found.items() if header}


def assembled(
    table: Table,
    kind: Kind,
    mapping: Mapping[str, str],
    *,
    ids: list[str] | None = None,
    fixed: Mapping[str, object] | None = None,
) -> tuple[gpd.GeoDataFrame, tuple[Fault, ...]]:
    """The table as a frame of the kind, and the faults of its cells.

    A column that the file lacks is absent from the frame, so that the checks can tell it from one with
    empty cells.
    ids are used instead of the file's own; fixed gives columns that the file states once for all rows.
    """
    faults: list[Fault] = []
    columns: dict[str, list[Any]] = {
        name: [_value(table, row, number, kind, name, header, faults) for row, number in _numbered(table)]
        for name, header in mapping.items()
    }
    columns.update({name: [value] * len(table.rows) for name, value in (fixed or {}).items()})
    columns["feature_id"] = list(ids or own_ids(table))
    columns[SOURCE_PROPERTIES] = _leftovers(table, set(mapping.values()))
    index = pd.Index(table.numbers, name="row")
    plain = {name: pd.Series(values, index=index, dtype=object) for name, values in columns.items()}
    shapes = np.array(table.places, dtype=object)
    if table.crs not in _GEOGRAPHIC:
        shapes = to_lonlat(shapes, table.crs)
    given = gpd.GeoDataFrame(plain, geometry=gpd.GeoSeries(shapes, index=index, crs=LONLAT))
    whole = canonical(given, kind)
    absent = [column.name for column in kind.columns if column.name not in columns]
    return whole.drop(columns=absent), (*table.faults, *_crs_notes(table), *faults)


def own_ids(table: Table, headers: Iterable[str] = _ID_HEADERS) -> list[Any]:
    """The ids the file gives its rows, None where it gives none."""
    header = table.column(*headers)
    return [cell_text(row.get(header)) if header else None for row in table.rows]


def _numbered(table: Table) -> Iterable[tuple[dict[str, Any], int]]:
    return zip(table.rows, table.numbers, strict=True)


def _value(
    table: Table, row: dict[str, Any], number: int, kind: Kind, name: str, header: str, faults: list[Fault]
) -> Any:
    value = cell_value(row.get(header), kind.column(name))
    if isinstance(value, Unreadable):
        faults.append(
            Fault("value_unreadable", Grade.NOTE, number, header, value.found[:200], value.expected)
        )
        return None
    return value


def _leftovers(table: Table, used: set[str]) -> list[str | None]:
    rest = [column for column in table.columns if column not in used]
    kept = [{name: row[name] for name in rest if row.get(name) not in (None, "")} for row in table.rows]
    # lone surrogates cannot be stored as UTF-8; the checks name the texts that hold them
    return [
        json.dumps(row, ensure_ascii=False).encode(errors="replace").decode() if row else None for row in kept
    ]


def _crs_notes(table: Table) -> tuple[Fault, ...]:
    if table.crs in _GEOGRAPHIC:
        return ()
    code = "crs_rough" if table.crs in _TOKYO else "crs_converted"
    return (Fault(code, Grade.NOTE, None, None, f"EPSG:{table.crs}", f"EPSG:{LONLAT}"),)
