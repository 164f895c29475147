"""The ZIP of a Shapefile that this program wrote: its whole names and its lost letters stand beside it."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from layers.exported import FEATURE_ID
from layers.readers.asked import Asked
from layers.readers.records import ColumnRecords, cells
from layers.readers.shapefile import shapefile_table
from layers.readers.table import Table


def own_zip_table(
    shapefiles: Sequence[Mapping[str, Path]], columns: Path, losses: Path | None, asked: Asked, name: str
) -> Table:
    """One table of the Shapefiles, of which there is one for each type of shape. columns lists the names that had to
    be cut, losses the cells that cp932 could not hold; a cell that somebody has changed since stays changed.
    """
    whole = {row[0]: row[1] for row in _rows(columns) if len(row) == 2}
    tables = [shapefile_table(files, replace(asked, shapes=frozenset()), name) for files in shapefiles]
    parts = [table.rows.columns for table in tables if isinstance(table.rows, ColumnRecords)]
    together = pa.concat_tables(parts, promote_options="permissive")
    named = together.rename_columns([whole.get(one, one) for one in together.column_names])
    if losses is not None and FEATURE_ID in named.column_names:
        named = _restored(named, _rows(losses))
    return replace(
        tables[0], columns=tuple(named.column_names), rows=ColumnRecords(named), name=name,
        numbers=range(1, named.num_rows + 1), places=[place for table in tables for place in table.places],
        faults=tuple(dict.fromkeys(fault for table in tables for fault in table.faults)), _found={},
    )  # fmt: skip


def _rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as text:
        return list(csv.reader(text))


def _restored(table: pa.Table, losses: list[list[str]]) -> pa.Table:
    # id and column → what was written, and what it stands for; a cell may be in twice: replaced, then cut
    lost = {(row[0], row[1]): (row[4], row[3]) for row in losses if len(row) == 5}
    ids = cells(table[FEATURE_ID])
    for name in {column for _, column in lost} & set(table.column_names):
        texts = []
        for one, cell in zip(ids, cells(table[name]), strict=True):
            written, found = lost.get((one, name), ("", cell))
            texts.append(found if cell == written else cell)
        table = table.set_column(table.column_names.index(name), name, pa.array(texts, pa.string()))
    return table
