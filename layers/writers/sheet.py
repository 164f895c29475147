"""A layer as one flat sheet: the id, the kind's columns under their Japanese titles, then the file's own columns.

The titles are what a clerk reads, and what the readers know. A column of the file whose name is taken already gets
ESCAPE before its name, and loses it when it comes back.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from layers.canonical import SOURCE_PROPERTIES
from layers.exported import ESCAPE, FEATURE_ID, LATITUDE, LONGITUDE, WKT
from layers.versions import LayerVersion

_TYPES = {"text": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}
# Names that the formats give to the shape and to the row itself.
_TAKEN = (FEATURE_ID, LATITUDE, LONGITUDE, WKT, "fid", "ogc_fid", "geom", "geometry", SOURCE_PROPERTIES)


@dataclass(frozen=True)
class Loss:
    """A cell that a format could not hold: problem is "letters" (some were replaced), "cut" (too long)."""

    feature_id: str
    column: str
    problem: str
    found: str
    written: str


@dataclass(frozen=True)
class Sheet:
    """columns has FEATURE_ID first; shapes run parallel, in longitude and latitude. about is what goes with it:
    title, attribution, licence, as_of.
    """

    id: str
    about: dict[str, str]
    columns: pa.Table
    shapes: NDArray[np.object_]

    @property
    def ids(self) -> list[str]:
        return list(self.columns[FEATURE_ID].to_pylist())

    @property
    def geometry_types(self) -> list[str]:
        """The names of the types that occur."""
        return sorted({shape.geom_type for shape in self.shapes if shape is not None})


def sheet_of(version: LayerVersion, *, everything: bool) -> Sheet:
    """The sheet of a version; without everything, only what the kind knows (or all, if it takes any column)."""
    frame, kind, entry = version.frame, version.kind, version.entry
    names = [FEATURE_ID, *(column.title_ja for column in kind.columns)]
    values = [frame[FEATURE_ID], *(frame[column.name] for column in kind.columns)]
    types = [pa.string(), *(_TYPES[column.type] for column in kind.columns)]
    arrays = [pa.array(list(cells), kind_of_cell) for cells, kind_of_cell in zip(values, types, strict=True)]
    if everything or kind.any_columns:
        for name, array in _source_columns(frame[SOURCE_PROPERTIES]):
            arrays.append(array)
            names.append(_free(name, names))
    about = {
        "title": entry.title, "attribution": entry.attribution, "licence": entry.licence,
        "as_of": version.as_of.isoformat() if version.as_of else "",
    }  # fmt: skip
    shapes = np.asarray(frame.geometry.array)
    return Sheet(entry.id, about, pa.Table.from_arrays(arrays, names=names), shapes)


def wkb_of(sheet: Sheet) -> pa.Array:
    """The shapes as well-known binary."""
    return pa.array(shapely.to_wkb(sheet.shapes).tolist(), pa.binary())


def _source_columns(texts: Iterable[str | None]) -> list[tuple[str, pa.Array]]:
    rows: list[dict[str, Any]] = [json.loads(text) if text else {} for text in texts]
    names = dict.fromkeys(name for row in rows for name in row)
    return [(name, _array([row.get(name) for row in rows])) for name in names]


def _array(cells: list[Any]) -> pa.Array:
    """Cells of one type as that type; a mixture, or what is no plain value, as texts."""
    found = {type(cell) for cell in cells if cell is not None}
    if found == {bool}:
        return pa.array(cells, pa.bool_())
    if found == {int} and all(-(2**63) <= cell < 2**63 for cell in cells if cell is not None):
        return pa.array(cells, pa.int64())
    if found and found <= {int, float}:
        return pa.array([None if cell is None else float(cell) for cell in cells], pa.float64())
    return pa.array(
        [cell if cell is None or isinstance(cell, str) else _text(cell) for cell in cells], pa.string()
    )


def _text(cell: Any) -> str:
    return json.dumps(cell, ensure_ascii=False)


def _free(name: str, taken: list[str]) -> str:
    # GeoPackage does not tell capitals from small letters, and Shapefile no widths
    keys = {_key(one) for one in (*taken, *_TAKEN)}
    while _key(name) in keys or not name.strip():
        name = ESCAPE + name
    return name


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().strip()
