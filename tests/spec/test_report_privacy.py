"""What residents see of a report: a list of what is allowed, and a canary for everything that is not."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest

from reports_store import (
    ActorType,
    Categories,
    Contact,
    EventKind,
    Filters,
    NotPublic,
    PublicReport,
    Report,
    ReportStore,
    Status,
    Visibility,
    distance_m,
    for_reporter,
    public,
    public_properties,
)
from reports_store.categories import SHIPPED
from tests.report_makers import LAT, LON, NOON, moved, photo, pothole, step

KINDS = Categories.load()
CANARY = "カナリア"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ReportStore]:
    with ReportStore.open(tmp_path / "town.sqlite") as opened:
        yield opened


def go(store: ReportStore, report: Report, **change: object) -> Report:
    return store.append(report.id, step(EventKind.VISIBILITY, change), seen=report.version)


def test_nothing_private_gets_out_whatever_it_is_written_in(store: ReportStore) -> None:
    contact = Contact(f"{CANARY}太郎", "0000-00-0001", "canary@example.jp", True)
    new = pothole(body=f"{CANARY}の家の前", contact=contact, photos=(photo(),), category="street_light",
                  answers={"what": "街灯・防犯灯", "number": f"{CANARY}12"})  # fmt: skip
    report = store.add(new).report
    report = store.append(report.id, step(noted=f"{CANARY}さんに電話"), seen=1)
    report = store.append(report.id, moved(Status.TRIAGED, said="担当課を決めました", noted=CANARY), seen=2)

    shown = public_properties(report, KINDS[report.category], store.events(report.id))
    text = json.dumps(shown, ensure_ascii=False)

    assert shown["answers"] == {"what": "街灯・防犯灯"}
    secrets = [
        CANARY,
        "canary",
        "0000-00-0001",
        new.uuid,
        new.tracking_hash.hex(),
        "建設課 1",
        photo().sha256,
    ]
    assert [secret for secret in secrets if secret in text] == []
    assert str(photo().exif_place.lon) not in text  # type: ignore[union-attr]
    assert "担当課を決めました" in text


def test_the_list_of_what_may_leave_is_exactly_this() -> None:
    assert [field.name for field in fields(PublicReport)] == [
        "public_id", "category", "state", "status", "received_on", "updated_at", "area", "road_manager",
        "place", "answers", "photos", "body", "history", "support",
    ]  # fmt: skip


def test_words_are_shown_only_after_a_person_released_them(store: ReportStore) -> None:
    report = store.add(pothole(body="穴があります")).report
    assert public(report, KINDS["road_damage"]).body is None

    released = go(store, report, body_public=True)

    assert public(released, KINDS["road_damage"]).body == "穴があります"
    assert public(go(store, released, body_public=False), KINDS["road_damage"]).body is None


def test_a_photo_is_shown_only_after_eyes_have_looked_at_it(store: ReportStore) -> None:
    report = store.add(pothole(photos=(photo("a"), photo("b"), photo("c")))).report
    kind = KINDS["road_damage"]
    assert public(report, kind).photos == ()

    for name, look in [("a", {"pii_state": "clear"}), ("b", {"pii_state": "blocked"})]:
        event = step(EventKind.REDACT, {"photo": photo(name).sha256, **look})
        report = store.append(report.id, event, seen=report.version)
    black = step(EventKind.REDACT, {
        "photo": photo("c").sha256, "pii_state": "redacted", "shown_as": photo("c in black").sha256,
    })  # fmt: skip
    report = store.append(report.id, black, seen=report.version)

    assert public(report, kind).photos == (photo("a").sha256, photo("c in black").sha256)
    assert [store.photo_released(photo(name).sha256) for name in ("a", "b", "c", "c in black", "d")] == [
        True, False, False, True, False,
    ]  # fmt: skip
    assert photo("c in black").sha256 in store.photo_sha256s()
    go(store, report, visibility="hidden")
    assert not store.photo_released(photo("a").sha256)


@pytest.mark.parametrize("visibility", [v for v in Visibility if v is not Visibility.PUBLIC])
def test_what_is_not_public_is_in_no_public_answer(store: ReportStore, visibility: Visibility) -> None:
    report = go(store, store.add(pothole()).report, visibility=visibility.value)

    with pytest.raises(NotPublic):
        public(report, KINDS["road_damage"])
    box = (136.0, 35.0, 137.0, 36.0)
    assert store.newest(Filters(public=True)) == store.newest(Filters(box=box, public=True)) == []
    assert store.cell_counts(box, 14, Filters(public=True)) == []
    assert store.near(LON, LAT, 100, public=True) == []
    assert store.count(Filters(public=True)) == store.count(Filters(box=box, public=True)) == 0
    assert list(store.stream(Filters(public=True))) == []
    assert store.count(Filters()) == 1
    assert for_reporter(report, KINDS["road_damage"]).public_id == "R8-000001"


def test_a_kind_that_waits_for_a_check_is_not_public_when_it_arrives(store: ReportStore) -> None:
    assert store.add(pothole(category="illegal_dumping")).report.visibility is Visibility.PENDING
    assert store.add(pothole(category="road_damage")).report.visibility is Visibility.PUBLIC


def test_a_private_place_is_shown_as_the_middle_of_its_grid_cell(store: ReportStore) -> None:
    inside = [(LON + dx * 1e-5, LAT + dy * 1e-5) for dx in range(5) for dy in range(5)]
    reports = [store.add(pothole(category="illegal_dumping", lon=lon, lat=lat)).report for lon, lat in inside]
    shown = [public(go(store, each, visibility="public"), KINDS["illegal_dumping"]).place for each in reports]

    assert len(set(shown)) <= 4  # no more than the cells that meet here, however many reports there are
    for (lon, lat), place in zip(inside, shown, strict=True):
        assert place is not None
        assert 0 < distance_m(lon, lat, place.lon, place.lat) <= 36
    counted = store.cell_counts((136.4, 35.3, 136.5, 35.4), 18, Filters(public=True))
    drawn = {(round(cell.lon, 7), round(cell.lat, 7)) for cell in counted if cell.n == 1}
    assert drawn.isdisjoint({(round(lon, 7), round(lat, 7)) for lon, lat in inside})


def test_a_place_that_may_not_be_shown_is_on_no_public_map(store: ReportStore) -> None:
    report = go(store, store.add(pothole(category="other")).report, visibility="public")

    shown = public_properties(report, KINDS["other"])

    assert (shown["lon"], shown["lat"], shown["area"]) == (None, None, "本町自治会")
    assert store.newest(Filters(box=(136, 35, 137, 36), public=True)) == []
    assert [each.public_id for each in store.newest(Filters(public=True))] == [report.public_id]


def test_searching_does_not_tell_what_an_unreleased_text_says(store: ReportStore) -> None:
    report = store.add(pothole(body=f"{CANARY} 100%_")).report

    assert store.count(Filters(text=CANARY)) == 1
    assert store.count(Filters(text=CANARY, public=True)) == 0
    go(store, report, body_public=True)
    assert store.count(Filters(text=CANARY, public=True)) == 1
    assert [store.count(Filters(text=words)) for words in ("100%_", "%%_", "' OR 1=1 --")] == [1, 0, 0]


def test_what_a_resident_writes_on_reopening_is_not_public(store: ReportStore) -> None:
    report = store.add(pothole()).report
    for seen, event in enumerate(
        [
            moved(Status.TRIAGED),
            moved(Status.IN_PROGRESS),
            moved(Status.RESOLVED, said="舗装しました"),
            moved(Status.REOPENED, said=f"{CANARY}です、まだ穴が", actor_type=ActorType.RESIDENT),
        ],
        start=1,
    ):
        report = store.append(report.id, event, seen=seen)

    history = public(report, KINDS["road_damage"], store.events(report.id)).history

    assert [(each.status, each.message) for each in history] == [
        (Status.RECEIVED, ""),
        (Status.TRIAGED, ""),
        (Status.IN_PROGRESS, ""),
        (Status.RESOLVED, "舗装しました"),
        (Status.REOPENED, ""),
    ]


def test_the_day_of_arrival_is_the_day_in_japan(store: ReportStore) -> None:
    late = store.add(pothole(received_at=NOON.replace(hour=15))).report  # midnight in Japan

    assert public(late, KINDS["road_damage"]).received_on == (NOON + timedelta(days=1)).date()


def test_when_the_town_makes_a_kind_coarser_stored_places_follow(tmp_path: Path, store: ReportStore) -> None:
    store.add_many(pothole(lon=LON + n * 0.001) for n in range(5))
    store.add(pothole(category="park_playground"))
    text = SHIPPED.read_text(encoding="utf-8")
    stricter = tmp_path / "categories.toml"
    stricter.write_text(text.replace('public_place = "exact"', 'public_place = "area"', 1), encoding="utf-8")
    store.close()

    with ReportStore.open(tmp_path / "town.sqlite", Categories.load(stricter)) as again:
        shown = again.newest(Filters(box=(136, 35, 137, 36), public=True))
        counted = again.cell_counts((136, 35, 137, 36), 10, Filters(public=True))

        assert [each.category for each in shown] == ["park_playground"]
        assert sum(cell.n for cell in counted) == 1
        assert again.count(Filters(box=(136, 35, 137, 36))) == 6


def test_a_report_of_a_kind_the_town_dropped_is_still_kept_and_handled(
    tmp_path: Path, store: ReportStore
) -> None:
    report = store.add(pothole(category="street_light")).report
    store.close()
    fewer = Categories({code: KINDS[code] for code in KINDS if code != "street_light"})

    with ReportStore.open(tmp_path / "town.sqlite", fewer) as again:
        kept = again.append(report.id, moved(Status.TRIAGED, client_uuid=str(uuid.uuid4())), seen=1)

        assert kept.category == "street_light"
        assert again.newest(Filters(box=(136, 35, 137, 36), public=True)) == []
