"""Reports as open data: GeoJSON and CSV, streamed row by row from an allow-list of fields."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from gisapp.words import DEFAULT, sentences
from reports_store import Categories, Category, Filters, ReportStore
from reports_store.privacy import public_properties

BATCH = 500
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
    features = (_feature(report) for report in _public(reports, categories))
    for number, part in enumerate(_batches(features)):
        yield (b",\n" if number else b"\n") + part
    yield b"\n]}\n"


def csv_lines(reports: ReportStore, categories: Categories) -> Iterator[bytes]:
    """The same as CSV: UTF-8 with BOM so that Excel opens it, CRLF, one header line."""
    yield b"\xef\xbb\xbf" + _csv([[sentences(DEFAULT)[f"export.{name}"] for name in COLUMNS]])
    rows = ([_cell(value) for value in report.values()] for report in _public(reports, categories))
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


def _public(reports: ReportStore, categories: Categories) -> Iterator[dict[str, Any]]:
    for report in reports.stream(Filters(public=True)):
        category = categories[report.category]
        yield _properties(public_properties(report, category), category)


def _properties(shown: dict[str, Any], category: Category) -> dict[str, Any]:
    """The allow-list in words; an empty text is an unknown value and becomes null."""
    named = {
        **shown,
        "category_name": category.name("ja"),
        "state_name": sentences(DEFAULT)[f"report.state.{shown['state']}"],
        "place_accuracy_m": shown["accuracy_m"],
        "answers": "；".join(shown["answers"].values()),
    }
    return {name: None if named[name] == "" else named[name] for name in COLUMNS}


def _feature(properties: dict[str, Any]) -> bytes:
    lon, lat = properties.pop("lon"), properties.pop("lat")
    geometry = None if lon is None else {"type": "Point", "coordinates": [lon, lat]}
    feature = {
        "type": "Feature",
        "id": properties["public_id"],
        "geometry": geometry,
        "properties": properties,
    }
    return orjson.dumps(feature)


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
