"""An Excel workbook as a table: the first sheet that has a header, its cells as Excel keeps them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TextIO

import orjson

from layers.crs import LONLAT
from layers.errors import Fault, Grade, UnreadableFile
from layers.limits import MAX_TEXT
from layers.readers.archive import members_of
from layers.readers.asked import Asked
from layers.readers.grid import Line, filled, headed
from layers.readers.positions import positions
from layers.readers.records import JsonRecords
from layers.readers.table import Table, refusal
from layers.sealed.parent import opened


def xlsx_table(path: Path, asked: Asked) -> Table:
    """The table of a workbook. Row numbers are the sheet's. A day is a text such as 2026-04-01; a number stays the
    number it is, also one that stands for a day. Raises UnreadableFile.
    """
    members_of(path)  # a workbook is a ZIP: no bomb gets further than this
    with TemporaryDirectory() as folder:
        out = Path(folder) / "cells"
        answer = opened(
            "sheet", "XLSX", {"path": str(path.resolve()), "sublayer": asked.sublayer, "out": str(out)}
        )
        with out.open(encoding="utf-8") as lines:
            found = headed(_lines(lines))
            if found is None:
                raise UnreadableFile([refusal("file_empty", "", "a header row")])
            numbers, rows, faults = _records(found.header, found.lines)
    columns = tuple(name for name in found.header if name)
    records = JsonRecords(rows)
    where = positions(columns, records, numbers, asked.crs)
    told = [*faults, *_errors(found.header, answer["faults"]), *where.faults]
    seen = [("format", "xlsx"), ("sublayer", answer["sublayer"])]
    if answer["others"]:
        seen.append(("left", ", ".join(answer["others"])))
    return Table(
        path.name, "xlsx", columns, records, numbers, where.places, answer["sublayer"],
        where.crs or LONLAT, tuple(told), tuple(seen),
    )  # fmt: skip


def _lines(text: TextIO) -> Iterator[Line]:
    for line in text:
        number, cells = orjson.loads(line)
        if filled(cells):
            yield number, cells


def _records(header: list[str], lines: Iterator[Line]) -> tuple[list[int], list[bytes], list[Fault]]:
    numbers, rows, faults = [], [], []
    for number, cells in lines:
        if filled(cells[len(header) :]):
            faults.append(refusal("row_too_long", str(len(cells)), str(len(header)), row=number))
        row: dict[str, Any] = {name: cell for name, cell in zip_longest(header, cells[: len(header)]) if name}
        for name, cell in row.items():
            if isinstance(cell, str) and len(cell) > MAX_TEXT:
                faults.append(refusal("text_too_long", str(len(cell)), str(MAX_TEXT), number, name))
                row = {**row, name: None}
        numbers.append(number)
        rows.append(json.dumps(row, ensure_ascii=True).encode())
    return numbers, rows, faults


def _errors(header: list[str], found: list[dict[str, Any]]) -> Iterator[Fault]:
    """Cells in which Excel itself shows a fault instead of a value."""
    for one in found:
        column = header[one["place"]] if one["place"] < len(header) else ""
        yield Fault("cell_error", Grade.NOTE, one["row"], column, one["found"], "")
