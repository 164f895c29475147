"""A GeoJSON file as a table, including the ones that break the rules in known ways."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import orjson
from shapely.geometry.base import BaseGeometry

from layers.crs import LONLAT, epsg_of
from layers.errors import Fault, Grade, UnreadableFile
from layers.readers.encoding import decoded
from layers.readers.shapes import MalformedShape, shape_of
from layers.readers.table import Table, refusal


def geojson_table(file_name: str, raw: bytes) -> Table:
    """The table of a GeoJSON FeatureCollection. Rows are the features, counted from 1."""
    document = _parsed(raw)
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise UnreadableFile([refusal("geojson_shape", _type_of(document), "FeatureCollection")])
    faults: list[Fault] = []
    rows = [_properties(feature) for feature in features]
    places = [_place(number, feature, faults) for number, feature in enumerate(features, start=1)]
    columns = tuple(dict.fromkeys(name for row in rows for name in row))
    name = document.get("name")
    return Table(
        file_name, "geojson", columns, rows, list(range(1, len(rows) + 1)), places,
        name if isinstance(name, str) else "", _crs(document), tuple(faults),
    )  # fmt: skip


def _parsed(raw: bytes) -> Any:
    text = decoded(raw)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as strict:
        # Python's own reader also takes NaN and Infinity: then the checks can name the very rows that hold
        # them.
        try:
            return json.loads(text)
        except (json.JSONDecodeError, RecursionError):
            raise UnreadableFile([_broken(strict)]) from None


def _broken(error: orjson.JSONDecodeError) -> Fault:
    return refusal("json_broken", f"{error.msg}: line {error.lineno}", "GeoJSON", row=error.lineno)


def _type_of(document: Any) -> str:
    return str(document.get("type")) if isinstance(document, dict) else type(document).__name__


def _crs(document: dict[str, Any]) -> int:
    member = document.get("crs")
    if member is None:
        return LONLAT  # RFC 7946; whether that is true, the checks will see
    properties = member.get("properties") if isinstance(member, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    epsg = epsg_of(name) if isinstance(name, str) else None
    if epsg is None:
        raise UnreadableFile(
            [refusal("crs_unknown", str(name or member), "EPSG:4326, EPSG:6668, EPSG:6669-6687")]
        )
    return epsg


def _properties(feature: Any) -> dict[str, Any]:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    values = dict(properties) if isinstance(properties, dict) else {}
    if isinstance(feature, dict) and feature.get("id") is not None:
        values.setdefault("id", feature["id"])
    return values


def _place(number: int, feature: Any, faults: list[Fault]) -> BaseGeometry | None:
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    if geometry is None:
        return None  # the checks name it
    try:
        shape, found = shape_of(geometry)
    except MalformedShape as error:
        faults.append(refusal("geometry_malformed", str(error), "GeoJSON geometry", row=number))
        return None
    faults.extend(_numbered(number, found, faults))
    return shape


def _numbered(number: int, found: tuple[Fault, ...], known: list[Fault]) -> list[Fault]:
    # a height left out is worth one line for the file; a ring left open is named with its row
    whole_file = [fault for fault in found if fault.grade is Grade.NOTE and fault not in known]
    return whole_file + [replace(fault, row=number) for fault in found if fault.grade is not Grade.NOTE]
