"""Vector tiles, image tiles and the background map: cut, kept, and read back by another program."""

from __future__ import annotations

import gzip
import io
import os
import sqlite3
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import rasterio
import rasterio.warp
import shapely
from numpy.typing import NDArray
from PIL import Image
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer
from rasterio.transform import from_origin

from layers.basemap import BaseMapShelf
from layers.catalogue import Catalogue
from layers.errors import UnreadableFile
from layers.tiles import TileAt, TileShelf, is_tiled, mark_of
from layers.tiles.cutting import BUFFER, SMALLEST
from layers.tiles.mercator import EXTENT
from layers.versions import LayerShelf, LayerVersion

ZONE = 6675
MIDDLE = (137.05, 35.65)


def version_of(folder: Path, shapes: NDArray[np.object_], layer: str = "flood_zone") -> LayerVersion:
    """A layer of these shapes on a shelf of its own."""
    columns = {
        "feature_id": [f"z{at}" for at in range(len(shapes))],
        "depth_rank": [1 + at % 6 for at in range(len(shapes))],
    }
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs=4326)
    return LayerShelf(folder / "layers", Catalogue.load(), ZONE).add(
        layer,
        frame,
        reader="test",
        source_name="-",
        source_sha256="-",
        by="test",
        at=datetime.now(UTC),
        as_of=None,
    )


def lakes(count: int = 40, size_deg: float = 0.004, seed: int = 1) -> NDArray[np.object_]:
    """Ragged areas around the middle of the town; every third has an island, every fifth a second part."""
    rng = np.random.default_rng(seed)
    angles = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    middles = np.array(MIDDLE) + rng.uniform(-0.03, 0.03, (count, 2))
    radii = size_deg * rng.uniform(0.5, 1, (count, 1)) * (1 + 0.15 * rng.random((count, 120)))
    areas = shapely.polygons(
        radii[..., None] * np.stack([np.cos(angles), np.sin(angles)], axis=1) + middles[:, None]
    )
    areas[::3] = shapely.difference(areas[::3], shapely.buffer(shapely.centroid(areas[::3]), size_deg / 5))
    second = shapely.transform(areas[1::5], lambda at: at + 0.02)
    areas[1::5] = shapely.union(areas[1::5], second)
    return areas


def tiles_around(shapes: NDArray[np.object_], zoom: int) -> list[TileAt]:
    """Every tile of a zoom that the shapes' box touches."""
    west, south, east, north = shapely.total_bounds(shapes)
    side = 2**zoom

    def column(lon: float) -> int:
        return int((lon / 360 + 0.5) * side)

    def row(lat: float) -> int:
        return int((0.5 - np.arcsinh(np.tan(np.radians(lat))) / 2 / np.pi) * side)

    return [
        TileAt(zoom, x, y)
        for x in range(column(west), column(east) + 1)
        for y in range(row(north), row(south) + 1)
    ]


def read_back(body: bytes, at: TileAt, folder: Path) -> gpd.GeoDataFrame:
    """A tile as GDAL reads it, in metres of Web Mercator, as far as the tile itself reaches."""
    path = folder / str(at.zoom) / str(at.x) / f"{at.y}.pbf"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.decompress(body))
    frame = pyogrio.read_dataframe(path, CLIP="NO")
    frame["whole"] = frame.geometry
    frame["geometry"] = frame.geometry.intersection(shapely.box(*at.bounds_m))
    return frame


@pytest.mark.parametrize("zoom", [11, 14, 16])
def test_gdal_reads_from_the_tiles_the_areas_that_the_layer_has(tmp_path: Path, zoom: int) -> None:
    shapes = lakes()
    version, shelf = version_of(tmp_path, shapes), TileShelf(tmp_path / "tiles")
    found: dict[str, float] = {}

    for at in tiles_around(shapes, zoom):
        body = shelf.vector(version, at)
        for row in read_back(body, at, tmp_path / "gdal").itertuples() if body else ():
            assert row.whole.is_valid, (at, row.id)
            assert row.style == version.kind.style_of(version.index.records[int(row.id[1:])])
            found[row.id] = found.get(row.id, 0.0) + row.geometry.area

    wanted = gpd.GeoSeries(shapes, crs=4326).to_crs(3857).area
    unit_m = 40_075_016.7 / 2**zoom / EXTENT
    for at, area in enumerate(wanted):
        # half a pixel along the whole outline is the most that a coarser drawing may take or add
        allowed = shapely.length(gpd.GeoSeries(shapes[[at]], crs=4326).to_crs(3857).iloc[0]) * unit_m * 8
        assert found[f"z{at}"] == pytest.approx(area, abs=allowed)
        assert zoom < 14 or found[f"z{at}"] == pytest.approx(area, rel=0.02)


