"""A layer as GeoJSON (RFC 7946): longitude and latitude, outer rings counter-clockwise, no crs member."""

from __future__ import annotations

from pathlib import Path

import orjson
import shapely

from layers.writers.sheet import Loss, Sheet

_AT_ONCE = 500


def write_geojson(sheet: Sheet, path: Path) -> tuple[Loss, ...]:
    """Write the sheet, some hundred features at a time."""
    shapes = shapely.orient_polygons(sheet.shapes, exterior_cw=False)
    with path.open("wb") as file:
        about = orjson.dumps({"type": "FeatureCollection", "name": sheet.id, **sheet.about})
        file.write(about[:-1] + b',"features":[')
        for start in range(0, len(shapes), _AT_ONCE):
            part = shapes[start : start + _AT_ONCE]
            rows = sheet.columns.slice(start, len(part)).to_pylist()
            lines = (
                b'{"type":"Feature","geometry":%b,"properties":%b}'
                % (b"null" if shape is None else shapely.to_geojson(shape).encode(), orjson.dumps(row))
                for shape, row in zip(part, rows, strict=True)
            )
            file.write((b",\n" if start else b"\n") + b",\n".join(lines))
        file.write(b"\n]}\n")
    return ()
