"""Reports as open data: GeoJSON and CSV, streamed row by row from an allow-list of fields."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from gisapp.words import say
from reports_store import Categories, Filters, ReportStore
from reports_store.privacy import PublicReport, public

BATCH = 500
JST = ZoneInfo("Asia/Tokyo")
COLUMNS = (
    "public_id",
    "category",
    "category_name",
    "state",
    "state_name",
    "received_on",
    "updated_at",
    "area",
    "road_manager",
    "lon",
    "lat",
    "place_accuracy_m",
    "answers",
    "body",
)
# A cell that a spreadsheet would run as a formula gets an apostrophe; numbers stay numbers.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")


def geojson_parts(reports: ReportStore, categories: Categories) -> Iterator[bytes]:
    """A FeatureCollection (RFC 7946: lon/lat WGS84, no crs member) in parts of about 100 kB.

    Reports without a public place have a null geometry: they are counted, not hidden.
    """
    yield b'{"type":"FeatureCollection","features":['
    features = (_feature(report, categories) for report in _public(reports, categories))
    for number, part in enumerate(_batches(features)):
        yield (b",\n" if number else b"\n") + part
    yield b"\n]}\n"


def csv_lines(reports: ReportStore, categories: Categories) -> Iterator[bytes]:
    """The same as CSV: UTF-8 with BOM so that Excel opens it, CRLF, one header line."""
    yield b"\xef\xbb\xbf" + _csv([[say(f"export.{name}") for name in COLUMNS]])
    rows = (_row(report, categories) for report in _public(reports, categories))
    while batch := list(islice(rows, BATCH)):
        yield _csv(batch)


def export(parts: Iterator[bytes], target: Path) -> int:
    """Write an export whole: a crash leaves the old file or the new one. Returns the bytes written."""
    unfinished = target.with_name(f"{target.name}.part")
    written = 0
    try:
        with unfinished.open("wb") as file:
            for part in parts:
                written += file.write(part)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return written


def _public(reports: ReportStore, categories: Categories) -> Iterator[PublicReport]:
    for report in reports.stream(Filters(public=True)):
        yield public(report, categories[report.category])


def _feature(report: PublicReport, categories: Categories) -> bytes:
    properties = _properties(report, categories)
    lon, lat = properties.pop("lon"), properties.pop("lat")
    geometry = None if lon is None else {"type": "Point", "coordinates": [lon, lat]}
    feature = {"type": "Feature", "id": report.public_id, "geometry": geometry, "properties": properties}
    return orjson.dumps(feature)


def _properties(report: PublicReport, categories: Categories) -> dict[str, Any]:
    place = report.place
    return {
        "public_id": report.public_id,
        "category": report.category,
        "category_name": categories[report.category].name("ja"),
        "state": report.state.value,
        "state_name": say(f"report.state.{report.state}"),
        "received_on": report.received_on.isoformat(),
        "updated_at": report.updated_at.astimezone(JST).isoformat(timespec="seconds"),
        "area": report.area or None,
        "road_manager": report.road_manager or None,
        "lon": None if place is None else place.lon,
        "lat": None if place is None else place.lat,
        "place_accuracy_m": None if place is None else place.accuracy_m,
        "answers": "；".join(report.answers.values()) or None,
        "body": report.body or None,
    }


def _row(report: PublicReport, categories: Categories) -> list[Any]:
    found = _properties(report, categories)
    return [_cell(found[name]) for name in COLUMNS]


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value


def _batches(features: Iterator[bytes]) -> Iterator[bytes]:
    while batch := list(islice(features, BATCH)):
        yield b",\n".join(batch)


def _csv(rows: list[list[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
