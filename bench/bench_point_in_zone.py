"""How fast is "which hazard zones hold these places?": the cell grid against its peers, in one run.

    python -m bench.bench_point_in_zone [places] [zones] [corners]

All sides are warmed first and must give the same pairs of place and zone. The status is 1 where a goal is missed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from bench.zones import PREFECTURE, flood_layer, zones
from layers.spatial import containing
from layers.versions import LayerVersion

OVER_TREE, OVER_SJOIN = 3.0, 8.0  # times as fast
ROUNDS = 3
CLICKS = 3000
Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]


def main(places: int = 1_000_000, count: int = 5000, corners: int = 340) -> int:
    west, south, east, north = PREFECTURE
    spots = np.random.default_rng(2).uniform((west, south), (east, north), (places, 2))
    with tempfile.TemporaryDirectory() as folder:
        version = flood_layer(Path(folder), zones(count, corners))
        _clicks(version, spots[:CLICKS])
        started = time.perf_counter()
        grid = version.index.grid()
        built_s = time.perf_counter() - started
        print(f"{count} zones, {version.index.vertices} corners, {places} places")
        print(
            f"grid of {grid.size[0]} x {grid.size[1]} cells, built in {built_s:.1f} s, {grid.nbytes / 1e6:.0f} MB"
        )
        _clicks(version, spots[:CLICKS])
        return _many(version, spots)


def _many(version: LayerVersion, spots: NDArray[np.float64]) -> int:
    lons, lats = spots[:, 0].copy(), spots[:, 1].copy()
    shapes = version.index.shapes.copy()
    tree = shapely.STRtree(shapes)
    left = gpd.GeoDataFrame(geometry=gpd.points_from_xy(lons, lats), crs=4326)
    ours_s, ours = _timed(lambda: version.index.grid().pairs(lons, lats))
    tree_s, theirs = _timed(lambda: _by_tree(tree, shapes, lons, lats))
    join_s, joined = _timed(lambda: _by_join(left, version.frame, "intersects"), rounds=1)
    within_s, within = _timed(lambda: _by_join(left, version.frame, "within"), rounds=1)
    same = all(_same(ours, others) for others in (theirs, joined, within))
    met = same and tree_s / ours_s >= OVER_TREE and join_s / ours_s >= OVER_SJOIN
    print(f"cell grid                 {ours_s:8.2f} s   {len(ours[0])} pairs")
    print(
        f"STRtree + contains_xy     {tree_s:8.2f} s   {tree_s / ours_s:5.1f} times as long (goal {OVER_TREE:g})"
    )
    print(
        f"gpd.sjoin                 {join_s:8.2f} s   {join_s / ours_s:5.1f} times as long (goal {OVER_SJOIN:g})"
    )
    print(f"the same, predicate within{within_s:8.2f} s   {within_s / ours_s:5.1f} times as long (no edges)")
    print("the same pairs" if same else "NOT THE SAME PAIRS")
    return 0 if met else 1


def _by_tree(tree: shapely.STRtree, shapes: NDArray[np.object_], lons: Any, lats: Any) -> Pairs:
    place, zone = tree.query(shapely.points(lons, lats))
    held = shapely.contains_xy(shapes[zone], lons[place], lats[place])
    return place[held], zone[held]


def _by_join(left: gpd.GeoDataFrame, frame: gpd.GeoDataFrame, predicate: str) -> Pairs:
    found = gpd.sjoin(left, frame[["geometry"]], predicate=predicate)
    return found.index.to_numpy(), found["index_right"].to_numpy()


def _same(one: Pairs, other: Pairs) -> bool:
    keys = [np.sort(place.astype(np.int64) * 1_000_000 + zone) for place, zone in (one, other)]
    return bool(np.array_equal(*keys))


def _timed(work: Callable[[], Pairs], rounds: int = ROUNDS) -> tuple[float, Pairs]:
    """The best of some rounds in seconds, after one that warms; and the answer."""
    answer = work()
    best = float("inf")
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    return best, answer


def _clicks(version: LayerVersion, spots: NDArray[np.float64]) -> None:
    places = spots.tolist()
    for lon, lat in places:
        containing(version, lon, lat)
    started = time.perf_counter()
    for lon, lat in places:
        containing(version, lon, lat)
    print(f"one click at a time       {(time.perf_counter() - started) * 1e6 / len(places):8.0f} µs")


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
