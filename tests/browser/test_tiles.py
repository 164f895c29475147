"""Hazard zones drawn from tiles, the town's own background map, and many places asked at once, in a real browser."""

from __future__ import annotations

import csv
import io
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from playwright.sync_api import Browser, FrameLocator, Page, Response, expect
from rasterio.transform import from_origin

from gisapp.auth.demo import DEMO_PASSWORD
from gisapp.settings import Settings
from gisapp.town import open_layers
from layers.crs import to_plane
from tests.browser.conftest import map_frame, map_of, visiting
from tests.contract.test_tiles import mbtiles, picture
from tests.serving import Server, command

pytestmark = pytest.mark.browser
PAGE_BYTES = 30_000
RED, WATER = [200, 40, 40, 255], [0xBC, 0xD9, 0xF0, 255]


def flooded(app: Server) -> tuple[float, float]:
    """A place in the deepest water of the sample town."""
    layers = open_layers(Settings.from_env({"GISAPP_DATA": str(app.data)}), 6675)
    index = layers.current("flood_zone").index
    deepest = max(
        range(len(index.records)), key=lambda at: (index.records[at]["depth_rank"], index.shapes[at].area)
    )
    point = shapely.point_on_surface(index.shapes[deepest])
    return float(point.x), float(point.y)


def show_only(frame: FrameLocator, title: str) -> None:
    """Switch the reports off, so that no pin lies over the zone, and one layer on."""
    frame.get_by_text("通報を地図に出す").click()
    frame.locator(".gm-check", has_text=title).click()
    expect(frame.locator("#map_div")).to_have_attribute("data-tiles", "ready")


def tap(frame: FrameLocator, lon: float, lat: float) -> None:
    """Press the map at a place."""
    where = "(box, place) => { const at = window.gisapp.map.map.latLngToContainerPoint(place); return [at.x, at.y]; }"
    x, y = frame.locator("#map_div").evaluate(where, [lat, lon])
    frame.locator("#map_div").click(position={"x": x, "y": y})


def test_a_hazard_layer_comes_as_tiles_and_a_tap_tells_what_it_means(chromium: Browser, app: Server) -> None:
    context, visit = visiting(chromium, app.url)
    answers: list[Response] = []
    visit.page.on("response", lambda answer: answers.append(answer))
    lon, lat = flooded(app)
    visit.page.goto(
        f"{app.url}/?map=17~{lat:.6f}~{lon:.6f}"
    )  # a view, and no card that moves it once it is filled
    frame = map_frame(visit.page)
    show_only(frame, "洪水浸水想定区域（想定最大規模）")

    tap(frame, lon, lat)

    card = frame.locator(".gm-popup").first
    expect(card).to_contain_text("洪水浸水想定区域（想定最大規模）")
    expect(card).to_contain_text("浸水の深さ")
    expect(card).to_contain_text("出典")
    paths = [answer.url.removeprefix(app.url) for answer in answers]
    assert any(path.startswith("/tiles/flood_zone/") for path in paths)
    assert not any(path.startswith("/live/layers/flood_zone.json") for path in paths)
    assert (
        sum(
            len(answer.body())
            for answer in answers
            if answer.url.rstrip("/") in {app.url, page_of(visit.page)}
        )
        < PAGE_BYTES
    )
    assert visit.outside_but_tiles == []
    assert [trouble for trouble in visit.troubles if "net::ERR_FAILED" not in trouble] == []
    context.close()


def page_of(page: Page) -> str:
    return page.url.rstrip("/")


def test_tiles_that_do_not_come_are_told_and_not_taken_for_dry_land(chromium: Browser, app: Server) -> None:
    context, visit = visiting(chromium, app.url)
    visit.page.route("**/tiles/**", lambda route: route.fulfill(status=503))
    visit.page.goto(app.url)
    frame = map_frame(visit.page)

    frame.locator(".gm-check", has_text="洪水浸水想定区域（想定最大規模）").click()

    expect(frame.locator(".gm-status")).to_contain_text("洪水浸水想定区域（想定最大規模）")
    expect(frame.locator(".gm-status")).to_contain_text("読み込めません")
    context.close()


def test_the_towns_own_map_can_be_chosen_as_background(
    chromium: Browser, app: Server, tmp_path: Path
) -> None:
    command(
        app.data,
        "basemap",
        "set",
        str(mbtiles(tmp_path / "town.mbtiles", picture(), attribution="見本町<i>測量</i>")),
    )
    context, visit = visiting(chromium, app.url)
    try:
        visit.page.goto(app.url)
        frame = map_frame(visit.page)
        with visit.page.expect_response(lambda answer: "/basemap/" in answer.url):
            frame.get_by_label("町の背景地図").check()
        expect(frame.locator(".leaflet-control-attribution")).to_contain_text("見本町測量")
        assert visit.outside_but_tiles == []
    finally:
        context.close()
        command(app.data, "basemap", "clear")


def sign_in(page: Page, app: Server, login: str) -> None:
    page.goto(f"{app.url}/login?next=/batch")
    page.locator("input[name=login]").fill(login)
    page.locator("input[name=password]").fill(DEMO_PASSWORD)
    page.locator("form button").first.click()


