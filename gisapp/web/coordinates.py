"""The route of a place's coordinates."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gisapp.flows.coordinates import coordinate_rows, coordinates
from gisapp.flows.find import visible_versions
from gisapp.town import Town
from gisapp.web.errors import BadRequest, answering
from gisapp.web.who import person_of
from layers.box import JAPAN


def coordinate_routes(town: Callable[[], Town]) -> list[Route]:
    """GET /api/coordinates?lon=&lat= answers numbers for programs and rows for people."""

    async def found(request: Request) -> Response:
        lon, lat = place_asked(request)
        here = town()
        body = await run_in_threadpool(_answer, lon, lat, here, request)
        return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})

    return [Route("/api/coordinates", answering(found))]


def place_asked(request: Request) -> tuple[float, float]:
    """The lon and lat of an address. Raises BadRequest unless they are a place in Japan."""
    try:
        lon, lat = float(request.query_params["lon"]), float(request.query_params["lat"])
    except (KeyError, ValueError):
        raise BadRequest from None
    if not math.isfinite(lon + lat) or not JAPAN.holds(lon, lat):
        raise BadRequest("outside_japan")
    return lon, lat


def _answer(lon: float, lat: float, here: Town, request: Request) -> bytes:
    person = person_of(request, here)
    place = coordinates(lon, lat, here.profile.zone, visible_versions(here.layers, person))
    return orjson.dumps({**asdict(place), "rows": coordinate_rows(place)})
