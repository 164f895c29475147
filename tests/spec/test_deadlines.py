"""By when a report is to be dealt with: counted in the days on which the town hall works."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gisapp.flows.desk.lateness import Lateness, lateness
from reports_store import Categories, Channel, GeomSource, Place, Report, Status, Visibility
from reports_store.deadlines import Deadlines, timed
from reports_store.fiscal import JST
from tests.report_makers import NOON

TOWN = Deadlines()
KINDS = Categories.load()


def at(day: str, clock: str = "10:00") -> datetime:
    """A moment in Japan, as the store keeps it."""
    return datetime.fromisoformat(f"{day}T{clock}:00+09:00").astimezone(UTC)


def due(day: str, working_days: int, clock: str = "10:00", town: Deadlines = TOWN) -> str:
    return town.due(at(day, clock), working_days).astimezone(JST).strftime("%Y-%m-%d %H:%M")


def report(**more: object) -> Report:
    usual: dict[str, object] = {
        "id": 1, "public_id": "R8-000001", "uuid": "", "category": "road_damage",
        "place": Place(136.4, 35.3, GeomSource.STAFF), "body": "", "answers": {}, "photos": (),
        "channel": Channel.WEB, "status": Status.RECEIVED, "visibility": Visibility.PENDING, "area": None,
        "road": None, "received_at": NOON, "updated_at": NOON, "version": 1, "contact_given": False,
    }  # fmt: skip
    return Report(**{**usual, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("received", "days", "expected"),
    [
        ("2026-06-01", 1, "2026-06-02 17:15"),
        ("2026-06-05", 1, "2026-06-08 17:15"),  # Friday: Monday
        ("2026-06-06", 1, "2026-06-08 17:15"),  # Saturday: Monday as well
        ("2026-04-28", 1, "2026-04-30 17:15"),  # 昭和の日 between
        ("2026-05-01", 1, "2026-05-07 17:15"),  # 5/3 is a Sunday: 5/6 is its 振替休日
        ("2026-04-28", 3, "2026-05-07 17:15"),  # ゴールデンウィーク
        ("2026-09-18", 1, "2026-09-24 17:15"),  # 敬老の日, 国民の休日 on 9/22, 秋分の日
        ("2026-12-25", 1, "2026-12-28 17:15"),
        ("2026-12-28", 1, "2027-01-04 17:15"),  # 年末年始
        ("2024-02-09", 1, "2024-02-13 17:15"),  # 建国記念の日 on a Sunday
    ],
)
def test_no_day_is_counted_on_which_the_town_hall_is_closed(received: str, days: int, expected: str) -> None:
    assert due(received, days) == expected


def test_a_report_of_friday_evening_counts_from_friday() -> None:
    assert due("2026-06-05", 1, "23:59") == "2026-06-08 17:15"


def test_the_day_is_that_of_japan() -> None:
    before, after = datetime(2026, 6, 1, 14, 59, tzinfo=UTC), datetime(2026, 6, 1, 15, 0, tzinfo=UTC)

    assert TOWN.due(before, 1).astimezone(JST).date() == date(2026, 6, 2)
    assert TOWN.due(after, 1).astimezone(JST).date() == date(2026, 6, 3)


def test_the_towns_own_closed_days_are_passed_over() -> None:
    festival = Deadlines([date(2026, 6, 2), date(2026, 6, 3)])

    assert due("2026-06-01", 1, town=festival) == "2026-06-04 17:15"
    assert not festival.is_working(date(2026, 6, 2))


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("2026-06-03", "2026-06-03", "2026-06-15"),  # asked and answered on one day
        ("2026-06-03", "2026-06-05", "2026-06-17"),
        ("2026-06-05", "2026-06-07", "2026-06-15"),  # a weekend costs nobody anything
        ("2026-06-03", "2026-06-02", "2026-06-15"),  # a clock went backwards
        ("2026-06-03", "2026-06-30", "2026-07-10"),
    ],
)
def test_the_clock_stands_while_somebody_is_waited_for(since: str, until: str, expected: str) -> None:
    resumed = TOWN.resumed(at("2026-06-15", "17:15"), at(since), at(until))

    assert resumed.astimezone(JST).date() == date.fromisoformat(expected)


@given(
    st.dates(date(2020, 1, 1), date(2035, 12, 31)), st.integers(1, 60), st.integers(1, 60), st.integers(0, 40)
)
def test_a_shift_and_a_wait_are_what_they_would_have_been_from_the_beginning(
    day: date, first: int, second: int, waited: int
) -> None:
    received = datetime(day.year, day.month, day.day, 3, tzinfo=UTC)

    assert TOWN.shifted(TOWN.due(received, first), second - first) == TOWN.due(received, second)
    resumed = TOWN.resumed(TOWN.due(received, first), received, received + timedelta(days=waited))
    passed = TOWN.working_days(day, day + timedelta(days=waited))
    assert resumed == TOWN.due(received, first + passed)
    assert TOWN.is_working(resumed.astimezone(JST).date())


def test_a_report_waits_goes_on_changes_its_kind_and_is_reopened() -> None:
    def step(old: Report, moment: datetime, **change: object) -> Report:
        return timed(old, replace(old, **change), moment, KINDS, TOWN)  # type: ignore[arg-type]

    received = at("2026-06-01")
    fresh = report(received_at=received, due_at=TOWN.due(received, 10), status=Status.TRIAGED)

    asked = step(fresh, at("2026-06-03"), status=Status.INFO_REQUESTED)
    answered = step(asked, at("2026-06-05"), status=Status.TRIAGED)
    leaking = step(answered, at("2026-06-05"), category="water_leak")
    done = step(leaking, at("2026-06-08"), status=Status.RESOLVED)
    reopened = step(done, at("2026-06-20"), status=Status.REOPENED)

    assert (asked.waiting_since, asked.due_at) == (at("2026-06-03"), TOWN.due(received, 10))
    assert (answered.waiting_since, answered.due_at) == (None, TOWN.due(received, 12))
    assert leaking.due_at == TOWN.due(received, 5)  # 3 days instead of 10
    assert done.due_at == leaking.due_at
    assert reopened.due_at == TOWN.due(at("2026-06-20"), 3)


def test_while_a_body_outside_has_it_nobody_here_is_late() -> None:
    received = at("2026-06-01")
    fresh = report(received_at=received, due_at=TOWN.due(received, 1))

    referred = timed(fresh, replace(fresh, status=Status.REFERRED), at("2026-06-01"), KINDS, TOWN)
    back = timed(referred, replace(referred, status=Status.TRIAGED), at("2026-06-10"), KINDS, TOWN)

    assert lateness(referred, at("2026-06-09")) is Lateness.WAITING
    assert back.due_at == TOWN.due(received, 8)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (at("2026-06-10"), Lateness.IN_TIME),
        (at("2026-06-12"), Lateness.SOON),
        (at("2026-06-15", "08:30"), Lateness.TODAY),
        (at("2026-06-15", "17:15"), Lateness.TODAY),
        (at("2026-06-15", "17:16"), Lateness.LATE),
        (at("2026-06-16"), Lateness.LATE),
    ],
)
def test_late_and_due_today_are_told_apart(now: datetime, expected: Lateness) -> None:
    waiting = report(due_at=at("2026-06-15", "17:15"))

    assert lateness(waiting, now) is expected


def test_what_is_closed_is_never_late() -> None:
    closed = report(due_at=at("2026-06-15"), status=Status.RESOLVED)

    assert lateness(closed, at("2026-07-01")) is Lateness.NONE
    assert lateness(report(), at("2026-07-01")) is Lateness.NONE
