"""Writes what the inbox shows into a file: CSV, Excel, GeoJSON or GeoPackage, a few rows in memory at a time."""

from __future__ import annotations

import csv
import io
import sqlite3
import struct
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from copy import copy
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

import orjson
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell, WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from gisapp.flows.category_words import category_name
from gisapp.words import say
from layers.exported import FORMULA_STARTS
from reports_store import Categories, Channel, Priority, Status, Visibility
from reports_store.exporting import ExportRow

Value = str | int | float | None
Line = tuple[Value, ...]
COLUMNS = (
    "number", "received", "category", "status", "priority", "department", "assignee", "due", "channel", "area",
    "body", "lon", "lat", "accuracy_m", "photos", "updated", "visibility", "duplicate_of", "referred_to",
)  # fmt: skip
NUMBERS = frozenset({"lon", "lat", "accuracy_m", "photos"})
TIMES = frozenset({"received", "due", "updated"})
_AT_TIMES = frozenset(COLUMNS.index(name) for name in TIMES)
WIDTHS = {
    "received": 17,
    "due": 17,
    "updated": 17,
    "category": 18,
    "area": 18,
    "body": 60,
    "referred_to": 22,
}  # letters
_STARTS = tuple(FORMULA_STARTS)
_JST = timedelta(hours=9)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None) + _JST
GETA = "〓"  # what printers set for a letter they do not have
MOST_ROWS = 1_048_575  # of a sheet in Excel, without its heading
MOST_LETTERS = 32_767  # of a cell
_BLOCK = 500  # rows that are written together


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    GEOJSON = "geojson"
    GPKG = "gpkg"


class TooManyRows(Exception):
    """A sheet of Excel holds no more."""


def titles() -> list[str]:
    return [say(f"desk_export.column.{name}") for name in COLUMNS]


def lines(
    rows: Iterable[ExportRow], categories: Categories, names: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Line]:
    """Rows in words, times as they are on the clock in Japan; names are those of people by login."""
    kinds = {code: category_name(each) for code, each in categories.items()}
    states = {each.value: say(f"report.status.{each}") for each in Status}
    urgencies = [say(f"desk_routing.priority.{each}") for each in Priority]
    channels = {each.value: say(f"public_map.channel.{each}") for each in Channel}
    seen = {each.value: say(f"desk_report.visibility.{each}") for each in Visibility}
    for row in rows:
        yield (
            row.public_id, _clock(row.received_at), kinds.get(row.category, row.category), states[row.status],
            urgencies[row.priority], row.department, names.get(row.assignee or "", row.assignee),
            None if row.due_at is None else _clock(row.due_at),
            channels[row.channel], row.area_name, row.body, round(row.lon, 7), round(row.lat, 7), row.accuracy_m,
            row.photo_count, _clock(row.updated_at), seen[row.visibility], row.duplicate_of, row.referred_to,
        )  # fmt: skip


def _clock(micros: int) -> str:
    return (_EPOCH + timedelta(microseconds=micros)).isoformat(" ", "minutes")


def safe(value: Value) -> Value:
    """A text that a spreadsheet would run gets an apostrophe before it; numbers stay numbers."""
    return "'" + value if isinstance(value, str) and value.startswith(_STARTS) else value


# --- CSV


def csv_blocks(found: Iterable[Line]) -> Iterator[bytes]:
    """UTF-8 with BOM, which Excel needs to see what it is."""
    yield b"\xef\xbb\xbf"
    for block in _csv_texts(found):
        yield block.encode()


def _csv_texts(found: Iterable[Line]) -> Iterator[str]:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(titles())
    for block in _blocks(found):
        writer.writerows([tuple(map(safe, line)) for line in block])
        yield _taken(text)
    yield _taken(text)


def _taken(text: io.StringIO) -> str:
    told = text.getvalue()
    text.seek(0)
    text.truncate()
    return told


