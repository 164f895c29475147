"""Tiles of layers, and what a layer holds at one place: for maps that do not fetch a layer whole."""

from __future__ import annotations

import gzip
import math
from collections.abc import Callable

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gisapp.flows.describe import version_for
from gisapp.flows.look_closely import at_place
from gisapp.town import Town
from gisapp.web.clear_png import clear_png
from gisapp.web.errors import BadRequest, answering
from gisapp.web.who import person_of
from layers.errors import UnknownLayer
from layers.tiles import TileAt, mark_of
from layers.versions import LayerVersion

FOR_EVER = "public, max-age=31536000, immutable"  # the address names the version and a mark of its content
A_WHILE = "public, max-age=300"
NEVER = "private, no-store"  # what the town hall alone may see must not stay in a browser that others use
MVT = "application/vnd.mapbox-vector-tile"
FARTHEST_M = 500.0


def tile_routes(town: Callable[[], Town]) -> list[Route]:
    """The /tiles routes over a town, and /live/layers/…/at.json."""

    async def vector(request: Request) -> Response:
        here, at = town(), _tile(request)
        version = await run_in_threadpool(_version, request, here)
        if fresh := _unchanged(request, version):
            return fresh
        body = await run_in_threadpool(here.tiles.vector, version, at)
        headers = {**_headers(request, version), "Vary": "Accept-Encoding"}
        if not body:
            return Response(status_code=204, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
        else:
            body = gzip.decompress(body)
        return Response(body, media_type=MVT, headers=headers)

    async def picture(request: Request) -> Response:
        here, at = town(), _tile(request)
        version = await run_in_threadpool(_version, request, here)
        if fresh := _unchanged(request, version):
            return fresh
        body = await run_in_threadpool(here.tiles.picture, version, at) or clear_png()
        return Response(body, media_type="image/png", headers=_headers(request, version))

    async def place(request: Request) -> Response:
        here = town()
        lon, lat, within_m = (_number(request, name) for name in ("lon", "lat", "within_m"))
        person = await run_in_threadpool(person_of, request, here)
        version = await run_in_threadpool(version_for, person, request.path_params["layer_id"], here.layers)
        found = await run_in_threadpool(at_place, version, lon, lat, min(max(within_m, 0.0), FARTHEST_M))
        headers = {"Cache-Control": "no-store"}
        return Response(orjson.dumps({"features": found}), media_type="application/json", headers=headers)

    return [
        Route("/tiles/{layer_id:str}/{number:int}/{z:int}/{x:int}/{y:int}.mvt", answering(vector)),
        Route("/tiles/{layer_id:str}/{number:int}/{z:int}/{x:int}/{y:int}.png", answering(picture)),
        Route("/live/layers/{layer_id:str}/at.json", answering(place)),
    ]


def _tile(request: Request) -> TileAt:
    at = TileAt(*(request.path_params[name] for name in ("z", "x", "y")))
    if not at.exists:
        raise UnknownLayer(request.path_params["layer_id"])
    return at


def _version(request: Request, here: Town) -> LayerVersion:
    """The version in the address, which has to be the present one: what was taken out of a layer stays out.

    Raises UnknownLayer alike for a layer or version that does not exist and for one this person may not see.
    """
    layer_id = request.path_params["layer_id"]
    version = version_for(person_of(request, here), layer_id, here.layers)
    if version.number != request.path_params["number"]:
        raise UnknownLayer(layer_id)
    return version


def _headers(request: Request, version: LayerVersion) -> dict[str, str]:
    if version.entry.visibility != "public":
        return {"Cache-Control": NEVER}
    named = request.query_params.get("k") == mark_of(version)
    return {"Cache-Control": FOR_EVER if named else A_WHILE, "ETag": f'"{mark_of(version)}"'}


def _unchanged(request: Request, version: LayerVersion) -> Response | None:
    """304 for a browser that has the tile already: its tag is that of the version's content."""
    headers = _headers(request, version)
    tag = headers.get("ETag")
    if tag is None or request.headers.get("if-none-match") not in {tag, f"W/{tag}"}:
        return None
    return Response(status_code=304, headers=headers)


def _number(request: Request, name: str) -> float:
    try:
        found = float(request.query_params.get(name, "0" if name == "within_m" else ""))
    except ValueError:
        raise BadRequest from None
    if not math.isfinite(found):
        raise BadRequest
    return found
