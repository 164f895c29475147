"""What makes the form an app on a telephone: its manifest, and the worker that opens it without a signal."""

from __future__ import annotations

from collections.abc import Callable

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gisapp.assets import service_worker, url_of_ours
from gisapp.town import Town
from gisapp.web.errors import answering
from gisapp.words import html_lang, say

ASKED_EACH_TIME = {"Cache-Control": "no-cache"}
ICONS = (("192", "any"), ("512", "any"), ("maskable-512", "maskable"))


def app_routes(town: Callable[[], Town]) -> list[Route]:
    """/report/manifest.webmanifest and /report/sw.js over a town."""

    async def manifest(request: Request) -> Response:
        profile = town().profile
        told = {
            "id": "/report/",
            "name": f"{say('door.title')} {profile.name}",
            "short_name": profile.name,
            "lang": html_lang(),
            "start_url": "/report/",
            "scope": "/report/",
            "display": "standalone",
            "background_color": "#ffffff",
            "theme_color": "#0017c1",
            "icons": [_icon(name, purpose) for name, purpose in ICONS],
        }
        return Response(orjson.dumps(told), media_type="application/manifest+json", headers=ASKED_EACH_TIME)

    async def worker(request: Request) -> Response:
        # asked for as a module it may import, and can then send what waits by itself
        text = service_worker(sends="sends" in request.query_params)
        return Response(text, media_type="text/javascript", headers=ASKED_EACH_TIME)

    return [
        Route("/report/manifest.webmanifest", answering(manifest)),
        Route("/report/sw.js", answering(worker)),
    ]


def _icon(name: str, purpose: str) -> dict[str, str]:
    size = name.rpartition("-")[2]
    return {
        "src": url_of_ours(f"door/icon-{name}.png"),
        "sizes": f"{size}x{size}",
        "type": "image/png",
        "purpose": purpose,
    }
