"""Whatever has no kind of its own: any shape, any columns."""

from __future__ import annotations

import json
from typing import Any

from layers.kind import Column, Kind, Row, Style
from layers.kinds.parts import AREA, LINE, POINT, always, first

_NAMES = ("名称", "施設名", "施設名称", "名前", "題名", "タイトル", "title", "label")


def _all_rows(row: Row) -> list[tuple[str, str]]:
    """Every column of the source file that has a value, in the file's order."""
    kept = source_properties(row.get("source_properties"))
    return [(str(title), text) for title, value in kept.items() if title and (text := _text(value))]


def source_properties(text: object) -> dict[str, Any]:
    """The columns of a source file as they were kept with a feature; none where they cannot be read."""
    try:
        found = json.loads(str(text or "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool) or value is None:
        return {True: "あり", False: "なし", None: ""}[value]
    return json.dumps(value, ensure_ascii=False)


KINDS = (
    Kind(
        "general", "その他の地図", "その他", POINT | LINE | AREA,
        (Column("name", "名称", shown=False, aliases=_NAMES),),
        (Style("general", "その他の場所", "#CED4DA", "#343A40", 2, shape="area", letter="他"),),
        always("general"), first("", "name"), first("名前のない場所", "name"), _all_rows,
        any_columns=True,
    ),
)  # fmt: skip
