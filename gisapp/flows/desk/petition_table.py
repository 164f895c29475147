"""Wishes from a table: an Excel or CSV file after our template, or rows pasted from a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from gisapp.flows.category_words import category_name
from gisapp.flows.desk.petition_intake import Wish
from gisapp.words import say
from layers.readers import look
from reports_store import Categories
from reports_store.petition import MOST_ITEMS, Consent

# Field of a wish: the headers under which a file may have it, ours first.
HEADERS: Mapping[str, tuple[str, ...]] = {
    "priority": ("優先順位", "順位", "priority"),
    "title": ("件名", "要望", "要望事項", "要望項目", "title"),
    "body": ("内容", "要望内容", "詳細", "説明", "body"),
    "category": ("種類", "分類", "区分", "category"),
    "place_text": ("場所", "住所", "要望箇所", "place"),
    "lat": ("緯度", "lat", "latitude"),
    "lon": ("経度", "lon", "lng", "longitude"),
    "consents": ("同意", "同意者", "consents"),
    "report": ("受付番号", "通報番号", "report"),
}
ORDER = tuple(HEADERS)
_SPLIT = re.compile(r"[、,，・／/\s]+")
_WIDTHS = {"priority": 10, "title": 32, "body": 48, "category": 20, "place_text": 28, "consents": 28}


class BadTable(ValueError):
    """A file or pasted text in which no wishes were found; key says which sentence tells so."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def wishes_of_file(name: str, content: bytes, categories: Categories) -> tuple[Wish, ...]:
    """The wishes of an Excel or CSV file. Raises BadTable, and UnreadableFile for what cannot be opened."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"table{Path(name).suffix.lower()[:6]}"
        path.write_bytes(content)
        table = look(path)
        return _wishes([{str(k): v for k, v in dict(row).items()} for row in table.rows], categories)


def wishes_of_text(text: str, categories: Categories) -> tuple[Wish, ...]:
    """The wishes of rows pasted from a spreadsheet, with or without their headers. Raises BadTable."""
    mark = "\t" if "\t" in text else ","
    try:
        rows = [
            row
            for row in csv.reader(io.StringIO(text.strip("\r\n")), delimiter=mark, strict=True)
            if any(row)
        ]
    except csv.Error:
        raise BadTable("paste_broken") from None
    if not rows:
        raise BadTable("no_rows")
    headers = rows[0] if any(_field_of(cell) for cell in rows[0]) else None
    names = headers or [HEADERS[name][0] for name in ORDER]
    body = rows[1:] if headers else rows
    return _wishes([dict(zip(names, row, strict=False)) for row in body], categories)


def _wishes(rows: Sequence[Mapping[str, object]], categories: Categories) -> tuple[Wish, ...]:
    if rows and "title" not in {_field_of(header) for header in rows[0]}:
        raise BadTable("no_title_column")
    found = [wish for row in rows if not (wish := _wish(row, categories)).blank]
    if not found:
        raise BadTable("no_rows")
    if len(found) > MOST_ITEMS:
        raise BadTable("too_many_rows")
    return tuple(found)


def _wish(row: Mapping[str, object], categories: Categories) -> Wish:
    cells = {name: _text(value) for header, value in row.items() if (name := _field_of(header))}
    return Wish(
        title=cells.get("title", ""), body=cells.get("body", ""),
        category=_code(cells.get("category", ""), categories), place_text=cells.get("place_text", ""),
        lon=cells.get("lon", ""), lat=cells.get("lat", ""), priority=cells.get("priority", ""),
        consents=consents_of(cells.get("consents", "")), report=cells.get("report", ""),
    )  # fmt: skip


def _field_of(header: object) -> str:
    plain = unicodedata.normalize("NFKC", str(header)).strip().lower()
    return next((name for name, titles in HEADERS.items() if plain in titles), "")


def _text(value: object) -> str:
    if value is None:
        return ""
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if whole else value).strip()  # type: ignore[call-overload]


def _code(text: str, categories: Categories) -> str:
    """A category's code by its code or its name; what is neither stays as it is, to be told."""
    named = {category_name(one): code for code, one in categories.items()}
    return text if text in categories else named.get(text, text)


def consents_of(text: str) -> tuple[str, ...]:
    """Consents by their names, parted by 、 or ・; what is none stays as it is, to be told."""
    named = {plain: one.value for one in Consent for plain in _SPLIT.split(consent_name(one))}
    return tuple(dict.fromkeys(named.get(one, one) for one in _SPLIT.split(text) if one))


def consent_name(one: Consent) -> str:
    return say(f"desk_petitions.consent.{one}")


def template_xlsx(categories: Categories) -> bytes:
    """An empty table to fill in, with the choices of categories and a sheet that says how."""
    book = Workbook()
    sheet = book.active
    sheet.title = say("desk_petitions.template.sheet")
    sheet.append([HEADERS[name][0] for name in ORDER])
    for at, name in enumerate(ORDER, start=1):
        sheet.cell(1, at).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(at)].width = _WIDTHS.get(name, 14)
    sheet.freeze_panes = "A2"
    guide = book.create_sheet(say("desk_petitions.template.guide"))
    names = [category_name(one) for one in categories.values()]
    for line in _guide(names):
        guide.append(line)
    guide.column_dimensions["A"].width, guide.column_dimensions["B"].width = 18, 90
    for row in guide.iter_rows():
        row[1].alignment = Alignment(wrap_text=True, vertical="top")
    first = len(ORDER) + 2
    choice = DataValidation(
        type="list", formula1=f"'{guide.title}'!$A${first}:$A${first + len(names) - 1}", allow_blank=True
    )
    column = get_column_letter(ORDER.index("category") + 1)
    choice.add(f"{column}2:{column}{MOST_ITEMS + 1}")
    sheet.add_data_validation(choice)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _guide(names: Iterable[str]) -> list[list[str]]:
    consents = "、".join(consent_name(one) for one in Consent)
    lines = [[HEADERS[name][0], say(f"desk_petitions.template.{name}", consents=consents)] for name in ORDER]
    return [*lines, [say("desk_petitions.template.choices"), ""], *([name, ""] for name in names)]
