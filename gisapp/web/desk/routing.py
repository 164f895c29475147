"""振り分けの規則: the table in plain words, what a change would have done to past reports, and the change itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gisapp.flows.category_words import category_name
from gisapp.flows.desk.rerouting import (
    LEARNT_DAYS,
    PAST_REPORTS,
    RoutingMoved,
    Suggestion,
    apply,
    dry_run,
    since,
    suggestions,
    version_text,
    versions,
    with_suggested,
)
from gisapp.flows.desk.routing import ROADS, RoutingTable
from gisapp.flows.desk.routing_file import RoutingFaults, parsed, with_first, written
from gisapp.flows.desk.routing_words import Known, doubts, then_words, when_words
from gisapp.flows.desk.telling import clock
from gisapp.flows.equipment import is_equipment
from gisapp.person import Person, Right
from gisapp.rules import routing_of
from gisapp.town import Town
from gisapp.web.desk.door import NOT_KEPT, behind, desk_page
from gisapp.web.errors import BadRequest
from gisapp.web.forms import read_form
from layers.errors import LayersError
from reports_store import Filters, Mode, Priority
from reports_store.audit import RULES_CHANGED

PAGE = "/desk/admin/routing"
LISTED = 100
MOST_FIELDS = 80


def routing_routes(town: Callable[[], Town]) -> list[Route]:
    """/desk/admin/routing: to read it, to try a change, to put it in force."""
    return [
        Route(PAGE, behind(Right.RULES, town, _look)),
        Route(f"{PAGE}/try", behind(Right.RULES, town, _try), methods=["POST"]),
        Route(f"{PAGE}/apply", behind(Right.RULES, town, _apply), methods=["POST"]),
    ]


async def _look(request: Request, town: Town, person: Person) -> Response:
    values = await run_in_threadpool(_values, town)
    return await desk_page(
        town, person, "desk/routing.html", here="admin", done="done" in request.query_params, **values
    )


def _values(town: Town) -> dict[str, Any]:
    now = routing_of(town)
    corrected = town.reports.outgoing.corrections(since(town.now(), LEARNT_DAYS))
    known = _known(town)
    return {
        "current": now,
        "rules": [
            (one, when_words(one.when, town.categories), then_words(one.then)) for one in now.table.rules
        ],
        "doubts": doubts(now.table, known),
        "suggestions": [(one, _name(town, one.category)) for one in suggestions(corrected)],
        "moved": [(one, _name(town, one.category)) for one in corrected if one.first != one.now],
        "days": LEARNT_DAYS,
        "versions": [(name, _replaced_at(name)) for name in versions(town.settings.data)],
        "categories": [(code, category_name(one)) for code, one in town.categories.items()],
        "roads": list(ROADS),
        "assets": _equipment(town),
        "departments": sorted(known.departments),
        "people": town.accounts.people(),
        "priorities": list(Priority),
        "modes": list(Mode),
    }


async def _try(request: Request, town: Town, person: Person) -> Response:
    async with read_form(request, max_fields=MOST_FIELDS) as form:
        found = await run_in_threadpool(_drafted, form, town)
    return await _tried(found, town, person)


async def _tried(
    text: str, town: Town, person: Person, *, status: int = 200, moved_meanwhile: bool = False
) -> Response:
    values = await run_in_threadpool(_outcome, text, town)
    return await desk_page(
        town, person, "desk/routing_try.html", here="admin", text=text, listed=LISTED,
        status=422 if values["faults"] and status == 200 else status, moved_meanwhile=moved_meanwhile, **values,
    )  # fmt: skip


def _outcome(text: str, town: Town) -> dict[str, Any]:
    now = routing_of(town)
    try:
        new = parsed(text, town.categories)
    except RoutingFaults as error:
        return {"faults": error.faults, "seen": now.seen, "found": None, "doubts": [], "rules": []}
    past = town.reports.newest(Filters(since=since(town.now())), PAST_REPORTS)
    found = dry_run(now.table, new, past, town.categories, town.reports.deadlines.is_working)
    return {
        "faults": (),
        "seen": now.seen,
        "found": found,
        "doubts": doubts(new, _known(town)),
        "rules": [(one, when_words(one.when, town.categories), then_words(one.then)) for one in new.rules],
    }


async def _apply(request: Request, town: Town, person: Person) -> Response:
    async with read_form(request) as form:
        text, seen = _text(form, "text"), _text(form, "seen")

    def work() -> None:
        version = apply(town.settings.data, text, seen, town.categories, town.now())
        detail = {"before": seen, "after": version, "rules": len(parsed(text, town.categories).rules)}
        town.reports.note_audit(person.login, RULES_CHANGED, "routing", detail, town.now())

    try:
        await run_in_threadpool(work)
    except RoutingFaults:
        return await _tried(text, town, person)
    except RoutingMoved:
        return await _tried(text, town, person, status=409, moved_meanwhile=True)
    return RedirectResponse(f"{PAGE}?done=yes", 303, headers=NOT_KEPT)


def _drafted(form: FormData, town: Town) -> str:
    """The text of the table that a form asks to be tried. Raises BadRequest."""
    action, now = _text(form, "action"), routing_of(town)
    match action:
        case "text":
            return _text(form, "text")
        case "add":
            return _with_new(form, now.table)
        case "restore":
            found = version_text(town.settings.data, _text(form, "name"))
            if found is None:
                raise BadRequest
            return found
        case "suggest":
            return written(_suggested(form, town, now.table))
        case _:
            return written(_rearranged(now.table, action, _text(form, "n")))


def _rearranged(table: RoutingTable, action: str, number: str) -> RoutingTable:
    rules = list(table.rules)
    at = int(number) if number.isascii() and number.isdigit() and len(number) < 5 else len(rules)
    other = {"up": at - 1, "down": at + 1}.get(action, at)
    if not (0 <= at < len(rules) and 0 <= other < len(rules)) or action not in {"up", "down", "turn", "drop"}:
        raise BadRequest
    rules[at], rules[other] = rules[other], rules[at]
    if action == "turn":
        rules[at] = replace(rules[at], active=not rules[at].active)
    if action == "drop":
        del rules[at]
    return RoutingTable(tuple(rules))


def _suggested(form: FormData, town: Town, table: RoutingTable) -> RoutingTable:
    wanted = tuple(_text(form, name) for name in ("category", "old", "new"))
    corrected = town.reports.outgoing.corrections(since(town.now(), LEARNT_DAYS))
    found: Suggestion | None = next(
        (one for one in suggestions(corrected) if (one.category, one.old, one.new) == wanted), None
    )
    if found is None:
        raise BadRequest
    return with_suggested(table, found, _name(town, found.category))


def _with_new(form: FormData, table: RoutingTable) -> str:
    """The new rule on top of the others, in the file's own words, so that every fault in it is told alike."""
    areas = [one.strip() for one in _text(form, "area").replace(",", "、").split("、")]
    when = {
        "category": [str(one) for one in form.getlist("category")],
        "road_manager": [str(one) for one in form.getlist("road_manager")],
        "asset": [str(one) for one in form.getlist("asset")],
        "area": [one for one in areas if one],
        "days": [_text(form, "days")] if _text(form, "days") else [],
        "hours": _text(form, "hours").strip().translate(_NARROW),
        "mode": _text(form, "mode"),
    }
    then = {name: _text(form, name).strip() for name in ("department", "person", "priority", "suggest_body")}
    return with_first(
        {
            "name": _text(form, "name").strip(),
            "when": {key: value for key, value in when.items() if value},
            "then": {key: value for key, value in then.items() if value},
        },
        table,
    )


