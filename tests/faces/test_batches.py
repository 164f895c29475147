"""Many places at once: the same table comes back with the answers, to the person who asked."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import geopandas as gpd
import httpx
import numpy as np
import openpyxl
import pytest
import shapely

from gisapp.flows.ask_many import TooManyPlaces, ask_many, askable
from gisapp.flows.keep_answers import Answers, UnknownAnswer
from gisapp.person import ANYONE, Person, Role
from gisapp.profile import read_profile
from gisapp.settings import Settings
from gisapp.town import open_layers
from layers.errors import UnknownLayer, UnreadableFile
from layers.versions import LayerShelf
from tests.faces.test_signing_in import signed_in
from tests.serving import Server, command, copied

CLERK = Person("kankyo", "見本 花子", "環境課", frozenset({Role.STAFF}))


@pytest.fixture
def settings(sample_town: Path) -> Settings:
    return Settings.from_env({"GISAPP_DATA": str(sample_town)})


@pytest.fixture
def layers(settings: Settings) -> LayerShelf:
    return open_layers(settings, 6675)


def flooded(layers: LayerShelf) -> tuple[float, float]:
    """A place that floods in the sample town."""
    point = shapely.point_on_surface(layers.current("flood_zone").index.shapes[0])
    return float(point.x), float(point.y)


def listed(path: Path, *rows: tuple[object, ...], encoding: str = "cp932") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([("番号", "施設名", "緯度", "経度"), *rows])
    return path


def asked(path: Path, layers: LayerShelf, settings: Settings, *layer_ids: str) -> list[dict[str, object]]:
    found = ask_many(path, layer_ids, CLERK, layers, read_profile(settings.town_file))
    return [dict(zip(found.columns, row, strict=True)) for row in found.rows]


def test_the_same_rows_come_back_in_the_same_order_with_the_answers_beside_them(
    tmp_path: Path, layers: LayerShelf, settings: Settings
) -> None:
    lon, lat = flooded(layers)
    path = listed(tmp_path / "a.csv", ("007", "川のそば園", lat, lon), ("003", "遠い園", 36.9, 138.9))

    first, second = asked(path, layers, settings, "flood_zone", "aed")

    assert list(first)[:4] == ["番号", "施設名", "緯度", "経度"]
    assert (first["番号"], second["番号"]) == ("007", "003")
    title = layers.catalogue.entry("flood_zone").title
    assert "m" in str(first[f"{title}：区域"])
    assert "おそれ" in str(first[f"{title}：意味"])
    assert second[f"{title}：区域"] == "不明（町の外）"
    assert isinstance(first["最寄りのAED設置箇所：距離（m）"], int)


def test_a_row_whose_place_cannot_be_read_stays_with_the_reason(
    tmp_path: Path, layers: LayerShelf, settings: Settings
) -> None:
    path = listed(tmp_path / "a.csv", ("1", "どこか園", "北のほう", "137.05"), ("2", "なし園", "", ""))

    first, second = asked(path, layers, settings, "flood_zone", "aed")

    assert "北のほう" in str(first["場所の読み方"])
    assert "位置が書かれていません" in str(second["場所の読み方"])
    for row in (first, second):
        assert {row["洪水浸水想定区域（想定最大規模）：区域"], row["最寄りのAED設置箇所"]} == {"不明"}
        assert row["最寄りのAED設置箇所：距離（m）"] is None


def test_a_row_without_a_position_is_found_by_its_address(
    tmp_path: Path, layers: LayerShelf, settings: Settings
) -> None:
    parcel = layers.current("parcel")
    address = parcel.kind.address(parcel.index.records[0])
    path = tmp_path / "a.csv"
    path.write_text(f"施設名,住所,緯度,経度\n園,見本町{address},,\n", encoding="utf-8-sig")

    (row,) = asked(path, layers, settings, "neighbourhood_association")

    assert str(row["場所の読み方"]).startswith("住所から")
    assert row["自治会・町内会"] not in {"不明", None}


def test_the_answers_are_those_of_geopandas(tmp_path: Path, layers: LayerShelf, settings: Settings) -> None:
    rng = np.random.default_rng(1)
    places = rng.uniform((137.005, 35.625), (137.088, 35.665), (300, 2))
    path = listed(tmp_path / "a.csv", *((at, "園", lat, lon) for at, (lon, lat) in enumerate(places)))

    rows = asked(path, layers, settings, "neighbourhood_association", "aed")

    frame = gpd.GeoDataFrame(geometry=gpd.points_from_xy(*places.T), crs=4326)
    areas = gpd.sjoin(frame, layers.current("neighbourhood_association").frame[["name", "geometry"]])
    named = areas.groupby(level=0)["name"].first()
    aeds = layers.current("aed").frame[["geometry"]].to_crs(6675)
    away = gpd.sjoin_nearest(frame.to_crs(6675), aeds, distance_col="m").groupby(level=0)["m"].first()
    for at, row in enumerate(rows):
        assert (
            (row["自治会・町内会"] == named[at])
            if at in named.index
            else (row["自治会・町内会"] in {"該当なし", "不明（町の外）"})
        )
        assert row["最寄りのAED設置箇所：距離（m）"] == round(away[at])


def test_an_evacuation_site_is_offered_only_for_the_hazards_it_is_designated_for_and_outside_their_zones(
    tmp_path: Path, layers: LayerShelf, settings: Settings
) -> None:
    lon, lat = flooded(layers)
    path = listed(tmp_path / "a.csv", ("1", "園", lat, lon))

    (row,) = asked(path, layers, settings, "flood_zone", "evacuation_site")

    sites, zones = layers.current("evacuation_site"), layers.current("flood_zone").frame.union_all()
    offered = {
        record["name"]
        for record, shape in zip(sites.index.records, sites.index.shapes, strict=True)
        if record["hazard_flood"] and not zones.intersects(shape)
    }
    assert row["最寄りの指定緊急避難場所（洪水で使えるもの）"] in offered
    assert len(offered) < sites.rows


def test_a_layer_the_person_may_not_see_cannot_be_asked(
    tmp_path: Path, layers: LayerShelf, settings: Settings
) -> None:
    path = listed(tmp_path / "a.csv", ("1", "園", 35.645, 137.046))
    profile = read_profile(settings.town_file)

    with pytest.raises(UnknownLayer):
        ask_many(path, ["water_pipe"], ANYONE, layers, profile)
    assert "water_pipe" not in {entry.id for entry in askable(layers, ANYONE)}
    assert "water_pipe" in {entry.id for entry in askable(layers, CLERK)}


def test_a_table_that_already_has_a_column_of_that_name_keeps_it(
    tmp_path: Path, layers: LayerShelf, settings: Settings
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("自治会・町内会,緯度,経度\n古い名前,35.645,137.046\n", encoding="utf-8")

    (row,) = asked(path, layers, settings, "neighbourhood_association")

    assert row["自治会・町内会"] == "古い名前"
    assert row["自治会・町内会_2"] is not None


def test_a_file_that_is_no_table_or_is_too_long_is_refused(
    tmp_path: Path, layers: LayerShelf, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.csv").write_bytes(b"")
    profile = read_profile(settings.town_file)
    with pytest.raises(UnreadableFile):
        ask_many(tmp_path / "a.csv", ["aed"], CLERK, layers, profile)

    monkeypatch.setattr("gisapp.flows.ask_many.MOST_ROWS", 1)
    with pytest.raises(TooManyPlaces):
        ask_many(
            listed(tmp_path / "b.csv", ("1", "a", 35, 137), ("2", "b", 35, 137)),
            ["aed"],
            CLERK,
            layers,
            profile,
        )


def test_the_command_line_answers_a_file_and_a_spreadsheet_runs_nothing_of_it(
    tmp_path: Path, sample_town: Path, layers: LayerShelf
) -> None:
    lon, lat = flooded(layers)
    path = listed(tmp_path / "a.csv", ("0584", "=HYPERLINK(1)", lat, lon), ("-5", "+81-584", lat, lon))

    done = command(
        sample_town, "ask", str(path), "--layers", "flood_zone,aed", "--out", str(tmp_path / "o.csv")
    )
    command(sample_town, "ask", str(path), "--layers", "flood_zone,aed", "--out", str(tmp_path / "o.xlsx"))

    raw = (tmp_path / "o.csv").read_bytes()
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    sheet = openpyxl.load_workbook(tmp_path / "o.xlsx").active
    assert "2行を調べて" in done.stdout
    assert raw.startswith(b"\xef\xbb\xbf") and raw.count(b"\r\n") == 3
    assert [row[:2] for row in rows[1:]] == [["0584", "'=HYPERLINK(1)"], ["-5", "'+81-584"]]
    assert sheet is not None
    cells = list(sheet.iter_rows(values_only=True))
    assert cells[1][0] == "0584"
    assert isinstance(cells[1][-1], int)


# ---- what is kept for a day


def kept(app: Server, layers: LayerShelf, settings: Settings, tmp_path: Path) -> str:
    """An answer of the clerk's, as the page keeps it."""
    lon, lat = flooded(layers)
    path = listed(tmp_path / "園の一覧.csv", ("1", "<b>園</b>", lat, lon), ("2", "なし園", "", ""))
    found = ask_many(path, ["flood_zone"], CLERK, layers, read_profile(settings.town_file))
    return Answers(app.data / "batches").keep(found, "園の一覧", CLERK, datetime.now(UTC))


