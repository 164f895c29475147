"""What leaves a report's page for the printer or the screen: its photos as they came, the sheet, the letter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from gisapp.flows.desk import steps
from gisapp.flows.desk.lateness import Lateness, lateness
from gisapp.flows.desk.letters import letter_of
from gisapp.flows.desk.lying import around, found_words, karte_of
from gisapp.flows.desk.one import facts, name_of, names_in
from gisapp.flows.desk.reading import may_read, report_for
from gisapp.flows.desk.steps import Desk, NotAllowed
from gisapp.flows.desk.telling import clock, history
from gisapp.paper.drawing import base_versions
from gisapp.paper.fonts import FontsMissing
from gisapp.paper.letter import letter_pdf
from gisapp.paper.report_sheet import SheetContents, report_sheet
from gisapp.person import Person, Right
from gisapp.town import Town
from gisapp.web.desk.door import NOT_KEPT, behind
from gisapp.web.errors import refusal, trouble
from gisapp.web.forms import read_form
from gisapp.web.report.receipt import full_address
from gisapp.words import language_with, say, speaking
from reports_store import Contact, Report
from reports_store.audit import EXPORT
from reports_store.errors import UnknownPhoto
from reports_store.photos import LARGE_PX, SMALL_PX

AT_ONCE = 2  # a sheet keeps a core busy for about a second
LETTER_FIELDS = ("to", "subject", "text")
TICKS = ("with_contact", "with_originals")  # of the form only: nobody is sent a link that ticks them


def paper_routes(town: Callable[[], Town]) -> list[Route]:
    """The pictures, the sheet and the letter of a report."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def sheet(request: Request, here: Town, person: Person) -> Response:
        report = await run_in_threadpool(_report, request, here, person)
        address = full_address(request, f"/desk/r/{report.public_id}")
        async with turn:
            return await run_in_threadpool(_sheet, here, person, report, address)

    async def letter(request: Request, here: Town, person: Person) -> Response:
        report = await run_in_threadpool(_report, request, here, person)
        if not steps.has(person, Right.WORK, report):
            return refusal(403, "not_yours")
        given, contact = {name: request.query_params.get(name, "") for name in LETTER_FIELDS}, None
        if request.method == "POST":
            async with read_form(request) as form:
                given = {name: str(form.get(name, "")) for name in (*LETTER_FIELDS, *TICKS)}
        if given.get("with_contact") == "yes":
            try:
                contact = await run_in_threadpool(_contact, here, person, report, given["to"])
            except NotAllowed:
                return refusal(403, "not_yours")
        async with turn:
            return await run_in_threadpool(_letter, here, person, report, given, contact)

    return [
        Route("/desk/r/{public_id:str}/sheet.pdf", behind(Right.READ, town, sheet), methods=["GET"]),
        Route(
            "/desk/r/{public_id:str}/letter.pdf", behind(Right.WORK, town, letter), methods=["GET", "POST"]
        ),
        Route("/desk/picture/{name:str}.jpg", behind(Right.READ, town, _picture, for_program=True)),
    ]


def _report(request: Request, here: Town, person: Person) -> Report:
    return report_for(person, request.path_params["public_id"], here.reports, here.categories)


async def _picture(request: Request, here: Town, person: Person) -> Response:
    """A photo as it came, made new at 1600 or 320 px, for whoever may see a report that holds it."""
    name: str = request.path_params["name"]
    sha, size_px = (name[:-4], SMALL_PX) if name.endswith(".320") else (name, LARGE_PX)
    found = await run_in_threadpool(here.reports.with_photo, sha) if len(sha) == 64 else []
    # the same answer for a photo that does not exist and for one of a report that is not theirs
    if not any(may_read(person, report, here.categories) for report in found):
        return trouble(404, "not_found")
    try:
        path = await run_in_threadpool(here.photos.path, sha, size_px)
    except UnknownPhoto:
        return trouble(404, "not_found")
    return FileResponse(path, media_type="image/jpeg", headers=NOT_KEPT)