_NARROW = str.maketrans("０１２３４５６７８９：～〜ー－", "0123456789:----")


def _known(town: Town) -> Known:
    people = town.accounts.people()
    departments = {one.department for one in town.categories.values()} | {one.department for one in people}
    return Known(
        departments=(departments | {one.name for one in town.profile.departments}) - {""},
        logins={one.login for one in people},
        areas=_areas(town),
        layers=set(town.layers.catalogue.entries),
    )


def _equipment(town: Town) -> list[tuple[str, str]]:
    """The layers of equipment, by their titles: what a report may be about."""
    return [(one.id, one.title) for one in town.layers.catalogue if is_equipment(one.id, one.kind)]


def _areas(town: Town) -> set[str]:
    try:
        frame = town.layers.current("neighbourhood_association").frame
    except LayersError:
        return set()
    return {str(name) for name in frame["name"].dropna()}


def _name(town: Town, code: str) -> str:
    return category_name(town.categories[code]) if code in town.categories else code


def _replaced_at(name: str) -> str:
    """When a former table was replaced, by its file's name."""
    try:
        at = datetime.strptime(name.partition(".")[0], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return name
    return clock(at)


def _text(form: FormData, name: str) -> str:
    found = form.get(name)
    return found.replace("\r\n", "\n") if isinstance(found, str) else ""
