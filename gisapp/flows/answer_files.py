"""Writes an answered table as CSV or Excel, whole or not at all, with nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import os
import re
import secrets
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from gisapp.flows.ask_many import Answered, Cell
from layers.durable import put_in_place
from layers.exported import FORMULA_STARTS

MOST_LETTERS = 32_767  # of a cell in Excel
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")


def write_answer(answered: Answered, target: Path) -> None:
    """Write an answer as Excel where the file's name ends so, else as CSV."""
    if target.suffix.lower() != ".xlsx":
        write_csv(answered, target)
        return
    between = target.with_name(f"{target.name}.{secrets.token_hex(4)}.csv")
    try:
        write_csv(answered, between)
        write_xlsx(between, target, numeric(answered))
    finally:
        between.unlink(missing_ok=True)


def write_csv(answered: Answered, target: Path) -> None:
    """UTF-8 with BOM, CRLF. A text that a spreadsheet would run gets an apostrophe; numbers stay as they are."""
    with _whole(target) as beside, beside.open("w", encoding="utf-8-sig", newline="") as file:
        lines = csv.writer(file, lineterminator="\r\n")
        lines.writerow([_harmless(title) for title in answered.columns])
        lines.writerows([_harmless(cell) for cell in row] for row in answered.rows)


def write_xlsx(source: Path, target: Path, numbers: Set[int]) -> None:
    """An answer's CSV as Excel. Only the columns in numbers become numbers: codes keep their leading zeros."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    with source.open(encoding="utf-8-sig", newline="") as file:
        for line, row in enumerate(csv.reader(file)):
            sheet.append([
                int(text) if line and at in numbers and text.isdigit() else _text_cell(sheet, text)
                for at, text in enumerate(row)
            ])  # fmt: skip
    with _whole(target) as beside:
        book.save(beside)


def numeric(answered: Answered) -> set[int]:
    """The columns of ours that hold numbers."""
    found = {at for row in answered.rows for at, cell in enumerate(row) if type(cell) in (int, float)}
    return {at for at in found if at >= answered.given}


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """A file beside the target, which takes its place once it is finished and on the disk."""
    beside = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
    try:
        yield beside
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        put_in_place(beside, target)
    finally:
        beside.unlink(missing_ok=True)


def _harmless(cell: Cell) -> Cell:
    runs = isinstance(cell, str) and cell.startswith(tuple(FORMULA_STARTS)) and not _NUMBER.fullmatch(cell)
    return f"'{cell}" if runs else cell


def _text_cell(sheet: Any, text: str) -> Any:
    """A cell that is text whatever it holds: openpyxl makes formulas of what begins with =."""
    if not text:
        return None
    clean = ILLEGAL_CHARACTERS_RE.sub("", text)[:MOST_LETTERS]
    if not clean.startswith("="):
        return clean
    cell = WriteOnlyCell(sheet, value=clean)
    cell.data_type = "s"
    return cell
