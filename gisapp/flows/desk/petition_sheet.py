"""回答書 as an Excel file: the same words as on paper, with nothing in it that Excel would run."""

from __future__ import annotations

import io

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.worksheet import Worksheet

from gisapp.flows.desk.petition_letter import LetterContent, LetterItem, addressee, title_of
from gisapp.profile import TownProfile
from gisapp.words import say

COLUMNS = (
    ("position", 6), ("priority", 8), ("title", 28), ("body", 40), ("place", 26), ("consents", 20),
    ("answer", 16), ("reason", 44), ("department", 14), ("report", 14),
)  # fmt: skip
_THIN = Side(style="thin", color="6B6B6F")
_GRID = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)


def letter_xlsx(content: LetterContent, profile: TownProfile) -> bytes:
    """The letter as a workbook of one sheet, ready to be printed."""
    book = Workbook()
    sheet: Worksheet = book.active
    sheet.title = say("desk_petitions.letter.sheet")
    for line in _head(content, profile):
        _put(sheet.cell(sheet.max_row + 1 if sheet["A1"].value else 1, 1), line)
    sheet["A1"].font = Font(bold=True, size=14)
    start = sheet.max_row + 2
    for at, (name, wide) in enumerate(COLUMNS, start=1):
        cell = sheet.cell(start, at)
        _put(cell, say(f"desk_petitions.letter.column.{name}"))
        cell.font, cell.border = Font(bold=True), _GRID
        cell.fill = PatternFill("solid", fgColor="E8ECFF")
        sheet.column_dimensions[cell.column_letter].width = wide
    for row, one in enumerate(content.items, start=start + 1):
        for at, value in enumerate(_cells(one), start=1):
            cell = sheet.cell(row, at)
            _put(cell, value)
            cell.alignment, cell.border = Alignment(wrap_text=True, vertical="top"), _GRID
    sheet.freeze_panes = sheet.cell(start + 1, 1)
    sheet.print_title_rows = f"{start}:{start}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight, sheet.sheet_properties.pageSetUpPr.fitToPage = 0, True
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _head(content: LetterContent, profile: TownProfile) -> list[str]:
    draft = [say("desk_petitions.letter.draft")] if content.edition == 0 else []
    sample = [say("paper.sheet.sample_text")] if profile.sample else []
    about = [content.document_number, content.dated, addressee(content)]
    mayor = say("desk_petitions.letter.mayor", town=profile.name, name=content.mayor)
    return [title_of(content), *draft, *sample, content.number, *(one for one in about if one), mayor.strip()]


def _cells(one: LetterItem) -> tuple[str | int, ...]:
    return (
        one.position, one.priority, one.title, one.body, one.place, one.consents, one.answer_words, one.text,
        one.department, one.report,
    )  # fmt: skip


def _put(cell: Cell, value: str | int) -> None:
    """A value as it is: openpyxl would make a formula of what begins with =."""
    if isinstance(value, int):
        cell.value = value
        return
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
    cell.data_type = "s"
    # Excel asks no question of a cell that is marked as text, not when it is edited either.
    cell.quotePrefix = True