def _blocks(found: Iterable[Line]) -> Iterator[list[Line]]:
    block: list[Line] = []
    for line in found:
        block.append(line)
        if len(block) == _BLOCK:
            yield block
            block = []
    yield block


def write_cp932(found: Iterable[Line], target: Path) -> int:
    """A ZIP of the CSV in cp932 and of a list of every letter cp932 does not have: which cell, which letter.

    In the CSV each of them is a 〓. Returns how many there were. Never a silent question mark.
    """
    missing = 0
    listed_file = target.with_name(target.name + ".list")
    with listed_file.open("w", encoding="utf-8-sig", newline="") as listing:
        told = csv.writer(listing, lineterminator="\r\n")
        told.writerow([say(f"desk_export.missing.{name}") for name in ("number", "column", "letter", "code")])

        def kept(line: Line) -> Line:
            nonlocal missing
            fitting = list(line)
            for at, value in enumerate(line):
                if isinstance(value, str) and (strays := _strays(value)):
                    missing += len(strays)
                    told.writerows([line[0], titled[at], each, f"U+{ord(each):04X}"] for each in strays)
                    fitting[at] = "".join(GETA if each in strays else each for each in value)
            return tuple(fitting)

        titled = titles()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            with archive.open(say("desk_export.file") + ".csv", "w", force_zip64=True) as file:
                for block in _csv_texts(map(kept, found)):
                    file.write(block.encode("cp932"))
            if not missing:
                told.writerow([say("desk_export.missing.none")])
            listing.flush()
            archive.write(listed_file, say("desk_export.missing.file") + ".csv")
    listed_file.unlink()
    return missing


def _strays(value: str) -> list[str]:
    try:
        value.encode("cp932")
    except UnicodeEncodeError:
        return [each for each in value if not _has(each)]
    return []


def _has(letter: str) -> bool:
    try:
        letter.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True


# --- GeoJSON


def geojson_blocks(found: Iterable[Line]) -> Iterator[bytes]:
    """RFC 7946: lon, lat in WGS 84."""
    at_lon, at_lat = COLUMNS.index("lon"), COLUMNS.index("lat")
    titled = titles()
    yield b'{"type":"FeatureCollection","features":['
    first = True
    for block in _blocks(found):
        features = [
            orjson.dumps({
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": (line[at_lon], line[at_lat])},
                "properties": dict(zip(titled, line, strict=True)),
            })
            for line in block
        ]  # fmt: skip
        if features:
            yield (b"\n" if first else b",\n") + b",\n".join(features)
            first = False
    yield b"\n]}\n"


# --- Excel


