"""Signing in with the town hall's single sign-on: off to the provider, and back with its word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import cache

from anyio import CapacityLimiter, to_thread
from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gisapp.auth.claims import Admission
from gisapp.auth.errors import AuthError, ProviderAway, ProviderRefused
from gisapp.auth.oidc import Handshake, Provider
from gisapp.settings import Settings
from gisapp.town import Town
from gisapp.web.abuse import address_of
from gisapp.web.errors import answering, refusal
from gisapp.web.shell import is_https
from gisapp.web.way_in import NOT_KEPT, login_page, page_of_ours, signed_in, where_next
from gisapp.web.who import SESSION_COOKIE

HANDSHAKE_COOKIE = "gisapp_handshake"
BACK = "/login/oidc/back"
TEN_MINUTES_S = 600
# A provider that hangs holds up those who sign in with it, and nobody else.
ASKING = CapacityLimiter(4)


def oidc_routes(town: Callable[[], Town]) -> list[Route]:
    """/login/oidc and the address to which the provider sends people back."""

    async def away(request: Request) -> Response:
        here = town()
        provider = provider_of(here.settings)
        if provider is None:
            return refusal(404, "not_found")
        handshake = Handshake.new(where_next(request))
        try:
            address = await to_thread.run_sync(
                provider.way, handshake, _callback(request, here), limiter=ASKING
            )
        except ProviderAway as error:
            return login_page(request, here, error)
        answer = RedirectResponse(address, 303, headers=NOT_KEPT)
        answer.set_cookie(
            HANDSHAKE_COOKIE, _signer(here).dumps(asdict(handshake)), max_age=TEN_MINUTES_S, path="/login/oidc",
            httponly=True, samesite="lax", secure=is_https(request.scope),
        )  # fmt: skip
        return answer

    async def back(request: Request) -> Response:
        here = town()
        provider = provider_of(here.settings)
        if provider is None:
            return refusal(404, "not_found")
        try:
            handshake = _handshake(request, here)
            token = await to_thread.run_sync(_arrived, request, here, provider, handshake, limiter=ASKING)
        except AuthError as error:
            answer = login_page(request, here, error)
        else:
            answer = signed_in(request, token, page_of_ours(handshake.back))
        answer.delete_cookie(HANDSHAKE_COOKIE, path="/login/oidc")  # each is good for one try
        return answer

    return [Route("/login/oidc", answering(away)), Route(BACK, answering(back))]


def _arrived(request: Request, town: Town, provider: Provider, handshake: Handshake) -> str:
    """The token of a session for whom the provider has named. Raises AuthError."""
    town.accounts.slow_down(address_of(request, town.settings.trusted_proxy))
    named = provider.answered(request.query_params, handshake, _callback(request, town))
    try:
        person = Admission.read(town.settings.sign_in_file).person(named.claims)
    except ValueError as error:  # the operator has spoilt the file
        raise ProviderAway(str(error)) from error
    token = town.accounts.arrive(named.subject, person, town.now(), named.id_token)
    town.accounts.sign_out(request.cookies.get(SESSION_COOKIE, ""))
    return token


def _handshake(request: Request, town: Town) -> Handshake:
    """What this browser was sent off with. Raises ProviderRefused for another browser's or an old one."""
    try:
        given = _signer(town).loads(request.cookies.get(HANDSHAKE_COOKIE, ""), max_age=TEN_MINUTES_S)
    except BadSignature as error:
        raise ProviderRefused("handshake") from error
    return Handshake(**given)


async def way_out_of(request: Request, town: Town, id_token: str) -> str | None:
    """Where the provider's own session ends, for who signed in with it."""
    provider = provider_of(town.settings)
    if provider is None:
        return None
    back = f"{_our_url(request, town)}/"
    return await to_thread.run_sync(provider.way_out, id_token, back, limiter=ASKING)


@cache
def provider_of(settings: Settings) -> Provider | None:
    """The provider of an installation, whose description is fetched once in a while."""
    return Provider.of(settings)


def _callback(request: Request, town: Town) -> str:
    """The address that the provider knows us by; without GISAPP_URL the one the browser uses, which the gate let in."""
    return f"{_our_url(request, town)}{BACK}"


def _our_url(request: Request, town: Town) -> str:
    scheme = "https" if is_https(request.scope) else "http"
    return town.settings.url or f"{scheme}://{request.headers.get('host', '')}"


def _signer(town: Town) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(town.secret, salt="gisapp.oidc.handshake")
