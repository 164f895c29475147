"""The one shape every layer has inside: the kind's columns, unknown as None, longitude and latitude."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from layers.crs import LONLAT, to_lonlat
from layers.kinds import Kind

SOURCE_PROPERTIES = "source_properties"


def canonical(frame: gpd.GeoDataFrame, kind: Kind) -> gpd.GeoDataFrame:
    """A frame with exactly feature_id, the kind's columns, source_properties and a flat EPSG:4326 geometry.

    Columns hold plain Python values and None, never NaN: unknown stays unknown, whatever the library makes
    of it.
    """
    shapes = one_part_points(shapely.force_2d(np.asarray(frame.geometry.array)))
    if frame.crs is not None and frame.crs.to_epsg() not in (None, LONLAT):
        shapes = to_lonlat(shapes, frame.crs.to_epsg())
    columns = {column.name: plain_values(frame, column.name, column.type) for column in kind.columns}
    given = plain_values(frame, "feature_id", "text")
    ids = given if all(given) else _completed(given, made_ids(kind, shapes, columns.get("name")))
    values = {"feature_id": ids, **columns, SOURCE_PROPERTIES: plain_values(frame, SOURCE_PROPERTIES, "text")}
    series = {name: pd.Series(cells, index=frame.index, dtype=object) for name, cells in values.items()}
    return gpd.GeoDataFrame(series, geometry=gpd.GeoSeries(shapes, index=frame.index, crs=LONLAT))


def plain_values(frame: gpd.GeoDataFrame, name: str, column_type: str) -> list[Any]:
    """One column as Python values with None for every kind of missing; all None if the frame lacks it."""
    if name not in frame.columns:
        return [None] * len(frame)
    into = {"text": str, "int": int, "float": float, "bool": bool}[column_type]
    # taken out of the column at once: stepping through an Arrow column costs ten times as much
    cells = frame[name].astype(object).to_numpy(dtype=object)
    return [
        None if missing else value if type(value) is into else into(value)
        for value, missing in zip(cells.tolist(), pd.isna(cells).tolist(), strict=True)
    ]


def made_ids(kind: Kind, shapes: Iterable[BaseGeometry | None], names: Sequence[Any] | None) -> list[str]:
    """Ids for features that came without: from name and place, so that an unchanged feature keeps its id."""
    array = np.array(list(shapes), dtype=object)
    empty = shapely.is_empty(array)  # an empty shape counts as none
    stems = [
        hashlib.sha256(
            f"{kind.id}|{name}|".encode(errors="replace") + (b"" if nowhere or place is None else place)
        ).hexdigest()[:12]
        for place, nowhere, name in zip(
            shapely.to_wkb(array), empty, names or [None] * len(array), strict=True
        )
    ]
    return numbered(stems)


def _completed(given: Sequence[str | None], made: Sequence[str]) -> list[str]:
    return [own or new for own, new in zip(given, made, strict=True)]


def numbered(ids: Iterable[str]) -> list[str]:
    """Repeated ids told apart by their order: 21213, 21213-2."""
    seen: Counter[str] = Counter()
    unique = []
    for one in ids:
        seen[one] += 1
        unique.append(one if seen[one] == 1 else f"{one}-{seen[one]}")
    return unique


def one_part_points(shapes: Any) -> Any:
    """A multi-point of one point is that point: some programs write every point so."""
    single = (shapely.get_type_id(shapes) == shapely.GeometryType.MULTIPOINT) & (
        shapely.get_num_geometries(shapes) == 1
    )
    return np.where(single, shapely.get_geometry(shapes, 0), shapes)


def plain_rows(frame: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """The rows of a canonical frame without their geometry."""
    rows: list[dict[str, Any]] = frame.drop(columns=frame.geometry.name).to_dict("records")
    return rows
