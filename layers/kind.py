"""What kinds of layer there are: their columns, their colours, and the words a map shows for one feature.

A new kind is one Kind(...) in layers/kinds.py; this file says what a kind is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Row = Mapping[str, object]
ColumnType = Literal["text", "int", "float", "bool"]


@dataclass(frozen=True)
class Column:
    """One canonical column. aliases are the headers under which published files carry it."""

    name: str
    title_ja: str
    type: ColumnType = "text"
    required: bool = False
    shown: bool = True
    aliases: tuple[str, ...] = ()
    unit: str = ""
    allowed: tuple[object, ...] = ()
    # The standards write a designation as 1 and its absence as an empty cell; elsewhere empty means unknown.
    blank_is_no: bool = False


@dataclass(frozen=True)
class Style:
    """How a feature is drawn. text_ja, letter and pattern say the same as the colour, for those who cannot
    see it.
    """

    key: str
    text_ja: str
    fill: str
    stroke: str
    weight_px: float = 1.5
    dash: str = ""
    shape: Literal["point", "line", "area"] = "point"
    letter: str = ""
    pattern: Literal["none", "hatch", "dots", "cross"] = "none"


@dataclass(frozen=True)
class Kind:
    """A kind of layer. feature_id is a text column of every kind and is not listed."""

    id: str
    title: str
    theme: str
    geometry: frozenset[str]
    columns: tuple[Column, ...]
    styles: tuple[Style, ...]
    style_of: Callable[[Row], str] = field(repr=False)
    label_of: Callable[[Row], str] = field(repr=False)
    title_of: Callable[[Row], str] = field(repr=False)
    rows_of: Callable[[Row], list[tuple[str, str]]] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_columns", {column.name: column for column in self.columns})

    def column(self, name: str) -> Column:
        return self._columns[name]  # type: ignore[attr-defined, no-any-return]

    def style(self, key: str) -> Style:
        return next(style for style in self.styles if style.key == key)

    def shown_rows(self, row: Row) -> list[tuple[str, str]]:
        """(title, value) pairs for the card of a feature, in the order of the columns; unknown values are
        left out.
        """
        return self.rows_of(row) if self.rows_of else plain_rows(self.columns, row)


def plain_rows(columns: tuple[Column, ...], row: Row) -> list[tuple[str, str]]:
    """The shown columns that have a value, each as text."""
    shown = ((column, row.get(column.name)) for column in columns if column.shown)
    return [
        (column.title_ja, value_text(column, value)) for column, value in shown if value not in (None, "")
    ]


def value_text(column: Column, value: object) -> str:
    """A value as a resident reads it: あり, 45人, 150mm."""
    if column.type == "bool":
        return "あり" if value else "なし"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"{value}{column.unit}"
