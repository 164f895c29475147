"""The door of the desk: who is not signed in is shown the way in, who lacks the right is told so in words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from gisapp.flows.desk.acting import NotAllowed
from gisapp.flows.explain import explain
from gisapp.person import Person, Right, may
from gisapp.town import Town
from gisapp.web.errors import STATUS, BadRequest, answering, refusal, trouble
from gisapp.web.render import page
from gisapp.web.who import person_of
from gisapp.words import say
from reports_store.errors import (
    Conflict,
    ReportsError,
    StaleVersion,
    StoreError,
    UnknownPhoto,
)

Work = Callable[[Request, Town, Person], Awaitable[Response]]
NOT_KEPT = {"Cache-Control": "no-store"}
# The desk's own pages by the right they ask for, in the order of the menu.
MENU: tuple[tuple[str, str, Right], ...] = (
    ("inbox", "/desk/", Right.READ),
    ("photos", "/desk/photos", Right.RELEASE),
    ("petitions", "/desk/petitions", Right.READ),
    ("figures", "/desk/figures", Right.READ),
    ("counter", "/counter", Right.TAKE),
    ("admin", "/desk/admin", Right.RULES),
)
# What a step is refused with, nearest class first; 0: the store itself or a wrong address, told as everywhere.
REFUSED: dict[type[Exception], int] = {
    NotAllowed: 403,
    StaleVersion: 409,
    Conflict: 409,
    StoreError: 0,
    UnknownPhoto: 0,
    ReportsError: 422,
}


def behind(
    right: Right | tuple[Right, ...], town: Callable[[], Town], work: Work, *, for_program: bool = False
) -> Callable[..., Any]:
    """A route of the desk: work is called with the town and a person who has the right for some report at least,
    or one of several rights.

    What work raises is told in words: 404 for what is not there or not theirs, 403 without the right over this
    report, 409 for a stale edit, 422 for a step that is refused. for_program: JSON instead of
    a page, and 401 instead of the way in.
    """

    rights = right if isinstance(right, tuple) else (right,)

    async def route(request: Request) -> Response:
        here = town()
        person = await run_in_threadpool(person_of, request, here)
        if not person.signed_in:
            return trouble(401, "sign_in") if for_program else _way_in(request)
        if not any(may(person, one) for one in rights):
            return trouble(403, "not_yours") if for_program else refusal(403, "not_yours")
        try:
            return await work(request, here, person)
        except ReportsError as error:
            status = next(REFUSED[cls] for cls in type(error).__mro__ if cls in REFUSED)
            if not status:
                return _elsewhere_told(error, for_program)
            if for_program:
                return JSONResponse({"error": error.code, "message": told(error)}, status, NOT_KEPT)
            return await desk_page(here, person, "desk/refused.html", status=status, problem=told(error))
        except BadRequest as error:
            return trouble(400, error.key) if for_program else refusal(400, error.key)
        except tuple(STATUS) as error:
            return _elsewhere_told(error, for_program)

    return answering(route)


async def desk_page(
    town: Town, person: Person, template: str, *, status: int = 200, **values: Any
) -> Response:
    """A page of the desk; a template may use person, menu and may(right, department) besides those of page()."""
    menu = [(name, address) for name, address, right in MENU if may(person, right)]
    return await run_in_threadpool(
        page, template, town.profile, status=status,
        person=person, menu=menu, may=lambda right, department=None: may(person, Right(right), department), **values,
    )  # fmt: skip


def told(error: ReportsError) -> str:
    """What went wrong, in a sentence for whoever sits at the desk; errors.toml speaks to residents as well."""
    return say("desk_report.problem.again") if isinstance(error, Conflict) else explain(error)


def _elsewhere_told(error: Exception, for_program: bool) -> Response:
    """By the table that all routes share: what is not there, what is broken, what is busy."""
    status, key = next(STATUS[cls] for cls in type(error).__mro__ if cls in STATUS)
    return trouble(status, key) if for_program else refusal(status, key)


def _way_in(request: Request) -> Response:
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method != "GET":
        back = "/desk/"
    return RedirectResponse(f"/login?next={quote(back, safe='')}", 303, headers=NOT_KEPT)
