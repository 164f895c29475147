"""Of which format a file is, by its first bytes; its name is not asked."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from layers.errors import UnreadableFile
from layers.readers.table import refusal

READABLE = "CSV, Excel（xlsx）, GeoJSON, Shapefile, GeoPackage, FlatGeobuf, GeoParquet, KML, KMZ, GPX, GML, DXF, GeoTIFF"
_START = 4096
_MAGIC = (
    (b"SQLite format 3\x00", "sqlite"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PAR1", "geoparquet"),
    (b"fgb\x03fgb", "flatgeobuf"),
    (b"II*\x00", "geotiff"),
    (b"MM\x00*", "geotiff"),
    (b"II+\x00", "geotiff"),
    (b"MM\x00+", "geotiff"),
    (b"\x00\x00\x27\x0a", "shapefile"),
)
_UNREADABLE = (
    (b"%PDF", "PDF"),
    (b"\xd0\xcf\x11\xe0", "xls"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf", "7z"),
    (b"Rar!", "RAR"),
    (b"AutoCAD Binary DXF", "DXF binary"),
    (b"AC10", "DWG"),
    (b"\x7fELF", "program"),
    (b"MZ\x90", "program"),
)
_HEIF = re.compile(rb"....ftyp(?:hei|mif|avi|msf)", re.S)
_DXF = re.compile(rb"(?:\s*999\s*\r?\n[^\n]*\n)*\s*0\s*\r?\nSECTION")
_PRJ = re.compile(rb"(?:GEOGCS|PROJCS|GEOGCRS|PROJCRS|COMPD_CS|GEODCRS)\s*\[")
_CPG = re.compile(
    rb"(?:utf-?8|shift_?jis|s-?jis|cp932|ms932|windows-31j|ansi \d+|\d{3,5}|iso-?8859-?\d+|euc-?jp)\s*", re.I
)


def format_of(path: Path) -> str:
    """The format of a file: csv, geojson, xlsx, kmz, zip, shapefile, gpkg, flatgeobuf, geoparquet, kml, gpx, gml,
    dxf or geotiff. csv is what no other is; whether it is a text at all is seen on reading.

    Raises UnreadableFile for a format that is known and cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(_START)
    for magic, name in _MAGIC:
        if start.startswith(magic):
            return _certain(path, name, start)
    for magic, name in _UNREADABLE:
        if start.startswith(magic):
            raise UnreadableFile([refusal("format_unsupported", name, READABLE)])
    if _HEIF.match(start):
        raise UnreadableFile([refusal("format_unsupported", "HEIC", READABLE)])
    if _is_dbf(start, path.stat().st_size):
        raise UnreadableFile([refusal("shapefile_part", ".dbf", ".shp")])
    plain = _without_bom(start).lstrip()
    if plain.startswith((b"{", b"[", b"\x1e")):
        return "geojson"
    if plain.startswith(b"<"):
        return _of_xml(path)
    if _DXF.match(plain) or _DXF.match(start):
        return "dxf"
    if _PRJ.match(plain) or (len(start) < 40 and _CPG.fullmatch(plain)):
        raise UnreadableFile([refusal("shapefile_part", ".prj / .cpg", ".shp")])
    return "csv"


def _certain(path: Path, name: str, start: bytes) -> str:
    if name == "sqlite":
        # bytes 68-71 are the application's own mark; older GeoPackages are told by their table of contents
        if start[68:72] in {b"GPKG", b"GP10", b"GP11"} or b"gpkg_contents" in start:
            return "gpkg"
        raise UnreadableFile([refusal("format_unsupported", "SQLite", READABLE)])
    if name == "shapefile" and start[100:104] == b"\x00\x00\x00\x32":
        raise UnreadableFile([refusal("shapefile_part", ".shx", ".shp")])  # 50, the place of the first record
    return name


def _is_dbf(start: bytes, size: int) -> bool:
    """A dBase table: a version, a date, and lengths that agree with each other."""
    if len(start) < 33 or start[0] & 0x07 != 3 or not (1 <= start[2] <= 12 and 1 <= start[3] <= 31):
        return False
    rows, header, row = (int.from_bytes(start[a:b], "little") for a, b in ((4, 8), (8, 10), (10, 12)))
    return header >= 33 and (header - 1) % 32 in {0, 8} and row >= 1 and header <= size and rows >= 0


def _without_bom(start: bytes) -> bytes:
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return start.decode("utf-16", errors="ignore").encode(errors="ignore")
    return start.removeprefix(b"\xef\xbb\xbf")


def _of_xml(path: Path) -> str:
    """By the root element. Raises UnreadableFile for XML that declares entities: it may read other files."""
    try:
        with path.open("rb") as file:
            _, root = next(iterparse(file, events=("start",), forbid_dtd=True))
    except DefusedXmlException:
        raise UnreadableFile([refusal("xml_entities", "DOCTYPE", "XML")]) from None
    except (ParseError, StopIteration, ValueError, LookupError) as error:
        raise UnreadableFile([refusal("xml_broken", str(error)[:100], "XML")]) from None
    space, _, name = root.tag.rpartition("}")
    if name in {"kml", "gpx"}:
        return str(name)
    if "nlftp.mlit.go.jp" in space:
        # 国土数値情報: its shapes are references to curves elsewhere in the file, which GDAL does not follow
        raise UnreadableFile([refusal("gml_ksj", name, "Shapefile, GeoJSON")])
    if "gml" in space or name == "FeatureCollection" or _speaks_gml(path):
        return "gml"
    raise UnreadableFile([refusal("format_unsupported", f"XML <{name}>", READABLE)])


def _speaks_gml(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(_START)
    return b"opengis.net/gml" in start and b"OGRVRT" not in start
