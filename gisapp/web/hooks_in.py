"""/hooks/in/: where a body outside tells us, signed, that it has taken up or finished what was referred to it."""

from __future__ import annotations

from collections.abc import Callable

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gisapp.flows.hooks.hearing import UNSIGNED, NotHeard, hear
from gisapp.town import Town
from gisapp.web.abuse import address_of
from gisapp.web.errors import answering, trouble
from gisapp.words import UnknownSentence, say

NOT_KEPT = {"Cache-Control": "no-store"}
OF_A_NAME = parse(
    "120 per minute"
)  # of what is signed: a stranger who calls a name takes nothing from its own sender
OF_A_STRANGER = parse("120 per minute")  # of what is not, by network address


def hook_in_routes(town: Callable[[], Town]) -> list[Route]:
    """/hooks/in/{name} over a town. It rests on no cookie: the signature is all that counts."""
    limiter = FixedWindowRateLimiter(MemoryStorage())

    async def heard(request: Request) -> Response:
        name, here = request.path_params["name"], town()
        if not limiter.test(OF_A_NAME, name):
            return trouble(429, "too_many")
        body, given = await request.body(), dict(request.headers)
        try:
            found = await run_in_threadpool(hear, name, given, body, here.reports, here.secret, here.now())
        except NotHeard as refused:
            if not within(refused, name, address_of(request, here.settings.trusted_proxy)):
                return trouble(429, "too_many")
            told = {"error": refused.code, "message": heard_words(refused.code)}
            return JSONResponse(told, refused.status, headers=NOT_KEPT)
        limiter.hit(OF_A_NAME, name)
        answer = {"report": found.report.public_id, "status": found.report.status.value, "again": found.again}
        return JSONResponse(answer, headers=NOT_KEPT)

    def within(refused: NotHeard, name: str, address: str) -> bool:
        """Count what was refused, and whether it is within what may be asked."""
        if refused.code == UNSIGNED:
            return limiter.hit(OF_A_STRANGER, address)
        return limiter.hit(OF_A_NAME, name)

    return [Route("/hooks/in/{name:str}", answering(heard), methods=["POST"])]


def heard_words(code: str) -> str:
    """Why a delivery was not taken; a refusal of the store that has no words of its own is a wrong value."""
    try:
        return say(f"desk_hooks.heard.{code}")
    except UnknownSentence:
        return say("desk_hooks.heard.values")
