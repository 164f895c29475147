"""What a kind of layer is: its columns, its colours, and the words a map shows for one feature.

A new kind is one Kind(...) in a file of layers/kinds/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Literal

Row = Mapping[str, object]
Pattern = Literal["none", "hatch", "dots", "cross"]
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
    pattern: Pattern = "none"


@dataclass(frozen=True)
class StyleChange:
    """What a town draws otherwise than the kind does; None leaves a part as it is."""

    key: str
    fill: str | None = None
    stroke: str | None = None
    weight_px: float | None = None
    pattern: Pattern | None = None
    letter: str | None = None
    text_ja: str | None = None

    def said(self) -> dict[str, object]:
        """The parts that are changed, by name."""
        parts = {part.name: getattr(self, part.name) for part in fields(self) if part.name != "key"}
        return {name: value for name, value in parts.items() if value is not None}


@dataclass(frozen=True)
class Kind:
    """A kind of layer. feature_id is a text column of every kind and is not listed.

    at_least_one names columns of which every row has to give one, whichever: a flood zone states a depth, a
    duration or a collapse zone. any_columns: every further column of a file belongs to the feature and is
    shown with it. hazard is the key of HAZARDS whose designation makes an evacuation site valid for such a
    zone; it is empty for kinds that are no hazard zone. words_of says what a zone means for a person there.
    address_of gives the text by which an address is found, for kinds that keep it in several columns.
    """

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
    at_least_one: tuple[str, ...] = ()
    any_columns: bool = False
    hazard: str = ""
    words_of: Callable[[Row], str] | None = field(default=None, repr=False)
    address_of: Callable[[Row], str] | None = field(default=None, repr=False)

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

    def address(self, row: Row) -> str:
        """The address of a feature as text to be searched; empty if it has none."""
        return self.address_of(row) if self.address_of else str(row.get("address") or "")

    def words(self, row: Row) -> str:
        """What a feature means for a person at its place, in plain words; empty for kinds without such words."""
        return self.words_of(row) if self.words_of else ""

    def restyled(self, changes: Iterable[StyleChange]) -> Kind:
        """The kind drawn with a town's changes; titles and labels that quote a changed text follow it."""
        said = {change.key: change.said() for change in changes}
        styles = tuple(replace(style, **said.get(style.key, {})) for style in self.styles)  # type: ignore[arg-type]
        former = {style.key: style.text_ja for style in self.styles}
        texts = {
            style.key: (former[style.key], style.text_ja)
            for style in styles
            if style.text_ja != former[style.key]
        }
        if not texts:
            return replace(self, styles=styles)

        def following(say: Callable[[Row], str]) -> Callable[[Row], str]:
            return lambda row: say(row).replace(*texts.get(self.style_of(row), ("", "")))

        return replace(
            self, styles=styles, label_of=following(self.label_of), title_of=following(self.title_of)
        )


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
