"""Opens a map file with the one GDAL driver of its format and puts its rows away as Arrow."""

from __future__ import annotations

from typing import Any

import pyogrio

from layers.sealed.put import Put
from layers.sealed.refused import Refused

_BASE = {"Point": "Point", "LineString": "LineString", "Polygon": "Polygon",
         "CircularString": "LineString", "CompoundCurve": "LineString", "Curve": "LineString",
         "CurvePolygon": "Polygon", "Surface": "Polygon", "Triangle": "Polygon"}  # fmt: skip
_GPX_DETAILS = {"route_points", "track_points"}  # the same places again, point by point


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """path, sublayer ("" for the only one), shapes (the geometry types wanted), encoding or None, options, out."""
    path, sublayer = request["path"], request["sublayer"]
    if not path.startswith("/") or path.startswith("/vsi"):
        raise Refused(
            "file_unreadable", path
        )  # a real file of this machine and nothing that GDAL would look up
    layers = _layers(path, request["options"])
    in_drawing = request["driver"] == "DXF"
    chosen = layers[0][0] if in_drawing else _chosen(layers, sublayer, set(request["shapes"]))
    reading = {
        **request["options"],
        "layer": chosen,
        "encoding": request["encoding"],
        "datetime_as_string": True,
    }
    if in_drawing and sublayer:
        reading["where"] = f"\"Layer\" = '{sublayer.replace(chr(39), chr(39) * 2)}'"
    with pyogrio.open_arrow(path, use_pyarrow=True, **reading) as (about, reader):
        shape = about["geometry_name"] or "wkb_geometry"
        columns = [name for name in reader.schema.names if name != shape]
        with Put(request["out"], columns) as put:
            for batch in reader:
                attributes = batch.select(columns)
                put.add(attributes, batch[shape] if shape in reader.schema.names else None)
    if in_drawing and sublayer and not put.rows:
        raise Refused("sublayer_unknown", sublayer, ", ".join(_drawing_layers(path)))
    others = [name for name, _ in layers if name != chosen]
    return {"columns": columns, "rows": put.rows, "crs": about["crs"], "sublayer": sublayer if in_drawing else chosen,
            "others": others, "shaped": shape in reader.schema.names}  # fmt: skip


def _layers(path: str, options: dict[str, Any]) -> list[tuple[str, str | None]]:
    """The layers that have rows: name and base type of geometry; None for a table without shapes, "" for any."""
    found = []
    for name, kind in pyogrio.list_layers(path).tolist():
        about = pyogrio.read_info(path, layer=name, force_feature_count=True, **options)
        if about["features"] and name not in _GPX_DETAILS:
            found.append((name, _base(kind)))
    if not found:
        raise Refused("no_rows", "0", "1")
    return found


def _base(kind: str | None) -> str | None:
    if kind is None:
        return None
    plain = kind.removeprefix("2.5D ").removeprefix("Multi").split(" ")[0]
    return _BASE.get(plain, "")


def _chosen(layers: list[tuple[str, str | None]], sublayer: str, wanted: set[str]) -> str:
    names = [name for name, _ in layers]
    if sublayer:
        if sublayer not in names:
            raise Refused("sublayer_unknown", sublayer, ", ".join(names))
        return sublayer
    shaped = [name for name, kind in layers if kind is not None] or names
    fitting = [
        name for name, kind in layers if name in shaped and (not wanted or kind in ("", *wanted))
    ] or shaped
    if len(fitting) > 1:
        raise Refused("sublayer_needed", ", ".join(fitting), fitting[0])
    return fitting[0]


def _drawing_layers(path: str) -> list[str]:
    _, table = pyogrio.read_arrow(path, columns=["Layer"], read_geometry=False)
    return sorted({str(name) for name in table["Layer"].to_pylist()})
