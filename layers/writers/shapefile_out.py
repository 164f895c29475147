"""A layer as Shapefile in cp932, which the programs of many town halls want: ten bytes for a name, 254 for a text.

The ZIP holds one Shapefile for each type of shape, the whole names of the columns (columns.csv), and every cell that
is not in it as it was (losses.csv). A letter that cp932 does not have becomes 〓, and is told.
"""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyogrio
from numpy.typing import NDArray

from layers.exported import ABOUT_FILE, COLUMNS_FILE, LOSSES_FILE
from layers.writers.sheet import Loss, Sheet, wkb_of

_GETA = "〓"  # what printers put where they have no type
_NAME_BYTES, _TEXT_BYTES = 10, 254
# Unicode has two of each of these; cp932 knows the second, and Windows shows it for the first.
_ALIKE = str.maketrans("〜−‖—¢£¬", "～－∥―￠￡￢")
_KINDS = (("point", {"Point"}), ("points", {"MultiPoint"}), ("line", {"LineString", "MultiLineString"}),
          ("polygon", {"Polygon", "MultiPolygon"}))  # fmt: skip
_OGR_TYPE = {"point": "Point", "points": "MultiPoint", "line": "LineString", "polygon": "Polygon"}


def write_shapefile(sheet: Sheet, path: Path) -> tuple[Loss, ...]:
    """Write the sheet as a ZIP. Unknown and empty texts are the same in it; yes and no are 1 and 0."""
    short = _short_names(sheet.columns.column_names)
    losses: list[Loss] = []
    columns = [_column(sheet.columns[name], name, sheet.ids, losses) for name in sheet.columns.column_names]
    whole = pa.Table.from_arrays(columns, names=short).append_column("geometry", wkb_of(sheet))
    with TemporaryDirectory(dir=path.parent) as folder:
        _write_all(whole, sheet, Path(folder))
        _list(Path(folder) / COLUMNS_FILE, zip(short, sheet.columns.column_names, strict=True))
        if losses:
            rows = ((one.feature_id, one.column, one.problem, one.found, one.written) for one in losses)
            _list(Path(folder) / LOSSES_FILE, rows)
        (Path(folder) / ABOUT_FILE).write_text("\r\n".join(filter(None, sheet.about.values())), "utf-8-sig")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(Path(folder).iterdir()):
                archive.write(file, file.name)
    return tuple(losses)


def _write_all(whole: pa.Table, sheet: Sheet, folder: Path) -> None:
    types = np.array(["" if shape is None else shape.geom_type for shape in sheet.shapes])
    groups = [(name, np.isin(types, list(wanted))) for name, wanted in _KINDS]
    groups = [(name, mask) for name, mask in groups if mask.any()]
    for name, mask in groups:
        target = folder / (f"{sheet.id}.shp" if len(groups) == 1 else f"{sheet.id}_{name}.shp")
        _write(whole, mask, target, _OGR_TYPE[name])


def _write(whole: pa.Table, mask: NDArray[np.bool_], target: Path, geometry_type: str) -> None:
    pyogrio.write_arrow(
        whole.filter(pa.array(mask)), target, driver="ESRI Shapefile", geometry_name="geometry",
        geometry_type=geometry_type, crs="EPSG:4326", encoding="CP932",
    )  # fmt: skip
    target.with_suffix(".cpg").write_text("CP932", "ascii")


def _column(column: pa.ChunkedArray, name: str, ids: list[str], losses: list[Loss]) -> pa.Array:
    if pa.types.is_boolean(column.type):
        return column.cast(pa.int16()).combine_chunks()
    if not pa.types.is_string(column.type):
        return column.combine_chunks()
    cells = [
        value if value is None else _fitted(value, name, one, losses)
        for value, one in zip(column.to_pylist(), ids, strict=True)
    ]
    return pa.array(cells, pa.string())


def _fitted(text: str, column: str, feature_id: str, losses: list[Loss]) -> str:
    """The text as cp932 can hold it in one cell; what that changes is added to losses."""
    if text.isascii() and len(text) <= _TEXT_BYTES:
        return text
    held = "".join(letter if _held(letter) else _GETA for letter in text.translate(_ALIKE))
    if held != text:
        losses.append(Loss(feature_id, column, "letters", text, held))
    if len(held.encode("cp932")) > _TEXT_BYTES:
        held = _cut(held, _TEXT_BYTES)
        losses.append(Loss(feature_id, column, "cut", text, held))
    return held


def _held(letter: str) -> bool:
    try:
        letter.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True


def _cut(text: str, most: int) -> str:
    return text.encode("cp932")[:most].decode("cp932", errors="ignore")


def _short_names(names: Sequence[str]) -> list[str]:
    """Names of at most ten bytes, each once: 洪水浸水想定区域 becomes 洪水浸水想."""
    taken: set[str] = set()
    short = []
    for name in names:
        plain = "".join(
            letter if _held(letter) and letter.isprintable() else "_" for letter in name.translate(_ALIKE)
        )
        one, number = _cut(plain, _NAME_BYTES), 1
        while one.casefold() in taken or not one:
            number += 1
            one = _cut(plain, _NAME_BYTES - len(str(number)) - 1) + f"_{number}"
        taken.add(one.casefold())
        short.append(one)
    return short


def _list(path: Path, rows: Iterable[Iterable[str]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(rows)
