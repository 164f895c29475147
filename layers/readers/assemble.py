"""From a table to a layer: which column is which, what each cell means, and nothing thrown away."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.canonical import SOURCE_PROPERTIES, canonical
from layers.crs import LONLAT, to_lonlat
from layers.errors import Fault, Grade
from layers.kinds import Column, Kind
from layers.readers.cells import Cell, Unreadable, cell_text, cell_value, code_cell, date_cell
from layers.readers.positions import position_headers
from layers.readers.records import column_of
from layers.readers.table import Table

ReadAs = Callable[[object], Cell | Unreadable]
ONE_BY_ONE = 50  # so many repairs of one sort in one column are told each with its row, more of them together

_ID_HEADERS = ("feature_id", "共通ID", "ID", "NO", "No.", "№")
_ROWS_WITH_POSITIONS = frozenset({"csv", "xlsx"})
_AS_WGS84 = {LONLAT, 6668, 6697}  # JGD2011 counts as WGS84: a null transform within a metre
_JGD2000 = {4612, *range(2443, 2462)}
_TOKYO = {4301, *range(30161, 30180)}
# 測地成果2011: in the earthquake of 2011 the ground moved by up to 5.3 m in the north-east, by decimetres as far
# as 石川 and 岐阜; west of that and in 北海道 the coordinates of JGD2000 were kept.
_MOVED_M = ((138.9, 35.9, 41.6, "5 m"), (135.4, 34.5, 38.0, "0.5 m"))
_TOKYO_M = "10 m"  # three parameters for the whole country: 旧測地系 had bent by that much


def mapping_of(table: Table, kind: Kind, more: Mapping[str, tuple[str, ...]] | None = None) -> dict[str, str]:
    """Canonical column → header of this file, by the canonical name, the Japanese title or a published
    header; more gives further headers of a certain list.
    """
    found = {
        column.name: table.column(
            *(more or {}).get(column.name, ()), column.name, column.title_ja, *column.aliases
        )
        for column in kind.columns
    }
    return {name: header for name, header in found.items() if header}


def assembled(
    table: Table,
    kind: Kind,
    mapping: Mapping[str, str],
    *,
    ids: Sequence[str | None] | None = None,
    fixed: Mapping[str, object] | None = None,
    worked: Mapping[str, Sequence[object]] | None = None,
    read_as: Mapping[str, ReadAs] | None = None,
) -> tuple[gpd.GeoDataFrame, tuple[Fault, ...]]:
    """The table as a frame of the kind, and the faults of its cells.

    A column that the file lacks is absent from the frame, so that the checks can tell it from one with
    empty cells.
    ids are used instead of the file's own; fixed gives columns that the file states once for all rows, worked
    those that a reader worked out row by row. read_as says how the cells of a column are read where its type
    alone does not.
    """
    cells = _Cells(table, kind, dict(read_as or {}))
    columns: dict[str, list[Any]] = {name: cells.column(name, header) for name, header in mapping.items()}
    columns.update({name: [value] * len(table.rows) for name, value in (fixed or {}).items()})
    columns.update({name: list(values) for name, values in (worked or {}).items()})
    columns["feature_id"] = list(ids or own_ids(table))
    columns[SOURCE_PROPERTIES] = _leftovers(table, {*mapping.values(), *_position_columns(table)})
    index = pd.Index(table.numbers, name="row")
    plain = {name: pd.Series(values, index=index, dtype=object) for name, values in columns.items()}
    given = np.array([*table.places, None], dtype=object)[:-1]
    shapes = given if table.crs in {*_AS_WGS84, 4612} else to_lonlat(given, table.crs)
    frame = gpd.GeoDataFrame(plain, geometry=gpd.GeoSeries(shapes, index=index, crs=LONLAT))
    whole = canonical(frame, kind)
    absent = [column.name for column in kind.columns if column.name not in columns]
    faults = (*_together(table.faults), *_datum_faults(table, shapes), *cells.told())
    return whole.drop(columns=absent), faults


def own_ids(table: Table, headers: Iterable[str] = _ID_HEADERS) -> list[Any]:
    """The ids the file gives its rows, None where it gives none."""
    header = table.column(*headers)
    return [cell_text(raw) for raw in column_of(table.rows, header)]


class _Cells:
    """The cells of a table as values, with the faults and the repairs met on the way."""

    def __init__(self, table: Table, kind: Kind, read_as: dict[str, ReadAs]) -> None:
        self.table, self.kind, self.read_as = table, kind, read_as
        self.faults: list[Fault] = []

    def column(self, name: str, header: str) -> list[Any]:
        column = self.kind.column(name)
        reading = self.read_as.get(name) or _reading(column)
        return [
            self._value(reading(raw), number, header)
            for raw, number in zip(column_of(self.table.rows, header), self.table.numbers, strict=True)
        ]

    def _value(self, cell: Cell | Unreadable, number: int, header: str) -> Any:
        if isinstance(cell, Unreadable):
            self.faults.append(
                Fault("value_unreadable", Grade.NOTE, number, header, cell.found[:200], cell.expected)
            )
            return None
        for code, before, after in cell.repairs:
            self.faults.append(Fault(code, Grade.REPAIR, number, header, before[:200], after[:200]))
        return cell.value

    def told(self) -> tuple[Fault, ...]:
        return _together(self.faults)


def _reading(column: Column) -> ReadAs:
    if column.name.endswith(("_on", "_date")):
        return date_cell
    if column.name == "code" and column.title_ja == "全国地方公共団体コード":
        return code_cell
    return lambda raw: cell_value(raw, column)


def _together(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Repairs of one sort in one column told once when there are very many (…_many): the first one as an example,
    and their number.
    """
    groups: dict[tuple[str, str | None], list[Fault]] = defaultdict(list)
    for fault in faults:
        many = fault.grade is Grade.REPAIR and fault.row is not None and fault.column is not None
        groups[(fault.code, fault.column) if many else (fault.code, repr(fault))].append(fault)
    return tuple(one for group in groups.values() for one in _told(group))


