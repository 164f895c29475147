"""What signing in looks like: the page with the password, the page that changes it, and where one goes on to."""

from __future__ import annotations

import re
from html import escape
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gisapp.assets import url_of_ours
from gisapp.auth.demo import DEMO, DEMO_PASSWORD
from gisapp.auth.errors import (
    AuthError,
    BadAccount,
    LoginTaken,
    NotAdmitted,
    ProviderAway,
    SamePassword,
    TooManyTries,
    WeakPassword,
)
from gisapp.settings import LOCAL
from gisapp.town import Town
from gisapp.web.gate import PAGES
from gisapp.web.shell import is_https
from gisapp.web.who import SESSION_COOKIE
from gisapp.words import html_lang, say

NOT_KEPT = {"Cache-Control": "no-store"}
DESK = re.compile(r"/desk/[\w./-]*|/password", re.ASCII)
OF_A_PROXY = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")


class NotTheSame(AuthError):
    """The new password was not written twice alike."""

    code = "not_the_same"


class UnknownHere(AuthError):
    """The proxy names somebody who has no open account."""

    code = "unknown_here"


# 401 for the rest: who one is was not shown.
STATUS: dict[type[AuthError], int] = {
    TooManyTries: 429, ProviderAway: 503, NotAdmitted: 403, UnknownHere: 403, LoginTaken: 403, BadAccount: 403,
    WeakPassword: 422, SamePassword: 422, NotTheSame: 422,
}  # fmt: skip


def signed_in(request: Request, token: str, onwards: str) -> Response:
    """Go on with a new session in the browser's cookie."""
    answer = RedirectResponse(onwards, 303, headers=NOT_KEPT)
    secure = is_https(request.scope)
    answer.set_cookie(SESSION_COOKIE, token, httponly=True, samesite="lax", secure=secure, path="/")
    return answer


def on_this_machine(request: Request, town: Town) -> bool:
    """Whether the browser runs on the server itself and called it so, with no reverse proxy between.

    A proxy on this machine is a neighbour too, and passes on whatever Host a stranger wrote: so an installation
    that answers to other names, and a request that carries a proxy's mark, are never this machine.
    """
    if town.settings.hosts != LOCAL or any(name in request.headers for name in OF_A_PROXY):
        return False
    host = request.headers.get("host", "").rsplit(":", 1)[0].lower()
    return host in LOCAL and request.client is not None and request.client.host in {"127.0.0.1", "::1"}


def where_next(request: Request) -> str:
    """Where to go after signing in: a page of ours with its question, never another site."""
    return page_of_ours(request.query_params.get("next", "/"))


def page_of_ours(wanted: str) -> str:
    """The address if it is a page of ours, or the first page."""
    path = wanted.split("?", 1)[0]
    ours = path in PAGES or DESK.fullmatch(path)
    return wanted if ours and "\\" not in wanted else "/"


def to_password(request: Request) -> str:
    """The address of the page that changes a password, and of what comes after it."""
    return f"/password?next={quote(where_next(request), safe='')}"


def login_page(request: Request, town: Town, error: AuthError | None = None) -> Response:
    """The way in, with what went wrong on the last try."""
    onwards = quote(where_next(request), safe="")
    sso = (
        f'<p><a class="gp-sso" href="/login/oidc?next={onwards}">{escape(say("auth.sso"))}</a></p>'
        if town.settings.oidc_issuer
        else ""
    )
    form = (
        f'{_alert(error)}{sso}<form method="post" action="/login?next={onwards}">'
        f'<label>{escape(say("auth.login"))}<input name="login" autocomplete="username" required maxlength="60"'
        f' autocapitalize="none" spellcheck="false"></label>'
        f"{_field('password', 'auth.password', 'current-password')}"
        f"<button>{escape(say('auth.button'))}</button></form>"
    )
    shown = _demo() if town.profile.sample and on_this_machine(request, town) else ""
    return plain_page(
        town, say("auth.title"), f"<p>{escape(say('auth.intro'))}</p>{form}{shown}", _status(error)
    )


def password_page(request: Request, town: Town, *, first: bool, error: AuthError | None = None) -> Response:
    """Changing one's own password; first is the one that somebody else chose."""
    action = f"/password?next={quote(where_next(request), safe='')}"
    intro = say("auth.change_first" if first else "auth.change_intro")
    form = (
        f'{_alert(error)}<form method="post" action="{escape(action)}">'
        f"{_field('old', 'auth.change_old', 'current-password')}"
        f"{_field('new', 'auth.change_new', 'new-password')}"
        f"{_field('again', 'auth.change_again', 'new-password')}"
        f"<button>{escape(say('auth.change_button'))}</button></form>"
    )
    out = f'<p><a href="/logout">{escape(say("auth.out_title"))}</a></p>' if first else ""
    body = f"<p>{escape(intro)}</p>{form}{out}"
    return plain_page(town, say("auth.change_title"), body, _status(error))


def _field(name: str, key: str, kind: str) -> str:
    return (
        f'<label>{escape(say(key))}<input name="{name}" type="password" required maxlength="200"'
        f' autocomplete="{kind}"></label>'
    )


def _alert(error: AuthError | None) -> str:
    if error is None:
        return ""
    text = say(f"auth.errors.{error.code}", value=error.value)
    return f'<p class="gp-alert" role="alert">{escape(text)}</p>'


def _status(error: AuthError | None) -> int:
    if error is None:
        return 200
    return STATUS.get(type(error), 401)


def _demo() -> str:
    lines = "".join(
        f"<li>{escape(say('auth.demo_line', login=one.login, name=one.name))}</li>" for one in DEMO
    )
    return (
        f"<section><h2>{escape(say('auth.demo'))}</h2><ul>{lines}</ul>"
        f"<p>{escape(say('auth.demo_password', password=DEMO_PASSWORD))}</p></section>"
    )


def plain_page(town: Town, title: str, body: str, status: int = 200) -> Response:
    """A page beside the map: a title and a body that is HTML already."""
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