def test_a_clerk_asks_a_list_of_places_and_takes_the_answers_away(
    chromium: Browser, app: Server, tmp_path: Path
) -> None:
    lon, lat = flooded(app)
    file = tmp_path / "園の一覧.csv"
    file.write_text(f"施設名,緯度,経度\n川のそば園,{lat},{lon}\n<b>どこか</b>園,,\n", encoding="cp932")
    context, visit = visiting(chromium, app.url)
    page = visit.page
    sign_in(page, app, "kankyo")
    expect(page.get_by_role("heading", name="まとめて調べる")).to_be_visible()

    page.locator("input[type=file]").set_input_files(file)
    page.locator(".stCheckbox", has_text="洪水浸水想定区域（想定最大規模）").locator("label").click()
    page.get_by_role("button", name="3. 調べる").click()

    expect(page.get_by_text("2行を調べました。")).to_be_visible()
    expect(page.get_by_text("場所が分からない行が1行あります")).to_be_visible()
    expect(page.get_by_role("cell", name="<b>どこか</b>園")).to_be_visible()
    frame = map_of(page)
    expect(frame.locator("#map_div")).to_have_attribute("data-points", "1")
    with page.expect_download() as fetched:
        page.get_by_role("link", name="CSVを受け取る").click()
    rows = list(csv.reader(io.StringIO(Path(fetched.value.path()).read_text(encoding="utf-8-sig"))))
    assert fetched.value.suggested_filename == "園の一覧_調べた結果.csv"
    assert [row[0] for row in rows[1:]] == ["川のそば園", "<b>どこか</b>園"]
    assert "m" in rows[1][4]
    assert rows[2][4] == "不明"
    context.close()


def colour_of(frame: FrameLocator, lon: float, lat: float, pictures: str) -> list[int]:
    """Red, green, blue and opacity that the map's pictures of a kind show at a place."""
    frame.locator("#map_div").evaluate(
        "(box, place) => { window.gisapp.map.map.setView(place, 16, { animate: false }); }", [lat, lon]
    )
    return frame.locator("#map_div").evaluate(COLOUR_AT, [lat, lon, pictures])


COLOUR_AT = """async (box, [lat, lon, pictures]) => {
  const at = window.gisapp.map.map.latLngToContainerPoint([lat, lon]), frame = box.getBoundingClientRect();
  for (let tries = 0; tries < 100; tries += 1) {
    for (const one of box.querySelectorAll(pictures)) {
      const here = one.getBoundingClientRect(), x = frame.x + at.x - here.x, y = frame.y + at.y - here.y;
      if (x < 0 || y < 0 || x >= here.width || y >= here.height || one.complete === false) continue;
      const copy = document.createElement("canvas"), pen = copy.getContext("2d");
      [copy.width, copy.height] = [here.width, here.height];
      pen.drawImage(one, 0, 0, here.width, here.height);
      const colour = [...pen.getImageData(x, y, 1, 1).data];
      if (colour[3]) return colour;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return [];
}"""


def cut_by_gdal(app: Server, folder: Path) -> Path:
    """A background map of vector tiles as a surveyor would deliver it: rivers and roads under common names."""
    layers = open_layers(Settings.from_env({"GISAPP_DATA": str(app.data)}), 6675)
    source, target = folder / "base.gpkg", folder / "base.mbtiles"
    for name, layer in (("water", "river"), ("roads", "road_section")):
        layers.current(layer).frame[["name", "geometry"]].to_file(source, layer=name)
    zooms = ["-dsco", "MINZOOM=10", "-dsco", "MAXZOOM=14", "-dsco", "NAME=base"]
    done = subprocess.run(
        ["ogr2ogr", "-f", "MBTILES", str(target), str(source), *zooms], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return target


def test_a_background_map_of_vector_tiles_is_drawn(chromium: Browser, app: Server, tmp_path: Path) -> None:
    layers = open_layers(Settings.from_env({"GISAPP_DATA": str(app.data)}), 6675)
    inside = shapely.point_on_surface(max(layers.current("river").index.shapes, key=shapely.area))
    command(app.data, "basemap", "set", str(cut_by_gdal(app, tmp_path)), "--attribution", "見本町測量")
    context, visit = visiting(chromium, app.url)
    try:
        visit.page.goto(app.url)
        frame = map_frame(visit.page)
        frame.get_by_text("通報を地図に出す").click()
        with visit.page.expect_response(lambda answer: "/basemap/" in answer.url):
            frame.get_by_label("町の背景地図").check()

        assert colour_of(frame, inside.x, inside.y, "canvas.leaflet-tile") == WATER
        assert visit.outside_but_tiles == []
    finally:
        context.close()
        command(app.data, "basemap", "clear")


def test_a_picture_from_the_air_lies_on_the_map_for_those_who_may_see_it(
    chromium: Browser, app: Server, tmp_path: Path
) -> None:
    file, (x, y) = tmp_path / "drone_20260401.tif", to_plane(shapely.Point(137.0464, 35.6446), 6675).coords[0]
    about = {"width": 400, "height": 400, "count": 3, "dtype": "uint8", "crs": "EPSG:6675"}
    with rasterio.open(
        file, "w", driver="GTiff", transform=from_origin(x - 200, y + 200, 1, 1), **about
    ) as one:
        one.write(np.broadcast_to(np.array(RED, dtype="uint8")[:3, None, None], (3, 400, 400)))
    command(app.data, "layer", "import", str(file))
    context, visit = visiting(chromium, app.url)
    visit.page.goto(app.url)
    photo = map_frame(visit.page).locator(".gm-check", has_text="空から見た写真")
    expect(photo).to_have_count(0)
    sign_in(visit.page, app, "admin")
    expect(visit.page).to_have_url(re.compile("/batch"))
    visit.page.goto(app.url)
    frame = map_frame(visit.page)
    frame.get_by_text("通報を地図に出す").click()

    frame.locator(".gm-check", has_text="空から見た写真").click()

    assert colour_of(frame, 137.0460, 35.6440, "img.leaflet-tile[src*=aerial_image]") == RED
    assert visit.outside_but_tiles == []
    context.close()
