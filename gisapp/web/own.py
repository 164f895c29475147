"""Our own routes as an app of their own: beside Streamlit in one process, or alone in as many as are wanted."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gisapp.settings import Settings
from gisapp.town import this_town
from gisapp.web.errors import refusal
from gisapp.web.gate import Gate, is_ours
from gisapp.web.routes import routes
from gisapp.web.shell import Shell
from gisapp.web.tongue import Tongue
from gisapp.web.who import Who
from gisapp.web.wire import answer_small_packets_at_once

_PACKED = Middleware(GZipMiddleware, minimum_size=500, compresslevel=6)


class Ours:
    """ASGI middleware: what is at our own paths is answered here and passes none of Streamlit's layers."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.own = Starlette(routes=routes(settings, this_town), middleware=[_PACKED])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        mine = scope["type"] == "http" and is_ours(scope["path"])
        await (self.own if mine else self.app)(scope, receive, send)


@contextlib.asynccontextmanager
async def _town_open(app: Starlette) -> AsyncIterator[None]:
    town = this_town()
    try:
        yield
    finally:
        town.close()


def door() -> Starlette:
    """The residents' pages and the open data without Streamlit's: `gisapp door` serves this.

    Photos are made ready and mails are sent by the process that serves the whole app.
    """
    answer_small_packets_at_once()
    settings = Settings.from_env()
    return Starlette(
        routes=[*routes(settings, this_town), Route("/{rest:path}", _elsewhere)],
        middleware=[
            Middleware(Tongue),
            Middleware(Gate, hosts=settings.hosts),
            Middleware(Who, settings=settings, town=this_town),
            Middleware(Shell),
            _PACKED,
        ],
        lifespan=_town_open,
    )


async def _elsewhere(request: Request) -> Response:
    return refusal(404, "not_found")