def _contact(here: Town, person: Person, report: Report, to: str) -> Contact | None:
    desk = Desk(here.reports, here.categories, person, here.now)
    return steps.look_at_contact(desk, report, say("desk_report.letter.why_contact", to=to.strip()[:120]))


def _letter(
    here: Town, person: Person, report: Report, given: Mapping[str, str], contact: Contact | None
) -> Response:
    originals = given.get("with_originals") == "yes"
    with speaking(language_with("paper")):
        letter = letter_of(
            report, given, person, here.categories, here.profile, here.now(), contact, originals=originals
        )
        told = {"format": "letter.pdf", "photos": len(letter.photos), "originals": originals}
        here.reports.note_audit(person.login, EXPORT, report.public_id, told, here.now())
        base, _ = base_versions(here.layers, person)
        pictures = [path for sha in letter.photos if (path := _file(here, sha))]
        try:
            pdf = letter_pdf(letter, base, pictures, here.profile, here.settings.assets)
        except FontsMissing:
            return trouble(503, "fonts_missing")
    return _shown(pdf, f"letter-{report.public_id}.pdf")


def _sheet(here: Town, person: Person, report: Report, address: str) -> Response:
    with speaking(language_with("paper")):
        contents = _contents(here, person, report, address)
        base, _ = base_versions(here.layers, person)
        try:
            pdf = report_sheet(contents, base, person, here.profile, here.settings.assets, here.now())
        except FontsMissing:
            return trouble(503, "fonts_missing")
    return _shown(pdf, f"{report.public_id}.pdf")


def _shown(pdf: bytes, name: str) -> Response:
    headers = {**NOT_KEPT, "Content-Disposition": f'inline; filename="{name}"'}
    return Response(pdf, media_type="application/pdf", headers=headers)


def _contents(here: Town, person: Person, report: Report, address: str) -> SheetContents:
    events = here.reports.events(report.id)
    names = names_in(events, here.accounts.names(), person, here.layers)
    karte = karte_of(report, person, here.layers, here.reports, here.categories, here.profile, here.now())
    return SheetContents(
        number=report.public_id,
        title=name_of(report.category, here.categories),
        state=_state_words(here, report, names),
        facts=[
            *facts(report, names),
            (say("report.area"), found_words(report.area, "area")),
            (say("report.road_manager"), found_words(report.road, "road")),
            (say("desk_report.place.how"), place_words(report)),
        ],
        body=report.body,
        lon=report.place.lon,
        lat=report.place.lat,
        photos=[
            (path, say(f"desk_report.role.{one.role}"))
            for one in report.photos
            if (path := _file(here, one.sha256))
        ],
        hazards=[f"{mark}{title}：{words}" for mark, title, words in around(karte).hazards if mark == "▲"],
        lines=history(events, here.categories, names),
        address=address,
    )


def _state_words(here: Town, report: Report, names: Mapping[str, str]) -> str:
    late = lateness(report, here.now())
    due = clock(report.due_at) if report.due_at else ""
    parts = [
        say(f"report.status.{report.status}"),
        report.department or say("desk_report.none"),
        names.get(report.assignee or "", ""),
        say(f"desk_report.priority.{report.priority}"),
        "" if late is Lateness.NONE else say(f"desk_report.late.{late}", due=due),
    ]
    return "　／　".join(part for part in parts if part)


def place_words(report: Report) -> str:
    """Position, how it was set, and how exactly."""
    place = report.place
    how = say(f"report.source.{place.source}")
    exact = (
        say("desk_report.place.accuracy_unknown")
        if place.accuracy_m is None
        else say("desk_report.place.accuracy", m=round(place.accuracy_m))
    )
    return f"{place.lat:.6f}, {place.lon:.6f}（{how}、{exact}）"


def _file(here: Town, sha256: str) -> Path | None:
    try:
        return here.photos.path(sha256)
    except UnknownPhoto:
        return None
