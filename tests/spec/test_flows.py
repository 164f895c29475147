"""The flows over a real, opened town: reports are located, refused or kept; what leaves is an allow-list."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import orjson
import pytest
import shapely

from gisapp.flows.describe import map_config, report_card
from gisapp.flows.find import find_places, landmarks
from gisapp.flows.follow import follow
from gisapp.flows.list_public import Choice, filters_of, list_page
from gisapp.flows.locate import boundary_of, locate
from gisapp.flows.publish import csv_lines, export, geojson_parts
from gisapp.flows.submit import Draft, EmptyDraft, OutsideTown, submit
from gisapp.flows.watch import SINGLE_LIMIT, Watch, watch
from gisapp.person import ANYONE
from gisapp.rules import rules_of
from gisapp.settings import Settings
from gisapp.town import Town, open_town
from layers.box import Box
from layers.crs import to_lonlat, to_plane
from layers.errors import SourceUnavailable
from reports_store import (
    ActorType,
    Channel,
    Contact,
    EventKind,
    Filters,
    GeomSource,
    NewEvent,
    Place,
    PublicState,
)
from reports_store.errors import Conflict, InvalidCode, NotPublic, UnknownCategory, UnknownReport
from reports_store.tracking import code_for
from tests.photo_makers import phone_photo
from tests.report_makers import pothole
from tests.serving import command, copied


@pytest.fixture(scope="module")
def town(sample_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = copied(sample_town, tmp_path_factory.mktemp("flows") / "var")
    opened = open_town(Settings.from_env({"GISAPP_DATA": str(folder)}))
    yield opened
    opened.close()


def on_a_road(town: Town) -> tuple[float, float]:
    line = town.layers.current("road_section").frame.geometry.iloc[0]
    place = line.interpolate(0.5, normalized=True)
    return place.x, place.y


def beyond_the_boundary(town: Town, metres: float) -> tuple[float, float]:
    """A place some metres east of the town's easternmost point."""
    outline = to_plane(boundary_of(town.profile, town.layers), town.profile.zone)
    east = max(shapely.get_coordinates(outline).tolist())
    place = to_lonlat(shapely.Point(east[0] + metres, east[1]), town.profile.zone)
    return place.x, place.y


def draft(lon: float, lat: float, **given: object) -> Draft:
    plain = Draft(str(uuid4()), "road_damage", Place(lon, lat, GeomSource.MAP_TAP), body="穴があいています。")
    return replace(plain, **given)  # type: ignore[arg-type]


def sent(town: Town, **given: object) -> str:
    return submit(draft(*on_a_road(town), **given), town.reports, rules_of(town)).number


def test_a_report_knows_its_association_and_road_manager_and_why(town: Town) -> None:
    report = town.reports.get(sent(town))
    assert report.area is not None and report.area.name and report.area.why == "contains"
    assert report.road is not None and report.road.name.startswith(("国道", "県道", "町道", "私道"))
    assert report.road.why.startswith("nearest:")
    assert report.road.source_layer == "road_section"


def test_the_same_draft_sent_twice_gives_the_same_receipt(town: Town) -> None:
    twice = draft(*on_a_road(town))
    first = submit(twice, town.reports, rules_of(town))
    second = submit(twice, town.reports, rules_of(town))
    assert (first.number, first.tracking_code) == (second.number, second.tracking_code)
    assert (first.new, second.new) == (True, False)
    with pytest.raises(Conflict):
        submit(replace(twice, body="ちがう文"), town.reports, rules_of(town))


def test_a_report_far_outside_the_town_is_refused_and_nothing_is_kept(town: Town) -> None:
    before = town.reports.revision()
    with pytest.raises(OutsideTown):
        submit(draft(*beyond_the_boundary(town, 2_000)), town.reports, rules_of(town))
    assert town.reports.revision() == before


def test_a_report_just_across_the_boundary_is_accepted_without_an_association(town: Town) -> None:
    receipt = submit(draft(*beyond_the_boundary(town, 200)), town.reports, rules_of(town))
    report = town.reports.get(receipt.number)
    assert report.area is not None
    assert (report.area.name, report.area.why) == ("", "in_none")


def test_an_empty_report_is_refused_but_a_photo_or_an_answer_alone_is_enough(town: Town) -> None:
    with pytest.raises(EmptyDraft):
        sent(town, body="  ")
    photo = town.photos.put(phone_photo())
    assert sent(town, body="", photos=(photo,))
    category = town.categories["road_damage"]
    question = next(question for question in category.questions if question.choices_ja)
    assert sent(town, body="", answers={question.id: question.choices_ja[0]})


