"""What is meant by the text in one cell: numbers in full width, ○ for yes, nothing for unknown.

A value that had to be written otherwise than the file wrote it carries its repair: the text before and after.
Numbers with a unit or thousands separators and dates of an era are only read: nothing in them is wrong.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from layers.codes import complete_code, prefecture_of
from layers.errors import BadCode
from layers.kinds import Column

FULL_WIDTH_DIGITS = "full_width_digits"
CIRCLE_FOR_ONE = "circle_for_one"
HALF_WIDTH_KANA = "half_width_kana"
LINE_BREAK = "line_break"
EXCEL_SERIAL_DATE = "excel_serial_date"
CODE_COMPLETED = "code_completed"

_NUMBER = re.compile(r"([+-]?\d[\d,]*(?:\.\d+)?)(?:mm|cm|m|m2|人|名|世帯|戸|台|%|年|年度)?")
_CIRCLES = frozenset({"○", "〇", "◯", "●", "◎", "⚪", "☑", "レ"})
_CROSSES = frozenset({"×", "✕", "╳", "☓"})
_YES = frozenset({"1", "有", "あり", "有り", "はい", "true", "yes", "y", "t", "可", "対象", "該当"})
_NO = frozenset(
    {"0", "無", "なし", "無し", "いいえ", "false", "no", "n", "f", "-", "―", "－", "不可", "対象外", "非該当"}
)
_WIDE_DIGIT = re.compile("[０-９．－＋，]")
_HALF_KANA = re.compile(r"[\uff61-\uff9f](?:[\uff61-\uff9f]|-(?=[\uff61-\uff9f]|\W|$))*")
_ERA_START = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018}
_ERA_LETTER = {"M": "明治", "T": "大正", "S": "昭和", "H": "平成", "R": "令和"}
_ERA_DATE = re.compile(
    r"(明治|大正|昭和|平成|令和|[MTSHR])\.?(元|\d{1,2})[年./-](\d{1,2})[月./-](\d{1,2})日?", re.IGNORECASE
)
_DATE = re.compile(r"(\d{4})[年/.-](\d{1,2})[月/.-](\d{1,2})日?(?:[T ].*)?")
_SERIAL = re.compile(r"\d{4,5}(?:\.0+)?")
# Excel counts days from 1900 and believes in a 29th of February of that year: day 60 is the last wrong one.
_EXCEL_FIRST_DAY, _FIRST_SERIAL, _LAST_SERIAL = date(1899, 12, 30), 61, 73_050
_INT64_MAX = 2**63 - 1


@dataclass(frozen=True)
class Unreadable:
    """A cell that has a text but not the value its column wants; expected names what it wants."""

    found: str
    expected: str


class Repair(NamedTuple):
    """What was written otherwise: the code of a REPAIR fault, the text before and the text after."""

    code: str
    before: str
    after: str


class Cell(NamedTuple):
    """The value of a cell, and what had to be repaired to have it."""

    value: Any
    repairs: tuple[Repair, ...] = ()


def cell_value(raw: object, column: Column) -> Cell | Unreadable:
    """The value of a cell for a column: its Python value, None for unknown, or Unreadable."""
    text = cell_text(raw)
    if column.type == "text":
        return text_cell(text, one_line=column.name in {"name", "address"})
    if text is None:
        # An empty cell of a designation means "not designated" (raw ""); a null in JSON states nothing at
        # all.
        return Cell(False if column.blank_is_no and raw is not None else None)
    if column.type == "bool":
        return _flag(raw, text)
    return number_cell(text, whole=column.type == "int")


def cell_text(raw: object) -> str | None:
    """A cell as text without blanks around it; None for an empty one."""
    if raw is None or raw != raw:
        return None
    if isinstance(raw, (dict, list)):
        return json.dumps(raw, ensure_ascii=False)
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    if isinstance(raw, datetime) and (raw.hour, raw.minute, raw.second) == (0, 0, 0):
        raw = raw.date()
    return str(raw).strip() or None


def text_cell(text: str | None, *, one_line: bool) -> Cell:
    """A text with its half-width kana made wide and, where a label is wanted, its line breaks made blanks."""
    if text is None:
        return Cell(None)
    repairs = []
    if _HALF_KANA.search(text):
        wide = _HALF_KANA.sub(_widened, text)
        repairs.append(Repair(HALF_WIDTH_KANA, text, wide))
        text = wide
    if one_line and ("\n" in text or "\r" in text):
        # Published lists hold names with a line break inside; a label is one line.
        line = re.sub(r"\s*[\r\n]+\s*", " ", text)
        repairs.append(Repair(LINE_BREAK, text, line))
        text = line
    return Cell(text, tuple(repairs))


def number_cell(text: str, *, whole: bool = False) -> Cell | Unreadable:
    """A number with or without its unit: 32,500, 45人, １２."""
    found = _NUMBER.fullmatch(re.sub(r"\s", "", unicodedata.normalize("NFKC", text)))
    if found is None:
        return Unreadable(text, "a number")
    plain = found.group(1).replace(",", "")
    number = float(plain)
    if whole and (not number.is_integer() or abs(number) > _INT64_MAX):
        return Unreadable(text, "a whole number")
    return Cell(int(plain.split(".")[0]) if whole else number, _narrowed(text, plain))


def date_cell(raw: object) -> Cell:
    """A date as 2006-12-01, from an era, from slashes, or from the number a spreadsheet keeps a day as.

    A text of another shape (「昭和40年頃」) stays as the town wrote it.
    """
    text = cell_text(raw)
    if text is None:
        return Cell(None)
    written = written_date(text)
    if written is not None:
        return Cell(written)
    if _SERIAL.fullmatch(text) and _FIRST_SERIAL <= (serial := int(float(text))) <= _LAST_SERIAL:
        day = (_EXCEL_FIRST_DAY + timedelta(days=serial)).isoformat()
        return Cell(day, (Repair(EXCEL_SERIAL_DATE, text, day),))
    return Cell(text)


def code_cell(raw: object) -> Cell | Unreadable:
    """A local government code of six digits; one of five gets its check digit, or back the zero it lost."""
    text = cell_text(raw)
    if text is None:
        return Cell(None)
    digits = unicodedata.normalize("NFKC", text)
    readings = [reading for reading in (digits, *_longer(digits)) if _proved(reading)]
    if len(readings) != 1:
        # 12033 may be 市川市 without its check digit or 小樽市 without its zero: nobody can tell here
        return Unreadable(text, "six digits")
    repair = () if readings[0] == text else (Repair(CODE_COMPLETED, text, readings[0]),)
    return Cell(readings[0], repair)


def written_date(text: str) -> str | None:
    """A date that is written out, as 2006-12-01; None for any other text, and for a day that does not exist."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    if found := _ERA_DATE.fullmatch(plain):
        era, year, month, day = found.groups()
        start = _ERA_START[_ERA_LETTER.get(era.upper(), era)]
        return _iso(start + (1 if year == "元" else int(year)), int(month), int(day))
    if found := _DATE.fullmatch(plain) or _DATE.fullmatch(unicodedata.normalize("NFKC", text).strip()):
        return _iso(*map(int, found.groups()))
    return None


