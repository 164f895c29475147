"""Streamlit's page frame as we want it: our language, the town's name, and no way for it to call outside."""

from __future__ import annotations

import base64
import re
from hashlib import sha256
from html import escape
from secrets import token_urlsafe

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gisapp.web.gate import BROWSER_COOKIE, PAGES
from gisapp.words import html_lang, say

GSI = "https://cyberjapandata.gsi.go.jp"
_SAME = (
    f"default-src 'self'; img-src 'self' data: blob: {GSI}; style-src 'self' 'unsafe-inline'; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; media-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'; "
)
# streamlit-folium runs folium's script with eval in its own frame; the page around it may not.
FRAME_POLICY = _SAME + "script-src 'self' 'unsafe-inline' 'unsafe-eval'"
INLINE = re.compile(rb"<script>(.*?)</script>", re.S)


class Shell:
    """ASGI middleware that rewrites the page frame and gives every answer its headers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif (scope["path"].rstrip("/") or "/") in PAGES:
            await self._page(scope, receive, send)
        else:
            await self.app(scope, receive, _with_headers(send, _policy(scope["path"])))

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        start: Message = {}
        parts: list[bytes] = []

        async def hold(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            parts.append(message.get("body", b""))
            if not message.get("more_body"):
                await self._deliver(scope, start, b"".join(parts), send)

        await self.app(_plain(scope), receive, hold)

    async def _deliver(self, scope: Scope, start: Message, page: bytes, send: Send) -> None:
        headers = MutableHeaders(raw=start["headers"])
        if BROWSER_COOKIE not in cookie_parser(Headers(scope=scope).get("cookie", "")):
            secure = "; Secure" if is_https(scope) else ""
            mark = f"{BROWSER_COOKIE}={token_urlsafe(32)}; Path=/; HttpOnly; SameSite=Lax{secure}"
            headers.append("set-cookie", mark)  # on pages only: scripts and pictures load side by side
        if headers.get("content-type", "").startswith("text/html") and page:
            page = self.rewritten(page)
            headers["content-length"] = str(len(page))
            headers["cache-control"] = "no-cache"
            del headers["etag"], headers["last-modified"]
        _add(headers, page_policy(page))
        await send(start)
        await send({"type": "http.response.body", "body": page})

    def rewritten(self, page: bytes) -> bytes:
        """The frame in the language of the request, named after the town, with our icon."""
        page = page.replace(b'<html lang="en">', f'<html lang="{html_lang()}">'.encode(), 1)
        title = f"<title>{escape(say('page.app_title'))}</title>".encode()
        page = page.replace(b"<title>Streamlit</title>", title, 1)
        return page.replace(b"./favicon.png", b"/assets/gisapp/icon.svg", 1)


def is_https(scope: Scope) -> bool:
    """Whether the browser came by https, to us or to the reverse proxy before us."""
    return scope.get("scheme") == "https" or Headers(scope=scope).get("x-forwarded-proto") == "https"


def page_policy(page: bytes) -> str:
    """The policy of a page: scripts of our own and the inline ones that the frame itself carries."""
    digests = (base64.b64encode(sha256(script).digest()).decode() for script in INLINE.findall(page))
    inline = " ".join(f"'sha256-{digest}'" for digest in digests)
    return f"{_SAME}script-src 'self' 'wasm-unsafe-eval' {inline}".strip()


def _plain(scope: Scope) -> Scope:
    """The same request, without leave to compress or to answer 304: the frame is to be rewritten."""
    unwanted = {b"accept-encoding", b"if-none-match", b"if-modified-since"}
    return {**scope, "headers": [pair for pair in scope["headers"] if pair[0] not in unwanted]}


def _policy(path: str) -> str:
    return FRAME_POLICY if path.startswith("/component/") else f"{_SAME}script-src 'self'"


def _with_headers(send: Send, policy: str) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            _add(MutableHeaders(raw=message["headers"]), policy)
        await send(message)

    return sending


def _add(headers: MutableHeaders, policy: str) -> None:
    headers.setdefault("content-security-policy", policy)
    headers.setdefault("x-content-type-options", "nosniff")
    headers.setdefault("referrer-policy", "same-origin")
    headers.setdefault("permissions-policy", "geolocation=(self), camera=(self), microphone=()")
