"""操作の記録: who looked at contact data, exported, released or changed rights, newest first."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from gisapp.flows.desk.trail_lines import COLUMNS, PAGE, Choice, shown, table
from gisapp.person import Person, Right
from gisapp.town import Town
from gisapp.web.desk.door import NOT_KEPT, behind, desk_page
from gisapp.web.forms import whole_number
from reports_store.audit import ACTIONS, EXPORT

_FIELDS = ("action", "actor", "since", "until")


def trail_routes(town: Callable[[], Town]) -> list[Route]:
    """/desk/admin/trail and the same lines as CSV."""
    return [
        Route("/desk/admin/trail", behind(Right.TRAIL, town, _page)),
        Route("/desk/admin/trail.csv", behind(Right.TRAIL, town, _csv, for_program=True)),
    ]


async def _page(request: Request, here: Town, person: Person) -> Response:
    choice = _choice(request)
    before = whole_number(request.query_params.get("before", ""))
    lines = await run_in_threadpool(here.reports.latest_audit, before, PAGE + 1, choice.filter())
    asked = {name: value for name in _FIELDS if (value := getattr(choice, name))}
    older = f"?{urlencode(asked | {'before': lines[PAGE - 1].id})}" if len(lines) > PAGE else ""
    return await desk_page(
        here, person, "desk/trail.html", here="admin", lines=[shown(each) for each in lines[:PAGE]],
        choice=choice, actions=ACTIONS, columns=COLUMNS, older=older, before=before,
        newest=f"?{urlencode(asked)}", csv=f"/desk/admin/trail.csv?{urlencode(asked)}",
    )  # fmt: skip


async def _csv(request: Request, here: Town, person: Person) -> Response:
    choice = _choice(request)
    told = {name: getattr(choice, name) for name in _FIELDS if getattr(choice, name)}
    await run_in_threadpool(here.reports.note_audit, person.login, EXPORT, "操作の記録", told, here.now())
    return StreamingResponse(
        table(here.reports, choice.filter()),
        media_type="text/csv; charset=utf-8",
        headers={**NOT_KEPT, "Content-Disposition": 'attachment; filename="trail.csv"'},
    )


def _choice(request: Request) -> Choice:
    return Choice(**{name: request.query_params.get(name, "")[:200] for name in _FIELDS})
