"""Printing and coordinates over a real server: what residents and the town hall get, and what is refused."""

from __future__ import annotations

import httpx
import mgrs
import pypdfium2
import pytest

from gisapp.flows.coordinates import dms, mesh_code
from layers.crs import easting_northing
from tests.faces.test_signing_in import signed_in
from tests.serving import Server

MM = 72 / 25.4


def get(app: Server, path: str) -> httpx.Response:
    return httpx.get(f"{app.url}{path}", timeout=60)


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


@pytest.mark.parametrize(
    ("paper", "orientation", "wide", "high"),
    [("A4", "portrait", 210, 297), ("A4", "landscape", 297, 210), ("A3", "portrait", 297, 420), ("A3", "landscape", 420, 297)],
)  # fmt: skip
def test_a_sheet_is_printed_on_the_paper_that_was_asked_for(
    app: Server, paper: str, orientation: str, wide: float, high: float
) -> None:
    answer = get(app, f"/print/map.pdf?paper={paper}&orientation={orientation}&reports=1&title=避難の地図")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"
    document = pypdfium2.PdfDocument(answer.content)
    assert document[0].get_size() == pytest.approx((wide * MM, high * MM), abs=0.5)
    document.close()
    text = text_of(answer.content)
    for part in ("避難の地図", "縮尺 1:", "指定緊急避難場所", "出典", "時点", "見本", "通報（対応前）"):
        assert part in text, part


def test_a_place_is_printed_at_the_scale_that_was_asked_for(app: Server) -> None:
    answer = get(app, "/print/map.pdf?lon=137.05&lat=35.64&scale=2500&layers=flood_zone")

    assert "縮尺 1:2,500" in text_of(answer.content)
    assert "指定避難所" not in text_of(answer.content)


def test_a_box_is_printed_at_a_round_scale(app: Server) -> None:
    answer = get(app, "/print/map.pdf?bbox=137.045,35.635,137.055,35.645&layers=")

    assert "縮尺 1:10,000" in text_of(answer.content)


@pytest.mark.parametrize(
    "query",
    ["paper=A5", "orientation=up", "lon=137.05", "lon=nan&lat=35", "lon=35.64&lat=137.05", "lon=137&lat=35.6&scale=0",
     "lon=137&lat=35.6&scale=x", "lon=137&lat=35.6&scale=99999999999", "bbox=1,2,3", "bbox=137,35,136,36",
     "bbox=nan,1,2,3", "bbox=-180,-85,180,85", "layers=" + ",".join(f"l{at}" for at in range(99))],
)  # fmt: skip
def test_an_address_that_cannot_be_printed_is_refused_in_words(app: Server, query: str) -> None:
    refused = get(app, f"/print/map.pdf?{query}")
    assert refused.status_code == 400
    assert refused.json()["message"]


@pytest.mark.parametrize("layer", ["no_such_layer", "../flood_zone", "water_pipe%00"])
def test_an_unknown_layer_is_not_found(app: Server, layer: str) -> None:
    assert get(app, f"/print/map.pdf?layers={layer}").status_code == 404


def test_layers_of_the_town_hall_are_for_those_who_are_signed_in(app: Server) -> None:
    box = "bbox=137,35.6,137.1,35.7&z=14"
    clerk = signed_in(app, "kankyo")
    layers = {one["id"]: one for one in clerk.get("/live/config.json").json()["layers"]}
    inside = [one["id"] for one in layers.values() if one["visibility"] == "internal"]
    assert inside, "the sample town has no internal layer"
    assert layers["garbage_station"]["editable"] and not layers["flood_zone"]["editable"]
    hidden = inside[0]
    seen = clerk.get(f"/live/layers/{hidden}.json?{box}")
    assert seen.status_code == 200
    assert seen.headers["cache-control"] == "no-store"
    assert clerk.get(f"/print/map.pdf?layers={hidden}", timeout=60).status_code == 200

    public = {one["id"] for one in get(app, "/live/config.json").json()["layers"]}
    assert hidden not in public
    assert not any(one["editable"] for one in get(app, "/live/config.json").json()["layers"])
    assert get(app, f"/live/layers/{hidden}.json?{box}").status_code == 404
    assert get(app, f"/print/map.pdf?layers={hidden}").status_code == 404
    assert (
        get(app, f"/live/layers/evacuation_site.json?{box}")
        .headers["cache-control"]
        .startswith("private, max-age")
    )


def test_coordinates_are_given_in_every_way_that_other_desks_write_them(app: Server) -> None:
    lon, lat = 137.0463, 35.6446
    found = get(app, f"/api/coordinates?lon={lon}&lat={lat}").json()

    easting, northing = easting_northing(lon, lat, 6675)
    assert found["zone"] == 7
    assert found["x_north_m"] == pytest.approx(northing, abs=0.001)
    assert found["y_east_m"] == pytest.approx(easting, abs=0.001)
    there_lat, there_lon = mgrs.MGRS().toLatLon(found["mgrs"])
    assert (there_lat, there_lon) == pytest.approx((lat, lon), abs=2e-5)
    rows = dict(found["rows"])
    assert rows["標高"] == "不明"
    assert "35°38′40.56″N" in rows["度分秒"]


@pytest.mark.parametrize(
    "query", ["", "lon=137", "lon=x&lat=y", "lon=nan&lat=nan", "lon=35.6&lat=137.0", "lon=1e999&lat=35"]
)
def test_coordinates_of_nowhere_are_refused_in_words(app: Server, query: str) -> None:
    refused = get(app, f"/api/coordinates?{query}")
    assert refused.status_code == 400
    assert refused.json()["message"]


@pytest.mark.parametrize(
    ("lon", "lat", "mesh"),
    [
        (139.7673068, 35.6809591, "5339-46-11-3-2"),  # 東京駅
        (140.0, 36.0, "5440-00-00-1-1"),  # the corner belongs to the mesh north and east of it
        (137.0, 36 + 2 / 3, "5537-00-00-1-1"),
        (139.99999, 35.99999, "5339-77-99-4-4"),
    ],
)
def test_a_mesh_code_is_that_of_the_standard(lon: float, lat: float, mesh: str) -> None:
    assert mesh_code(lon, lat) == mesh


@pytest.mark.parametrize(
    ("degrees", "letters", "text"),
    [
        (35.6446, "NS", "35°38′40.56″N"),
        (136.9999999999, "EW", "137°00′00.00″E"),
        (-1.5, "NS", "1°30′00.00″S"),
    ],
)
def test_seconds_never_reach_sixty(degrees: float, letters: str, text: str) -> None:
    assert dms(degrees, letters) == text
