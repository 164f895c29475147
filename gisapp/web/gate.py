"""The front gate: what is not on the list is a real 404, strangers' pages may not write, bodies stay small."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gisapp.web.errors import refusal

Send_ = Callable[[Message], Awaitable[None]]

PAGES = frozenset({"/", "/report", "/lookup", "/reports", "/data"})
OURS = ("/healthz", "/assets/", "/live/", "/photos/", "/opendata/")
STREAMLIT = ("/_stcore/", "/media/", "/component/", "/static/")
# Streamlit answers these to anybody; none of them is needed by a page.
CLOSED = ("/_stcore/metrics", "/_stcore/agent", "/_stcore/script-health-check")
UPLOAD = "/_stcore/upload_file/"
UPLOAD_LIMIT = 26 * 1024 * 1024  # one photo of 25 MB and its form fields
BODY_LIMIT = 64 * 1024
# Streamlit keeps an upload in memory until its session ends, so nobody may send without end. Behind a
# reverse proxy, and on a shelter's Wi-Fi, many people share one address: its limit is far above one session's.
UPLOADS_OF_A_SESSION = parse("40 per 10 minutes")
UPLOADS_OF_AN_ADDRESS = parse("600 per 10 minutes")


class BodyTooLarge(Exception):
    """A request's body grew over its limit, whatever its Content-Length had promised."""


class Gate:
    """ASGI middleware that runs before everything else."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.uploads = MovingWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        elif scope["type"] == "http":
            await self._request(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if same_origin(Headers(scope=scope), required=True):
            await self.app(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._refused(scope)
        if answer is not None:
            await answer(scope, receive, send)
            return
        limit = UPLOAD_LIMIT if scope["path"].startswith(UPLOAD) else BODY_LIMIT
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, limited(receive, limit), watch)
        except BodyTooLarge:
            if not started:
                await refusal(413, "too_large")(scope, receive, send)

    def _refused(self, scope: Scope) -> Response | None:
        path, method, headers = scope["path"], scope["method"], Headers(scope=scope)
        if not known(path):
            return refusal(404, "not_found")
        if method in {"GET", "HEAD", "OPTIONS"}:
            return None
        if path.startswith(OURS) or path in PAGES:
            return refusal(405, "not_allowed")
        if not same_origin(headers):
            return refusal(403, "other_site")
        if method in {"PUT", "POST"} and path.startswith(UPLOAD):
            return self._upload_refused(scope, headers)
        return None

    def _upload_refused(self, scope: Scope, headers: Headers) -> Response | None:
        declared = headers.get("content-length", "0")
        if declared.isascii() and declared.isdigit() and int(declared) > UPLOAD_LIMIT:
            return refusal(413, "too_large")
        session = scope["path"].removeprefix(UPLOAD).split("/")[0]
        address = scope["client"][0] if scope.get("client") else "unknown"
        hit = self.uploads.hit
        if not (hit(UPLOADS_OF_A_SESSION, session) and hit(UPLOADS_OF_AN_ADDRESS, address)):
            return refusal(429, "too_many")
        return None


def known(path: str) -> bool:
    """Whether the app has anything at this path; Streamlit alone would answer every path with 200."""
    if path.startswith(CLOSED):
        return False
    return (path.rstrip("/") or "/") in PAGES or path.startswith(OURS + STREAMLIT) or path == "/favicon.png"


def same_origin(headers: Headers, required: bool = False) -> bool:
    """Whether a request comes from a page of ours: its Origin names the host that it was sent to."""
    origin = headers.get("origin")
    if origin is None:
        return not required
    return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()


def limited(receive: Receive, limit: int) -> Receive:
    """A receive that counts bytes as they come, chunked or not, and stops above the limit."""
    taken = 0

    async def counting() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise BodyTooLarge
        return message

    return counting