def test_an_unknown_category_is_refused(town: Town) -> None:
    with pytest.raises(UnknownCategory):
        sent(town, category="no_such")


def test_a_layer_that_cannot_be_read_does_not_stop_a_report(town: Town, tmp_path: Path) -> None:
    from gisapp.town import open_layers

    empty = open_layers(replace(town.settings, data=tmp_path), town.profile.zone)
    found = locate(*on_a_road(town), layers=empty, profile=town.profile)
    assert found.inside is None
    assert found.near
    assert (found.area.name, found.area.why) == ("", "layer_unavailable")
    with pytest.raises(SourceUnavailable):
        empty.current("road_section")


def test_the_reporter_follows_by_code_however_it_is_typed(town: Town) -> None:
    receipt = submit(draft(*on_a_road(town)), town.reports, rules_of(town))
    typed = (
        receipt.tracking_code.lower()
        .replace("-", "　")
        .translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    )
    found = follow(typed, town.reports, town.categories)
    assert found.report.public_id == receipt.number
    assert found.body == "穴があいています。"


def test_a_mistyped_code_and_a_code_of_nobody_are_told_apart_from_nothing_else(town: Town) -> None:
    receipt = submit(draft(*on_a_road(town)), town.reports, rules_of(town))
    wrong = receipt.tracking_code[:-1] + ("X" if receipt.tracking_code[-1] != "X" else "Y")
    with pytest.raises(InvalidCode):
        follow(wrong, town.reports, town.categories)
    with pytest.raises(UnknownReport):
        follow(code_for(b"another key of the installation", str(uuid4())), town.reports, town.categories)


def test_words_are_public_only_after_a_check(town: Town) -> None:
    number = sent(town, body="未確認の文章 山田")
    assert report_card(number, town.reports, town.categories)["body"] is None
    report = town.reports.get(number)
    released = NewEvent(
        EventKind.VISIBILITY, datetime.now(UTC), ActorType.STAFF, "係", {"to": {"body_public": True}}
    )
    town.reports.append(report.id, released, seen=report.version)
    assert report_card(number, town.reports, town.categories)["body"] == "未確認の文章 山田"


def test_a_hidden_report_is_answered_like_one_that_does_not_exist(town: Town) -> None:
    number = sent(town)
    report = town.reports.get(number)
    hidden = NewEvent(
        EventKind.VISIBILITY, datetime.now(UTC), ActorType.STAFF, "係", {"to": {"visibility": "hidden"}}
    )
    town.reports.append(report.id, hidden, seen=report.version)
    with pytest.raises(NotPublic):
        report_card(number, town.reports, town.categories)
    assert number not in b"".join(geojson_parts(town.reports, town.categories)).decode()


def test_the_export_is_geojson_as_the_standard_has_it(town: Town) -> None:
    found = orjson.loads(b"".join(geojson_parts(town.reports, town.categories)))
    assert found["type"] == "FeatureCollection"
    assert "crs" not in found
    assert len(found["features"]) == town.reports.count(Filters(public=True))
    west, south, east, north = town.profile.bounds
    for feature in found["features"]:
        if feature["geometry"] is not None:
            lon, lat = feature["geometry"]["coordinates"]
            assert west - 0.1 < lon < east + 0.1
            assert south - 0.1 < lat < north + 0.1


def test_the_allow_list_of_the_export_is_just_this(town: Town) -> None:
    feature = orjson.loads(b"".join(geojson_parts(town.reports, town.categories)))["features"][0]
    assert set(feature["properties"]) == {
        "public_id", "category", "category_name", "state", "state_name", "received_on", "updated_at",
        "area", "road_manager", "place_accuracy_m", "answers", "body",
    }  # fmt: skip


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", "＋"])
def test_a_cell_that_a_spreadsheet_would_run_is_tamed(town: Town, start: str) -> None:
    number = sent(town, body=f"{start}cmd|' /C calc'!A0")
    report = town.reports.get(number)
    released = NewEvent(
        EventKind.VISIBILITY, datetime.now(UTC), ActorType.STAFF, "係", {"to": {"body_public": True}}
    )
    town.reports.append(report.id, released, seen=report.version)
    text = b"".join(csv_lines(town.reports, town.categories)).decode("utf-8-sig")
    row = next(row for row in csv.reader(io.StringIO(text, newline="")) if row[0] == number)
    assert row[-1].startswith(("'", "cmd"))
    assert float(row[9]) > 0


