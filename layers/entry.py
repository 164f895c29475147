"""One entry of the catalogue: what a layer is called, who keeps and sees it, on what terms, and how it is drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Literal, get_args

from layers.errors import Fault, Grade
from layers.kind import Kind, Pattern, StyleChange
from layers.kinds import KINDS, kind_of

_ID = re.compile(r"[a-z][a-z0-9_]{0,62}")  # also a folder's name, so nothing a path could misread
_COLOUR = re.compile("#[0-9A-Fa-f]{6}")
_VISIBILITIES = ("public", "internal", "departments")
_PATTERNS: tuple[str, ...] = get_args(Pattern)
_LETTERS, _TEXT_LETTERS = 3, 60  # what a swatch and a legend's line have room for
_WEIGHT_PX = (0.5, 20.0)


@dataclass(frozen=True)
class Entry:
    """One layer of the catalogue. order sorts the legend, small first.

    department owns the layer. visibility says who may see it: everybody, the town hall, or the owner and the
    departments in seen_by; edited_by names departments that may change it besides the owner. as_of is the day
    (2026-04-01) the layer stands for when no file says one; style is what the town draws otherwise than the kind.
    """

    id: str
    title: str
    kind: str
    theme: str
    department: str
    visibility: Literal["public", "internal", "departments"]
    licence: str
    attribution: str
    default_on: bool = False
    order: int = 500
    seen_by: tuple[str, ...] = ()
    edited_by: tuple[str, ...] = ()
    as_of: str = ""
    style: tuple[StyleChange, ...] = ()

    def __post_init__(self) -> None:
        """Lists and tables, as TOML and JSON give them, become tuples."""
        for name in ("seen_by", "edited_by"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        object.__setattr__(self, "style", tuple(_style_changes(self.style)))

    @property
    def as_of_day(self) -> date | None:
        return date.fromisoformat(self.as_of) if self.as_of else None

    def kind_drawn(self) -> Kind:
        """The entry's kind as this layer draws it, with the town's own colours, letters and words."""
        return kind_of(self.kind).restyled(self.style)

    def table(self) -> dict[str, Any]:
        """The entry as a table of a catalogue file, without its id and without what is left at its default."""
        plain = {name: _plain(getattr(self, name)) for name in FIELDS if name != "style"}
        kept = {name: value for name, value in plain.items() if name != "as_of" or value}
        style = {change.key: change.said() for change in self.style}
        return {**kept, **({"style": style} if style else {})}


FIELDS = tuple(part.name for part in fields(Entry) if part.name != "id")
_NEEDED = ("title", "kind", "department", "visibility", "licence", "attribution")
_TYPES: dict[str, type] = {
    "default_on": bool,
    "order": int,
    "seen_by": list,
    "edited_by": list,
    "style": dict,
}
_STYLE_FIELDS = tuple(part.name for part in fields(StyleChange) if part.name != "key")


def entry_of(entry_id: str, table: Mapping[str, Any]) -> Entry:
    """A table without faults as an entry; a theme that is not stated is the kind's."""
    return Entry(**{"id": entry_id, "theme": KINDS[table["kind"]].theme, **table})


def entry_faults(entry_id: str, table: Mapping[str, Any]) -> Iterator[Fault]:
    """Everything that is wrong with an entry's table."""
    if not _ID.fullmatch(entry_id):
        yield entry_fault("entry_id_shape", entry_id, "", entry_id, "a-z, 0-9, _")
    for name in sorted(table.keys() - set(FIELDS)):
        yield entry_fault("entry_field_unknown", entry_id, name, name, ", ".join(FIELDS))
    for name in _NEEDED:
        if table.get(name) in (None, ""):
            yield entry_fault("entry_field_missing", entry_id, name, "", name)
    for name in sorted(table.keys() & set(FIELDS)):
        wanted = _TYPES.get(name, str)
        if type(table[name]) is not wanted:  # a bool is an int to isinstance
            yield entry_fault("entry_field_type", entry_id, name, repr(table[name]), wanted.__name__)
    yield from _value_faults(entry_id, table)


