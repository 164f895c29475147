"""A GeoJSON file as a table, including the ones that break the rules in known ways.

Taken are a FeatureCollection, a single Feature, a bare geometry, and a text with one Feature a line. A file is
read feature by feature: what is held is the shapes and the texts, never the whole as objects.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import orjson
from shapely.geometry.base import BaseGeometry

from layers.crs import LONLAT, epsg_of
from layers.errors import Fault, UnreadableFile
from layers.limits import MAX_CELLS, MAX_ROWS, MAX_TEXT
from layers.readers.encoding import encoding_of
from layers.readers.json_parts import Numbers, Parts, parts_of
from layers.readers.records import JsonRecords
from layers.readers.shapes import GEOMETRY_TYPES, Z_DROPPED, MalformedShape, shape_of
from layers.readers.table import Table, refusal

_FEATURES = re.compile(rb'"features"\s*:\s*$')
_EXPECTED = "FeatureCollection, Feature"
_SHOWN = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8 BOM", "utf-16": "UTF-16", "cp932": "cp932"}


def geojson_table(path: Path, crs: int | None = None) -> Table:
    """The table of a GeoJSON file. Rows are the features, counted from 1.

    crs is the EPSG number that the caller states; it wins over what the file says of itself. Raises
    UnreadableFile before parsing anything that is too large or too deep.
    """
    encoding = encoding_of(path)
    with _in_utf8(path, encoding) as plain:
        parts = parts_of(plain)
        _refuse_too_many(parts)
        taken = _Features()
        with plain.open("rb") as file:
            about = _taken(file, parts, taken)
    stated = crs or _crs(about)
    name = about.get("name")
    seen = (("format", "geojson"), ("encoding", _SHOWN[encoding]), ("crs", f"EPSG:{stated}"))
    return Table(
        path.name, "geojson", tuple(taken.columns), JsonRecords(taken.rows), range(1, len(taken.rows) + 1),
        taken.places, name if isinstance(name, str) else "", stated, tuple(taken.faults), seen,
    )  # fmt: skip


@contextmanager
def _in_utf8(path: Path, encoding: str) -> Iterator[Path]:
    """The file itself, or a copy in UTF-8: in cp932 the second byte of a letter may look like a bracket."""
    if encoding.startswith("utf-8"):
        yield path
        return
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "plain.json"
        with (
            path.open(encoding=encoding, newline="") as text,
            copy.open("w", encoding="utf-8", newline="") as out,
        ):
            shutil.copyfileobj(text, out, 1 << 20)
        yield copy


def _refuse_too_many(parts: Parts) -> None:
    rows = max(len(spans) for spans in parts.objects.values())
    if rows > 2 * MAX_ROWS:  # geometry and properties are objects too
        raise UnreadableFile([refusal("too_many_rows", str(rows), str(MAX_ROWS))])


def _taken(file: BinaryIO, parts: Parts, taken: _Features) -> dict[str, Any]:
    """Take the features of the file; the answer is what it says beside them."""
    roots = parts.objects[1]
    if len(roots) > 1:
        return _line_by_line(file, roots, taken)
    if len(roots) == 1 and (inside := _features_within(file, parts)) is not None:
        return _collection(file, inside, taken)
    file.seek(0)
    return _single(file.read(), taken)


def _features_within(file: BinaryIO, parts: Parts) -> Numbers | None:
    """Where the objects of the list called features lie; None if the file has no such list."""
    for start, stop in parts.lists:
        file.seek(max(0, start - 60))
        if _FEATURES.search(file.read(min(60, start))):
            objects = parts.objects[3]
            inside: Numbers = objects[(objects[:, 0] > start) & (objects[:, 1] < stop)]
            return inside
    return None


def _collection(file: BinaryIO, spans: Numbers, taken: _Features) -> dict[str, Any]:
    around, line = bytearray(), 1
    for gap, raw in _pieces(file, spans):
        around += gap
        line += gap.count(b"\n")
        if raw:
            around += b"0"
            taken.add(raw, line)
            line += raw.count(b"\n")
    document = _parsed(bytes(around).removeprefix(b"\xef\xbb\xbf"))
    for row, entry in enumerate(document["features"], start=1):
        if entry != 0:
            raise UnreadableFile([refusal("geojson_shape", type(entry).__name__, "Feature", row)])
    if len(document["features"]) != len(spans):
        raise UnreadableFile([refusal("geojson_shape", "number", "Feature")])
    return {name: value for name, value in document.items() if name != "features"}


def _line_by_line(file: BinaryIO, spans: Numbers, taken: _Features) -> dict[str, Any]:
    line = 1
    for gap, raw in _pieces(file, spans):
        if gap.strip(b"\x1e\xef\xbb\xbf \t\r\n"):
            raise UnreadableFile([refusal("json_broken", repr(gap[:40]), "GeoJSON", row=line)])
        line += gap.count(b"\n")
        if raw:
            taken.add(raw, line)
            line += raw.count(b"\n")
    return {}


def _single(raw: bytes, taken: _Features) -> dict[str, Any]:
    document = _parsed(raw.removeprefix(b"\xef\xbb\xbf"))
    if not isinstance(document, dict) or document.get("type") not in {"Feature", *GEOMETRY_TYPES}:
        raise UnreadableFile([refusal("geojson_shape", _type_of(document), _EXPECTED)])
    taken.take(document)
    return document if document["type"] == "Feature" else {}


def _pieces(file: BinaryIO, spans: Numbers) -> Iterator[tuple[bytes, bytes]]:
    """What stands before each object and the object itself; at last, what stands behind them all and nothing."""
    file.seek(0)
    at = 0
    for start, stop in spans.tolist():
        yield file.read(start - at), file.read(stop - start)
        at = stop
    yield file.read(), b""


@dataclass
class _Features:
    """The features of a file, taken one by one."""

    rows: list[bytes] = field(default_factory=list)
    places: list[BaseGeometry | None] = field(default_factory=list)
    columns: dict[str, None] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    cells: int = 0

    def add(self, raw: bytes, line: int) -> None:
        """Take a feature from its text, which begins on a line of the file."""
        self.take(_parsed(raw, line))

    def take(self, feature: Any) -> None:
        """Take a feature, or a geometry that stands for one."""
        number = len(self.rows) + 1
        if feature.get("type") in GEOMETRY_TYPES and "properties" not in feature:
            feature = {"geometry": feature}
        self.places.append(_place(number, feature, self.faults))
        values = self._bounded(number, _properties(feature))
        self.columns.update(dict.fromkeys(values))
        self.cells += len(values)
        if self.cells > MAX_CELLS or number > MAX_ROWS:
            raise UnreadableFile([refusal("too_many_rows", f"> {number - 1}", str(number - 1))])
        self.rows.append(_json(values))

    def _bounded(self, number: int, values: dict[str, Any]) -> dict[str, Any]:
        for name, value in values.items():
            if isinstance(value, str) and len(value) > MAX_TEXT:
                self.faults.append(refusal("text_too_long", str(len(value)), str(MAX_TEXT), number, name))
                values = {**values, name: None}
        return values


def _json(values: dict[str, Any]) -> bytes:
    try:
        # copied: what orjson hands out keeps a buffer of some kilobytes behind it
        return bytes(memoryview(orjson.dumps(values)))
    except TypeError:  # half a letter, which the checks will name
        return json.dumps(values).encode()


def _parsed(raw: bytes, line: int = 1) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as strict:
        # Python's own reader also takes NaN and Infinity: then the checks can name the very rows that hold
        # them.
        try:
            return json.loads(raw)
        except ValueError:
            at = line + strict.lineno - 1
            raise UnreadableFile([refusal("json_broken", strict.msg, "GeoJSON", row=at)]) from None


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
    properties = feature.get("properties")
    values = dict(properties) if isinstance(properties, dict) else {}
    if feature.get("id") is not None:
        values.setdefault("id", feature["id"])
    return values


def _place(number: int, feature: Any, faults: list[Fault]) -> BaseGeometry | None:
    geometry = feature.get("geometry")
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
    whole_file = [fault for fault in found if fault == Z_DROPPED and fault not in known]
    return whole_file + [replace(fault, row=number) for fault in found if fault != Z_DROPPED]