def test_an_export_that_fails_midway_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "out.geojson"
    target.write_text("old")

    def failing() -> Iterator[bytes]:
        yield b"half"
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        export(failing(), target)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_the_map_counts_every_public_report_once_at_every_zoom(town: Town) -> None:
    box = Box(*town.profile.bounds).grown(0.05)
    for zoom in range(3, 20):
        features = watch(Watch(box, zoom, Filters(public=True)), town.reports, town.categories)["features"]
        shown = sum(feature["properties"].get("cluster", 1) for feature in features)
        assert shown == len(placed(town)), zoom


def placed(town: Town) -> list[str]:
    found = orjson.loads(b"".join(geojson_parts(town.reports, town.categories)))
    return [feature["id"] for feature in found["features"] if feature["geometry"]]


def test_a_full_viewport_is_counted_and_not_listed(town: Town) -> None:
    lon, lat = town.profile.center
    town.reports.add_many([pothole(lon=lon + i * 1e-5, lat=lat) for i in range(SINGLE_LIMIT + 1)])
    box = Box(lon - 0.02, lat - 0.02, lon + 0.02, lat + 0.02)
    features = watch(Watch(box, 15, Filters(public=True)), town.reports, town.categories)["features"]
    assert len(features) < SINGLE_LIMIT / 2
    assert sum(feature["properties"]["cluster"] for feature in features) > SINGLE_LIMIT


def test_places_are_found_whichever_way_the_name_is_written(town: Town) -> None:
    asked = (ANYONE, town.layers, town.profile, town.reports, town.categories)
    assert find_places("役場", *asked)
    assert find_places("　", *asked) == []
    assert len({(one.title, one.layer) for one in landmarks(town.layers)}) > 50


def test_the_lists_pages_are_newest_first_and_filtered(town: Town) -> None:
    choice = Choice(categories=("water_leak",), states=(PublicState.DONE,))
    page = list_page(filters_of(choice, town.now()), town.reports, town.categories, limit=5)
    assert 0 < len(page.lines) <= 5 <= page.total
    following = list_page(
        filters_of(choice, town.now()), town.reports, town.categories, str(page.older), limit=5
    )
    days = [line["date"] for line in (*page.lines, *following.lines)]
    assert days == sorted(days, reverse=True)
    assert not {line["id"] for line in page.lines} & {line["id"] for line in following.lines}
    assert {(line["category"], line["state"]) for line in page.lines} == {("water_leak", "done")}


def test_a_layer_never_imported_is_left_out_and_a_broken_one_is_named(town: Town) -> None:
    config = map_config(town.profile, town.layers, town.reports, town.categories)
    assert all(layer["ok"] for layer in config["layers"])
    broken = town.settings.layer_folder / "aed" / "v0001.parquet"
    kept = broken.read_bytes()
    broken.write_bytes(kept[:100])
    try:
        config = map_config(town.profile, town.layers, town.reports, town.categories)
        failed = next(layer for layer in config["layers"] if layer["id"] == "aed")
        assert not failed["ok"]
        assert failed["last_good"]
    finally:
        broken.write_bytes(kept)


def test_channel_and_contact_are_kept_and_never_shown(town: Town) -> None:
    number = sent(town, contact=Contact("山田", "090-0000-0000", "a@example.jp"), channel=Channel.PHONE)
    report = town.reports.get(number)
    assert report.contact_given
    assert town.reports.contact(report.id) is not None
    assert "山田" not in orjson.dumps(report_card(number, town.reports, town.categories)).decode()


def test_a_layer_added_on_the_command_line_appears_in_the_running_town(town: Town) -> None:
    assert "sites_2026" not in {state.id for state in town.layers.listing()}
    source = town.settings.data.parent / "sites.geojson"
    source.write_bytes(FACILITY)
    command(
        town.settings.data, "layer", "import", str(source), "--as", "public_facility", "--id", "sites_2026"
    )
    assert next(state.rows for state in town.layers.listing() if state.id == "sites_2026") == 1


FACILITY = orjson.dumps(
    {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [137.0463, 35.6446]},
                "properties": {"name": "出張所"},
            }
        ],
    }
)
