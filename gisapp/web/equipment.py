"""The route that tells which reports are about one feature of a layer: residents the public ones, the town hall all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gisapp.flows.desk.assets import asset_of, asset_shown, seen_history
from gisapp.person import ANYONE, Person
from gisapp.town import Town
from gisapp.web.errors import answering, trouble
from gisapp.web.who import SESSION_COOKIE, person_of

NOW = {"Cache-Control": "no-store"}


def equipment_routes(town: Callable[[], Town]) -> list[Route]:
    """/live/assets/{layer}/{feature}.json"""

    async def told(request: Request) -> Response:
        here = town()
        signed = SESSION_COOKIE in request.cookies
        person = await run_in_threadpool(person_of, request, here) if signed else ANYONE
        key = f"{request.path_params['layer_id']}:{request.path_params['feature_id']}"
        found = await run_in_threadpool(_told, key, person, here)
        return trouble(404, "not_found") if found is None else JSONResponse(found, headers=NOW)

    return [Route("/live/assets/{layer_id:str}/{feature_id:path}.json", answering(told))]


def _told(key: str, person: Person, here: Town) -> dict[str, Any] | None:
    wanted = asset_of(key)
    shown = None if wanted is None else asset_shown(wanted, person, here.layers)
    if shown is None or not shown.found:
        return None
    reports = seen_history(shown.asset, person, here.reports, here.categories)
    query = urlencode({"asset": shown.key, "lon": shown.lon, "lat": shown.lat})
    # a resident's report can point only at what residents may see
    open_to_all = asset_shown(shown.asset, ANYONE, here.layers) is not None
    return {
        "layer": shown.layer,
        "title": shown.title,
        "reports": [asdict(one) for one in reports],
        "report": f"/report/?{query}" if open_to_all else "",
    }
