"""What a change to one feature must satisfy: values as the kind's columns want them, a shape that can be there."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from layers.canonical import SOURCE_PROPERTIES
from layers.kinds import Column, Kind
from layers.validate import TownArea

TEXT_LIMIT = 2_000
VERTEX_LIMIT = 100_000
PROPERTY_LIMIT = 200
# Control characters, bidirectional overrides and halves of characters; line breaks and tabs may stay.
_BAD_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffd]")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
_PARTS = {"MultiPoint": "Point", "MultiLineString": "LineString", "MultiPolygon": "Polygon"}


@dataclass(frozen=True)
class EditFault:
    """Why a change cannot be stored. column is a column's name, "geometry", or None for the whole change."""

    feature_id: str
    column: str | None
    code: str
    found: str = ""
    expected: str = ""


class _Unfit(Exception):
    def __init__(self, code: str, found: str, expected: str = "") -> None:
        self.fault = (code, found, expected)


def checked_values(
    feature_id: str, values: Mapping[str, Any], kind: Kind
) -> tuple[dict[str, Any], list[EditFault]]:
    """The values as the columns hold them, empty ones as None; and a fault for each that cannot be held."""
    columns = {column.name: column for column in kind.columns}
    kept: dict[str, Any] = {}
    faults: list[EditFault] = []
    for name, given in values.items():
        own = name == SOURCE_PROPERTIES and kind.any_columns
        if not own and name not in columns:
            faults.append(EditFault(feature_id, name[:64], "column_unknown", name[:64]))
            continue
        try:
            kept[name] = _properties(given) if own else _value(columns[name], given)
        except _Unfit as unfit:
            faults.append(EditFault(feature_id, name, *unfit.fault))
    return kept, faults


def missing_values(
    feature_id: str, changed: Mapping[str, Any], whole: Mapping[str, Any], kind: Kind, new: bool
) -> Iterator[EditFault]:
    """Required columns that a new feature lacks, or that a change would empty. A flag may be unknown.

    changed are the values of the change, whole the feature as it would be.
    """
    for column in kind.columns:
        wanted = column.required and column.type != "bool" and (new or column.name in changed)
        if wanted and whole.get(column.name) is None:
            yield EditFault(feature_id, column.name, "value_missing")
    group = kind.at_least_one
    touched = new or not set(group).isdisjoint(changed)
    if group and touched and all(whole.get(name) is None for name in group):
        titles = "・".join(kind.column(name).title_ja for name in group)
        yield EditFault(feature_id, group[0], "one_of_missing", "", titles)


def new_id_faults(feature_id: str) -> Iterator[EditFault]:
    """A created feature's id must be one that addresses and files can carry."""
    if not _ID.fullmatch(feature_id):
        yield EditFault(feature_id[:64], None, "id_shape", feature_id[:64])


def shape_faults(
    feature_id: str, shape: BaseGeometry, before: BaseGeometry | None, kind: Kind, area: TownArea
) -> Iterator[EditFault]:
    """What is wrong with a drawn shape (EPSG:4326). One that already lay outside the town may stay there."""

    def fault(code: str, found: str = "", expected: str = "") -> EditFault:
        return EditFault(feature_id, "geometry", code, found, expected)

    if shape.is_empty:
        yield fault("geometry_missing")
        return
    several_points = shape.geom_type == "MultiPoint" and shapely.get_num_geometries(shape) > 1
    if _PARTS.get(shape.geom_type, shape.geom_type) not in kind.geometry or several_points:
        yield fault("geometry_type", shape.geom_type, ", ".join(sorted(kind.geometry)))
        return
    if shapely.get_num_coordinates(shape) > VERTEX_LIMIT:
        yield fault("too_many_vertices", str(shapely.get_num_coordinates(shape)), str(VERTEX_LIMIT))
        return
    if not all(math.isfinite(side) for side in shape.bounds):
        yield fault("number_not_finite")
        return
    if not shape.is_valid:
        yield fault("geometry_invalid", shapely.is_valid_reason(shape))
        return
    if shape.length == 0 and "Point" not in shape.geom_type:
        yield fault("geometry_missing")
    if (
        kind.id != "boundary"
        and _outside(shape, area)
        and not (before is not None and _outside(before, area))
    ):
        yield fault("outside_town", f"{shape.bounds[0]:.6f}, {shape.bounds[1]:.6f}")


def _outside(shape: BaseGeometry, area: TownArea) -> bool:
    town = shapely.box(*area.bounds) if area.boundary is None else area.boundary
    return not bool(shapely.is_valid(shape)) or not bool(shapely.intersects(town, shape))


def _value(column: Column, given: Any) -> Any:
    if given is None or given == "":
        return None
    value = _READ[column.type](given)
    if value is not None and column.allowed and value not in column.allowed:
        raise _Unfit("value_not_allowed", str(value), "、".join(map(str, column.allowed)))
    return value


def _properties(given: Any) -> str | None:
    """The further columns of a kind that takes any, as the JSON text that a version keeps."""
    if not isinstance(given, dict) or len(given) > PROPERTY_LIMIT:
        raise _Unfit("not_properties", str(given)[:40])
    kept: dict[str, Any] = {}
    for title, value in given.items():
        name = _text(title)
        if name is None or not isinstance(value, str | int | float | bool | None):
            raise _Unfit("not_properties", str(title)[:40])
        kept[name] = _text(value) if isinstance(value, str) else value
    return json.dumps(kept, ensure_ascii=False) if kept else None


def _text(given: Any) -> str | None:
    if not isinstance(given, str):
        raise _Unfit("not_text", str(given)[:40])
    text = given.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(text) > TEXT_LIMIT:
        raise _Unfit("text_too_long", str(len(text)), str(TEXT_LIMIT))
    if bad := _BAD_TEXT.search(text):
        raise _Unfit("text_broken", f"U+{ord(bad.group()):04X}")
    return text or None


def _int(given: Any) -> int | None:
    number = _float(given)
    if number is None:
        return None
    if not number.is_integer() or abs(number) > 2**53:
        raise _Unfit("not_whole", str(given)[:40])
    return int(number)


def _float(given: Any) -> float | None:
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        raise _Unfit("not_a_number", str(given)[:40])
    text = unicodedata.normalize("NFKC", str(given)).replace(",", "").strip()
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        raise _Unfit("not_a_number", str(given)[:40]) from None
    if not math.isfinite(number):
        raise _Unfit("not_a_number", str(given)[:40])
    return number


def _bool(given: Any) -> bool:
    if not isinstance(given, bool):
        raise _Unfit("not_yes_or_no", str(given)[:40])
    return given


_READ: dict[str, Callable[[Any], Any]] = {"text": _text, "int": _int, "float": _float, "bool": _bool}
