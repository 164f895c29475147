"""Tiles over the wire: what a map is told, who may see what, and what a browser may keep."""

from __future__ import annotations

import gzip
import math
import re
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import shapely.geometry

from tests.faces.test_signing_in import signed_in
from tests.serving import Server, command


def get(app: Server, path: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{app.url}{path}", headers=headers, timeout=60)


def layer(app: Server, layer_id: str) -> dict[str, Any]:
    """What the map is told of a layer."""
    return next(one for one in get(app, "/live/config.json").json()["layers"] if one["id"] == layer_id)


def tile_at(template: str, lon: float, lat: float, zoom: int) -> str:
    """The address of the tile that a place lies in."""
    side = 2**zoom
    x = int((lon / 360 + 0.5) * side)
    y = int((0.5 - math.asinh(math.tan(math.radians(lat))) / 2 / math.pi) * side)
    return template.replace("{z}", str(zoom)).replace("{x}", str(x)).replace("{y}", str(y))


@pytest.fixture(scope="module")
def flooded(app: Server) -> tuple[str, float, float]:
    """The address of a tile of the flood layer, and a place in it that floods."""
    told = get(app, "/live/layers/flood_zone.json?bbox=137.0,35.6,137.1,35.7&z=14").json()
    place = shapely.geometry.shape(told["features"][0]["geometry"]).representative_point()
    return tile_at(layer(app, "flood_zone")["tiles"], place.x, place.y, 13), place.x, place.y


def test_the_map_is_told_that_hazard_zones_come_as_tiles_and_parks_do_not(app: Server) -> None:
    assert re.fullmatch(
        r"/tiles/flood_zone/1/{z}/{x}/{y}\.mvt\?k=[0-9a-f]{12}", layer(app, "flood_zone")["tiles"]
    )
    assert "tiles" not in layer(app, "park")
    assert "tiles" not in layer(app, "aed")


def test_a_tile_may_be_kept_for_ever_because_its_address_names_its_content(
    app: Server, flooded: tuple[str, float, float]
) -> None:
    tile = get(app, flooded[0])
    other = get(app, flooded[0].partition("?")[0])

    assert tile.status_code == 200
    assert tile.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    assert tile.headers["content-encoding"] == "gzip"
    assert "immutable" in tile.headers["cache-control"]
    assert b"depth_" in tile.content
    assert "immutable" not in other.headers["cache-control"]
    assert get(app, flooded[0], **{"If-None-Match": tile.headers["etag"]}).status_code == 304
    plain = get(app, flooded[0], **{"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == tile.content


def test_an_empty_tile_is_no_content_and_a_tile_that_cannot_be_is_not_found(app: Server) -> None:
    template = layer(app, "flood_zone")["tiles"]

    assert get(app, tile_at(template, 0.0, 0.0, 14)).status_code == 204
    for path in ("/tiles/flood_zone/1/3/99/0.mvt", "/tiles/flood_zone/1/99/0/0.mvt", "/tiles/flood_zone/2/1/0/0.mvt",
                 "/tiles/no_such/1/1/0/0.mvt", "/tiles/flood_zone/1/1/0/0.gif", "/tiles/flood_zone/1/-1/0/0.mvt"):  # fmt: skip
        assert get(app, path).status_code == 404, path


def test_tiles_of_a_layer_of_the_town_hall_are_for_its_people_and_are_not_kept(app: Server) -> None:
    path = tile_at("/tiles/water_pipe/1/{z}/{x}/{y}.mvt", 137.046, 35.645, 11)

    resident, clerk = get(app, path), signed_in(app).get(path)

    assert resident.status_code == 404
    assert clerk.status_code == 200
    assert clerk.headers["cache-control"] == "private, no-store"
    assert get(app, "/live/layers/water_pipe/at.json?lon=137.046&lat=35.645").status_code == 404


def test_the_server_says_what_is_at_a_tapped_place(app: Server, flooded: tuple[str, float, float]) -> None:
    _, lon, lat = flooded

    here = get(app, f"/live/layers/flood_zone/at.json?lon={lon}&lat={lat}").json()["features"]
    nowhere = get(app, "/live/layers/flood_zone/at.json?lon=0&lat=0").json()["features"]
    road = get(app, "/live/layers/road_section/at.json?lon=137.046&lat=35.645&within_m=400").json()[
        "features"
    ]

    assert here and here[0]["style"].startswith("depth_")
    assert [name for name, _ in here[0]["rows"]][:1] == ["浸水の深さ"]
    assert nowhere == []
    assert road and {"id", "style", "title", "label", "rows"} <= road[0].keys()


@pytest.mark.parametrize(
    "query", ["", "lon=137", "lon=a&lat=b", "lon=nan&lat=35", "lon=137&lat=35&within_m=inf"]
)
def test_an_odd_place_is_refused_in_words(app: Server, query: str) -> None:
    refused = get(app, f"/live/layers/flood_zone/at.json?{query}")

    assert refused.status_code == 400
    assert "アドレス" in refused.json()["message"]


def test_tiles_are_cut_before_anybody_asks(app: Server) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if len({path.parent.name for path in app.data.glob("tiles/*/*.sqlite")}) >= 7:
            break
        time.sleep(0.2)

    assert {"flood_zone", "landslide_zone", "inland_flood_zone"} <= {
        path.name for path in app.data.glob("tiles/*")
    }


def test_without_a_background_map_there_is_none(app: Server) -> None:
    assert get(app, "/live/config.json").json()["basemap"] is None
    assert get(app, "/basemap/14/14429/6458").status_code == 404


def test_a_town_sets_its_background_map_on_the_command_line_and_the_app_serves_it(
    app: Server, tmp_path: Path
) -> None:
    from tests.contract.test_tiles import mbtiles, picture

    file = mbtiles(tmp_path / "town.mbtiles", picture(), attribution="<i>見本町</i>")
    try:
        done = command(app.data, "basemap", "set", str(file))
        about = get(app, "/live/config.json").json()["basemap"]
        tile = get(app, about["url"].replace("{z}/{x}/{y}", "14/14429/6458"))

        assert "見本町" in done.stdout
        assert (about["look"], about["attribution"]) == ("raster", "見本町")
        assert (tile.status_code, tile.headers["content-type"], tile.content) == (200, "image/png", picture())
        assert get(app, "/basemap/14/0/0").headers["content-type"] == "image/png"  # a clear one
        assert "見本町" in command(app.data, "basemap", "show").stdout
    finally:
        assert command(app.data, "basemap", "clear").returncode == 0
    assert get(app, "/basemap/14/14429/6458").status_code == 404


def test_a_broken_background_map_is_refused_on_the_command_line_in_words(app: Server, tmp_path: Path) -> None:
    (tmp_path / "bad.mbtiles").write_bytes(gzip.compress(b"nothing"))

    refused = command(app.data, "basemap", "set", str(tmp_path / "bad.mbtiles"), check=False)

    assert refused.returncode == 1
    assert "背景地図のファイルではありません" in refused.stderr
