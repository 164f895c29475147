"""The life of a report: every state can be reached and left, and what must be said is said."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from gisapp.words import sentences
from reports_store import (
    ActorRefused,
    ActorType,
    EvidenceRequired,
    PhotoRole,
    PublicState,
    ReasonRequired,
    ReferralRequired,
    Status,
    TransitionRefused,
)
from reports_store.deadlines import WAITING
from reports_store.workflow import (
    ALLOWED,
    FINAL,
    FIRST,
    NEEDS_PUBLIC_REASON,
    OPEN,
    PUBLIC_STATE,
    RESIDENT_MAY,
    check,
)
from tests.conftest import ROOT
from tests.report_makers import moved, photo, promised


def reachable() -> set[Status]:
    found, waiting = {FIRST}, [FIRST]
    while waiting:
        for following in ALLOWED[waiting.pop()] - found:
            found.add(following)
            waiting.append(following)
    return found


def test_every_state_can_be_reached_from_the_day_a_report_arrives() -> None:
    assert reachable() == set(Status)


def test_every_state_but_the_archive_has_a_way_out() -> None:
    assert {status for status in Status if not ALLOWED[status]} == FINAL == {Status.ARCHIVED}


def test_every_state_is_shown_to_residents_as_one_of_four() -> None:
    assert set(PUBLIC_STATE) == set(Status)
    assert set(PUBLIC_STATE.values()) == set(PublicState)


@pytest.mark.parametrize("frm", Status)
@pytest.mark.parametrize("to", Status)
def test_a_step_is_taken_exactly_where_the_table_allows_it(frm: Status, to: Status) -> None:
    event = moved(to, said="理由", photos=(photo(),), duplicate_of="R8-000001")

    if to in ALLOWED[frm]:
        check(frm, to, event)
    else:
        with pytest.raises(TransitionRefused) as refused:
            check(frm, to, event)
        assert refused.value.fields == {"frm": frm, "to": to, "allowed": tuple(sorted(ALLOWED[frm]))}


@pytest.mark.parametrize("to", sorted(NEEDS_PUBLIC_REASON))
def test_turning_a_report_away_needs_a_reason_residents_can_read(to: Status) -> None:
    frm = next(status for status in Status if to in ALLOWED[status])

    with pytest.raises(ReasonRequired):
        check(frm, to, moved(to, noted="内部の理由だけ", said="  "))
    check(frm, to, moved(to, said="私有地のため町では対応できません。"))


def test_done_needs_a_photo_or_a_note() -> None:
    with pytest.raises(EvidenceRequired):
        check(Status.IN_PROGRESS, Status.RESOLVED, moved(Status.RESOLVED))
    check(Status.IN_PROGRESS, Status.RESOLVED, moved(Status.RESOLVED, photos=(photo("after"),)))
    check(Status.IN_PROGRESS, Status.RESOLVED, moved(Status.RESOLVED, noted="舗装済み"))


def test_a_photo_from_before_the_work_shows_nothing() -> None:
    before = replace(moved(Status.RESOLVED, photos=(photo("before"),)), photo_role=PhotoRole.BEFORE)

    with pytest.raises(EvidenceRequired):
        check(Status.IN_PROGRESS, Status.RESOLVED, before)
    check(Status.IN_PROGRESS, Status.RESOLVED, before, shown=True)
    here = moved(Status.RESOLVED, declared=(promised("after"),), received=True)
    check(Status.IN_PROGRESS, Status.RESOLVED, here)


@pytest.mark.parametrize("name", ["", "  ", None])
def test_passing_on_needs_the_name_of_a_body(name: str | None) -> None:
    with pytest.raises(ReferralRequired):
        check(Status.TRIAGED, Status.REFERRED, moved(Status.REFERRED, referred_to=name))
    check(Status.TRIAGED, Status.REFERRED, moved(Status.REFERRED, referred_to="県 土木事務所"))


def test_while_others_are_waited_for_the_report_is_still_the_towns() -> None:
    assert WAITING < OPEN
    assert {status for status in Status if RESIDENT_MAY.get(status) == {Status.REOPENED}}.isdisjoint(OPEN)
    assert OPEN.isdisjoint(frm for frm, following in ALLOWED.items() if Status.ARCHIVED in following)


@pytest.mark.parametrize("lang", ["ja", "ja-easy", "en", "zh", "ko", "vi", "pt"])
def test_every_state_has_its_words_for_residents(lang: str) -> None:
    known = sentences(lang)

    assert all(known[f"report.status.{status}"].strip() for status in Status)
    assert all(known[f"report.state.{state}"].strip() for state in PublicState)


def test_a_resident_may_say_it_is_not_fixed_or_take_it_back_and_nothing_else() -> None:
    def by_resident(to: Status):  # type: ignore[no-untyped-def]
        return moved(to, said="まだ穴があります", actor_type=ActorType.RESIDENT)

    check(Status.RESOLVED, Status.REOPENED, by_resident(Status.REOPENED))
    for frm in (Status.RECEIVED, Status.TRIAGED, Status.INFO_REQUESTED, Status.REOPENED):
        check(frm, Status.WITHDRAWN, by_resident(Status.WITHDRAWN))
    with pytest.raises(TransitionRefused):
        check(Status.IN_PROGRESS, Status.WITHDRAWN, by_resident(Status.WITHDRAWN))
    with pytest.raises(ActorRefused):
        check(Status.WITHDRAWN, Status.REOPENED, by_resident(Status.REOPENED))
    with pytest.raises(ActorRefused):
        check(Status.NO_ACTION, Status.REOPENED, by_resident(Status.REOPENED))
    with pytest.raises(ActorRefused):
        check(Status.IN_PROGRESS, Status.RESOLVED, by_resident(Status.RESOLVED))


def test_the_table_is_written_once_and_nowhere_else() -> None:
    """A second list of allowed steps in the product would drift away from this one."""
    named = re.compile(r"INFO_REQUESTED:\s*(frozenset|\{|\()")
    places = [
        path.name
        for package in ("gisapp", "reports_store")
        for path in (ROOT / package).rglob("*.py")
        if "sample" not in path.parts and named.search(path.read_text(encoding="utf-8"))
    ]
    assert places == ["workflow.py"]
