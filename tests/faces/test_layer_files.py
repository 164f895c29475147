"""Layers as files over a real server: everybody takes the public ones, staff those of the town hall."""

from __future__ import annotations

import csv
import io

import httpx
import pytest

from gisapp.auth.demo import DEMO_PASSWORD
from layers.writers import FORMATS
from tests.serving import Server

STARTS = {"gpkg": b"SQLite format 3", "geojson": b'{"type":"FeatureCollection"', "shapefile": b"PK\x03\x04",
          "csv": b"\xef\xbb\xbf", "geoparquet": b"PAR1", "flatgeobuf": b"fgb\x03fgb"}  # fmt: skip


def get(app: Server, path: str, **options: object) -> httpx.Response:
    return httpx.get(f"{app.url}{path}", timeout=60, **options)


@pytest.mark.parametrize("format", FORMATS)
def test_everybody_may_take_a_public_layer_from_any_page(app: Server, format: str) -> None:
    answer = get(app, f"/opendata/layers/garbage_station{FORMATS[format]}")

    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")
    assert answer.content.startswith(STARTS[format])
    assert answer.headers["content-disposition"].endswith(f'{FORMATS[format]}"')
    again = get(
        app,
        f"/opendata/layers/garbage_station{FORMATS[format]}",
        headers={"If-None-Match": answer.headers["etag"]},
    )
    assert (again.status_code, again.content) == (304, b"")


def test_the_csv_of_the_stations_has_titles_a_clerk_reads(app: Server) -> None:
    text = get(app, "/opendata/layers/garbage_station.csv").content.decode("utf-8-sig")

    header, *rows = csv.reader(io.StringIO(text))

    assert header[:2] == ["feature_id", "名称"]
    assert header[-2:] == ["緯度", "経度"]
    assert len(rows) == 60


@pytest.mark.parametrize("name", ["water_pipe.csv", "hydrant.gpkg", "no_such_layer.csv", "garbage_station.exe", "garbage_station",
                                  "tsunami_zone.csv"])  # fmt: skip
def test_a_layer_of_the_town_hall_and_one_that_is_not_there_are_the_same_to_a_stranger(
    app: Server, name: str
) -> None:
    nothing, answer = get(app, "/opendata/layers/nothing.csv"), get(app, f"/opendata/layers/{name}")

    assert (
        (answer.status_code, answer.content)
        == (nothing.status_code, nothing.content)
        == (404, nothing.content)
    )
    assert "access-control-allow-origin" not in answer.headers


def test_staff_may_take_a_layer_of_the_town_hall_and_no_page_elsewhere_may_read_it(app: Server) -> None:
    with httpx.Client(base_url=app.url, headers={"Origin": app.url}, timeout=60) as client:
        assert client.post("/login", data={"login": "kiki", "password": DEMO_PASSWORD}).status_code == 303
        answer = client.get("/opendata/layers/water_pipe.geojson")

    assert (answer.status_code, answer.headers["cache-control"].split(",")[0]) == (200, "private")
    assert "access-control-allow-origin" not in answer.headers
    assert len(answer.json()["features"]) > 100


def test_the_list_names_every_public_layer_and_its_addresses_work(app: Server) -> None:
    answer = get(app, "/opendata/layers.json")
    found = {one["id"]: one for one in answer.json()["layers"]}

    assert answer.headers["access-control-allow-origin"] == "*"
    assert "water_pipe" not in found
    assert found["evacuation_site"]["licence"]
    assert get(app, found["evacuation_site"]["urls"]["geojson"]).status_code == 200