def entry_fault(code: str, entry_id: str, name: str, found: str, expected: str) -> Fault:
    return Fault(code, Grade.REFUSE, None, f"[{entry_id}] {name}".strip(), found, expected)


def _value_faults(entry_id: str, table: Mapping[str, Any]) -> Iterator[Fault]:
    kind = str(table.get("kind") or "")
    if kind not in {"", *KINDS}:
        yield entry_fault("entry_kind_unknown", entry_id, "kind", kind, ", ".join(KINDS))
    if (seen := table.get("visibility")) not in {None, "", *_VISIBILITIES}:
        yield entry_fault("entry_visibility", entry_id, "visibility", str(seen), ", ".join(_VISIBILITIES))
    if isinstance(day := table.get("as_of"), str) and day and not _is_day(day):
        yield entry_fault("entry_as_of", entry_id, "as_of", day, "2026-04-01")
    if isinstance(style := table.get("style"), dict) and kind in KINDS:
        yield from _style_faults(entry_id, KINDS[kind], style)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _style_faults(entry_id: str, kind: Kind, style: Mapping[str, Any]) -> Iterator[Fault]:
    faults: list[Fault] = []
    keys = [one.key for one in kind.styles]
    for key, parts in style.items():
        place = f"style.{key}"
        if key not in keys:
            faults.append(entry_fault("entry_style_unknown", entry_id, place, key, ", ".join(keys)))
        elif not isinstance(parts, dict):
            faults.append(
                entry_fault(
                    "entry_not_a_table", f"{entry_id}.{place}", "", repr(parts), f"[{entry_id}.{place}]"
                )
            )
        else:
            faults += _part_faults(entry_id, place, parts)
    yield from faults
    if not faults:
        yield from _alike(entry_id, kind, style)


def _part_faults(entry_id: str, place: str, parts: Mapping[str, Any]) -> Iterator[Fault]:
    least, most = _WEIGHT_PX
    rules = {
        "fill": (_is_colour, "#RRGGBB"),
        "stroke": (_is_colour, "#RRGGBB"),
        "weight_px": (_is_weight, f"{least:g}-{most:g}"),
        "pattern": (lambda value: value in _PATTERNS, ", ".join(_PATTERNS)),
        "letter": (lambda value: _is_text(value, _LETTERS), f"1-{_LETTERS}"),
        "text_ja": (lambda value: _is_text(value, _TEXT_LETTERS), f"1-{_TEXT_LETTERS}"),
    }
    for name, value in parts.items():
        if name not in rules:
            yield entry_fault(
                "entry_field_unknown", entry_id, f"{place} {name}", name, ", ".join(_STYLE_FIELDS)
            )
        elif not rules[name][0](value):
            yield entry_fault("entry_style_value", entry_id, f"{place} {name}", repr(value), rules[name][1])


def _is_colour(value: object) -> bool:
    return isinstance(value, str) and _COLOUR.fullmatch(value) is not None


def _is_weight(value: object) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and _WEIGHT_PX[0] <= value <= _WEIGHT_PX[1]  # type: ignore[operator]


def _is_text(value: object, most: int) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= most and value.isprintable()


def _alike(entry_id: str, kind: Kind, style: Mapping[str, Mapping[str, Any]]) -> Iterator[Fault]:
    """Two styles that only their colour would tell apart, once the changes are made."""
    first: dict[tuple[str, ...], str] = {}
    drawn = kind.restyled(_style_changes(style)).styles
    for one in drawn:
        for sign in ((one.letter, one.pattern, one.dash), (one.text_ja,)):
            other = first.setdefault(sign, one.key)
            if other != one.key:
                yield entry_fault("entry_style_alike", entry_id, f"style.{one.key}", one.key, other)


def _style_changes(style: object) -> Iterator[StyleChange]:
    """Changes from a table by key, from a list of tables that name their key, or already made."""
    if isinstance(style, Mapping):
        style = [{"key": key, **parts} for key, parts in style.items()]
    for change in style if isinstance(style, (list, tuple)) else ():
        yield change if isinstance(change, StyleChange) else StyleChange(**change)


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