def _iso(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _longer(digits: str) -> list[str]:
    if not (len(digits) == 5 and digits.isascii() and digits.isdigit()):
        return []
    return [complete_code(digits), f"0{digits}"]


def _proved(code: str) -> bool:
    try:
        prefecture_of(code)
    except BadCode:
        return False
    return True


def _flag(raw: object, text: str) -> Cell | Unreadable:
    if isinstance(raw, bool):
        return Cell(raw)
    plain = unicodedata.normalize("NFKC", text).casefold()
    if text in _CIRCLES:
        return Cell(True, (Repair(CIRCLE_FOR_ONE, text, "1"),))
    if text in _CROSSES:
        return Cell(False, (Repair(CIRCLE_FOR_ONE, text, "0"),))
    if plain in _YES:
        return Cell(True, _narrowed(text, plain))
    return (
        Cell(False, _narrowed(text, plain)) if plain in _NO or text in _NO else Unreadable(text, "1, ○, 0, ×")
    )


def _narrowed(text: str, plain: str) -> tuple[Repair, ...]:
    return (Repair(FULL_WIDTH_DIGITS, text, plain),) if _WIDE_DIGIT.search(text) else ()


def _widened(found: re.Match[str]) -> str:
    # a hyphen among half-width kana stands for the long vowel: ﾛﾋﾞ- is ロビー
    return unicodedata.normalize("NFKC", found.group().replace("-", "ｰ"))
