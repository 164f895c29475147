"""GeoPackage, FlatGeobuf, KML, GPX, GML, DXF, Shapefile and GeoParquet as tables: opened in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyogrio
import shapely

from layers.crs import LONLAT
from layers.errors import Fault, UnreadableFile
from layers.readers.asked import Asked
from layers.readers.encoding import encoding_of
from layers.readers.positions import positions
from layers.readers.records import ColumnRecords
from layers.readers.shapes import RING_UNCLOSED, Z_DROPPED, numbered_fault
from layers.readers.systems import assumed, checked_system, stated_system
from layers.readers.table import Seen, Table, refusal
from layers.sealed.parent import opened
from layers.sealed.put import SHAPE

_DRIVERS = {"gpkg": "GPKG", "flatgeobuf": "FlatGeobuf", "kml": "LIBKML", "gpx": "GPX", "gml": "GML", "dxf": "DXF",
            "shapefile": "ESRI Shapefile"}  # fmt: skip
_OPTIONS = {"gml": {"WRITE_GFS": "NO", "DOWNLOAD_SCHEMA": "NO"}}
_LONLAT_BY_LAW = frozenset({"kml", "gpx"})  # their definitions know no other system
_TITLES = {"gpkg": "GeoPackage", "flatgeobuf": "FlatGeobuf", "kml": "KML", "gpx": "GPX", "gml": "GML", "dxf": "DXF",
           "shapefile": "Shapefile", "geoparquet": "GeoParquet"}  # fmt: skip


def vector_table(path: Path, format: str, asked: Asked) -> Table:
    """The table of a map file. Rows are its features, counted from 1. Raises UnreadableFile."""
    if format == "dxf" and asked.crs is None:
        raise UnreadableFile([refusal("crs_needed", "DXF", "EPSG:6669-6687")])
    if format == "dxf":
        # AutoCAD writes cp932 up to 2004 and UTF-8 since; GDAL would take either for Latin letters
        encoding = "CP932" if encoding_of(path) == "cp932" else "UTF-8"
        return opened_table(
            path, format, asked, seen=(("encoding", encoding),), settings={"DXF_ENCODING": encoding}
        )
    return opened_table(path, format, asked)


def opened_table(
    path: Path,
    format: str,
    asked: Asked,
    *,
    encoding: str | None = None,
    said: str | None = None,
    seen: Seen = (),
    settings: Mapping[str, str] | None = None,
) -> Table:
    """The same for a file that has been looked at: encoding is that of its texts where the format leaves it open,
    said its system where that stands in a file beside it; settings are GDAL's.
    """
    real = path.absolute()  # not resolved: the parts of a Shapefile lie together as links
    with TemporaryDirectory() as folder:
        out = Path(folder) / "rows.arrow"
        request = {
            "path": str(real), "driver": _DRIVERS.get(format, ""), "sublayer": asked.sublayer, "encoding": encoding,
            "shapes": sorted(asked.shapes), "options": _OPTIONS.get(format, {}), "out": str(out),
        }  # fmt: skip
        task = "parquet" if format == "geoparquet" else "vector"
        answer = opened(
            task, _TITLES[format], request, _drivers_but(_DRIVERS.get(format, "")), **(settings or {})
        )
        columns = _columns(out)
    return _table(path, format, asked, answer, columns, said, seen)


@cache
def _drivers_but(driver: str) -> tuple[str, ...]:
    """Every way GDAL knows of opening something, but one."""
    return tuple(sorted(set(pyogrio.list_drivers()) - {driver}))


def _columns(out: Path) -> pa.Table:
    if not out.exists():
        return pa.table({})
    with pa.OSFile(str(out)) as file:
        return pa.ipc.open_file(file).read_all()


def _table(
    path: Path,
    format: str,
    asked: Asked,
    answer: Mapping[str, Any],
    columns: pa.Table,
    said: str | None,
    seen: Seen,
) -> Table:
    names = _unrepeated(answer["columns"])
    attributes = columns.drop_columns([SHAPE]) if answer["shaped"] else columns
    rows = ColumnRecords(attributes.rename_columns(names) if len(names) else attributes)
    numbers = range(1, answer["rows"] + 1)
    if answer["shaped"]:
        places, faults = _places(columns[SHAPE])
        crs, doubt = _system(format, asked, said if said is not None else answer["crs"], places)
    else:
        where = positions(names, rows, numbers, asked.crs)
        places, faults, crs, doubt = where.places, where.faults, where.crs or LONLAT, ()
    facts = [*seen, ("crs", f"EPSG:{crs}")]
    if answer["sublayer"] and (answer["others"] or asked.sublayer):
        facts.append(("sublayer", answer["sublayer"]))
    if answer["others"]:
        facts.append(("left", ", ".join(answer["others"])))
    return Table(
        path.name, format, tuple(names), rows, numbers, places, answer["sublayer"], crs, (*faults, *doubt),
        (("format", format), *facts),
    )  # fmt: skip


def _system(
    format: str, asked: Asked, said: str | dict[str, Any] | None, places: list[Any]
) -> tuple[int, tuple[Fault, ...]]:
    if format in _LONLAT_BY_LAW:
        return LONLAT if asked.crs is None else checked_system(asked.crs), ()
    if format == "geoparquet" and said == "" and asked.crs is None:
        return LONLAT, ()  # GeoParquet: without crs the positions are longitude and latitude
    stated = stated_system(said, asked.crs)
    return (LONLAT, assumed(places)) if stated is None else (stated, ())


def _places(column: pa.ChunkedArray) -> tuple[list[Any], list[Fault]]:
    """The shapes as far as they are any; a ring left open is closed, with a repair that says so."""
    raw = np.array([*column.to_pylist(), None], dtype=object)[:-1]
    shapes = shapely.from_wkb(raw, on_invalid="ignore")
    faults: list[Fault] = []
    for at in np.flatnonzero(shapely.is_missing(shapes)):
        if raw[at] is None:
            continue
        closed = shapely.from_wkb(raw[at], on_invalid="fix")
        shapes[at] = closed
        if closed is None:
            faults.append(refusal("geometry_malformed", "WKB", "point, line or area", row=int(at) + 1))
        else:
            faults.append(numbered_fault(RING_UNCLOSED, int(at) + 1))
    if shapely.has_z(shapes).any() or shapely.has_m(shapes).any():
        shapes = shapely.force_2d(shapes)
        faults.append(Z_DROPPED)
    return list(shapes), faults


def _unrepeated(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    unique = []
    for place, name in enumerate(names):
        plain = name.strip() or f"({place + 1})"
        seen[plain] = seen.get(plain, 0) + 1
        unique.append(plain if seen[plain] == 1 else f"{plain} ({seen[plain]})")
    return unique
