"""All routes of our own, in one list: health, assets, live map data, photos, open data."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from gisapp.assets import UnknownAsset, file_of, lasting
from gisapp.flows.describe import shown_layers
from gisapp.flows.publish import csv_lines, geojson_parts
from gisapp.settings import Settings
from gisapp.town import Town
from gisapp.web.basemap import basemap_routes
from gisapp.web.batches import batch_routes
from gisapp.web.coordinates import coordinate_routes
from gisapp.web.desk.admin import admin_routes
from gisapp.web.desk.export import export_routes
from gisapp.web.desk.figures import figures_routes
from gisapp.web.desk.hooks import hook_routes
from gisapp.web.desk.inbox import inbox_routes
from gisapp.web.desk.moderation import moderation_routes
from gisapp.web.desk.outbox import outbox_routes
from gisapp.web.desk.patrol import patrol_routes
from gisapp.web.desk.petitions import petition_routes
from gisapp.web.desk.report import desk_report_routes
from gisapp.web.desk.retention import retention_routes
from gisapp.web.desk.routing import routing_routes
from gisapp.web.desk.trail import trail_routes
from gisapp.web.desk.users import user_routes
from gisapp.web.edits import edit_routes
from gisapp.web.equipment import equipment_routes
from gisapp.web.errors import answering, refusal, trouble
from gisapp.web.feeds import feed_routes
from gisapp.web.gate import OURS
from gisapp.web.hooks_in import hook_in_routes
from gisapp.web.imports import import_routes
from gisapp.web.layer_files import layer_file_routes
from gisapp.web.live import live_routes
from gisapp.web.place import place_routes
from gisapp.web.print import print_routes
from gisapp.web.public_map import public_map_routes
from gisapp.web.report.routes import report_routes
from gisapp.web.session import session_routes
from gisapp.web.tiles import tile_routes
from gisapp.web.track import track_routes

FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
CHECKED = {"Cache-Control": "private, no-cache"}  # a photo that is withdrawn is gone at once
# a third of the bytes on a thin line
PACKED = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
A_DAY = {"Cache-Control": "public, max-age=86400"}


def routes(settings: Settings, town: Callable[[], Town]) -> list[Route]:
    """The routes over one town; town is asked for on each request, so building the list opens nothing."""
    return [
        *report_routes(town),  # first: on the worst day a thousand telephones ask for these
        Route("/healthz", answering(_health(town))),
        Route("/assets/{name:path}", answering(_asset(settings.assets))),
        Route("/photos/{name:str}.jpg", answering(_photo(town))),
        Route("/opendata/reports.geojson", answering(_reports_geojson(town))),
        Route("/opendata/reports.csv", answering(_reports_csv(town))),
        *layer_file_routes(town),
        *live_routes(town),
        *tile_routes(town),
        *basemap_routes(town),
        *batch_routes(town),
        *edit_routes(town),
        *place_routes(town),
        *print_routes(town),
        *coordinate_routes(town),
        *session_routes(town),
        *import_routes(town),
        *track_routes(town),
        *feed_routes(town),
        *public_map_routes(town),
        *inbox_routes(town),
        *admin_routes(town),
        *export_routes(town),
        *desk_report_routes(town),
        *equipment_routes(town),
        *moderation_routes(town),
        *routing_routes(town),
        *outbox_routes(town),
        *hook_routes(town),
        *hook_in_routes(town),
        *retention_routes(town),
        *petition_routes(town),
        *trail_routes(town),
        *figures_routes(town),
        *patrol_routes(town),
        *user_routes(town),
        # Streamlit would answer the rest of our own prefixes with its page.
        *(Route(f"{prefix}{{rest:path}}", _nothing) for prefix in OURS if prefix.endswith("/")),
    ]


async def _nothing(request: Request) -> Response:
    return refusal(404, "not_found")


def _health(town: Callable[[], Town]) -> Callable[[Request], Any]:
    async def health(request: Request) -> Response:
        here = town()
        revision = await run_in_threadpool(here.reports.revision)
        failed = [state.id for state in await run_in_threadpool(shown_layers, here.layers) if not state.ok]
        found = {
            "status": "degraded" if failed else "ok",
            "reports_revision": revision,
            "failed_layers": failed,
        }
        return JSONResponse(found, headers={"Cache-Control": "no-store"})

    return health


def _asset(libraries: Path) -> Callable[[Request], Any]:
    async def asset(request: Request) -> Response:
        try:
            path = file_of(request.path_params["name"], libraries)
        except UnknownAsset:
            return trouble(404, "not_found")
        if not path.is_file():
            return trouble(404, "not_found")
        for_ever = "v" in request.query_params or lasting(request.path_params["name"])
        headers = {**(FOR_EVER if for_ever else A_DAY), "Vary": "Accept-Encoding"}
        if path.suffix not in PACKED or "gzip" not in request.headers.get("accept-encoding", ""):
            return FileResponse(path, headers=headers)
        body = await run_in_threadpool(_packed, path, path.stat().st_mtime_ns)
        return Response(body, media_type=PACKED[path.suffix], headers={**headers, "Content-Encoding": "gzip"})

    return asset


@lru_cache(maxsize=256)
def _packed(path: Path, changed_ns: int) -> bytes:
    return gzip.compress(path.read_bytes(), 9)


def _photo(town: Callable[[], Town]) -> Callable[[Request], Any]:
    async def photo(request: Request) -> Response:
        name: str = request.path_params["name"]
        sha, size_px = (name[:-4], 320) if name.endswith(".320") else (name, 1600)
        here = town()
        # The same answer for a photo that does not exist and for one that nobody has released.
        if len(sha) != 64 or not await run_in_threadpool(here.reports.photo_released, sha):
            return trouble(404, "not_found")
        return FileResponse(here.photos.path(sha, size_px), media_type="image/jpeg", headers=CHECKED)

    return photo


def _reports_geojson(town: Callable[[], Town]) -> Callable[[Request], Any]:
    async def geojson(request: Request) -> Response:
        here = town()
        return _streamed(geojson_parts(here.reports, here.categories), "application/geo+json")

    return geojson


def _reports_csv(town: Callable[[], Town]) -> Callable[[Request], Any]:
    async def csv(request: Request) -> Response:
        here = town()
        return _streamed(csv_lines(here.reports, here.categories), "text/csv; charset=utf-8")

    return csv


def _streamed(parts: Iterator[bytes], media_type: str) -> Response:
    async def sending() -> AsyncIterator[bytes]:
        async for part in iterate_in_threadpool(parts):
            yield part

    headers = {"Cache-Control": "no-store", "Access-Control-Allow-Origin": "*"}
    return StreamingResponse(sending(), media_type=media_type, headers=headers)