def write_xlsx(found: Iterable[Line], target: Path) -> None:
    """A sheet to sort and filter, its heading in sight, times as times. Raises TooManyRows beyond what it holds."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(say("desk_export.file"))
    sheet.freeze_panes = "B2"
    for at, name in enumerate(COLUMNS, 1):
        sheet.column_dimensions[get_column_letter(at)].width = WIDTHS.get(name, 14)
    sheet.append(_heading(sheet))
    looks, rows = _Looks(sheet), 1
    for rows, line in enumerate(found, 2):
        if rows > MOST_ROWS + 1:
            raise TooManyRows
        sheet.append([looks.of(at, value) for at, value in enumerate(line)])
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(COLUMNS))}{rows}"
    book.save(target)


def _heading(sheet: WriteOnlyWorksheet) -> list[Cell]:
    cells = [WriteOnlyCell(sheet, title) for title in titles()]
    for cell in cells:
        cell.font = Font(bold=True)
    return cells


class _Looks:
    """The cells that look otherwise than openpyxl would have them, filled anew for each row."""

    def __init__(self, sheet: WriteOnlyWorksheet) -> None:
        self._clock, self._words = WriteOnlyCell(sheet), WriteOnlyCell(sheet)
        self._clock.number_format = "yyyy-mm-dd hh:mm"
        # Excel asks no question of a cell that is marked as text, not when it is edited either.
        self._words.quotePrefix = True

    def of(self, at: int, value: Value) -> Value | Cell:
        if not isinstance(value, str):
            return value
        if at in _AT_TIMES:
            return _filled(copy(self._clock), datetime.fromisoformat(value))
        clean = ILLEGAL_CHARACTERS_RE.sub("", value)[:MOST_LETTERS]
        if clean.startswith(_STARTS):
            cell = _filled(copy(self._words), clean)
            cell.data_type = "s"  # openpyxl would make a formula of what begins with =
            return cell
        return clean


def _filled(cell: Cell, value: str | datetime) -> Cell:
    cell.value = value
    return cell


# --- GeoPackage


_POINT = struct.Struct("<2sBBiBIdd")  # GeoPackage's header, then a point as WKB
_SYSTEMS = (
    ("Undefined Cartesian SRS", -1, "NONE", -1, "undefined"),
    ("Undefined geographic SRS", 0, "NONE", 0, "undefined"),
    (
        "WGS 84 geodetic", 4326, "EPSG", 4326,
        'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],'
        'UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4326"]]',
    ),
)  # fmt: skip
_TABLES = """
PRAGMA application_id = 0x47504B47;
PRAGMA user_version = 10300;
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
 organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
 description TEXT DEFAULT '', last_change DATETIME NOT NULL, min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE,
 srs_id INTEGER REFERENCES gpkg_spatial_ref_sys (srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL UNIQUE REFERENCES gpkg_contents (table_name),
 column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
 PRIMARY KEY (table_name, column_name));
"""


def write_gpkg(found: Iterable[Line], target: Path, at: datetime) -> None:
    """A GeoPackage 1.3 with one layer of points, lon and lat in WGS 84."""
    titled = titles()
    kinds = {"photos": "INTEGER"} | dict.fromkeys(("lon", "lat", "accuracy_m"), "DOUBLE")
    columns = ", ".join(
        f'"{title}" {kinds.get(name, "TEXT")}' for name, title in zip(COLUMNS, titled, strict=True)
    )
    box = [180.0, 90.0, -180.0, -90.0]
    with closing(sqlite3.connect(target, isolation_level=None)) as file:
        file.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN;" + _TABLES)
        file.executemany("INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, NULL)", _SYSTEMS)
        file.execute(
            f"CREATE TABLE reports (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom POINT, {columns})"
        )
        marks = ", ".join("?" * (len(COLUMNS) + 1))
        names = ", ".join(f'"{title}"' for title in titled)
        file.executemany(f"INSERT INTO reports (geom, {names}) VALUES ({marks})", _points(found, box))
        extent = box if box[0] <= box[2] else [None] * 4
        file.execute(
            "INSERT INTO gpkg_contents VALUES ('reports', 'features', 'reports', '', ?, ?, ?, ?, ?, 4326)",
            (at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"), *extent),
        )
        file.execute("INSERT INTO gpkg_geometry_columns VALUES ('reports', 'geom', 'POINT', 4326, 0, 0)")
        file.execute("COMMIT")


def _points(found: Iterable[Line], box: list[float]) -> Iterator[Sequence[object]]:
    at_lon, at_lat = COLUMNS.index("lon"), COLUMNS.index("lat")
    pack = _POINT.pack
    for line in found:
        lon, lat = line[at_lon], line[at_lat]
        if not isinstance(lon, float) or not isinstance(lat, float):
            raise TypeError(f"line {line[0]}: a place is two numbers")
        box[:] = min(box[0], lon), min(box[1], lat), max(box[2], lon), max(box[3], lat)
        yield (pack(b"GP", 0, 1, 4326, 1, 1, lon, lat), *line)


WRITERS: dict[Format, Callable[[Iterable[Line], Path, datetime], None]] = {
    Format.XLSX: lambda found, target, at: write_xlsx(found, target),
    Format.GPKG: write_gpkg,
}
