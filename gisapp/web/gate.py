"""The front gate: what is not on the list is a real 404, strangers' pages may not write, bodies stay small."""

from __future__ import annotations

import asyncio
import re
import time
from hashlib import sha256
from urllib.parse import urlsplit

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gisapp.web.errors import BodyTooLarge, BodyTooSlow, closing, refusal

BROWSER_COOKIE = "gisapp_browser"
SESSION_COOKIE = "gisapp_session"
BROWSER_HEADER = b"x-gisapp-browser"
PAGES = frozenset({"/", "/counter", "/data", "/place", "/layers", "/edit", "/history", "/batch"})
OURS = (
    "/healthz", "/assets/", "/live/", "/photos/", "/opendata/", "/api/", "/tiles/", "/basemap/", "/print/",
    "/imports/", "/batches/", "/edits/", "/login", "/login/", "/logout", "/password",
    "/report", "/report/", "/track", "/track/", "/lookup", "/map", "/map/", "/reports", "/feeds/", "/mail/",
    "/desk", "/desk/", "/hooks/",
)  # fmt: skip
# What is sent here rests on no cookie, so it may come without an origin: from an old browser, from a mail program.
OPEN_TO_ALL = ("/report/", "/api/reports", "/mail/stop/", "/hooks/")
STREAMLIT = ("/_stcore/", "/component/", "/static/")
# Streamlit answers these to anybody; none of them is needed by a page. Nor is /media/: what it holds for one
# person it hands to everybody who knows the address, so no page of ours puts anything there.
CLOSED = ("/_stcore/metrics", "/_stcore/agent", "/_stcore/script-health-check")
UPLOAD = "/_stcore/upload_file/"
UPLOAD_LIMIT = 26 * 1024 * 1024  # one photo of 25 MB and its form fields
BODY_LIMIT = 64 * 1024
PHOTO_LIMIT = 26 * 1024 * 1024
FORM_LIMIT = 5 * PHOTO_LIMIT
# A body that is silent for so long has stopped; on a poor line 25 MB may take a quarter of an hour.
SILENCE_S = 20
LONGEST_S = 1200
# Routes of ours that take a body, and how large it may be; all others of ours are read-only.
WRITABLE = {
    "/login": 4096,
    "/logout": 4096,
    "/password": 4096,
    "/edits/": 4_000_000,
    "/imports/": 210_000_000,
    "/batches/": 30_000_000,
    "/report/check": FORM_LIMIT,
    "/report/send": BODY_LIMIT,
    "/report/same": BODY_LIMIT,
    "/api/reports/": PHOTO_LIMIT,
    "/api/reports": BODY_LIMIT,
    "/track/note": FORM_LIMIT,
    "/track/reopen": FORM_LIMIT,
    "/track/": BODY_LIMIT,
    "/api/similar/": 4096,
    "/mail/": 4096,
    "/desk/": FORM_LIMIT,
    "/hooks/": 16 * 1024,
}
MEGABYTE = 1024 * 1024
# Streamlit keeps an upload in memory until its session ends, so megabytes are counted: what one person's
# five photos may weigh and once more, and what the server's memory bears from all together. Addresses are
# not counted: behind a reverse proxy, or on a shelter's Wi-Fi, a whole town is one address.
MB_OF_A_SESSION = parse("250 per 10 minutes")
MB_OF_ALL = parse("2000 per 10 minutes")


