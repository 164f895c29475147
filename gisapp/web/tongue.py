"""Every request is answered in the language that was asked for, was chosen before, or that the browser prefers."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gisapp.web.shell import is_https
from gisapp.words import LANGUAGE_COOKIE, LANGUAGES, language_of, speaking

A_YEAR_S = 365 * 24 * 60 * 60
WORDED = ("text/html", "application/json")


class Tongue:
    """ASGI middleware around everything else; threads that a request starts speak its language too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        asked = QueryParams(scope["query_string"]).get("lang")
        chosen = cookie_parser(headers.get("cookie", "")).get(LANGUAGE_COOKIE)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                _mark(MutableHeaders(raw=message["headers"]), scope, asked if asked != chosen else None)
            await send(message)

        with speaking(language_of(asked, chosen, headers.get("accept-language"))):
            await self.app(scope, receive, sending)


def _mark(headers: MutableHeaders, scope: Scope, asked: str | None) -> None:
    """Keep a page of one language apart from that of another, and remember a choice made by address."""
    kind = headers.get("content-type", "").partition(";")[0]
    if kind not in WORDED or "immutable" in headers.get("cache-control", ""):
        return
    headers.add_vary_header("Accept-Language")
    headers.add_vary_header("Cookie")
    if kind == "text/html" and asked and asked in LANGUAGES:
        secure = "; Secure" if is_https(scope) else ""
        mark = f"{LANGUAGE_COOKIE}={asked}; Path=/; Max-Age={A_YEAR_S}; SameSite=Lax{secure}"
        headers.append("set-cookie", mark)
