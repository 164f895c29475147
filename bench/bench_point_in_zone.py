"""How fast is "which hazard zones hold this place?": the prepared index against gpd.sjoin, in one run.

    python bench/bench_point_in_zone.py [zones] [corners]

Prints milliseconds for one place and the ratio; both must give the same zones, or it stops with status 1.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from layers.catalogue import Catalogue
from layers.spatial import containing
from layers.versions import LayerShelf, LayerVersion


def main(zone_count: int = 5000, corners: int = 340) -> int:
    rng = np.random.default_rng(1)
    version = _layer(rng, zone_count, corners)
    places = np.column_stack([rng.uniform(136.9, 137.6, 500), rng.uniform(36.0, 36.6, 500)])
    started = time.perf_counter()
    containing(version, *places[0])
    built_s = time.perf_counter() - started
    print(f"{zone_count} zones, {zone_count * corners} vertices; index built in {built_s:.2f} s")
    ours_ms, ours = _timed(lambda lon, lat: {zone.id for zone in containing(version, lon, lat)}, places)
    theirs_ms, theirs = _timed(lambda lon, lat: _joined(version.frame, lon, lat), places[:50])
    print(f"containing  {ours_ms:8.4f} ms per place")
    print(f"gpd.sjoin   {theirs_ms:8.4f} ms per place   {theirs_ms / ours_ms:.0f} times as long")
    return 0 if ours[:50] == theirs else 1


def _layer(rng: np.random.Generator, zone_count: int, corners: int) -> LayerVersion:
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    middles = rng.uniform((136.9, 36.0), (137.6, 36.6), (zone_count, 2))
    radii = rng.uniform(0.002, 0.006, (zone_count, 1)) * (1 + 0.2 * rng.random((zone_count, corners)))
    rings = np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=2) + middles[:, None]
    ids = [str(number) for number in range(zone_count)]
    columns = {"feature_id": ids, "zone": ["警戒区域"] * zone_count}
    frame = gpd.GeoDataFrame(columns, geometry=shapely.polygons(rings), crs=4326)
    with tempfile.TemporaryDirectory() as folder:
        shelf = LayerShelf(Path(folder), Catalogue.load(), 6675)
        return shelf.add(
            "landslide_zone", frame, reader="bench", source_name="-", source_sha256="-", by="bench",
            at=datetime.now(UTC), as_of=None,
        )  # fmt: skip


def _joined(zones: gpd.GeoDataFrame, lon: float, lat: float) -> set[str]:
    place = gpd.GeoDataFrame(geometry=[shapely.Point(lon, lat)], crs=4326)
    return set(gpd.sjoin(place, zones, predicate="intersects")["feature_id"])


def _timed(
    ask: Callable[[float, float], set[str]], places: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
) -> tuple[float, list[set[str]]]:
    """Milliseconds per place and the answers. The first round warms both sides alike."""
    answers = [ask(lon, lat) for lon, lat in places]
    started = time.perf_counter()
    for lon, lat in places:
        ask(lon, lat)
    return (time.perf_counter() - started) * 1000 / len(places), answers


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