class Gate:
    """ASGI middleware that runs before everything else."""

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...]) -> None:
        self.app = app
        self.hosts = hosts
        self.uploads = FixedWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        elif scope["type"] == "http":
            await self._request(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if self._our_host(headers) and same_origin(headers, required=True):
            await self.app(with_browser(scope, headers), receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._refused(scope)
        if answer is not None:
            await answer(scope, receive, send)
            return
        limit = UPLOAD_LIMIT if scope["path"].startswith(UPLOAD) else writable(scope["path"]) or BODY_LIMIT
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(with_browser(scope, Headers(scope=scope)), limited(receive, limit), watch)
        except (BodyTooLarge, BodyTooSlow) as error:
            if not started:
                status, key = (413, "too_large") if isinstance(error, BodyTooLarge) else (408, "too_slow")
                await closing(refusal(status, key))(scope, receive, send)

    def _refused(self, scope: Scope) -> Response | None:
        path, method, headers = scope["path"], scope["method"], Headers(scope=scope)
        if not self._our_host(headers):
            return refusal(400, "other_host")
        if not known(path):
            return refusal(404, "not_found")
        if method in {"GET", "HEAD", "OPTIONS"}:
            return None
        if (path.startswith(OURS) and not writable(path)) or path in PAGES:
            return refusal(405, "not_allowed")
        # A browser says where a form stands, and no page can make it say otherwise.
        if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            return refusal(403, "other_site")
        # Mail programs end a subscription with one POST of their own (RFC 8058); the token in it is all it needs.
        if not same_origin(headers, required=bool(writable(path)) and not path.startswith(OPEN_TO_ALL)):
            return refusal(403, "other_site")
        if method in {"PUT", "POST"} and path.startswith(UPLOAD):
            return self._upload_refused(scope, headers)
        return None

    def _our_host(self, headers: Headers) -> bool:
        # A page elsewhere may point its own name at this machine; only names we were given are ours.
        host = headers.get("host", "").lower()
        return "*" in self.hosts or re.sub(r":\d+$", "", host) in self.hosts

    def _upload_refused(self, scope: Scope, headers: Headers) -> Response | None:
        declared = headers.get("content-length", "")
        size = int(declared) if declared.isascii() and declared.isdigit() else UPLOAD_LIMIT
        if size > UPLOAD_LIMIT:
            return refusal(413, "too_large")
        session, weight = scope["path"].removeprefix(UPLOAD).split("/")[0], size // MEGABYTE + 1
        hit = self.uploads.hit
        if not (hit(MB_OF_A_SESSION, session, cost=weight) and hit(MB_OF_ALL, cost=weight)):
            return refusal(429, "too_many")
        return None


def with_browser(scope: Scope, headers: Headers) -> Scope:
    """The request with the browser's own cookie as a header of ours, and without one that it sent itself.

    Streamlit lets a session be resumed by whoever knows its id and is the same user; the id stands in
    upload addresses. With this header as the user (server.trustedUserHeaders), knowing the id is not enough.
    """
    cookies = cookie_parser(headers.get("cookie", ""))
    # with the session: what one clerk had half typed is not for the next at the same counter
    cookie = f"{cookies.get(BROWSER_COOKIE, '')} {cookies.get(SESSION_COOKIE, '')}"
    kept = [pair for pair in scope["headers"] if pair[0] != BROWSER_HEADER]
    mark = sha256(cookie.encode("utf-8", "surrogateescape")).hexdigest().encode()
    return {**scope, "headers": [*kept, (BROWSER_HEADER, mark)]}


def known(path: str) -> bool:
    """Whether the app has anything at this path; Streamlit alone would answer every path with 200."""
    if path.startswith(CLOSED):
        return False
    if (path.rstrip("/") or "/") in PAGES or path == "/favicon.png":
        return True
    return is_ours(path) or path.startswith(STREAMLIT)


def is_ours(path: str) -> bool:
    """Whether a path is one of our own routes', and not Streamlit's."""
    return any(path.startswith(one) if one.endswith("/") else path == one for one in OURS)


def writable(path: str) -> int:
    """How many bytes may be sent to a route of ours; 0 for one that only reads."""
    return next((limit for prefix, limit in WRITABLE.items() if path.startswith(prefix)), 0)


def same_origin(headers: Headers, required: bool = False) -> bool:
    """Whether a request comes from a page of ours: its Origin names the host that it was sent to."""
    origin = headers.get("origin")
    if origin is None:
        return not required
    try:
        return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
    except ValueError:  # such as "http://["
        return False


def limited(receive: Receive, limit: int) -> Receive:
    """A receive that counts bytes as they come, chunked or not, and stops above the limit; it also stops when
    nothing comes for a while, or the whole takes too long. Once the body has ended it may wait for ever.
    """
    taken, ended, until = 0, False, time.monotonic() + LONGEST_S

    async def counting() -> Message:
        nonlocal taken, ended
        if ended:
            return await receive()
        try:
            async with asyncio.timeout(min(SILENCE_S, until - time.monotonic())):
                message = await receive()
        except TimeoutError:
            raise BodyTooSlow from None
        taken += len(message.get("body", b""))
        ended = not message.get("more_body", False)
        if taken > limit:
            raise BodyTooLarge
        return message

    return counting
