"""Signing in and out: two plain pages of our own, because a cookie must be set that no script can read."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from urllib.parse import parse_qs, quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from gisapp.assets import url_of_ours
from gisapp.auth.demo import DEMO, DEMO_PASSWORD
from gisapp.auth.errors import AuthError, TooManyTries
from gisapp.settings import LOCAL
from gisapp.town import Town
from gisapp.web.errors import answering
from gisapp.web.gate import PAGES
from gisapp.web.shell import is_https
from gisapp.web.who import SESSION_COOKIE, person_of
from gisapp.words import html_lang, say

NOT_KEPT = {"Cache-Control": "no-store"}
OF_A_PROXY = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")


def session_routes(town: Callable[[], Town]) -> list[Route]:
    """/login and /logout over a town's accounts."""

    async def login(request: Request) -> Response:
        here = town()
        if request.method != "POST":
            return _login_page(request, here)
        given = parse_qs((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)
        name, password = (given.get(field, [""])[0] for field in ("login", "password"))
        local = on_this_machine(request, here)
        try:
            token = await run_in_threadpool(
                here.accounts.sign_in, name, password, here.now(), on_this_machine=local
            )
        except AuthError as error:
            status = 429 if isinstance(error, TooManyTries) else 401
            return _login_page(request, here, say(f"auth.errors.{error.code}", value=error.value), status)
        # whoever sat here before is signed out with it
        await run_in_threadpool(here.accounts.sign_out, request.cookies.get(SESSION_COOKIE, ""))
        answer = RedirectResponse(_next(request), 303, headers=NOT_KEPT)
        answer.set_cookie(
            SESSION_COOKIE, token, httponly=True, samesite="lax", secure=is_https(request.scope), path="/"
        )
        return answer

    async def logout(request: Request) -> Response:
        here = town()
        if request.method == "POST":
            await run_in_threadpool(here.accounts.sign_out, request.cookies.get(SESSION_COOKIE, ""))
            answer = RedirectResponse("/", 303, headers=NOT_KEPT)
            answer.delete_cookie(SESSION_COOKIE, path="/")
            return answer
        person = await run_in_threadpool(person_of, request, here)
        if not person.signed_in:
            return RedirectResponse("/login", 303, headers=NOT_KEPT)
        text = say("auth.out_text", name=person.name, department=person.department)
        form = (
            f'<form method="post" action="/logout"><button>{escape(say("auth.out_button"))}</button></form>'
        )
        return _page(here, say("auth.out_title"), f"<p>{escape(text)}</p>{form}")

    return [
        Route("/login", answering(login), methods=["GET", "POST"]),
        Route("/logout", answering(logout), methods=["GET", "POST"]),
    ]


def on_this_machine(request: Request, town: Town) -> bool:
    """Whether the browser runs on the server itself and called it so, with no reverse proxy between.

    A proxy on this machine is a neighbour too, and passes on whatever Host a stranger wrote: so an installation
    that answers to other names, and a request that carries a proxy's mark, are never this machine.
    """
    if town.settings.hosts != LOCAL or any(name in request.headers for name in OF_A_PROXY):
        return False
    host = request.headers.get("host", "").rsplit(":", 1)[0].lower()
    return host in LOCAL and request.client is not None and request.client.host in {"127.0.0.1", "::1"}


def _next(request: Request) -> str:
    """Where to go after signing in: a page of ours with its question, never another site."""
    wanted = request.query_params.get("next", "/")
    path = wanted.split("?", 1)[0]
    return wanted if path in PAGES and "\\" not in wanted else "/"


def _login_page(request: Request, town: Town, problem: str = "", status: int = 200) -> Response:
    action = f"/login?next={quote(_next(request), safe='')}"
    alert = f'<p class="gp-alert" role="alert">{escape(problem)}</p>' if problem else ""
    form = (
        f'{alert}<form method="post" action="{escape(action)}">'
        f'<label>{escape(say("auth.login"))}<input name="login" autocomplete="username" required maxlength="60"'
        f' autocapitalize="none" spellcheck="false"></label>'
        f'<label>{escape(say("auth.password"))}<input name="password" type="password" required maxlength="200"'
        f' autocomplete="current-password"></label><button>{escape(say("auth.button"))}</button></form>'
    )
    shown = _demo() if town.profile.sample and on_this_machine(request, town) else ""
    body = f"<p>{escape(say('auth.intro'))}</p>{form}{shown}"
    return _page(town, say("auth.title"), body, status)


def _demo() -> str:
    lines = "".join(
        f"<li>{escape(say('auth.demo_line', login=one.login, department=one.department))}</li>"
        for one in DEMO
    )
    return (
        f"<section><h2>{escape(say('auth.demo'))}</h2><ul>{lines}</ul>"
        f"<p>{escape(say('auth.demo_password', password=DEMO_PASSWORD))}</p></section>"
    )


def _page(town: Town, title: str, body: str, status: int = 200) -> Response:
    text = (
        f'<!DOCTYPE html><html lang="{html_lang()}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} {escape(town.profile.name)}</title>"
        f'<link rel="stylesheet" href="{url_of_ours("plain.css")}">'
        f'<link rel="icon" href="{url_of_ours("icon.svg")}">'
        f"<body><header><b>{escape(town.profile.name)}</b></header><main><h1>{escape(title)}</h1>{body}"
        f'<p><a href="/">{escape(say("auth.back"))}</a></p></main></body></html>'
    )
    return HTMLResponse(text, status_code=status, headers=NOT_KEPT)
