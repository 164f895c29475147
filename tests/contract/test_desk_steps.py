"""What a person of the town hall does with a report: with the right for it, once, and over nobody's head."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from gisapp.flows.desk import steps
from gisapp.flows.desk.reading import report_for
from gisapp.flows.desk.steps import Desk, NotAllowed, NothingToSplit, Part, WhyRequired
from gisapp.person import Person, Role
from reports_store import (
    Asset,
    Categories,
    ChangeRefused,
    Conflict,
    Contact,
    DuplicateRefused,
    EventKind,
    EvidenceRequired,
    PhotoRole,
    PiiState,
    Priority,
    ReasonRequired,
    ReferralRequired,
    Report,
    ReportStore,
    StaleVersion,
    Status,
    TransitionRefused,
    UnknownReport,
    Visibility,
    public,
)
from reports_store.deadlines import Deadlines
from reports_store.workflow import ALLOWED
from tests.report_makers import LAT, LON, NOON, photo, pothole, promised

KINDS = Categories.load()
CLERK = Person("madoguchi", "見本 受付", "総務課", frozenset({Role.CLERK}))
ROADS = Person("doboku", "見本 建設", "建設課", frozenset({Role.STAFF}))
WASTE = Person("kankyo", "見本 環境", "環境課", frozenset({Role.STAFF}))
CREW = Person("genba", "見本 現場", "建設課", frozenset({Role.FIELD}))
READER = Person("eturan", "見本 閲覧", "建設課", frozenset({Role.READER}))
ADMIN = Person("admin", "見本 管理", "総務課", frozenset({Role.ADMIN}))
CONTACT = Contact(name="見本 太郎", phone="0584-00-0000")
KEY = "12345678-1234-4234-9234-123456789abc"


@pytest.fixture
def store(address: str) -> Iterator[ReportStore]:
    with ReportStore.open(address) as opened:
        yield opened


def desk(store: ReportStore, person: Person) -> Desk:
    return Desk(store, KINDS, person, lambda: NOON + timedelta(hours=1))


def filed(store: ReportStore, **more: object) -> Report:
    return store.add(pothole(**more)).report  # type: ignore[arg-type]


# --- rights


def test_each_step_asks_for_its_right_over_the_reports_department(store: ReportStore) -> None:
    report = filed(store, photos=(photo(),), contact=CONTACT)
    other = filed(store)
    every = {
        "change_status": lambda d, r: steps.change_status(d, r, Status.TRIAGED),
        "reject": lambda d, r: steps.change_status(d, r, Status.REJECTED, public="理由"),
        "assign": lambda d, r: steps.assign(d, r, department="環境課"),
        "recategorise": lambda d, r: steps.recategorise(d, r, "other"),
        "move": lambda d, r: steps.move(d, r, r.place, None, None),
        "point_at": lambda d, r: steps.point_at(d, r, Asset("street_light", "7")),
        "set_priority": lambda d, r: steps.set_priority(d, r, Priority.HIGH),
        "note": lambda d, r: steps.note(d, r, "現地確認"),
        "reply": lambda d, r: steps.reply(d, r, "対応します"),
        "release_words": lambda d, r: steps.release_words(d, r, visibility=Visibility.PUBLIC),
        "look_photo": lambda d, r: steps.look_photo(d, r, photo().sha256, PiiState.CLEAR),
        "hold": lambda d, r: steps.hold(d, r, True, "係争中"),
        "merge": lambda d, r: steps.merge(d, r, other),
        "split": lambda d, r: steps.split(d, r, [Part("other", "看板")]),
        "look_at_contact": lambda d, r: steps.look_at_contact(d, r, "折り返し"),
    }
    of_staff = set(every) - {"hold"}
    allowed = {
        READER: set(),
        CREW: {"change_status", "recategorise", "move", "point_at", "set_priority", "note"},
        ROADS: of_staff,
        WASTE: {"note"},
        CLERK: of_staff,
        ADMIN: set(every),
    }

    for person, may in allowed.items():
        for name in set(every) - may:
            with pytest.raises(NotAllowed) as refused:
                every[name](desk(store, person), report)
            assert refused.value.department == "建設課"
    assert (store.by_id(report.id), store.audit_lines()) == (report, [])
    for person, may in allowed.items():
        for name in may:
            every[name](desk(store, person), filed(store, photos=(photo(),), contact=CONTACT))


def test_the_next_states_on_offer_are_those_the_person_may_take(store: ReportStore) -> None:
    report = filed(store)

    assert steps.next_states(report, READER) == steps.next_states(report, WASTE) == ()
    assert set(steps.next_states(report, CLERK)) == ALLOWED[Status.RECEIVED]
    assert set(steps.next_states(report, CREW)) == {Status.TRIAGED, Status.REFERRED, Status.WITHDRAWN}
    resolved = replace(report, status=Status.RESOLVED)
    assert steps.next_states(resolved, ROADS) == (Status.REOPENED,)
    assert set(steps.next_states(resolved, ADMIN)) == {Status.REOPENED, Status.ARCHIVED}


def test_a_department_gives_its_own_away_and_the_second_click_is_answered_like_the_first(
    store: ReportStore,
) -> None:
    report = filed(store)

    given = steps.assign(desk(store, ROADS), report, department="環境課", why="ごみが原因", client_uuid=KEY)
    again = steps.assign(desk(store, ROADS), given, department="環境課", why="ごみが原因", client_uuid=KEY)

    assert (given.department, given.version, again) == ("環境課", 2, given)
    assert store.events(report.id)[1].to == {"department": "環境課", "why": "ごみが原因"}
    with pytest.raises(NotAllowed):
        steps.assign(desk(store, ROADS), given, department="建設課")
    with pytest.raises(ChangeRefused):
        steps.assign(desk(store, WASTE), given, department="  ")


def test_a_person_is_named_and_forgotten_when_the_department_changes(store: ReportStore) -> None:
    report = steps.assign(desk(store, ROADS), filed(store), assignee="doboku")
    assert report.assignee == "doboku"
    assert steps.assign(desk(store, ROADS), report, assignee="").assignee is None
    report = steps.assign(desk(store, CLERK), store.by_id(report.id), assignee="doboku")

    assert steps.assign(desk(store, CLERK), report, department="環境課").assignee is None


def test_what_belongs_to_nobody_is_taken_by_a_department_and_not_pushed_to_another(
    store: ReportStore,
) -> None:
    nobodys = replace(filed(store), department=None)

    with pytest.raises(NotAllowed):
        steps.assign(desk(store, WASTE), nobodys, department="建設課")
    with pytest.raises(NotAllowed):
        steps.change_status(desk(store, WASTE), nobodys, Status.TRIAGED)
    with pytest.raises(NotAllowed):
        steps.assign(desk(store, CREW), nobodys, department="建設課")
    assert steps.assign(desk(store, WASTE), nobodys, department="環境課").department == "環境課"


def test_a_hidden_kind_is_as_if_it_were_not_there(store: ReportStore) -> None:
    kind = replace(KINDS["illegal_dumping"], seen_by=("総務課",))
    kinds = Categories({**dict(KINDS), kind.code: kind})
    report = filed(store, category="illegal_dumping")

    assert report_for(WASTE, report.public_id, store, kinds) == report
    assert report_for(CLERK, report.public_id, store, kinds) == report
    with pytest.raises(UnknownReport):
        report_for(ROADS, report.public_id, store, kinds)
    with pytest.raises(UnknownReport):
        report_for(ROADS, "R8-999999", store, kinds)
    given = steps.assign(desk(store, CLERK), report, department="建設課")
    assert report_for(ROADS, report.public_id, store, kinds) == given


# --- the life of a report


def test_a_report_is_resolved_by_a_photo_after_the_work_or_a_note_of_this_time(store: ReportStore) -> None:
    ours = desk(store, ROADS)
    report = steps.change_status(ours, filed(store, photos=(photo("before"),)), Status.TRIAGED)
    report = steps.change_status(ours, report, Status.IN_PROGRESS)
    with pytest.raises(EvidenceRequired):
        steps.change_status(ours, report, Status.RESOLVED)
    report = steps.note(desk(store, CREW), report, "", declared=[promised("after")])

    report = steps.change_status(ours, report, Status.RESOLVED)
    assert report.status is Status.RESOLVED
    report = steps.change_status(ours, report, Status.REOPENED)
    report = steps.change_status(ours, report, Status.IN_PROGRESS)
    with pytest.raises(EvidenceRequired):  # that photo shows the first repair
        steps.change_status(ours, report, Status.RESOLVED)
    paper = steps.note(ours, report, "", declared=[promised("paper")], photo_role=PhotoRole.DOCUMENT)
    with pytest.raises(EvidenceRequired):
        steps.change_status(ours, paper, Status.RESOLVED)
    done = steps.change_status(ours, paper, Status.RESOLVED, declared=[promised("again")])
    assert done.status is Status.RESOLVED


def test_turning_away_needs_a_reason_and_passing_on_a_name(store: ReportStore) -> None:
    ours, report = desk(store, ROADS), filed(store)

    assert steps.needs(Status.NO_ACTION).public_reason and steps.needs(Status.RESOLVED).evidence
    assert steps.needs(Status.REFERRED).referred_to and steps.needs(Status.DUPLICATE).duplicate_of
    with pytest.raises(ReasonRequired):
        steps.change_status(ours, report, Status.REJECTED, internal="いたずら")
    for name in (None, "", "  "):
        with pytest.raises(ReferralRequired):
            steps.change_status(ours, report, Status.REFERRED, referred_to=name)
    with pytest.raises(TransitionRefused):
        steps.change_status(ours, report, Status.RESOLVED, internal="済")
    with pytest.raises(ChangeRefused):
        steps.change_status(ours, report, Status.TRIAGED, referred_to="県 土木事務所")
    assert store.by_id(report.id) == report


def test_who_has_a_report_outside_is_known_until_it_comes_back(store: ReportStore) -> None:
    ours, report = desk(store, ROADS), filed(store)
    due = report.due_at

    referred = steps.change_status(ours, report, Status.REFERRED, referred_to="県 土木事務所")
    assert (referred.referred_to, referred.waiting_since) == ("県 土木事務所", NOON + timedelta(hours=1))
    acknowledged = steps.change_status(ours, referred, Status.REFERRED_CLOSED, internal="県から回答")
    assert (acknowledged.referred_to, acknowledged.waiting_since) == ("県 土木事務所", None)
    back = steps.change_status(ours, acknowledged, Status.REOPENED)
    assert (back.referred_to, back.due_at) == (None, due)  # reopened on the day of its arrival: counted anew


def test_a_place_is_moved_and_a_thing_pointed_at_without_losing_the_other(store: ReportStore) -> None:
    ours, report = desk(store, ROADS), filed(store)

    report = steps.point_at(ours, report, Asset("street_light", "7"))
    assert (report.asset, report.area, report.place) == (
        Asset("street_light", "7"), store.by_id(report.id).area, report.place,
    )  # fmt: skip
    assert report.area is not None
    report = steps.move(
        ours, report, replace(report.place, lon=LON + 0.01), report.area, None, why="地図で確認"
    )
    assert (report.place.lon, report.place.lat, report.asset) == (LON + 0.01, LAT, Asset("street_light", "7"))
    report = steps.point_at(ours, report, None)
    assert report.asset is None
    assert store.events(report.id)[-1].changes == {
        "from": {"asset": {"layer": "street_light", "feature_id": "7"}},
        "to": {"asset": None},
    }


def test_a_stale_edit_overwrites_nothing(store: ReportStore) -> None:
    seen = filed(store)
    steps.note(desk(store, CLERK), seen, "電話あり")

    for act in (
        lambda: steps.change_status(desk(store, ROADS), seen, Status.TRIAGED),
        lambda: steps.reply(desk(store, ROADS), seen, "対応します"),
        lambda: steps.split(desk(store, ROADS), seen, [Part("other", "看板")]),
        lambda: steps.merge(desk(store, ROADS), seen, filed(store)),
    ):
        with pytest.raises(StaleVersion):
            act()
    assert store.by_id(seen.id).version == 2


# --- merging and splitting


def test_a_duplicate_is_a_merge_told_by_both_histories(store: ReportStore) -> None:
    original, report = filed(store), filed(store)
    ours = desk(store, ROADS)

    for wrong, why in ((None, "missing"), ("R8-999999", "unknown"), (report.public_id, "self")):
        with pytest.raises(DuplicateRefused) as refused:
            steps.change_status(ours, report, Status.DUPLICATE, duplicate_of=wrong)
        assert refused.value.why == why
    words = {"public": "同じ場所の通報とまとめます。", "client_uuid": KEY}
    merged = steps.change_status(ours, report, Status.DUPLICATE, duplicate_of=original.public_id, **words)  # type: ignore[arg-type]
    again = steps.change_status(ours, report, Status.DUPLICATE, duplicate_of=original.public_id, **words)  # type: ignore[arg-type]

    assert (merged.status, merged.version, again) == (Status.DUPLICATE, 2, merged)
    assert store.events(report.id)[-1].public_message == "同じ場所の通報とまとめます。"
    assert store.events(original.id)[-1].to == {"duplicate": report.public_id}
    assert steps.unmerge(ours, merged, why="別の穴").status is Status.RECEIVED


def test_two_departments_merge_the_same_pair_at_once_and_one_is_told(store: ReportStore) -> None:
    one, two = filed(store), filed(store)

    def act(pair: tuple[Report, Report]) -> str:
        try:
            steps.merge(desk(store, CLERK), *pair)
        except (StaleVersion, DuplicateRefused) as error:
            return error.code
        return "merged"

    with ThreadPoolExecutor(2) as desks:
        told = sorted(desks.map(act, [(one, two), (two, one)]))

    assert told in (["merged", "stale_version"], ["duplicate_refused", "merged"])
    assert [store.by_id(each.id).version for each in (one, two)] == [2, 2]


def test_one_report_of_two_things_becomes_two_and_the_reporter_is_told(store: ReportStore) -> None:
    parent = filed(store, photos=(photo(),), contact=CONTACT, body="道の穴と、たおれた看板")
    ours = desk(store, ROADS)
    parts = [Part("road_damage", "道の穴"), Part("illegal_dumping", "すてられた看板")]

    children = steps.split(ours, parent, parts, client_uuid=KEY)
    again = steps.split(ours, parent, parts, client_uuid=KEY)

    assert [each.public_id for each in children] == [each.public_id for each in again]
    assert [(each.department, each.body, each.parent, each.contact_given) for each in children] == [
        ("建設課", "道の穴", parent.public_id, False),
        ("環境課", "すてられた看板", parent.public_id, False),
    ]
    assert all(each.due_at and each.area == parent.area and each.version == 2 for each in children)
    told = store.events(parent.id)[-1]
    numbers = [each.public_id for each in children]
    assert (told.kind, told.to) == (EventKind.SPLIT, {"children": numbers})
    assert all(each in told.public_message for each in numbers)
    assert [each.to for each in store.events(children[0].id)][1:] == [{"parent": parent.public_id}]
    assert store.by_id(parent.id).status is Status.RECEIVED
    history = public(
        replace(parent, visibility=Visibility.PUBLIC), KINDS["road_damage"], store.events(parent.id)
    )
    assert numbers[1] in history.history[-1].message
    with pytest.raises(Conflict):
        steps.split(ours, parent, [Part("road_damage", "ほかの言葉")], client_uuid=KEY)
    assert len(store.split_from(parent.public_id)) == 2


def test_what_cannot_be_split_is_left_whole(store: ReportStore) -> None:
    ours, report = desk(store, ROADS), filed(store)

    for parts in ([], [Part("other", "  ")]):
        with pytest.raises(NothingToSplit):
            steps.split(ours, report, parts)
    closed = steps.change_status(ours, report, Status.OUT_OF_SCOPE, public="私有地")
    with pytest.raises(ChangeRefused):
        steps.split(ours, closed, [Part("other", "看板")])
    assert store.split_from(report.public_id) == []


# --- what is answered for


def test_a_look_at_the_contact_needs_a_reason_and_leaves_a_line(store: ReportStore) -> None:
    report = filed(store, contact=CONTACT)

    with pytest.raises(WhyRequired):
        steps.look_at_contact(desk(store, ROADS), report, "  ")
    with pytest.raises(WhyRequired):
        steps.hold(desk(store, ADMIN), report, True, "")
    assert steps.look_at_contact(desk(store, ROADS), report, "折り返し") == CONTACT
    assert [(line.actor, line.action, line.target) for line in store.audit_lines()] == [
        ("doboku", "view_contact", report.public_id)
    ]


# --- an older store


def test_reports_from_before_there_were_deadlines_are_given_one_when_the_store_is_opened(
    store: ReportStore, address: str, by_hand: object
) -> None:
    ours = desk(store, ROADS)
    fresh, closed, asked = filed(store), filed(store), filed(store)
    steps.change_status(ours, closed, Status.OUT_OF_SCOPE, public="私有地")
    asked = steps.change_status(ours, asked, Status.TRIAGED)
    asked = steps.change_status(ours, asked, Status.INFO_REQUESTED)
    store.close()
    with by_hand() as connection:  # type: ignore[operator]
        connection.exec_driver_sql("UPDATE report SET due_at = NULL, department = NULL, waiting_since = NULL")

    for _ in range(2):
        with ReportStore.open(address, KINDS) as again:
            now = [again.by_id(each.id) for each in (fresh, closed, asked)]
            assert [each.department for each in now] == ["建設課"] * 3
            assert [each.due_at for each in now] == [fresh.due_at, None, fresh.due_at]
            assert [each.waiting_since for each in now] == [None, None, asked.updated_at]


def test_the_towns_closed_days_move_the_deadline_that_is_stored(address: str) -> None:
    usual = Deadlines()
    first_day = usual.due(NOON, 10).date()

    with ReportStore.open(address, KINDS, Deadlines([first_day])) as store:
        report = store.add(pothole()).report

    assert report.due_at == usual.due(NOON, 11)
    assert uuid.UUID(report.uuid)