def _told(group: list[Fault]) -> list[Fault]:
    if len(group) <= ONE_BY_ONE:
        return group
    first = group[0]
    example = f"{first.found} → {first.expected}"
    return [Fault(f"{first.code}_many", first.grade, None, first.column, example, str(len(group)))]


def _position_columns(table: Table) -> tuple[str, ...]:
    """Columns that became the place of a row: kept as text they would contradict it after the first edit."""
    return position_headers(table.columns).used if table.format in _ROWS_WITH_POSITIONS else ()


def _leftovers(table: Table, used: set[str]) -> list[str | None]:
    rest = [column for column in table.columns if column not in used]
    kept = ({name: row[name] for name in rest if row.get(name) not in (None, "")} for row in table.rows)
    # lone surrogates cannot be stored as UTF-8; the checks name the texts that hold them
    return [
        json.dumps(row, ensure_ascii=False, default=str).encode(errors="replace").decode() if row else None
        for row in kept
    ]


def _datum_faults(table: Table, shapes: Any) -> tuple[Fault, ...]:
    """A change of datum is a repair, with its accuracy; a change of the way to write positions a note."""
    name = f"EPSG:{table.crs}"
    if table.crs in _TOKYO:
        return (Fault("datum_tokyo", Grade.REPAIR, None, None, name, _TOKYO_M),)
    if table.crs in _JGD2000:
        return (Fault("datum_jgd2000", Grade.REPAIR, None, None, name, _moved(shapes)),)
    if table.crs in _AS_WGS84:
        return ()
    return (Fault("crs_converted", Grade.NOTE, None, None, name, f"EPSG:{LONLAT}"),)


def _moved(shapes: Any) -> str:
    """How far JGD2000 may be off in the part of the country where the shapes lie."""
    west, south, east, north = shapely.total_bounds(shapes)
    lon, lat = (west + east) / 2, (south + north) / 2
    return next(
        (said for lon_0, lat_0, lat_1, said in _MOVED_M if lon > lon_0 and lat_0 < lat < lat_1), "0.1 m"
    )
