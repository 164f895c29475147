"""The made-up residents' reports: believable places and words, and histories the town's own rules allow."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache

import geopandas as gpd
import pytest
import shapely

from gisapp.sample import Sample, SampleReport, build
from gisapp.sample.careers import BY_RESIDENT, REFERRED_TO
from reports_store.categories import Categories
from reports_store.report import ActorType, Channel, EventKind, GeomSource, NewEvent, Status
from reports_store.workflow import FIRST, check

TODAY = date(2026, 11, 20)
JAPAN = timezone(timedelta(hours=9))
UNTIL = datetime(2026, 11, 19, 15, tzinfo=UTC)  # 20 November 00:00 in Japan


@cache
def town(seed: int = 8) -> Sample:
    return build(seed, TODAY)


def metres(name: str) -> gpd.GeoDataFrame:
    return next(each.frame for each in town().layers if each.id == name).to_crs(6675)


def places(category: str) -> list[shapely.Point]:
    chosen = [report for report in town().reports if report.category == category]
    return list(gpd.GeoSeries([shapely.Point(r.lon, r.lat) for r in chosen], crs=4326).to_crs(6675))


def state(report: SampleReport) -> str:
    return next((step.status for step in reversed(report.history) if step.status), FIRST.value)


@pytest.mark.parametrize("seed", [1, 8, 38])
def test_every_step_is_one_the_towns_workflow_allows_with_the_message_it_asks_for(seed: int) -> None:
    for report in town(seed).reports:
        now = FIRST
        for step in report.history:
            if step.status is None:
                assert step.public_message
                continue
            actor = ActorType.RESIDENT if step.status in BY_RESIDENT else ActorType.STAFF
            told = {"referred_to": REFERRED_TO[step.public_message]} if step.status == "referred" else {}
            event = NewEvent(kind=EventKind.STATUS, actor_type=actor, actor="sample", at=step.at,
                             changes={"to": {"status": step.status, **told}}, public_message=step.public_message,
                             internal_message=step.internal_message)  # fmt: skip
            check(now, Status(step.status), event)
            now = Status(step.status)


@pytest.mark.parametrize(
    ("seed", "today"), [(8, TODAY), (1, TODAY), (3, date(2026, 4, 1)), (4, date(2027, 3, 31))]
)
def test_every_state_of_a_report_occurs_whatever_the_day(seed: int, today: date) -> None:
    states = Counter(state(report) for report in build(seed, today).reports)

    assert set(states) == set(Status)
    assert states.total() == 300


def test_histories_run_forward_and_end_before_today_began_in_japan() -> None:
    for report in town().reports:
        moments = [report.received_at, *(step.at for step in report.history)]

        assert all(moment.tzinfo is not None for moment in moments)
        assert moments == sorted(moments) and len(set(moments)) == len(moments)
        assert moments[-1] < UNTIL


def test_reports_span_the_last_and_the_current_fiscal_year() -> None:
    first, last = town().reports[0].received_at, town().reports[-1].received_at
    turn = datetime(2026, 3, 31, 15, tzinfo=UTC)
    before = sum(report.received_at < turn for report in town().reports)

    assert datetime(2025, 3, 31, 15, tzinfo=UTC) <= first < last < UNTIL
    assert 100 < before < 220


def test_reports_older_than_four_months_are_nearly_all_dealt_with() -> None:
    open_states = {
        "received",
        "triaged",
        "info_requested",
        "investigating",
        "scheduled",
        "in_progress",
        "referred",
        "reopened",
    }
    old = [report for report in town().reports if (UNTIL - report.received_at).days > 120]

    waiting = [report for report in old if state(report) in open_states]

    assert len(waiting) < 0.05 * len(old)


@pytest.mark.parametrize("seed", [1, 8, 38])
def test_a_duplicate_names_an_earlier_report_that_is_not_a_duplicate_itself(seed: int) -> None:
    by_uuid = {report.uuid: report for report in town(seed).reports}
    named = [
        (report, step.duplicate_of)
        for report in by_uuid.values()
        for step in report.history
        if step.status == "duplicate"
    ]

    assert len(named) >= 5 and len(by_uuid) == 300
    for report, original in named:
        assert original is not None
        assert by_uuid[original].received_at < report.received_at
        assert by_uuid[original].category == report.category
        assert all(step.status != "duplicate" for step in by_uuid[original].history)


def test_reports_lie_where_such_things_are_found() -> None:
    roads, rivers = metres("road_section").union_all(), metres("river").union_all()
    facilities = metres("public_facility")
    parks = facilities[facilities.name.str.contains("公園")].union_all()

    assert max(roads.distance(place) for place in places("road_damage")) < 10
    assert max(rivers.distance(place) for place in places("river_channel")) < 60
    assert max(parks.distance(place) for place in places("park_playground")) < 60
    assert metres("boundary").union_all().covers(shapely.MultiPoint(places("other")))


def test_dumping_crowds_together_at_one_road_in_the_hills() -> None:
    dumped, roads = places("illegal_dumping"), metres("road_section").union_all()
    crowd = max(([other for other in dumped if other.distance(one) < 200] for one in dumped), key=len)

    assert 10 <= len(crowd) < len(dumped) - 10
    assert max(roads.distance(place) for place in crowd) < 10


def test_categories_answers_and_channels_are_ones_the_store_knows() -> None:
    known = Categories.load()
    for report in town().reports:
        questions = {question.id: question.choices_ja for question in known[report.category].questions}

        assert Channel(report.channel) and GeomSource(report.geom_source)
        for question, answer in report.answers.items():
            assert answer in questions[question], (report.category, question, answer)
    assert {report.category for report in town().reports} == set(known)


def test_most_reports_have_a_photo_and_the_web_form_is_the_usual_way() -> None:
    reports, channels = town().reports, Counter(report.channel for report in town().reports)

    assert 0.64 < sum(bool(report.photos) for report in reports) / 300 < 0.78
    assert channels.most_common(1)[0][0] == "web"
    assert set(channels) == {"web", "phone", "counter", "patrol", "line"}


def test_nobody_telephones_or_comes_to_the_counter_while_the_town_hall_is_shut() -> None:
    for report in town().reports:
        if report.channel in {"phone", "counter", "patrol"}:
            moment = report.received_at.astimezone(JAPAN)

            assert moment.weekday() < 5 and 9 <= moment.hour < 17, report.uuid


def test_residents_do_not_all_say_the_same() -> None:
    assert len({report.body for report in town().reports}) > 250
    assert all(5 < len(report.body) < 200 for report in town().reports)


def test_nobody_named_in_a_report_can_exist() -> None:
    contacts = [report.contact for report in town().reports if report.contact]

    assert contacts
    for contact in contacts:
        assert contact["name"].split()[0] in {"見本", "例示", "試験", "架空"}
        assert contact["phone"].startswith("000-0000-")
        assert contact["email"] == "" or contact["email"].endswith("@example.jp")
