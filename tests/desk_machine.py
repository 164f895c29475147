"""Several people work on a few reports in any order, at any speed: what has to be true of it all the same."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from gisapp.flows.desk import steps
from gisapp.flows.desk.steps import Desk, Part
from gisapp.person import Person, Role
from reports_store import (
    Asset,
    Categories,
    Contact,
    Event,
    EventKind,
    PiiState,
    Priority,
    Report,
    ReportsError,
    ReportStore,
    StaleVersion,
    Status,
    Visibility,
)
from reports_store.deadlines import WAITING, Deadlines, first_due, timed
from reports_store.workflow import ALLOWED, OPEN
from tests.report_makers import NOON, photo, pothole, promised

KINDS = Categories.load()
DAYS = Deadlines()
PEOPLE = tuple(
    Person(login, login, department, frozenset({role}))
    for login, department, role in (
        ("uketuke", "総務課", Role.CLERK),
        ("doboku", "建設課", Role.STAFF),
        ("kankyo", "環境課", Role.STAFF),
        ("genba", "建設課", Role.FIELD),
        ("kacho", "建設課", Role.HEAD),
        ("eturan", "建設課", Role.READER),
        ("admin", "総務課", Role.ADMIN),
    )
)
AUDITED = frozenset({"look", "release", "photo", "hold", "withhold"})
Act = Callable[[Desk, Report, Report, str], object]


def _status(status: Status) -> Act:
    def act(desk: Desk, report: Report, other: Report, key: str) -> Report:
        return steps.change_status(
            desk, report, status, public="理由", internal="確認済", client_uuid=key,
            referred_to="県 土木事務所" if status is Status.REFERRED else None,
            duplicate_of=other.public_id if status is Status.DUPLICATE else None,
        )  # fmt: skip

    return act


ACTS: dict[str, Act] = {
    **{status.value: _status(status) for status in Status},
    "note": lambda d, r, o, key: steps.note(d, r, "メモ", client_uuid=key),
    "after": lambda d, r, o, key: steps.note(d, r, "", declared=[promised(key)], client_uuid=key),
    "reply": lambda d, r, o, key: steps.reply(d, r, "お知らせ", client_uuid=key),
    "give": lambda d, r, o, key: steps.assign(d, r, department="環境課", why="ごみ", client_uuid=key),
    "take": lambda d, r, o, key: steps.assign(d, r, department="建設課", assignee="doboku", client_uuid=key),
    "kind": lambda d, r, o, key: steps.recategorise(
        d, r, "water_leak" if r.category == "road_damage" else "road_damage", client_uuid=key
    ),
    "urgent": lambda d, r, o, key: steps.set_priority(d, r, Priority.EMERGENCY, client_uuid=key),
    "point": lambda d, r, o, key: steps.point_at(d, r, Asset("street_light", "7"), client_uuid=key),
    "move": lambda d, r, o, key: steps.move(d, r, o.place, None, None, client_uuid=key),
    "release": lambda d, r, o, key: steps.release_words(d, r, visibility=Visibility.PUBLIC, client_uuid=key),
    "photo": lambda d, r, o, key: steps.look_photo(d, r, photo("0").sha256, PiiState.CLEAR, client_uuid=key),
    "hold": lambda d, r, o, key: steps.hold(d, r, True, "係争中", client_uuid=key),
    "withhold": lambda d, r, o, key: steps.hold(d, r, False, "終わり", client_uuid=key),
    "look": lambda d, r, o, key: steps.look_at_contact(d, r, "折り返し"),
    "merge": lambda d, r, o, key: steps.merge(d, r, o, client_uuid=key),
    "unmerge": lambda d, r, o, key: steps.unmerge(d, r, client_uuid=key),
    "split": lambda d, r, o, key: steps.split(d, r, [Part("other", "看板")], client_uuid=key),
}


def _onward(desk: Desk, report: Report, other: Report, key: str) -> object:
    """One of the steps that the table allows now: chance alone would seldom get a report to its end."""
    following = sorted(ALLOWED[report.status] - {Status.ARCHIVED}) or [Status.ARCHIVED]
    return ACTS[following[(report.version + other.version) % len(following)].value](desk, report, other, key)


ACTS["onward"] = _onward
OFTEN = ["onward"] * 25


@dataclass(frozen=True)
class Try:
    """One try of one person. seen_ago: how many versions the person's screen is behind."""

    person: int
    act: str
    seen_ago: int
    other: int


TRIES = st.builds(
    Try,
    person=st.sampled_from([*range(len(PEOPLE)), 0, 0, 6, 6, 6]),
    act=st.sampled_from([*sorted(ACTS), *OFTEN]),
    seen_ago=st.sampled_from([0, 0, 0, 0, 1]),
    other=st.integers(0, 9),
)
WHICH = st.integers(0, 9)


