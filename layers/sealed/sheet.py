"""Opens an Excel workbook and puts the cells of one sheet away, a row a line, as Excel keeps them."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from layers.limits import MAX_COLUMNS, MAX_ROWS, MAX_SHEET_CELLS
from layers.sealed.refused import Refused

_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"})
_TOP = 30  # rows in which a header is looked for


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """path, sublayer ("" for the first sheet with a header), out: lines of [row number, cells]."""
    with Path(request["path"]).open("rb") as file:  # opened here: by a name, its ending would be asked
        return _answer(file, request)


def _answer(file: BinaryIO, request: dict[str, Any]) -> dict[str, Any]:
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False, keep_vba=False)
    except (InvalidFileException, KeyError, ValueError):
        raise Refused("decoder_failed", "XLSX") from None
    names = [sheet.title for sheet in book.worksheets]
    if not names:
        raise Refused("no_rows", "0", "1")
    chosen = _chosen(book, names, request["sublayer"])
    faults: list[dict[str, Any]] = []
    with Path(request["out"]).open("w", encoding="utf-8") as out:
        for number, cells in _rows(book[chosen], faults):
            out.write(json.dumps([number, cells]) + "\n")
    others = [name for name in names if name != chosen]
    return {"sublayer": chosen, "others": others, "faults": faults}


def _chosen(book: Any, names: list[str], sublayer: str) -> str:
    if sublayer:
        if sublayer not in names:
            raise Refused("sublayer_unknown", sublayer, ", ".join(names))
        return sublayer
    # a cover sheet has no row with two cells of text above another row
    return next((name for name in names if _has_header(book[name])), names[0])


def _has_header(sheet: Any) -> bool:
    texts = [
        sum(isinstance(cell, str) and bool(cell.strip()) for cell in cells)
        for cells in sheet.iter_rows(max_row=_TOP, max_col=MAX_COLUMNS, values_only=True)
    ]
    return any(count >= 2 for count in texts) and len(texts) >= 2


def _rows(sheet: Any, faults: list[dict[str, Any]]) -> Iterator[tuple[int, list[Any]]]:
    sheet.reset_dimensions()  # what the file says of its size may be wrong
    taken = 0
    for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
        if len(cells) > MAX_COLUMNS and any(cell is not None for cell in cells[MAX_COLUMNS:]):
            raise Refused("too_many_columns", f"> {MAX_COLUMNS}", str(MAX_COLUMNS))
        row = [_plain(cell, number, place, faults) for place, cell in enumerate(cells)]
        while row and row[-1] is None:
            row.pop()
        taken += len(row)
        if number > 2 * MAX_ROWS or taken > MAX_SHEET_CELLS:
            raise Refused("too_many_rows", f"> {number - 1}", str(number - 1))
        if row:
            yield number, row


def _plain(cell: Any, number: int, place: int, faults: list[dict[str, Any]]) -> Any:
    if isinstance(cell, str) and cell in _ERRORS:
        faults.append({"row": number, "place": place, "found": cell})
        return None
    if isinstance(cell, datetime.datetime) and (cell.hour, cell.minute, cell.second) == (0, 0, 0):
        return cell.date().isoformat()
    if isinstance(cell, (datetime.date, datetime.time)):
        return cell.isoformat()
    if isinstance(cell, datetime.timedelta):
        return str(cell)
    return cell
