"""What the page of a report shows, gathered for its templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode
from uuid import uuid4

from gisapp.flows.category_words import category_name
from gisapp.flows.desk import steps
from gisapp.flows.desk.inbox import choice_of, filters_of
from gisapp.flows.desk.lateness import lateness
from gisapp.flows.desk.letters import default_subject, default_text
from gisapp.flows.desk.lying import around, found_words, karte_of
from gisapp.flows.desk.one import facts, name_of, one_report
from gisapp.flows.desk.reading import report_for
from gisapp.flows.desk.replies import filled, ready_words, text_for
from gisapp.flows.desk.telling import clock
from gisapp.person import Person, Right
from gisapp.town import Town
from gisapp.web.desk.report_acts import PARTS
from gisapp.web.desk.report_form import Sent
from gisapp.words import say
from reports_store import PhotoRole, Priority, Report, ReportsError, Status, Visibility
from reports_store.workflow import PUBLIC_STATE

WHY_CONTACT = ("reply", "ask", "refer", "emergency", "other")
NEIGHBOURS = 100  # of the list are looked through for the reports before and after


def page_values(
    here: Town,
    person: Person,
    public_id: str,
    back: str,
    asked: Mapping[str, str],
    sent: Sent | None = None,
    problem: str = "",
) -> dict[str, Any]:
    """Everything the page's templates name. Raises UnknownReport for one that is not theirs to see."""
    report = report_for(person, public_id, here.reports, here.categories)
    people = here.accounts.people()
    names = here.accounts.names()
    one = one_report(report, person, here.reports, here.categories, here.layers, names)
    karte = karte_of(report, person, here.layers, here.reports, here.categories, here.profile, here.now())
    next_states = [state for state in steps.next_states(report, person) if state is not Status.DUPLICATE]
    return {
        "one": one,
        "report": report,
        "state": PUBLIC_STATE[report.status].value,
        "late": lateness(report, here.now()),
        "due": None if report.due_at is None else clock(report.due_at),
        "clock": clock,
        "area_words": found_words(report.area, "area"),
        "road_words": found_words(report.road, "road"),
        "facts": facts(report, one.names),
        "around": around(karte),
        "next_states": [(state, steps.needs(state)) for state in next_states if state is not Status.REFERRED],
        "may_refer": Status.REFERRED in next_states,
        "has": lambda right: steps.has(person, Right(right), report),
        "departments": _departments(here, people),
        "people": people,
        "usual": _usual_department(report, here),
        "categories": [(code, category_name(each)) for code, each in here.categories.items()],
        "category_of": lambda code: name_of(code, here.categories),
        "priorities": list(Priority),
        "visibilities": [Visibility.PUBLIC, Visibility.PENDING, Visibility.PRIVATE, Visibility.HIDDEN],
        "never_public": here.categories.hides(report.category),
        "roles": list(PhotoRole),
        "parts_of": range(1, PARTS + 1),
        "why_contact": WHY_CONTACT,
        **_ready(report, [report.status, *next_states], asked.get("reply", ""), here),
        **_around_in_list(report, back, person, here),
        "notice": _notice(asked.get("done", "")),
        "problem": problem,
        "sent": sent,
        "fresh": lambda: str(uuid4()),
        "place": {"lon": report.place.lon, "lat": report.place.lat},
    }


def _departments(here: Town, people: list[Person]) -> list[str]:
    """Every department that takes reports or has somebody, in the order of the categories."""
    found = [one.department for one in here.categories.values()]
    return list(dict.fromkeys([*found, *(one.department for one in people if one.department)]))


def _usual_department(report: Report, here: Town) -> str:
    """Where a report of this kind usually goes, if that is elsewhere: one press moves it there."""
    usual = here.categories[report.category].department if report.category in here.categories else ""
    return usual if usual != report.department else ""


def _ready(report: Report, states: list[Status], chosen: str, here: Town) -> dict[str, Any]:
    """Ready replies, filled in; the one that was chosen without a script; and the bodies outside."""
    words = ready_words(here.settings.data / "replies.toml")
    category = here.categories.get(report.category)
    replies = []
    for reply in words.for_report(report, states) if category else []:
        text, lang = text_for(reply, report.lang)
        text = filled(text, report, category, here.profile.name, lang)
        replies.append({"id": reply.id, "title": reply.title, "text": text, "states": sorted(reply.states)})
    return {
        "replies": replies,
        "chosen": next((one for one in replies if one["id"] == chosen), None),
        "replies_broken": words.own_broken,
        "bodies": words.bodies_for(report),
        "letter_subject": default_subject(report, here.categories),
        "letter_text": default_text(here.profile),
    }


def _around_in_list(report: Report, back: str, person: Person, here: Town) -> dict[str, Any]:
    """The way back to the list as it was, and its reports before and after this one, if it still is on the page."""
    found: dict[str, Any] = {"back": back, "back_query": urlencode({"back": back}) if back else ""}
    numbers: list[str] = []
    if back:
        choice = choice_of(parse_qsl(back), here.categories)
        after = parse_qs(back).get("after", [""])[0]
        filters = filters_of(choice, person, here.categories, here.now())
        try:
            page = here.reports.inbox(filters, choice.order, limit=NEIGHBOURS, after=after)
            numbers = [each.public_id for each in page.reports]
        except ReportsError:  # an address that somebody has changed by hand
            numbers = []
    at = numbers.index(report.public_id) if report.public_id in numbers else None
    found["previous"] = numbers[at - 1] if at else ""
    found["next"] = numbers[at + 1] if at is not None and at + 1 < len(numbers) else ""
    return found


def _notice(done: str) -> str:
    return say(f"desk_report.done.{done}") if done in DONE else ""


DONE = frozenset(
    {"status", "refer", "assign", "priority", "category", "place", "asset", "note", "reply", "release", "hold",
     "merge", "unmerge", "split"}
)  # fmt: skip


def typed_words(name: str, value: str, names: Mapping[str, str], here: Town) -> str:
    """A typed choice as people read it."""
    if name == "status" and value in list(Status):
        return say(f"report.status.{value}")
    if name == "priority" and value in list(Priority):
        return say(f"desk_report.priority.{value}")
    if name == "visibility" and value in list(Visibility):
        return say(f"desk_report.visibility.{value}")
    if name in ("body_public", "held"):
        return say("desk_report.yes" if value == "yes" else "desk_report.no")
    return {"assignee": names.get(value, value), "category": name_of(value, here.categories)}.get(name, value)
