"""The tiles of the town's own background map, as they lie in its file."""

from __future__ import annotations

import gzip
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gisapp.town import Town
from gisapp.web.clear_png import clear_png
from gisapp.web.errors import answering, trouble
from layers.tiles import TileAt

A_DAY = "public, max-age=86400"


def basemap_routes(town: Callable[[], Town]) -> list[Route]:
    """The /basemap route over a town."""

    async def tile(request: Request) -> Response:
        shelf = town().basemap
        at = TileAt(*(request.path_params[name] for name in ("z", "x", "y")))
        about = await run_in_threadpool(shelf.current)
        if about is None or not at.exists:
            return trouble(404, "not_found")
        headers = {"Cache-Control": A_DAY, "ETag": f'"{about.stamp}"', "Vary": "Accept-Encoding"}
        if request.headers.get("if-none-match") in {headers["ETag"], f"W/{headers['ETag']}"}:
            return Response(status_code=304, headers=headers)
        found = await run_in_threadpool(shelf.tile, about, at)
        if found is None and about.look == "raster":
            return Response(clear_png(), media_type="image/png", headers=headers)
        if found is None:
            return Response(status_code=204, headers=headers)
        body = found.body
        if found.gzipped and "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
        elif found.gzipped:
            body = gzip.decompress(body)
        return Response(body, media_type=about.media_type, headers=headers)

    return [Route("/basemap/{z:int}/{x:int}/{y:int}", answering(tile))]