def test_outer_rings_turn_the_way_the_format_says_and_islands_the_other(tmp_path: Path) -> None:
    outer = shapely.box(137.0501, 35.6501, 137.0599, 35.6599)
    lake = shapely.difference(outer, shapely.box(137.053, 35.653, 137.057, 35.657))
    version = version_of(tmp_path, np.array([lake]))
    at = tiles_around(np.array([shapely.Point(137.055, 35.651)]), 14)[0]

    frame = read_back(TileShelf(tmp_path / "tiles").vector(version, at), at, tmp_path / "gdal")

    # GDAL tells holes from parts by nothing but their turn
    assert [len(part.interiors) for shape in frame.whole for part in shapely.get_parts(shape)] == [1]


def test_a_zone_too_small_for_the_screen_is_still_drawn(tmp_path: Path) -> None:
    house = shapely.box(137.05, 35.65, 137.0501, 35.6501)
    version = version_of(tmp_path, np.array([house]))
    at = tiles_around(np.array([house]), 10)[0]

    frame = read_back(TileShelf(tmp_path / "tiles").vector(version, at), at, tmp_path / "gdal")

    unit_m = 40_075_016.7 / 2**10 / EXTENT
    assert frame.area.sum() == pytest.approx((SMALLEST * unit_m) ** 2)


def test_a_zone_that_runs_on_past_the_edge_of_a_tile_reaches_a_little_beyond_it(tmp_path: Path) -> None:
    wide = shapely.box(136.9, 35.6, 137.2, 35.7)
    version = version_of(tmp_path, np.array([wide]))
    at = tiles_around(np.array([shapely.Point(MIDDLE)]), 14)[0]

    frame = read_back(TileShelf(tmp_path / "tiles").vector(version, at), at, tmp_path / "gdal")

    side = EXTENT + 2 * BUFFER
    assert frame.whole.area.sum() == pytest.approx((side * 40_075_016.7 / 2**14 / EXTENT) ** 2)


