"""保存期間: what would be forgotten now, by kind of report, and the button that does it."""

from __future__ import annotations

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gisapp.flows.describe import day
from gisapp.flows.desk.retain import Outcome, carry_out, plan
from gisapp.person import Person, Right
from gisapp.town import Town
from gisapp.web.desk.door import behind, desk_page
from gisapp.web.forms import read_form
from reports_store.retention import Step

SHOWN = 100


def retention_routes(town: Callable[[], Town]) -> list[Route]:
    """/desk/admin/retention: the dry run, and the run."""
    return [
        Route("/desk/admin/retention", behind(Right.RETAIN, town, _look)),
        Route("/desk/admin/retention", behind(Right.RETAIN, town, _run), methods=["POST"]),
    ]


async def _look(request: Request, town: Town, person: Person) -> Response:
    return await _page(town, person, None)


async def _run(request: Request, town: Town, person: Person) -> Response:
    async with read_form(request) as form:
        agreed = form.get("agreed") == "yes"
    if not agreed:
        return await _page(town, person, None, missing=True)

    def work() -> Outcome:
        now = town.now()
        return carry_out(plan(town.reports, town.categories, now), town.reports, person.login, now)

    return await _page(town, person, await run_in_threadpool(work))


async def _page(town: Town, person: Person, outcome: Outcome | None, missing: bool = False) -> Response:
    found = await run_in_threadpool(plan, town.reports, town.categories, town.now())
    stones = await run_in_threadpool(town.reports.tombstones, SHOWN)
    return await desk_page(
        town, person, "desk/retention.html", here="admin", plan=found, steps=list(Step), stones=stones,
        outcome=outcome, missing=missing, shown=SHOWN, categories=town.categories,
        day=day,
    )  # fmt: skip