class DeskMachine(RuleBasedStateMachine):
    """A few reports of one store, several people, and a clock."""

    def __init__(self, store: ReportStore) -> None:
        super().__init__()
        self.store = store
        self.reports: list[int] = []
        self.accepted: dict[int, list[str]] = {}
        self.lines_before = store.audit_head().id
        self.lines = 0
        self.now = NOON
        self.guard = threading.Lock()

    @initialize()
    def reports_come_in(self) -> None:
        given = Contact(name="見本 太郎", phone="0584-00-0000")
        for number in range(3):
            self._add(self.store.add(pothole(photos=(photo(f"{number}"),), contact=given)).report.id)

    def _add(self, report_id: int) -> None:
        self.reports.append(report_id)
        self.accepted[report_id] = []

    @rule(hours=st.integers(1, 100))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(which=WHICH, tried=TRIES)
    def somebody_acts(self, which: int, tried: Try) -> None:
        self._act(self._report(which), tried, str(uuid.uuid4()))

    @rule(which=WHICH, tried=TRIES)
    def somebody_clicks_twice(self, which: int, tried: Try) -> None:
        if tried.act == "look":
            return  # each look is a look
        report, other, key = self._report(which), self._other(tried), str(uuid.uuid4())
        if self._act(report, tried, key, other):
            before = self.store.by_id(report.id)
            self._call(report, tried, key, other)  # answered like the first
            assert self.store.by_id(report.id) == before

    @rule(which=WHICH, tries=st.lists(TRIES, min_size=2, max_size=3))
    def several_act_at_once(self, which: int, tries: list[Try]) -> None:
        """On the same screen of the same report: of those that change it, one at most is heard."""
        report = self._report(which)

        def act(tried: Try) -> bool:
            return self._act(report, tried, str(uuid.uuid4())) and tried.act != "look"

        with ThreadPoolExecutor(len(tries)) as people:
            assert sum(people.map(act, tries)) <= 1

    def _report(self, which: int) -> Report:
        return self.store.by_id(self.reports[which % len(self.reports)])

    def _other(self, tried: Try) -> Report:
        return self.store.by_id(self.reports[tried.other % len(self.reports)])

    def _act(self, report: Report, tried: Try, key: str, other: Report | None = None) -> bool:
        """Whether the try was heard; what it did is kept to be compared with the store."""
        try:
            done = self._call(report, tried, key, other or self._other(tried))
        except StaleVersion as error:
            assert error.seen != error.current
            return False
        except ReportsError:
            return False
        with self.guard:
            self._keep(report, tried, key, done)
        return True

    def _call(self, report: Report, tried: Try, key: str, other: Report) -> object:
        seen = replace(report, version=report.version - tried.seen_ago)
        desk = Desk(self.store, KINDS, PEOPLE[tried.person], lambda: self.now)
        return ACTS[tried.act](desk, seen, other, key)

    def _keep(self, report: Report, tried: Try, key: str, done: object) -> None:
        self.lines += tried.act in AUDITED
        if tried.act == "look":
            return
        self.accepted[report.id].append(key)
        if isinstance(done, list):
            for child in done:
                self._add(child.id)
                self.accepted[child.id].append("")  # that it came out of another
            return
        told = self.store.events(report.id)[-1]
        if told.kind in (EventKind.MERGE, EventKind.SPLIT):
            number = told.to["duplicate_of"] or told.changes["from"]["duplicate_of"]
            original = self.store.get(str(number)).id
            self.accepted.setdefault(original, []).append("")

    def teardown(self) -> None:
        reports = [self.store.by_id(each) for each in self.reports]
        for report in reports:
            events = self.store.events(report.id)
            self._no_step_is_lost(report, events)
            no_state_is_illegal(report, events)
            no_deadline_is_wrong(report, events)
        no_chain_of_duplicates(reports)
        verdict = self.store.verify_audit()
        assert verdict.faults == ()
        assert verdict.head.id == self.lines_before + self.lines

    def _no_step_is_lost(self, report: Report, events: tuple[Event, ...]) -> None:
        assert report.version == len(events) == 1 + len(self.accepted[report.id])
        assert [each.seq for each in events] == list(range(1, len(events) + 1))
        kept = [each.client_uuid for each in events if each.client_uuid]
        assert kept == [key for key in self.accepted[report.id] if key]


def no_state_is_illegal(report: Report, events: tuple[Event, ...]) -> None:
    """Every step was one of the table, and the last one leads to where the report is."""
    status, before_merge = Status.RECEIVED, Status.RECEIVED
    for event in events[1:]:
        if "status" not in event.to:
            continue
        to = Status(str(event.to["status"]))
        if event.kind is EventKind.SPLIT:
            assert (status, to) == (Status.DUPLICATE, before_merge)
        else:
            assert to in ALLOWED[status]
        if to is Status.DUPLICATE:
            before_merge = status
        status = to
    assert report.status is status
    assert (report.duplicate_of is None) or status in (Status.DUPLICATE, Status.ARCHIVED)
    assert (report.referred_to is not None) == _is_outside(events)


def _is_outside(events: tuple[Event, ...]) -> bool:
    outside = False
    for event in events[1:]:
        match event.to.get("status"):
            case "referred":
                outside = True
            case None | "referred_closed" | "archived":
                pass
            case _:
                outside = False
    return outside


def no_chain_of_duplicates(reports: list[Report]) -> None:
    by_number = {each.public_id: each for each in reports}
    for report in reports:
        if report.duplicate_of is not None:
            original = by_number[report.duplicate_of]
            assert original.duplicate_of is None
            assert original.status is not Status.DUPLICATE


def no_deadline_is_wrong(report: Report, events: tuple[Event, ...]) -> None:
    """The same as if the whole history were gone through once more."""
    category = str(events[0].to["category"])
    due = first_due(category, report.received_at, KINDS, DAYS)
    old = replace(report, status=Status.RECEIVED, category=category, due_at=due, waiting_since=None)
    for event in events[1:]:
        status, kind = event.to.get("status", old.status), event.to.get("category", old.category)
        new = replace(old, status=Status(str(status)), category=str(kind))
        old = timed(old, new, event.at, KINDS, DAYS)
    assert (report.due_at, report.waiting_since) == (old.due_at, old.waiting_since)
    assert (report.waiting_since is not None) == (report.status in WAITING)
    assert report.due_at is not None
    assert report.status not in OPEN or DAYS.is_working(_day(report.due_at))


def _day(moment: datetime) -> object:
    return (moment + timedelta(hours=9)).date()
