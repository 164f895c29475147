"""Layers as files that other programs open, and that come back through the readers as the same layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from layers.durable import put_in_place
from layers.versions import LayerVersion
from layers.writers.csv_out import write_csv
from layers.writers.geojson_out import write_geojson
from layers.writers.map_out import write_flatgeobuf, write_geoparquet, write_gpkg
from layers.writers.shapefile_out import write_shapefile
from layers.writers.sheet import Loss, Sheet, sheet_of

__all__ = ["FORMATS", "Loss", "write_layer"]

_WRITERS: Mapping[str, Callable[[Sheet, Path], tuple[Loss, ...]]] = {
    "gpkg": write_gpkg,
    "geojson": write_geojson,
    "shapefile": write_shapefile,
    "csv": write_csv,
    "geoparquet": write_geoparquet,
    "flatgeobuf": write_flatgeobuf,
}
# How a file of each format ends.
FORMATS: Mapping[str, str] = {
    "gpkg": ".gpkg", "geojson": ".geojson", "shapefile": ".zip", "csv": ".csv", "geoparquet": ".parquet",
    "flatgeobuf": ".fgb",
}  # fmt: skip


def write_layer(
    version: LayerVersion, format: str, path: Path, *, everything: bool = True
) -> tuple[Loss, ...]:
    """Write a version as a file of a format (a key of FORMATS); the file is complete or not there.

    everything=False leaves out the columns that the kind does not know: a file that a department handed in may
    hold what is not meant for everybody. The answer lists each cell that the format cannot hold as it is.
    """
    sheet = sheet_of(version, everything=everything)
    with TemporaryDirectory(dir=path.parent, prefix=".export-") as folder:
        unfinished = Path(folder) / f"{version.entry.id}{FORMATS[format]}"
        losses = _WRITERS[format](sheet, unfinished)
        put_in_place(unfinished, path)
    return losses
