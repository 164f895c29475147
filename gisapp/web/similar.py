"""What is known already near a place, and standing behind it: for the form, before it is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from limits import parse
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gisapp.flows.category_words import category_name
from gisapp.flows.describe import photo_links
from gisapp.flows.similar import DAYS_PER_MONTH, Similar, age_days, similar
from gisapp.flows.subscribe import BadEmail, Wish, ask, checked_email
from gisapp.flows.support import support
from gisapp.town import Town
from gisapp.web.abuse import address_of
from gisapp.web.coordinates import place_asked
from gisapp.web.errors import BadRequest, answering, trouble
from gisapp.web.subscriptions import allowed
from gisapp.web.track_pass import Brake
from gisapp.words import language, say
from reports_store import SubscriptionKind
from reports_store.errors import InvalidReport

NOW = {"Cache-Control": "no-store"}
SUPPORTS = parse("120 per hour")  # of one address: a shelter's Wi-Fi is one address


def similar_routes(town: Callable[[], Town], brake: Brake) -> list[Route]:
    """/api/similar over a town."""

    async def near(request: Request) -> Response:
        here = town()
        lon, lat = place_asked(request)
        code = request.query_params.get("category", "")
        if code not in here.categories:
            raise BadRequest
        found = await run_in_threadpool(similar, code, lon, lat, here.reports, here.categories, here.profile)
        near = {"within_m": here.profile.similar_within_m, "found": [shown(one, here) for one in found]}
        return JSONResponse(near, headers=NOW)

    async def stand_behind(request: Request) -> Response:
        given = _given(await request.body())
        here = town()
        address = address_of(request, here.settings.trusted_proxy)
        if not brake.hit(SUPPORTS, "support", address):
            return trouble(429, "too_many")
        return await run_in_threadpool(
            _supported, request.path_params["public_id"], given, address, here, brake
        )

    return [
        Route("/api/similar", answering(near)),
        Route("/api/similar/{public_id:str}/support", answering(stand_behind), methods=["POST"]),
    ]


def _given(body: bytes) -> dict[str, Any]:
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadRequest from None
    if not isinstance(given, dict) or not isinstance(given.get("uuid"), str):
        raise BadRequest
    return given


def _supported(public_id: str, given: dict[str, Any], address: str, here: Town, brake: Brake) -> Response:
    email = given.get("email") or ""
    if email and (not isinstance(email, str) or not here.settings.mails):
        raise BadRequest
    try:
        if email:
            checked_email(email)
        n = support(public_id, given["uuid"], here.reports, here.categories, here.secret, here.now())
    except (BadEmail, InvalidReport):
        raise BadRequest from None
    if email and allowed(email, address, brake):
        wish = Wish.of(SubscriptionKind.REPORT, report=public_id)
        ask(wish, email, language(), here.mail_room, here.now())
        return JSONResponse({"support": n, "mail": True}, headers=NOW)
    return JSONResponse({"support": n, "mail": False}, headers=NOW)


def shown(one: Similar, here: Town) -> dict[str, Any]:
    """One of them as the form shows it, in the language of the request."""
    report = one.report
    days = age_days(report.received_on, here.now())
    place = report.place
    return {
        "id": report.public_id,
        "category_name": category_name(here.categories[report.category]),
        "state": report.state,
        "state_name": say(f"report.state.{report.state}"),
        "status_name": say(f"report.status.{report.status}"),
        "distance_m": one.distance_m,
        "distance": say(f"track.similar.{'within' if one.coarse else 'about'}", metres=one.distance_m),
        "age_days": days,
        "age": _age(days),
        "photo": next(iter(photo_links(report)), None),
        "place": None if place is None else {"lon": place.lon, "lat": place.lat},
        "support": one.support,
    }


def _age(days: int) -> str:
    if days == 0:
        return say("track.similar.today")
    if days < 2 * DAYS_PER_MONTH:
        return say("track.similar.days", days=days)
    return say("track.similar.months", months=days // DAYS_PER_MONTH)
