"""How fast flood tiles are cut: ours against ogr2ogr, the page against folium's GeoJson, in one run.

    python -m bench.bench_tiles [zones] [corners]

The zones lie in one town of 27 x 28 km, so that nearly all are in one tile of zoom 10. The status is 1 where a
goal is missed or where the two disagree about which tiles there are.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import folium
import geopandas as gpd
import numpy as np

from bench.zones import Box, flood_layer, zones
from gisapp.map.canvas import town_map
from gisapp.map.live import LiveOptions
from layers.index import SpatialIndex
from layers.tiles import TileAt, TileShelf
from layers.tiles.pyramid import Pyramid
from layers.versions import LayerVersion

TOWN: Box = (137.0, 36.2, 137.3, 36.45)
RADIUS_DEG = 0.0016
COLD_P95_MS, OVER_OGR, PAGE_BYTES = 50.0, 20.0, 30_000
ZOOMS = range(10, 15)


def main(count: int = 5000, corners: int = 200) -> int:
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        frame = zones(count, corners, TOWN, RADIUS_DEG)
        version = flood_layer(folder, frame)
        print(f"{count} zones of {corners} corners")
        ours_s, tiles = _built(version, folder)
        theirs_s, theirs = _by_ogr2ogr(frame, folder)
        cold_ms = _cold(version, folder, tiles)
        page, raw = _page_bytes(version)
    agree = len(tiles - theirs) <= len(tiles) * 0.02 and len(theirs - tiles) <= len(tiles) * 0.02
    ratio = theirs_s / ours_s
    print(f"all tiles z10-14, ours     {ours_s:8.2f} s   {len(tiles)} tiles")
    print(
        f"ogr2ogr -f MVT             {theirs_s:8.2f} s   {len(theirs)} tiles, {ratio:.1f} times as long (goal {OVER_OGR:g})"
    )
    print(f"a cold tile, p50 and p95   {np.percentile(cold_ms, 50):8.1f} ms  {np.percentile(cold_ms, 95):.1f} ms"
          f" (goal {COLD_P95_MS:g}); the slowest {max(cold_ms):.0f} ms")  # fmt: skip
    print(f"the page                   {page / 1e3:8.1f} kB  (goal {PAGE_BYTES / 1e3:g}); folium's GeoJson"
          f" {raw / 1e6:.0f} MB, {raw / page:.0f} times as much")  # fmt: skip
    met = agree and ratio >= OVER_OGR and np.percentile(cold_ms, 95) <= COLD_P95_MS and page <= PAGE_BYTES
    return 0 if met else 1


def _built(version: LayerVersion, folder: Path) -> tuple[float, set[TileAt]]:
    """Seconds for all tiles, kept on the disk, and which they are; the best of three, each from the shapes."""
    best = float("inf")
    for number in range(3):
        index = SpatialIndex(version.frame, version.zone)
        shelf = TileShelf(folder / f"ahead-{number}")
        version.__dict__["index"] = index
        started = time.perf_counter()
        shelf.build_ahead(version)
        best = min(best, time.perf_counter() - started)
    pyramid = Pyramid(version.index, version.kind)
    return best, {at for zoom in ZOOMS for at, _ in pyramid.tiles(zoom)}


def _by_ogr2ogr(frame: gpd.GeoDataFrame, folder: Path) -> tuple[float, set[TileAt]]:
    """The same tiles by GDAL's own writer, which uses all processors."""
    program = shutil.which("ogr2ogr")
    if program is None:
        raise SystemExit("ogr2ogr is not installed")
    source, target = folder / "zones.fgb", folder / "mvt"
    frame.to_file(source)
    zooms = ["-dsco", f"MINZOOM={ZOOMS.start}", "-dsco", f"MAXZOOM={ZOOMS.stop - 1}"]
    started = time.perf_counter()
    subprocess.run([program, "-q", "-f", "MVT", str(target), str(source), *zooms], check=True)
    spent_s = time.perf_counter() - started
    paths = (path.relative_to(target).with_suffix("").parts for path in target.glob("*/*/*.pbf"))
    return spent_s, {TileAt(*map(int, parts)) for parts in paths}


def _cold(version: LayerVersion, folder: Path, tiles: set[TileAt]) -> list[float]:
    """Milliseconds for each tile, asked for in no order, none kept before; the zooms' geometry is made on the way."""
    shelf = TileShelf(folder / "cold")
    spent = []
    for at in np.random.default_rng(3).permutation(sorted(tiles)).tolist():
        started = time.perf_counter()
        shelf.vector(version, TileAt(*at))
        spent.append((time.perf_counter() - started) * 1000)
    return spent


def _page_bytes(version: LayerVersion) -> tuple[int, int]:
    """The map's page with the layer on it, and the same with the layer inside it as folium does it."""
    raw = folium.Map(location=(36.3, 137.15), zoom_start=11)
    folium.GeoJson(version.frame[["feature_id", "depth_rank", "geometry"]]).add_to(raw)
    inline = raw.get_root().render()  # first: our own map lets no page link elsewhere from then on
    page = town_map((137.15, 36.3), 11, tiles=True, options=LiveOptions()).get_root().render()
    return len(page.encode()), len(inline.encode())


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