def test_a_road_is_cut_at_the_edge_of_each_tile_and_loses_no_length(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    roads = shapely.linestrings(np.cumsum(rng.uniform(-0.002, 0.002, (2001, 12, 2)), axis=1) + MIDDLE)
    version, shelf = version_of(tmp_path, roads, "road_section"), TileShelf(tmp_path / "tiles")

    total = 0.0
    for at in tiles_around(roads, 15):
        body = shelf.vector(version, at)
        total += read_back(body, at, tmp_path / "gdal").length.sum() if body else 0.0

    assert is_tiled(version)
    assert total == pytest.approx(gpd.GeoSeries(roads, crs=4326).to_crs(3857).length.sum(), rel=0.001)


def test_a_tile_built_ahead_is_the_tile_that_would_have_been_cut_when_asked_for(tmp_path: Path) -> None:
    shapes = lakes()
    version = version_of(tmp_path, shapes)
    ahead, asked = TileShelf(tmp_path / "ahead"), TileShelf(tmp_path / "asked")

    built = ahead.build_ahead(version)

    tiles = [at for zoom in range(10, 15) for at in tiles_around(shapes, zoom)]
    assert {at: ahead.vector(version, at) for at in tiles} == {at: asked.vector(version, at) for at in tiles}
    assert built == sum(bool(asked.vector(version, at)) for at in tiles)
    assert ahead.build_ahead(version) == 0


def test_where_a_layer_has_nothing_its_tiles_are_empty(tmp_path: Path) -> None:
    version, shelf = version_of(tmp_path, lakes()), TileShelf(tmp_path / "tiles")

    assert shelf.vector(version, TileAt(14, 0, 0)) == b""
    assert shelf.vector(version, TileAt(3, 99, 0)) == b""
    assert shelf.vector(version, TileAt(19, *(side << 5 for side in tiles_around(lakes(), 14)[0][1:]))) == b""


def test_a_damaged_file_of_tiles_is_begun_anew(tmp_path: Path) -> None:
    version, shelf = version_of(tmp_path, lakes()), TileShelf(tmp_path / "tiles")
    at = next(at for at in tiles_around(lakes(), 12) if shelf.vector(version, at))
    before = shelf.vector(version, at)
    (kept,) = tmp_path.glob("tiles/flood_zone/*.sqlite")
    for beside in kept.parent.glob(f"{kept.name}-*"):
        beside.unlink()
    kept.write_bytes(b"not a database at all" * 100)

    assert shelf.vector(version, at) == before
    with sqlite3.connect(kept) as file:
        assert file.execute("SELECT count(*) FROM tiles").fetchone() == (1,)


def test_a_new_version_has_tiles_of_its_own_and_the_former_ones_go_after_a_while(tmp_path: Path) -> None:
    first, shelf = version_of(tmp_path, lakes(seed=1)), TileShelf(tmp_path / "tiles")
    shelf.build_ahead(first)
    second = version_of(tmp_path, lakes(seed=2))
    shelf.build_ahead(second)

    assert mark_of(first) != mark_of(second)
    assert shelf.sweep([second], older_than_s=3600) == 0
    for path in tmp_path.glob("tiles/*/*.sqlite"):
        os.utime(path, (time.time() - 7200, time.time() - 7200))
    assert shelf.sweep([second], older_than_s=3600) == 1
    assert [mark_of(second) in path.name for path in tmp_path.glob("tiles/*/*.sqlite")] == [True]


def test_hazard_zones_and_large_layers_come_as_tiles_and_the_rest_whole(tmp_path: Path) -> None:
    few = shapely.buffer(shapely.points(np.random.default_rng(1).uniform(35.6, 35.7, (20, 2))), 0.001)
    stations = shapely.points(np.random.default_rng(1).uniform(35.6, 35.7, (3000, 2)))

    assert is_tiled(version_of(tmp_path / "a", few))
    assert not is_tiled(version_of(tmp_path / "b", few, "park"))
    assert is_tiled(version_of(tmp_path / "c", np.tile(few, 101), "park"))
    assert not is_tiled(version_of(tmp_path / "d", stations, "aed"))


# ---- an aerial image


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    """A GeoTIFF of 400 x 300 m in the plane zone: red in the west, blue in the east, nothing in the north."""
    pixels = np.zeros((4, 300, 400), dtype=np.uint8)
    pixels[0, 100:, :200], pixels[2, 100:, 200:], pixels[3, 100:] = 255, 255, 255
    (x,), (y,) = rasterio.warp.transform("EPSG:4326", f"EPSG:{ZONE}", [MIDDLE[0]], [MIDDLE[1]])
    path = tmp_path / "photo.tif"
    about = {"width": 400, "height": 300, "count": 4, "dtype": "uint8", "crs": f"EPSG:{ZONE}"}
    with rasterio.open(path, "w", driver="GTiff", transform=from_origin(x, y, 1, 1), **about) as file:
        file.write(pixels)
        file.colorinterp = [rasterio.enums.ColorInterp[name] for name in ("red", "green", "blue", "alpha")]
    return path


def colour_at(
    shelf: TileShelf, version: LayerVersion, lon: float, lat: float, zoom: int = 18
) -> tuple[int, ...]:
    """Red, green, blue and opacity of the pixel at a place."""
    at = tiles_around(np.array([shapely.Point(lon, lat)]), zoom)[0]
    west, south, east, north = at.bounds_m
    (x,), (y,) = rasterio.warp.transform("EPSG:4326", "EPSG:3857", [lon], [lat])
    body = shelf.picture(version, at)
    if not body:
        return (0, 0, 0, 0)
    spot = (int((x - west) / (east - west) * 256), int((north - y) / (north - south) * 256))
    return Image.open(io.BytesIO(body)).getpixel(spot)  # type: ignore[return-value]


def test_an_aerial_image_lies_where_it_was_taken_and_is_clear_where_it_shows_nothing(
    tmp_path: Path, photograph: Path
) -> None:
    version = replace(version_of(tmp_path, lakes(2)), raster=photograph)
    shelf = TileShelf(tmp_path / "tiles")

    assert colour_at(shelf, version, MIDDLE[0] + 0.0010, MIDDLE[1] - 0.0018) == (255, 0, 0, 255)
    assert colour_at(shelf, version, MIDDLE[0] + 0.0034, MIDDLE[1] - 0.0018) == (0, 0, 255, 255)
    assert colour_at(shelf, version, MIDDLE[0] + 0.0010, MIDDLE[1] - 0.0004)[3] == 0
    assert shelf.picture(version, TileAt(14, 0, 0)) == b""
    assert len(list(tmp_path.glob("tiles/flood_zone/*.tif"))) == 1


# ---- the town's own background map


def picture(colour: str = "#bcd9f0") -> bytes:
    body = io.BytesIO()
    Image.new("RGB", (256, 256), colour).save(body, "PNG")
    return body.getvalue()


def mbtiles(path: Path, body: bytes, **metadata: str) -> Path:
    with sqlite3.connect(path) as file:
        file.executescript(
            "CREATE TABLE metadata (name, value);"
            "CREATE TABLE tiles (zoom_level, tile_column, tile_row, tile_data);"
        )
        file.executemany("INSERT INTO metadata VALUES (?, ?)", metadata.items())
        file.execute("INSERT INTO tiles VALUES (?, ?, ?, ?)", (14, 14429, 2**14 - 1 - 6458, body))
    return path


def pmtiles(path: Path, body: bytes, kind: TileType = TileType.PNG) -> Path:
    with path.open("wb") as file:
        writer = Writer(file)
        writer.write_tile(zxy_to_tileid(14, 14429, 6458), body)
        header = {
            "tile_type": kind, "tile_compression": Compression.NONE, "min_zoom": 14, "max_zoom": 14,
            "min_lon_e7": 1370000000, "min_lat_e7": 356000000, "max_lon_e7": 1371000000, "max_lat_e7": 357000000,
            "center_zoom": 14, "center_lon_e7": 1370500000, "center_lat_e7": 356500000,
        }  # fmt: skip
        writer.finalize(header, {"attribution": "<b>見本町</b> 都市計画課", "name": "白図"})
    return path


@pytest.mark.parametrize("container", ["mbtiles", "pmtiles"])
def test_a_town_lays_its_own_map_under_everything(tmp_path: Path, container: str) -> None:
    body, shelf = picture(), BaseMapShelf(tmp_path / "basemap")
    file = (
        pmtiles(tmp_path / "town.pmtiles", body)
        if container == "pmtiles"
        else mbtiles(
            tmp_path / "town.mbtiles",
            body,
            attribution="<b>見本町</b> 都市計画課",
            bounds="137,35.6,137.1,35.7",
        )
    )

    shelf.put(file)

    about = shelf.current()
    assert about is not None
    assert (about.container, about.format, about.look, about.most_zoom) == (container, "png", "raster", 14)
    assert about.attribution == "見本町 都市計画課"
    assert about.bounds == (137.0, 35.6, 137.1, 35.7)
    tile = shelf.tile(about, TileAt(14, 14429, 6458))
    assert tile is not None and tile.body == body
    assert shelf.tile(about, TileAt(14, 14429, 6459)) is None
    assert shelf.clear()
    assert shelf.current() is None


def test_a_map_of_vector_tiles_is_known_by_its_content(tmp_path: Path) -> None:
    layer = b"\x1a\x0a" + b"\x0a\x01w\x28\x80\x20\x78\x02" + b"\x00\x00"
    shelf = BaseMapShelf(tmp_path / "basemap")

    about = shelf.put(
        mbtiles(tmp_path / "v.mbtiles", gzip.compress(layer), attribution="見本町", format="png")
    )

    assert about.look == "vector"
    found = shelf.tile(about, TileAt(14, 14429, 6458))
    assert found is not None and found.gzipped


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "basemap_not_tiles"), (b"GIF89a", "basemap_not_tiles"), (b"PMTiles\x03" + b"\xff" * 300, "basemap_broken"),
     (b"SQLite format 3\x00" + b"\xff" * 300, "basemap_broken")],
)  # fmt: skip
def test_a_file_that_is_no_map_is_refused_and_the_former_map_stays(
    tmp_path: Path, content: bytes, code: str
) -> None:
    shelf = BaseMapShelf(tmp_path / "basemap")
    shelf.put(pmtiles(tmp_path / "town.pmtiles", picture()))
    (tmp_path / "bad").write_bytes(content)

    with pytest.raises(UnreadableFile) as refused:
        shelf.put(tmp_path / "bad")

    assert [fault.code for fault in refused.value.faults] == [code]
    about = shelf.current()
    assert about is not None and about.container == "pmtiles"


def test_a_map_without_a_source_is_not_shown_until_somebody_names_one(tmp_path: Path) -> None:
    shelf = BaseMapShelf(tmp_path / "basemap")
    file = mbtiles(tmp_path / "town.mbtiles", picture())

    with pytest.raises(UnreadableFile):
        shelf.put(file)
    assert shelf.put(file, attribution="見本町").attribution == "見本町"
