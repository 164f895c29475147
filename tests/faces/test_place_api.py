"""/api/place and /print/place.pdf over a real server: the public part for anybody, the whole for the town hall."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from html import unescape
from pathlib import Path

import geopandas as gpd
import httpx
import pypdfium2
import pytest
import shapely

from gisapp.flows.enquire import Karte, Spot, enquire
from gisapp.pages.place_cards import departments_html, hazards_html, head_html, refuges_html, short_html
from gisapp.paper.karte import karte_pdf
from gisapp.person import ANYONE
from gisapp.settings import Settings
from gisapp.town import Town, open_town
from tests.faces.test_signing_in import signed_in
from tests.report_makers import PLANTED
from tests.serving import Server, copied

HALL = "lon=137.0437&lat=35.649"  # in the middle of the sample town, with pipes and hydrants around


def get(app: Server, query: str, path: str = "/api/place", **options: object) -> httpx.Response:
    return httpx.get(f"{app.url}{path}?{query}", timeout=60, **options)


def kinds(answer: httpx.Response) -> set[str]:
    return {layer["kind"] for part in answer.json()["departments"] for layer in part["layers"]}


def words_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        pages = [document[number].get_textpage().get_text_range() for number in range(len(document))]
    finally:
        document.close()
    return "".join("".join(pages).split())


def test_anybody_may_ask_from_anywhere_and_gets_every_hazard(app: Server) -> None:
    answer = get(app, HALL, headers={"Origin": "https://example.org"})
    found = answer.json()

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "no-store"
    assert len(found["hazards"]) == 8
    assert {hazard["status"] for hazard in found["hazards"]} <= {"found", "none", "unknown"}
    for hazard in found["hazards"]:
        assert hazard["status"] != "none" or "安全という意味ではありません" in hazard["text"]
    for part in found["departments"]:
        for layer in part["layers"]:
            assert {"attribution", "as_of", "licence"} <= set(layer["source"]), layer["layer"]


def test_the_town_hall_gets_the_whole_and_no_other_site_may_read_it(app: Server) -> None:
    with closing(signed_in(app, "doboku")) as clerk:
        whole = clerk.get(f"/api/place?{HALL}")
    public = get(app, HALL)

    assert "access-control-allow-origin" not in whole.headers
    assert {"water_pipe", "hydrant"} <= kinds(whole)
    assert not {"water_pipe", "hydrant"} & kinds(public)
    assert "unpublished" in whole.json()["reports"]
    assert "unpublished" not in public.json()["reports"]


def test_a_cookie_that_is_worth_nothing_gets_the_public_part(app: Server) -> None:
    answer = get(app, HALL, cookies={"gisapp_session": "x" * 43})
    assert "water_pipe" not in kinds(answer)
    assert not answer.json()["whole"]


def test_a_place_is_found_by_address_name_and_report(app: Server) -> None:
    place = get(app, "q=大字本町１２８番地の５").json()["place"]
    assert place["label"] == "本町公民館"
    assert get(app, "q=見本町役場").json()["place"]["in_town"]
    reports = get(app, "lon=137.046&lat=35.646").json()["reports"]["reports"]
    assert get(app, f"q={reports[0]['id']}").json()["place"]["label"] == reports[0]["id"]


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("lon=35.6&lat=137.0", 400, "逆"), ("lon=abc&lat=35", 400, "数で"), ("lon=137", 400, "数で"),
        ("lon=nan&lat=inf", 400, "数で"), ("lon=0&lat=0", 400, "日本の外"), ("", 400, "lon と lat"),
        ("q=" + "あ" * 4000, 404, "あてはまる場所がありません"), ("q=%00", 404, "あてはまる場所がありません"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/api/place", "/print/place.pdf"])
def test_a_place_that_cannot_be_is_refused_in_words(
    app: Server, path: str, query: str, status: int, said: str
) -> None:
    answer = get(app, query, path)
    assert answer.status_code == status
    assert said in answer.json()["message"]


def test_a_place_outside_the_town_is_answered_as_unknown(app: Server) -> None:
    found = get(app, "lon=137.3&lat=35.9").json()
    assert found["place"]["in_town"] is False
    assert {hazard["status"] for hazard in found["hazards"]} == {"unknown"}


def test_the_sheet_of_a_resident_has_everything_public_with_source_and_date(app: Server) -> None:
    answer = get(app, HALL, "/print/place.pdf")
    words = words_of(answer.content)

    assert answer.headers["content-type"] == "application/pdf"
    for expected in (
        "地点カルテ", "災害の危険", "不明（データがありません）", "安全という意味ではありません", "にげるところ",
        "ごみステーション", "もえるごみ", "本町", "2026-04-01時点", "出典：見本町", "縮尺1:", "印刷日時：", "土地の境界や権利",
    ):  # fmt: skip
        assert expected.replace(" ", "") in words, expected
    assert "水道管" not in words
    assert "職員用" not in words


def test_the_sheet_of_a_clerk_says_who_printed_it_and_that_it_is_internal(app: Server) -> None:
    with closing(signed_in(app, "doboku")) as clerk:
        words = words_of(clerk.get(f"/print/place.pdf?{HALL}").content)

    assert "水道管" in words
    assert "職員用" in words
    assert "（建設課）" in words


def plant(town: Town, layer: str, row: dict[str, str], shape: shapely.Geometry) -> None:
    frame = gpd.GeoDataFrame([{"feature_id": "planted", **row}], geometry=[shape], crs=4326)
    town.layers.add(
        layer,
        frame,
        reader="test",
        source_name="x",
        source_sha256="0" * 64,
        by="test",
        at=town.now(),
        as_of=None,
    )


@pytest.fixture(scope="module")
def planted(sample_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Town, Karte]]:
    """A town where a station and an association carry hostile text in every field, and the karte beside them."""
    folder = copied(sample_town, tmp_path_factory.mktemp("planted") / "var")
    text, spot = " ".join([*PLANTED, "<para>&nbsp;<b>", "長" * 5000]), Spot(137.0437, 35.649)
    point = shapely.Point(spot.lon, spot.lat)
    station = {"name": text, "association": text, "district": text, "burnable": text, "calendar": text}
    town = open_town(Settings.from_env({"GISAPP_DATA": str(folder)}))
    plant(town, "garbage_station", station, point)
    plant(town, "neighbourhood_association", {"name": text}, point.buffer(0.001))
    asked = replace(spot, label=text)
    yield town, enquire(asked, ANYONE, town.layers, town.reports, town.categories, town.profile, town.now())
    town.close()


def test_planted_text_is_shown_on_the_page_and_never_runs(planted: tuple[Town, Karte]) -> None:
    town, karte = planted
    parts = (
        head_html(karte, "lon=1&lat=2", "http://x/"), hazards_html(karte, town.layers), refuges_html(karte),
        short_html(karte), departments_html(karte),
    )  # fmt: skip
    page = "".join(parts)

    assert "<img" not in page
    assert "<script" not in page
    for text in PLANTED:
        assert text in unescape(page)


def test_planted_text_is_printed_as_text(planted: tuple[Town, Karte]) -> None:
    town, karte = planted
    settings = Settings.from_env()
    pdf = karte_pdf(karte, ANYONE, town.layers, town.profile, town.categories, settings.assets)
    words = words_of(pdf)
    assert "{{7*191}}" in words
    assert "1337" not in words
    assert "<imgsrc=x" in words
