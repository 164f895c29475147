"""Signing in and out: plain pages of our own, because a cookie must be set that no script can read."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from urllib.parse import parse_qs

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gisapp.auth.errors import AuthError, WrongLogin
from gisapp.auth.passwords import HASHES_AT_ONCE
from gisapp.auth.sessions import Source
from gisapp.town import Town
from gisapp.web.abuse import address_of
from gisapp.web.errors import answering
from gisapp.web.oidc import oidc_routes, way_out_of
from gisapp.web.way_in import (
    NOT_KEPT,
    NotTheSame,
    UnknownHere,
    login_page,
    on_this_machine,
    password_page,
    plain_page,
    signed_in,
    to_password,
    where_next,
)
from gisapp.web.who import SESSION_COOKIE, session_of, visitor_of
from gisapp.words import say

# Whoever signs in waits here and not in the threads that serve everybody else: a storm of tries stays outside.
SIGNING_IN = CapacityLimiter(HASHES_AT_ONCE)


def session_routes(town: Callable[[], Town]) -> list[Route]:
    """/login, /logout and /password over a town's accounts."""

    async def login(request: Request) -> Response:
        here = town()
        if request.method == "POST":
            return await _with_password(request, here)
        visitor = visitor_of(request)
        found = await run_in_threadpool(visitor.session, here)
        if found is not None and found.pending:
            return RedirectResponse(to_password(request), 303, headers=NOT_KEPT)
        if visitor.vouched and (found is None or found.person.login != visitor.vouched):
            return await _vouched_for(request, here, visitor.vouched)
        return login_page(request, here)

    async def logout(request: Request) -> Response:
        here = town()
        found = await run_in_threadpool(session_of, request, here)
        if request.method == "POST":
            return await _out(request, here, found.id_token if found else "")
        if found is None:
            return RedirectResponse("/login", 303, headers=NOT_KEPT)
        text = say("auth.out_text", name=found.person.name, department=found.person.department)
        form = (
            f'<form method="post" action="/logout"><button>{escape(say("auth.out_button"))}</button></form>'
        )
        change = (
            f'<p><a href="/password">{escape(say("auth.change_title"))}</a></p>'
            if found.source is Source.PASSWORD
            else ""
        )
        return plain_page(here, say("auth.out_title"), f"<p>{escape(text)}</p>{form}{change}")

    async def password(request: Request) -> Response:
        here = town()
        found = await run_in_threadpool(session_of, request, here)
        if found is None:
            return RedirectResponse("/login?next=%2Fpassword", 303, headers=NOT_KEPT)
        if found.source is not Source.PASSWORD:
            return plain_page(
                here, say("auth.change_title"), f"<p>{escape(say('auth.change_elsewhere'))}</p>", 403
            )
        if request.method != "POST":
            return password_page(request, here, first=found.pending)
        old, new, again = await _given(request, "old", "new", "again")
        try:
            if new != again:
                raise NotTheSame()
            token = await to_thread.run_sync(
                here.accounts.change_password, visitor_of(request).token, old, new, here.now(),
                limiter=SIGNING_IN,
            )  # fmt: skip
        except AuthError as error:
            return password_page(request, here, first=found.pending, error=error)
        return signed_in(request, token, where_next(request))

    return [
        Route("/login", answering(login), methods=["GET", "POST"]),
        Route("/logout", answering(logout), methods=["GET", "POST"]),
        Route("/password", answering(password), methods=["GET", "POST"]),
        *oidc_routes(town),
    ]


async def _with_password(request: Request, town: Town) -> Response:
    name, password = await _given(request, "login", "password")
    local, address = on_this_machine(request, town), address_of(request, town.settings.trusted_proxy)
    accounts, now = town.accounts, town.now()

    def try_it() -> tuple[str, bool]:
        token = accounts.sign_in(name, password, now, on_this_machine=local, address=address)
        found = accounts.session(token, now)
        # whoever sat here before is signed out with it
        accounts.sign_out(request.cookies.get(SESSION_COOKIE, ""))
        return token, found is not None and found.pending

    try:
        token, pending = await to_thread.run_sync(try_it, limiter=SIGNING_IN)
    except AuthError as error:
        return login_page(request, town, error)
    return signed_in(request, token, to_password(request) if pending else where_next(request))


async def _vouched_for(request: Request, town: Town, login: str) -> Response:
    """A session for somebody whom the reverse proxy has signed in already."""
    try:
        token = await run_in_threadpool(town.accounts.admit, login, town.now())
    except WrongLogin:
        return login_page(request, town, UnknownHere(login))
    await run_in_threadpool(town.accounts.sign_out, request.cookies.get(SESSION_COOKIE, ""))
    return signed_in(request, token, where_next(request))


async def _out(request: Request, town: Town, id_token: str) -> Response:
    await run_in_threadpool(town.accounts.sign_out, request.cookies.get(SESSION_COOKIE, ""))
    onwards = await way_out_of(request, town, id_token) if id_token else None
    answer: Response
    if onwards is None:
        answer = RedirectResponse("/", 303, headers=NOT_KEPT)
    else:
        # A form may lead to our own pages only, redirects included: so a page of ours goes on by itself.
        link = f'<a href="{escape(onwards)}">{escape(say("auth.out_there"))}</a>'
        body = f"<p>{escape(say('auth.out_here'))}</p><p>{link}</p>"
        answer = plain_page(town, say("auth.out_title"), body)
        answer.headers["Refresh"] = f"0; url={onwards}"
    answer.delete_cookie(SESSION_COOKIE, path="/")
    return answer


async def _given(request: Request, *names: str) -> list[str]:
    given = parse_qs((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)
    return [given.get(name, [""])[0] for name in names]
