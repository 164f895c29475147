"""/api/place and /print/place.pdf: 地点カルテ for programs, for the card on the map, and for paper."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gisapp.flows.enquire import Karte, Spot, enquire
from gisapp.flows.enquire.payload import payload
from gisapp.flows.enquire.spot import BadSpot, spot_of, spots_named
from gisapp.paper.karte import karte_pdf
from gisapp.person import ANYONE, Person
from gisapp.town import Town
from gisapp.web.errors import answering
from gisapp.web.who import SESSION_COOKIE, person_of
from gisapp.words import language_with, say, speaking

NOW = {"Cache-Control": "no-store", "Vary": "Cookie"}
EVERYBODY = {"Access-Control-Allow-Origin": "*"}
AT_ONCE = 2  # a sheet keeps a core busy for about a second


def place_routes(town: Callable[[], Town]) -> list[Route]:
    """The routes of 地点カルテ over a town. What a person may not see is not in the answer."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def place(request: Request) -> Response:
        here = town()
        person = await run_in_threadpool(_asking, request, here)
        try:
            body = await run_in_threadpool(_json, request, here, person)
        except BadSpot as error:
            return _refused(error, person)
        return Response(body, media_type="application/json", headers=_headers(person))

    async def sheet(request: Request) -> Response:
        here = town()
        person = await run_in_threadpool(_asking, request, here)
        try:
            async with turn:
                with speaking(language_with("paper")):  # whose letters are those of our fonts
                    pdf = await run_in_threadpool(_pdf, request, here, person)
        except BadSpot as error:
            return _refused(error, person)
        headers = {**NOW, "Content-Disposition": 'inline; filename="karte.pdf"'}
        return Response(pdf, media_type="application/pdf", headers=headers)

    return [Route("/api/place", answering(place)), Route("/print/place.pdf", answering(sheet))]


def _asking(request: Request, here: Town) -> Person:
    return person_of(request, here) if SESSION_COOKIE in request.cookies else ANYONE


def _karte(request: Request, here: Town, person: Person) -> Karte:
    spot = spot_of(request.query_params)
    if spot is None:
        found = spots_named(
            request.query_params.get("q", ""),
            person,
            here.layers,
            here.profile,
            here.reports,
            here.categories,
        )[0]
        spot = Spot(found.lon, found.lat, found.title)
    return enquire(spot, person, here.layers, here.reports, here.categories, here.profile, here.now())


def _json(request: Request, here: Town, person: Person) -> bytes:
    return orjson.dumps(payload(_karte(request, here, person), here.profile, here.categories))


def _pdf(request: Request, here: Town, person: Person) -> bytes:
    karte = _karte(request, here, person)
    return karte_pdf(karte, person, here.layers, here.profile, here.categories, here.settings.assets)


def _headers(person: Person) -> dict[str, str]:
    # another site's page may read the public part, but never what a signed-in person's browser is shown
    return NOW if person.roles else {**NOW, **EVERYBODY}


def _refused(error: BadSpot, person: Person) -> Response:
    answer = {"error": f"place_{error.key}", "message": say(f"karte.bad.{error.key}")}
    status = 404 if error.key == "nothing" else 400
    return Response(orjson.dumps(answer), status, _headers(person), "application/json")
