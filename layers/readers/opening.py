"""A file as a table, whatever its format: the format is seen in the content, and what cannot be read is named."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

from layers.errors import UnreadableFile
from layers.limits import MAX_BYTES
from layers.readers.archive import entries_of
from layers.readers.archive_file import archive_table, kmz_table
from layers.readers.archive_file import tables_in as names_in
from layers.readers.asked import Asked
from layers.readers.csv_file import csv_table
from layers.readers.geojson_file import geojson_table
from layers.readers.raster_file import geotiff_table
from layers.readers.shapefile import shapefile_table, siblings
from layers.readers.sniff import READABLE, format_of
from layers.readers.systems import checked_system
from layers.readers.table import Table, refusal
from layers.readers.vector_file import vector_table
from layers.readers.xlsx_file import xlsx_table

__all__ = ["look", "tables_in"]


def look(
    path: Path, *, crs: int | None = None, sublayer: str = "", shapes: frozenset[str] = frozenset()
) -> Table:
    """The file as a table. crs is the EPSG number that a person states for it; sublayer one of the tables of a file
    that holds several; shapes the geometry types that are of use, which settles most such choices.

    Raises UnreadableFile. A path is always that of a real file: /vsicurl/ and addresses are only names that do not
    exist here.
    """
    if crs is not None:
        checked_system(crs)
    _refuse_unfit(path)
    return _opened(path, _format(path), Asked(crs, sublayer, shapes))


def tables_in(path: Path, shapes: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """The names to give as sublayer where a ZIP holds several tables; one name, or none, where there is no choice.

    Raises UnreadableFile.
    """
    _refuse_unfit(path)
    return names_in(path, shapes) if _format(path) == "zip" else ()


def _opened(path: Path, format: str, asked: Asked) -> Table:
    match format:
        case "csv":
            return csv_table(path, asked.crs)
        case "geojson":
            return geojson_table(path, asked.crs)
        case "xlsx":
            return xlsx_table(path, asked)
        case "zip":
            return archive_table(path, asked, _opened)
        case "kmz":
            return kmz_table(path, asked, _opened)
        case "geotiff":
            return geotiff_table(path, asked)
        case "shapefile":
            table = shapefile_table(siblings(path), asked, path.name)
            return replace(table, file_name=path.name, name=path.stem, _found={})
        case _:
            return vector_table(path, format, asked)


def _refuse_unfit(path: Path) -> None:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise UnreadableFile([refusal("file_unreadable", "not a file", path.name)])
        if found.st_size > MAX_BYTES:
            raise UnreadableFile([refusal("file_too_large", str(found.st_size), str(MAX_BYTES))])
        with path.open("rb") as file:
            blank = not file.read(4096).strip() and found.st_size <= 4096
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else "-"
        raise UnreadableFile([refusal("file_unreadable", said, path.name)]) from None
    if blank:
        raise UnreadableFile([refusal("file_empty", "0", READABLE)])


def _format(path: Path) -> str:
    """The format, with ZIPs told apart by what they hold."""
    format = format_of(path)
    if format != "zip":
        return format
    names = {entry.filename.lower() for entry in entries_of(path)}
    if "xl/workbook.xml" in names:
        return "xlsx"
    return "kmz" if "doc.kml" in names else "zip"
