"""One report at the desk: everything about it on a page, and every step as a form that works without a script."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gisapp.flows.desk import steps
from gisapp.flows.desk.one import names_in
from gisapp.flows.desk.reading import report_for
from gisapp.flows.desk.steps import Desk, NotAllowed
from gisapp.flows.desk.telling import clock, history
from gisapp.flows.explain import explain
from gisapp.person import Person, Right
from gisapp.town import Town
from gisapp.web.desk.door import NOT_KEPT, behind, desk_page, told
from gisapp.web.desk.report_acts import act_of, before_photos, take
from gisapp.web.desk.report_form import (
    MOST_FIELDS,
    MOST_FILES,
    Refused,
    Sent,
    brings_photos,
    sent_of,
    with_photos,
)
from gisapp.web.desk.report_page import WHY_CONTACT, page_values, typed_words
from gisapp.web.desk.report_papers import paper_routes
from gisapp.web.errors import BodyTooLarge, refusal
from gisapp.web.forms import read_form
from gisapp.words import say
from reports_store import Conflict, Report, ReportsError, StaleVersion, UnknownReport


def desk_report_routes(town: Callable[[], Town]) -> list[Route]:
    """/desk/r/… and the pictures and papers of a report."""
    return [
        Route("/desk/r/{public_id:str}", behind(Right.READ, town, _page), methods=["GET"]),
        Route("/desk/r/{public_id:str}/act", behind(Right.READ, town, _act), methods=["POST"]),
        Route("/desk/r/{public_id:str}/contact", behind(Right.CONTACT, town, _contact), methods=["POST"]),
        *paper_routes(town),
    ]


async def _page(request: Request, here: Town, person: Person) -> Response:
    asked = {"done": request.query_params.get("done", ""), "reply": request.query_params.get("reply", "")}
    back = request.query_params.get("back", "")
    values = await run_in_threadpool(page_values, here, person, request.path_params["public_id"], back, asked)
    return await desk_page(here, person, "desk/report.html", here="inbox", **values)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a form: an address to go on to, or a page with what was typed."""

    address: str = ""
    template: str = ""
    status: int = 200
    values: Mapping[str, Any] | None = None


async def _act(request: Request, here: Town, person: Person) -> Response:
    try:
        async with read_form(request, MOST_FILES, MOST_FIELDS) as form:
            public_id = request.path_params["public_id"]
            outcome = await run_in_threadpool(_acted, here, person, public_id, form)
    except BodyTooLarge:
        return refusal(413, "too_large")
    if outcome.address:
        return RedirectResponse(outcome.address, 303, headers=NOT_KEPT)
    return await desk_page(
        here, person, outcome.template, status=outcome.status, here="inbox", **(outcome.values or {})
    )


def _acted(here: Town, person: Person, public_id: str, form: FormData) -> Outcome:
    report = report_for(person, public_id, here.reports, here.categories)
    desk = Desk(here.reports, here.categories, person, here.now)
    sent = sent_of(form)
    try:
        if brings_photos(form):
            before_photos(desk, report, sent)
            sent = with_photos(sent, form, here)
        take(desk, report, sent, here)
    except Refused as refused:
        return _again(here, person, report, sent, refused.sentence, refused.status)
    except StaleVersion:
        return _stale(here, person, public_id, sent)
    except NotAllowed as error:
        return _again(here, person, report, sent, explain(error), 403)
    except Conflict as error:
        return _again(here, person, report, sent, told(error), 409)
    except UnknownReport:
        return _again(here, person, report, sent, say("desk_report.problem.other"), 422)
    except ReportsError as error:
        return _again(
            here, person, report, sent, explain(error), 503 if error.code.startswith("store_") else 422
        )
    query = {"done": sent.act, **({"back": sent.back} if sent.back else {})}
    return Outcome(address=f"/desk/r/{public_id}?{urlencode(query)}")


def _again(here: Town, person: Person, report: Report, sent: Sent, problem: str, status: int) -> Outcome:
    """The page once more, with the reason on top and everything typed in its form."""
    values = page_values(here, person, report.public_id, sent.back, {}, sent, problem)
    kept = sent.kept(here.secret)
    return Outcome(template="desk/report.html", status=status, values={**values, "kept": kept})


def _stale(here: Town, person: Person, public_id: str, sent: Sent) -> Outcome:
    """Somebody was quicker: what they changed beside what was typed, and a press that does it all the same."""
    report = report_for(person, public_id, here.reports, here.categories)
    events = here.reports.events(report.id)
    names = names_in(events, here.accounts.names(), person, here.layers)
    lines = history(events, here.categories, names)
    still = sent.act not in ("status", "refer") or sent["status"] in steps.next_states(report, person)
    act_of(sent)
    values = {
        "report": report,
        "lines": [line for line in lines if line.seq > sent.seen],
        "sent": replace(sent, seen=report.version),
        "kept": sent.kept(here.secret),
        "typed": [(name, value) for name, value in sent.values.items() if value.strip() and name in SHOWN],
        "hidden": [(name, value) for name, value in sent.values.items() if name not in LONG],
        "long": [(name, value) for name, value in sent.values.items() if name in LONG and value.strip()],
        "still": still,
        "label_of": lambda name, value: typed_words(name, value, names, here),
    }
    return Outcome(template="desk/report_stale.html", status=409, values=values)


LONG = frozenset({"public", "internal", "text", "why"})
SHOWN = frozenset(
    {"status", "department", "assignee", "priority", "category", "referred_to", "duplicate_of", "lon", "lat",
     "asset", "visibility", "body_public", "held", "other"}
)  # fmt: skip


async def _contact(request: Request, here: Town, person: Person) -> Response:
    """Name, telephone and address of the reporter: once, on this answer alone, with a reason that is kept."""
    async with read_form(request) as form:
        why, words = str(form.get("why", "")), str(form.get("words", "")).strip()
        back = str(form.get("back", ""))
    public_id = request.path_params["public_id"]
    report = await run_in_threadpool(report_for, person, public_id, here.reports, here.categories)
    if why not in WHY_CONTACT or (why == "other" and not words):
        values = await run_in_threadpool(
            page_values, here, person, public_id, back, {}, None, say("desk_report.problem.why_contact")
        )
        return await desk_page(here, person, "desk/report.html", status=422, here="inbox", **values)
    desk = Desk(here.reports, here.categories, person, here.now)
    reason = "　".join(part for part in (say(f"desk_report.contact.why.{why}"), words) if part)
    try:
        contact = await run_in_threadpool(steps.look_at_contact, desk, report, reason)
    except NotAllowed:
        return refusal(403, "not_yours")
    return await desk_page(
        here, person, "desk/report_contact.html", here="inbox", report=report, contact=contact, reason=reason,
        back_query=urlencode({"back": back}) if back else "", at=clock(here.now()),
    )  # fmt: skip
