"""The town hall's figures are those that a plain computation over every report's history gives, on both databases."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from gisapp.flows.desk.figures import AGES_D, FEWEST, Figures, Waiting, figures
from gisapp.flows.desk.figures_choice import FiguresChoice
from gisapp.flows.desk.figures_table import figures_csv
from gisapp.person import Person, Role
from reports_store import (
    ActorType,
    Categories,
    Channel,
    Event,
    EventKind,
    Filters,
    Report,
    ReportStore,
    Status,
)
from reports_store.fiscal import JST
from reports_store.workflow import OPEN
from tests.contract.test_store_grows import FIRST
from tests.report_makers import moved, pothole, step

KINDS = Categories.load()
START, NOW = datetime(2025, 9, 1, tzinfo=UTC), datetime(2026, 11, 20, 3, tzinfo=UTC)
AREAS = ("本町自治会", "西町自治会", None)
S = Status
COURSES = (
    (), (S.TRIAGED,), (S.TRIAGED, S.REFERRED), (S.TRIAGED, S.REFERRED, S.REFERRED_CLOSED),
    (S.TRIAGED, S.IN_PROGRESS, S.RESOLVED), (S.TRIAGED, S.IN_PROGRESS, S.RESOLVED, S.ARCHIVED),
    (S.TRIAGED, S.IN_PROGRESS, S.RESOLVED, S.REOPENED), (S.WITHDRAWN,),
    (S.TRIAGED, S.IN_PROGRESS, S.RESOLVED, S.REOPENED, S.IN_PROGRESS, S.RESOLVED), (S.REJECTED,),
)  # fmt: skip


@pytest.fixture(scope="module")
def lived(new_address: Callable[[], str]) -> Iterator[ReportStore]:
    """A store of fifteen months: reports in every state, reopened, withdrawn, answered in words, merged."""
    dice = random.Random(5)
    with ReportStore.open(new_address(), KINDS) as store:
        for number in range(70):
            received_at = START + timedelta(seconds=dice.randrange(int((NOW - START).total_seconds())))
            new = pothole(
                key=f"figures {number}", category=dice.choice(["road_damage", "illegal_dumping", "other"]),
                area=dice.choice(AREAS), received_at=received_at,
            )  # fmt: skip
            _live(store, store.add(replace(new, channel=dice.choice(list(Channel)))).report, dice)
        first, second, third = [one for one in store.stream(Filters()) if one.status is S.RECEIVED][:3]
        store.merge(first.id, second.id, actor="建設課 1", at=NOW, seen=first.version)
        merged = store.merge(third.id, second.id, actor="建設課 1", at=NOW, seen=third.version)
        store.unmerge(third.id, actor="建設課 1", at=NOW, seen=merged.version)
        yield store


def _live(store: ReportStore, report: Report, dice: random.Random) -> None:
    at = report.received_at
    if dice.random() < 0.3:
        at += timedelta(hours=dice.uniform(1, 50))
        report = store.append(
            report.id, step(EventKind.PUBLIC_REPLY, said="ありがとうございます", at=at), seen=1
        )
    for status in dice.choice(COURSES):
        at = min(at + timedelta(hours=dice.uniform(1, 400)), NOW)
        own = status is S.WITHDRAWN
        actor_type = ActorType.RESIDENT if own else ActorType.STAFF
        taken = moved(
            status,
            said="" if own else "現地を見ました",
            noted="" if own else "済",
            at=at,
            actor_type=actor_type,
        )
        report = store.append(report.id, taken, seen=report.version)


def plainly(store: ReportStore, filters: Filters) -> pd.DataFrame:
    """Every report but duplicates with its times, read from its history."""
    rows = []
    for report in store.stream(filters):
        if report.duplicate_of is None:
            answered, closed, by = _milestones(store.events(report.id))
            rows.append(
                {
                    "category": report.category, "department": report.department or "",
                    "area": report.area.name if report.area else "", "channel": report.channel.value,
                    "month": f"{report.received_at.astimezone(JST):%Y-%m}", "received": report.received_at,
                    "open": report.status in OPEN, "answered": answered, "closed": closed,
                    "done": closed if by is not ActorType.RESIDENT else None,
                    "late": report.status in OPEN and report.waiting_since is None
                    and report.due_at is not None and report.due_at < NOW,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def _milestones(events: tuple[Event, ...]) -> tuple[datetime | None, datetime | None, ActorType | None]:
    answered = closed = by = None
    for event in events:
        told = event.kind is EventKind.STATUS or event.public_message
        if event.seq > 1 and told and event.actor_type is not ActorType.RESIDENT:
            answered = answered or event.at
        status = event.changes["to"].get("status")
        if status is not None and Status(status) in OPEN:
            closed = by = None
        elif status is not None and closed is None:
            closed, by = event.at, event.actor_type
    return answered, closed, by


def days(frame: pd.DataFrame, column: str) -> pd.Series:
    waited = pd.to_datetime(frame[column], utc=True) - pd.to_datetime(frame["received"], utc=True)
    return waited.dt.total_seconds().dropna() / 86400


def same(found: Waiting, waited: pd.Series) -> None:
    assert found.n == len(waited)
    if found.n < FEWEST:
        assert (found.low_d, found.median_d, found.high_d) == (None, None, None)
    else:
        expected = waited.quantile([0.25, 0.5, 0.75]).tolist()
        assert [found.low_d, found.median_d, found.high_d] == pytest.approx(expected)


@pytest.fixture(scope="module")
def counted(lived: ReportStore) -> Figures:
    return figures(lived, Filters(), KINDS, NOW)


@pytest.fixture(scope="module")
def frame(lived: ReportStore) -> pd.DataFrame:
    return plainly(lived, Filters())


@pytest.mark.parametrize("part", ["category", "department", "area", "month"])
def test_counts_and_quartiles_are_those_of_a_plain_computation(
    counted: Figures, frame: pd.DataFrame, part: str
) -> None:
    groups = dict(tuple(frame.groupby(part)))

    assert {line.key for line in counted.by[part]} == set(groups)
    for line in counted.by[part]:
        group = groups[line.key]
        assert (line.received, line.open_now, line.late) == (
            len(group),
            group["open"].sum(),
            group["late"].sum(),
        )
        assert line.closed == line.received - line.open_now
        same(line.answered, days(group, "answered"))
        same(line.done, days(group, "done"))


def test_the_whole_the_ways_in_and_the_ages_are_complete(counted: Figures, frame: pd.DataFrame) -> None:
    assert counted.whole.received == len(frame) == 69  # one is a duplicate
    assert dict(counted.channels) == frame["channel"].value_counts().to_dict()
    aged = (pd.Timestamp(NOW) - pd.to_datetime(frame["received"][frame["open"]], utc=True)).dt.total_seconds()
    edges = [-1, *AGES_D, 1e9]
    assert list(counted.ages) == pd.cut(aged / 86400, edges).value_counts(sort=False).tolist()


def test_the_backlog_is_what_was_open_at_each_months_end(counted: Figures, frame: pd.DataFrame) -> None:
    received, closed = (pd.to_datetime(frame[name], utc=True) for name in ("received", "closed"))
    for month in counted.backlog:
        end = pd.Timestamp(f"{month.month}-01", tz="Asia/Tokyo") + pd.offsets.MonthBegin()
        assert month.open_at_end == ((received < end) & ~(closed < end)).sum()
    assert counted.backlog[-1].month == "2026-11"
    assert counted.backlog[-1].open_at_end == counted.whole.open_now


def test_a_period_leaves_older_reports_in_the_backlog_only(lived: ReportStore, counted: Figures) -> None:
    since = datetime(2026, 5, 31, 15, tzinfo=UTC)  # 1 June in Japan

    found = figures(lived, Filters(since=since), KINDS, NOW)

    assert found.whole.received == len(plainly(lived, Filters(since=since)))
    assert found.backlog == tuple(month for month in counted.backlog if month.month >= "2026-06")


def test_what_a_department_may_not_see_is_not_counted_for_it(lived: ReportStore) -> None:
    secret = {code: replace(one, seen_by=(one.department,)) for code, one in KINDS.items() if code == "other"}
    kinds = Categories({**KINDS, **secret})
    road = Person("d", "建設課の職員", "建設課", frozenset({Role.STAFF}))
    mine = next(one for one in lived.stream(Filters(categories=("other",))) if one.duplicate_of is None)
    lived.append(mine.id, step(EventKind.ASSIGN, {"department": "建設課"}), seen=mine.version)

    filters = FiguresChoice(period="all").filters(road, kinds, NOW)
    found = {line.key: line.received for line in figures(lived, filters, kinds, NOW).by["category"]}

    assert filters.hidden == ("other",)
    assert found["other"] == 1
    assert mine.public_id in {spot.public_id for spot in lived.spots(filters, 100)}
    assert lived.named_spots((mine.public_id,), filters)[0].public_id == mine.public_id
    others = [one.public_id for one in lived.stream(Filters(categories=("other",))) if one.id != mine.id]
    assert lived.named_spots(tuple(others), filters) == []


def test_the_file_holds_every_line_and_runs_nothing(lived: ReportStore) -> None:
    lived.add(pothole(key="formula", area="=HYPERLINK(1)", received_at=NOW))

    text = figures_csv(figures(lived, Filters(), KINDS, NOW), KINDS).decode("utf-8-sig")

    assert "'=HYPERLINK(1)" in text
    assert ",=HYPERLINK" not in text
    assert figures_csv(figures(lived, Filters(), KINDS, NOW), KINDS).startswith(b"\xef\xbb\xbf")


def test_reports_are_counted_alike_in_pages_of_any_length(
    lived: ReportStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = figures(lived, Filters(), KINDS, NOW)
    monkeypatch.setattr("reports_store.tallies._PAGE", 7)

    assert figures(lived, Filters(), KINDS, NOW) == at_once


def test_a_period_that_leaves_nothing_out_has_the_same_figures(lived: ReportStore) -> None:
    since = START - timedelta(days=20)

    found = figures(lived, Filters(since=since), KINDS, NOW)

    assert found == figures(lived, Filters(), KINDS, NOW)


def test_an_area_keeps_its_name_whatever_is_in_it(lived: ReportStore) -> None:
    name = '"本町",\n[1]\\ \x1f😀 null'
    lived.add(pothole(key="odd name", area=name, received_at=NOW))

    found = {line.key: line.received for line in figures(lived, Filters(), KINDS, NOW).by["area"]}

    assert found[name] == 1


def test_a_store_without_a_report_has_figures_without_a_number(address: str) -> None:
    with ReportStore.open(address, KINDS) as store:
        found = figures(store, Filters(), KINDS, NOW)

    assert (found.whole.received, found.whole.done, found.backlog) == (0, Waiting(0), ())


def test_an_older_store_learns_its_milestones_from_its_history(tmp_path: Path) -> None:
    file = tmp_path / "first.sqlite"
    with closing(sqlite3.connect(file)) as raw:
        raw.executescript(FIRST.read_text(encoding="utf-8"))

    with ReportStore.open(file) as store, closing(sqlite3.connect(file)) as raw:
        known = raw.execute("SELECT id, answered_at, closed_at, closed_by FROM report").fetchall()
        read = {number: _milestones(store.events(number)) for number, *_ in known}

    assert any(answered for answered, _, _ in read.values())
    for number, answered, closed, by in known:
        moments = [None if one is None else round(one.timestamp() * 1e6) for one in read[number][:2]]
        assert (moments, read[number][2]) == ([answered, closed], by)
