"""The routes the live map asks: what there is, what a viewport holds, one report, and names to search."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gisapp.flows.describe import map_config, report_card, shown_layers, version_for
from gisapp.flows.find import find_places
from gisapp.flows.list_public import choice_of, filters_of
from gisapp.flows.tile_links import basemap_link
from gisapp.flows.watch import Watch, watch
from gisapp.town import Town
from gisapp.web.errors import BadRequest, answering
from gisapp.web.who import person_of
from layers.box import Box, clamped
from layers.viewport import view
from reports_store import Filters, PublicState

JST = ZoneInfo("Asia/Tokyo")
# The address carries the version, so what was fetched stays true for it.
FRESH = {"Cache-Control": "private, max-age=300"}
NOW = {"Cache-Control": "no-store"}
TEXT_LIMIT = 100


def live_routes(town: Callable[[], Town]) -> list[Route]:
    """The /live routes over a town; every one is a read and costs a tenth of a Streamlit rerun."""

    async def config(request: Request) -> Response:
        here = town()
        person = await run_in_threadpool(person_of, request, here)
        found = await run_in_threadpool(
            map_config, here.profile, here.layers, here.reports, here.categories, person
        )
        found["tiles"] = here.settings.tiles
        found["basemap"] = await run_in_threadpool(basemap_link, here.basemap)
        found["now"] = _jst(here.now())
        return _json(found, NOW)

    async def layer(request: Request) -> Response:
        box, zoom = viewport(request)
        here = town()
        person = await run_in_threadpool(person_of, request, here)
        version = await run_in_threadpool(version_for, person, request.path_params["layer_id"], here.layers)
        found = await run_in_threadpool(view, version, box, zoom)
        # what the town hall alone may see must not stay in a browser that the next person uses
        return _json(found, FRESH if version.entry.visibility == "public" else NOW)

    async def reports(request: Request) -> Response:
        box, zoom = viewport(request)
        here = town()
        filters = report_filters(request, here)
        if filters is None:
            return _json({"type": "FeatureCollection", "features": []}, FRESH)
        found = await run_in_threadpool(watch, Watch(box, zoom, filters), here.reports, here.categories)
        return _json(found, FRESH)

    async def report(request: Request) -> Response:
        here = town()
        found = await run_in_threadpool(
            report_card, request.path_params["public_id"], here.reports, here.categories
        )
        return _json(found, NOW)

    async def search(request: Request) -> Response:
        text = request.query_params.get("q", "")[:TEXT_LIMIT]
        here = town()
        person = await run_in_threadpool(person_of, request, here)
        found = await run_in_threadpool(
            find_places, text, person, here.layers, here.profile, here.reports, here.categories
        )
        shown = await run_in_threadpool(shown_layers, here.layers, person)
        places = [{"title": one.title, "layer": one.layer, "lon": one.lon, "lat": one.lat} for one in found]
        return _json({"found": places, "failed": [state.title for state in shown if not state.ok]}, NOW)

    return [
        Route("/live/config.json", answering(config)),
        Route("/live/layers/{layer_id:str}.json", answering(layer)),
        Route("/live/reports.json", answering(reports)),
        Route("/live/reports/{public_id:str}.json", answering(report)),
        Route("/live/search.json", answering(search)),
    ]


def viewport(request: Request) -> tuple[Box, int]:
    try:
        west, south, east, north = (float(side) for side in request.query_params["bbox"].split(","))
        zoom = int(request.query_params["z"])
    except (KeyError, ValueError, OverflowError):
        raise BadRequest from None
    if not all(math.isfinite(side) for side in (west, south, east, north)) or not 0 <= zoom <= 24:
        raise BadRequest
    return clamped((west, south, east, north)), zoom


def report_filters(request: Request, here: Town, box: Box | None = None) -> Filters | None:
    """What is asked for; None where a choice was made that nothing can meet (it is not "everything")."""
    categories = _listed(request, "category", list(here.categories))
    states = _listed(request, "state", [state.value for state in PublicState])
    if categories == () or states == ():
        return None
    asked = request.query_params
    choice = choice_of(
        categories or (), states or (), asked.get("period", ""), asked.get("q", ""), here.categories
    )
    return filters_of(choice, here.now(), box)


def _listed(request: Request, name: str, known: list[str]) -> tuple[str, ...] | None:
    text = request.query_params.get(name)
    return None if text is None else tuple(one for one in known if one in text.split(","))


def _json(found: object, headers: dict[str, str]) -> Response:
    body = found if isinstance(found, bytes) else orjson.dumps(found)
    return Response(body, media_type="application/json", headers=headers)


def _jst(moment: datetime) -> str:
    return moment.astimezone(JST).strftime("%Y-%m-%d %H:%M")
