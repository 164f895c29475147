"""Flood zones for the benchmarks: as many areas, of as many corners, as the goals name."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from layers.catalogue import Catalogue
from layers.versions import LayerShelf, LayerVersion

Box = tuple[float, float, float, float]
PREFECTURE: Box = (136.9, 36.0, 137.6, 36.6)


def zones(count: int, corners: int, box: Box = PREFECTURE, radius_deg: float = 0.004) -> gpd.GeoDataFrame:
    """Ragged areas spread evenly over a box, half as large to half as large again as radius_deg, with depth ranks."""
    rng = np.random.default_rng(1)
    west, south, east, north = box
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    middles = rng.uniform((west, south), (east, north), (count, 2))
    radii = radius_deg * rng.uniform(0.5, 1.5, (count, 1)) * (1 + 0.2 * rng.random((count, corners)))
    rings = radii[..., None] * np.stack([np.cos(angles), np.sin(angles)], axis=1) + middles[:, None]
    columns = {
        "feature_id": [str(at) for at in range(count)],
        "depth_rank": [1 + at % 6 for at in range(count)],
    }
    return gpd.GeoDataFrame(columns, geometry=shapely.polygons(rings), crs=4326)


def flood_layer(folder: Path, frame: gpd.GeoDataFrame) -> LayerVersion:
    """The zones as a version on a shelf of its own."""
    return LayerShelf(folder / "layers", Catalogue.load(), 6675).add(
        "flood_zone", frame, reader="bench", source_name="-", source_sha256="-", by="bench",
        at=datetime.now(UTC), as_of=None,
    )  # fmt: skip
