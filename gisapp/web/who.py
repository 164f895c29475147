"""Who sent a request: found out once, from our one cookie, and the same for our routes and for Streamlit's pages."""

from __future__ import annotations

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from gisapp.auth.sessions import Session, Source
from gisapp.person import ANYONE, Person
from gisapp.settings import Settings
from gisapp.town import Town
from gisapp.web.abuse import is_among
from gisapp.web.errors import refusal
from gisapp.web.gate import SESSION_COOKIE, UPLOAD

__all__ = ["SESSION_COOKIE", "Visitor", "Who", "person_of", "session_of", "visitor_of"]
# Headers in which no browser may say who it is, whatever a proxy or a program behind us may believe.
FORGEABLE = b"x-app-"


class Visitor:
    """Who sent one request. vouched is the login that a trusted proxy names, empty where none does."""

    def __init__(self, token: str, vouched: str = "") -> None:
        self.token, self.vouched = token, vouched
        self._found: list[Session | None] = []

    def session(self, town: Town) -> Session | None:
        """The session that holds, asked once: one that the proxy opened ends when it names somebody else."""
        if not self._found:
            found = town.session(self.token)
            if found and found.source is Source.PROXY and self.vouched not in ("", found.person.login):
                town.accounts.sign_out(self.token)
                found = None
            self._found.append(found)
        return self._found[0]

    def person(self, town: Town) -> Person:
        """The signed-in person, or a resident: for no session, and while a first password is to be changed."""
        found = self.session(town)
        return found.person if found and not found.pending else ANYONE


class Who:
    """ASGI middleware that puts the visitor into scope["state"], and lets nobody else's word for it through."""

    def __init__(self, app: ASGIApp, settings: Settings, town: Callable[[], Town]) -> None:
        self.app, self.town = app, town
        self.trusted = settings.trusted_proxy
        self.header = settings.login_header.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        cookie = cookie_parser(Headers(scope=scope).get("cookie", "")).get(SESSION_COOKIE, "")
        visitor = Visitor(cookie, self._vouched(scope))
        kept = [pair for pair in scope["headers"] if not self._says_who(pair[0])]
        scope = {**scope, "headers": kept, "state": {**scope.get("state", {}), "visitor": visitor}}
        if scope["type"] == "websocket" and visitor.vouched:
            await run_in_threadpool(visitor.session, self.town())  # ended now if it is not theirs
        if scope["type"] == "http" and scope["path"].startswith(UPLOAD) and scope["method"] != "OPTIONS":
            # Streamlit keeps what is sent here in memory, whoever sends it; only the town hall's pages ask for files.
            person = await run_in_threadpool(visitor.person, self.town())
            if not person.signed_in:
                await refusal(401, "sign_in")(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _vouched(self, scope: Scope) -> str:
        """Whom a trusted proxy names; from anybody else, or named twice, the header is not even read."""
        client = scope.get("client")
        if not self.header or client is None or not is_among(client[0], self.trusted):
            return ""
        named = [value for name, value in scope["headers"] if name == self.header]
        return named[0].decode("latin-1").strip() if len(named) == 1 else ""

    def _says_who(self, name: bytes) -> bool:
        return name.startswith(FORGEABLE) or (bool(self.header) and name == self.header)


def visitor_of(request: HTTPConnection) -> Visitor:
    """The visitor that the middleware found."""
    found = request.scope.get("state", {}).get("visitor")
    return found if isinstance(found, Visitor) else Visitor(request.cookies.get(SESSION_COOKIE, ""))


def person_of(request: HTTPConnection, town: Town) -> Person:
    """The signed-in person whose session the request carries, or a resident."""
    return visitor_of(request).person(town)


def session_of(request: HTTPConnection, town: Town) -> Session | None:
    """The session of a request, also one that waits for its first password to be changed."""
    return visitor_of(request).session(town)