def test_the_answer_is_given_to_the_person_who_asked_and_to_nobody_else(
    app: Server, layers: LayerShelf, settings: Settings, tmp_path: Path
) -> None:
    token = kept(app, layers, settings, tmp_path)

    mine, theirs = signed_in(app, "kankyo"), signed_in(app, "doboku")

    for ending in ("csv", "xlsx", "json"):
        assert mine.get(f"/batches/{token}.{ending}").status_code == 200
        assert theirs.get(f"/batches/{token}.{ending}").status_code == 404
        assert httpx.get(f"{app.url}/batches/{token}.{ending}").status_code == 404
        assert mine.get(f"/batches/{'A' * 22}.{ending}").status_code == 404
        assert mine.get(f"/batches/..%2f..%2f{ending}").status_code in {400, 404}


def test_the_files_of_an_answer_are_named_after_the_list_and_not_kept_by_browsers(
    app: Server, layers: LayerShelf, settings: Settings, tmp_path: Path
) -> None:
    token = kept(app, layers, settings, tmp_path)

    found = signed_in(app).get(f"/batches/{token}.csv")
    points = signed_in(app).get(f"/batches/{token}.json").json()["points"]

    assert "%E5%9C%92%E3%81%AE%E4%B8%80%E8%A6%A7" in found.headers["content-disposition"]
    assert found.headers["cache-control"] == "private, no-store"
    assert [(point["n"], point["title"]) for point in points] == [(1, "1")]
    assert points[0]["letter"] and points[0]["fill"].startswith("#")


def test_an_answer_is_gone_after_a_day(
    sample_town: Path, layers: LayerShelf, settings: Settings, tmp_path: Path
) -> None:
    data = copied(sample_town, tmp_path / "var")
    found = ask_many(
        listed(tmp_path / "a.csv", ("1", "園", 35.645, 137.046)),
        ["aed"],
        CLERK,
        layers,
        read_profile(settings.town_file),
    )
    answers = Answers(data / "batches")
    token = answers.keep(found, "a", CLERK, datetime.now(UTC))

    assert answers.sweep(datetime.now(UTC) - timedelta(days=1)) == 0
    assert answers.sweep(datetime.now(UTC) + timedelta(seconds=5)) == 1
    with pytest.raises(UnknownAnswer):
        answers.about(token, CLERK)
