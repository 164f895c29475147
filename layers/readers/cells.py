"""What is meant by the text in one cell: numbers in full width, ○ for yes, nothing for unknown."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Any

from layers.kinds import Column

_NUMBER = re.compile(r"([+-]?\d[\d,]*(?:\.\d+)?)(?:mm|cm|m|人|名|世帯|戸|%|年|年度)?")
_YES = frozenset({"1", "○", "〇", "◯", "●", "◎", "有", "あり", "有り", "はい", "true", "yes", "y", "t"})
_NO = frozenset({"0", "×", "✕", "無", "なし", "無し", "いいえ", "false", "no", "n", "f", "-", "―", "－"})
_ERA_START = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018}
_ERA_DATE = re.compile(r"(明治|大正|昭和|平成|令和)(元|\d{1,2})年(\d{1,2})月(\d{1,2})日")
_INT64_MAX = 2**63 - 1


@dataclass(frozen=True)
class Unreadable:
    """A cell that has a text but not the value its column wants; expected names what it wants."""

    found: str
    expected: str


def cell_value(raw: object, column: Column) -> Any:
    """The value of a cell for a column: its Python value, None for unknown, or Unreadable."""
    text = cell_text(raw)
    if column.type == "text":
        return _one_line(text) if column.name in {"name", "address"} else text
    if text is None:
        # An empty cell of a designation means "not designated" (raw ""); a null in JSON states nothing at
        # all.
        return False if column.blank_is_no and raw is not None else None
    if column.type == "bool":
        return _flag(raw, text)
    return _number(text, whole=column.type == "int")


def cell_text(raw: object) -> str | None:
    """A cell as text without blanks around it; None for an empty one."""
    if raw is None or raw != raw:
        return None
    if isinstance(raw, (dict, list)):
        return json.dumps(raw, ensure_ascii=False)
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    return str(raw).strip() or None


def era_date(text: str | None) -> str | None:
    """平成18年12月1日 as 2006-12-01; a text of another shape stays as the town wrote it."""
    found = _ERA_DATE.fullmatch(unicodedata.normalize("NFKC", text or "").replace(" ", ""))
    if found is None:
        return text
    era, year, month, day = found.groups()
    try:
        return date(_ERA_START[era] + (1 if year == "元" else int(year)), int(month), int(day)).isoformat()
    except ValueError:
        return text


def degrees(raw: object) -> float | Unreadable | None:
    """A latitude or longitude cell; full-width digits are read, NaN is kept for the checks to name."""
    text = cell_text(raw)
    if text is None:
        return None
    try:
        return float(unicodedata.normalize("NFKC", text))
    except ValueError:
        return Unreadable(text, "decimal degrees")


def _one_line(text: str | None) -> str | None:
    # Published lists hold names with a line break inside; a label is one line.
    return None if text is None else re.sub(r"\s*[\r\n]+\s*", " ", text)


def _flag(raw: object, text: str) -> bool | Unreadable:
    if isinstance(raw, bool):
        return raw
    plain = unicodedata.normalize("NFKC", text).casefold()
    if plain in _YES or text in _YES:
        return True
    return False if plain in _NO or text in _NO else Unreadable(text, "1, ○, 0, ×")


def _number(text: str, *, whole: bool) -> int | float | Unreadable:
    found = _NUMBER.fullmatch(re.sub(r"\s", "", unicodedata.normalize("NFKC", text)))
    if found is None:
        return Unreadable(text, "a number")
    number = float(found.group(1).replace(",", ""))
    if not whole:
        return number
    if not number.is_integer() or abs(number) > _INT64_MAX:
        return Unreadable(text, "a whole number")
    return int(found.group(1).replace(",", "").split(".")[0])
