"""What can be fetched of petitions: 回答書 as PDF and Excel, and the empty table to fill in."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gisapp.flows.desk.acting import Desk
from gisapp.flows.desk.petition_letter import LetterContent, letter_of
from gisapp.flows.desk.petition_sheet import letter_xlsx
from gisapp.flows.desk.petition_table import template_xlsx
from gisapp.paper.fonts import FontsMissing
from gisapp.paper.petition_letter import letter_pdf
from gisapp.person import Person, Right
from gisapp.town import Town
from gisapp.web.desk.door import NOT_KEPT, behind
from gisapp.web.errors import refusal
from gisapp.words import DEFAULT, say, speaking
from reports_store.audit import EXPORT
from reports_store.errors import UnknownPetition

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NUMBER = re.compile(r"[RHS]\d{1,3}-\d{3,6}", re.ASCII)
AT_ONCE = 2  # a letter keeps a core busy for about a second


def paper_routes(town: Callable[[], Town]) -> list[Route]:
    """The letter of a petition, issued or as a draft, and the template."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def pdf(request: Request, here: Town, person: Person) -> Response:
        photos = request.query_params.get("photos") == "1"
        async with turn:
            try:
                body, name = await run_in_threadpool(_pdf, request, here, person, photos)
            except FontsMissing:
                return refusal(503, "fonts_missing")
        return _file(body, "application/pdf", f"{name}.pdf", "inline")

    async def xlsx(request: Request, here: Town, person: Person) -> Response:
        body, name = await run_in_threadpool(_xlsx, request, here, person)
        return _file(body, XLSX, f"{name}.xlsx")

    return [
        Route("/desk/petitions/template.xlsx", behind(Right.PETITION, town, _template)),
        Route("/desk/petitions/{number:str}/letter.pdf", behind(Right.READ, town, pdf)),
        Route("/desk/petitions/{number:str}/letter.xlsx", behind(Right.READ, town, xlsx)),
    ]


async def _template(request: Request, here: Town, person: Person) -> Response:
    body = await run_in_threadpool(template_xlsx, here.categories)
    return _file(body, XLSX, f"{say('desk_petitions.template.sheet')}.xlsx")


def _content(request: Request, here: Town, person: Person) -> tuple[LetterContent, str]:
    number, edition = request.path_params["number"], request.query_params.get("edition", "0")
    if not NUMBER.fullmatch(number) or not re.fullmatch(r"\d{1,4}", edition, re.ASCII):
        raise UnknownPetition(number[:40])
    desk = Desk(here.reports, here.categories, person, here.now)
    content = letter_of(desk, f"要{number}", int(edition))
    told = {"format": request.url.path.rpartition("/")[2], "edition": content.edition}
    here.reports.note_audit(person.login, EXPORT, content.number, told, here.now())
    return content, f"{say('desk_petitions.letter.sheet')}_{content.number}"


def _pdf(request: Request, here: Town, person: Person, photos: bool) -> tuple[bytes, str]:
    with speaking(DEFAULT):  # a letter of the town is in the town's language, whoever asks for it
        content, name = _content(request, here, person)
        body = letter_pdf(
            content, here.layers, here.photos, here.profile, here.settings.assets, with_photos=photos
        )
    return body, name


def _xlsx(request: Request, here: Town, person: Person) -> tuple[bytes, str]:
    with speaking(DEFAULT):
        content, name = _content(request, here, person)
        return letter_xlsx(content, here.profile), name


def _file(body: bytes, media_type: str, name: str, way: str = "attachment") -> Response:
    headers = {**NOT_KEPT, "Content-Disposition": f"{way}; filename*=UTF-8''{quote(name)}"}
    return Response(body, media_type=media_type, headers=headers)
