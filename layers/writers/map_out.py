"""A layer as GeoPackage, FlatGeobuf or GeoParquet: formats that keep types, letters and long names as they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import shapely

from layers.writers.sheet import Loss, Sheet, wkb_of

_SHAPE = "geometry"


def write_gpkg(sheet: Sheet, path: Path) -> tuple[Loss, ...]:
    """Write the sheet as the one table of a GeoPackage."""
    title, attribution = sheet.about["title"], sheet.about["attribution"]
    return _with_gdal(
        sheet, path, "GPKG", {"IDENTIFIER": title, "DESCRIPTION": attribution, "GEOMETRY_NAME": "geom"}
    )


def write_flatgeobuf(sheet: Sheet, path: Path) -> tuple[Loss, ...]:
    """Write the sheet as FlatGeobuf; its index puts neighbours beside each other, so the order of rows changes."""
    return _with_gdal(
        sheet, path, "FlatGeobuf", {"TITLE": sheet.about["title"], "DESCRIPTION": sheet.about["attribution"]}
    )


def write_geoparquet(sheet: Sheet, path: Path) -> tuple[Loss, ...]:
    """Write the sheet as GeoParquet 1.1."""
    present = [shape for shape in sheet.shapes if shape is not None]
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": sheet.geometry_types}
    if present:
        column["bbox"] = [float(side) for side in shapely.total_bounds(np.array(present, dtype=object))]
    # without crs: longitude and latitude (OGC:CRS84)
    about = {"version": "1.1.0", "primary_column": _SHAPE, "columns": {_SHAPE: column}}
    metadata = {"geo": json.dumps(about), **{name: value for name, value in sheet.about.items() if value}}
    table = _with_shapes(sheet).replace_schema_metadata(metadata)
    pq.write_table(table, path, compression="zstd")
    return ()


def _with_gdal(sheet: Sheet, path: Path, driver: str, options: dict[str, str]) -> tuple[Loss, ...]:
    types = sheet.geometry_types
    pyogrio.write_arrow(
        _with_shapes(sheet), path, layer=sheet.id, driver=driver, geometry_name=_SHAPE, crs="EPSG:4326",
        geometry_type=types[0] if len(types) == 1 else "Unknown", layer_options=options,
    )  # fmt: skip
    return ()


def _with_shapes(sheet: Sheet) -> pa.Table:
    return sheet.columns.append_column(_SHAPE, wkb_of(sheet))
