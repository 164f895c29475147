"""The public map and list of reports, one report, and the figures: for anybody, with or without scripts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gisapp.flows.category_words import category_name
from gisapp.flows.describe import place_of
from gisapp.flows.figures import FEWEST, Figures, KeptFigures, figures_csv
from gisapp.flows.figures import category_name as known_name
from gisapp.flows.list_public import PERIODS_D, Choice, choice_of, filters_of, list_page, report_page
from gisapp.town import Town
from gisapp.web.errors import STATUS, answering, refusal
from gisapp.web.feeds import link_of
from gisapp.web.live import report_filters, viewport
from gisapp.web.render import page
from gisapp.words import say, section
from reports_store import PublicState
from reports_store.fiscal import JST

NOW = {"Cache-Control": "no-store"}
A_WHILE = {"Cache-Control": "private, max-age=60"}
OPENED_AT_ZOOM = 17
Answer = Callable[[Request], Awaitable[Response]]


def public_map_routes(town: Callable[[], Town]) -> list[Route]:
    """/map/ over a town, and /live/list.json for the list beside the map."""
    kept = KeptFigures()

    async def board(request: Request) -> Response:
        here, choice = town(), _choice(request, town())
        found = await run_in_threadpool(_listed, here, choice, "")
        focus = await run_in_threadpool(
            place_of, request.query_params.get("report", ""), here.reports, here.categories
        )
        told = {
            "center": here.profile.center,
            "focus": focus,
            "words": {name.removeprefix("js."): text for name, text in _words().items()},
        }
        return await _page(here, "map/board.html", choice=choice, found=found, told=told)

    async def plain(request: Request) -> Response:
        here, choice = town(), _choice(request, town())
        after = request.query_params.get("after", "")
        found = await run_in_threadpool(_listed, here, choice, after)
        return await _page(here, "map/list.html", choice=choice, found=found, after=after)

    async def report(request: Request) -> Response:
        here, public_id = town(), request.path_params["public_id"]
        found = await run_in_threadpool(report_page, public_id, here.reports, here.categories)
        return await _page(here, "map/report.html", report=found, feed=link_of("report", public_id))

    async def lines(request: Request) -> Response:
        box, _ = viewport(request)
        here = town()
        filters = report_filters(request, here, box)
        if filters is None:
            return _json({"lines": [], "total": 0, "older": None})
        after = request.query_params.get("after", "")
        found = await run_in_threadpool(list_page, filters, here.reports, here.categories, after)
        return _json({"lines": found.lines, "total": found.total, "older": found.older})

    async def numbers(request: Request) -> Response:
        here = town()
        found = await run_in_threadpool(kept.get, here.reports, here.categories, here.now)
        return await _page(here, "map/figures.html", **_figures(found, here))

    async def numbers_csv(request: Request) -> Response:
        here = town()
        found = await run_in_threadpool(kept.get, here.reports, here.categories, here.now)
        body = b"".join(figures_csv(found, here.categories))
        named = {**NOW, "Content-Disposition": 'attachment; filename="figures.csv"'}
        return Response(body, media_type="text/csv; charset=utf-8", headers=named)

    return [
        Route("/map", answering(_to("/map/"))),
        Route("/reports", answering(_to("/map/list"))),
        Route("/map/", _paged(board)),
        Route("/map/list", _paged(plain)),
        Route("/map/r/{public_id:str}", _paged(report)),
        Route("/map/figures", _paged(numbers)),
        Route("/map/figures.csv", answering(numbers_csv)),
        Route("/live/list.json", answering(lines)),
    ]


def _to(address: str) -> Answer:
    async def moved(request: Request) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"{address}{query}", 308)

    return moved


def _paged(route: Answer) -> Answer:
    """A route for persons: what it raises becomes a page in words, never JSON."""

    async def telling(request: Request) -> Response:
        try:
            return await route(request)
        except tuple(STATUS) as error:
            status, key = next(STATUS[cls] for cls in type(error).__mro__ if cls in STATUS)
            return refusal(status, key)

    return answering(telling)


def _choice(request: Request, here: Town) -> Choice:
    asked = request.query_params
    return choice_of(
        _every(request, "category"),
        _every(request, "state"),
        asked.get("period", ""),
        asked.get("q", ""),
        here.categories,
    )


def _every(request: Request, name: str) -> list[str]:
    """Each value of a parameter: given more than once as a form does, or with commas as /live/ is asked."""
    return [one for text in request.query_params.getlist(name) for one in text.split(",")]


def _listed(here: Town, choice: Choice, after: str) -> Any:
    return list_page(filters_of(choice, here.now()), here.reports, here.categories, after)


def _words() -> dict[str, str]:
    found = section("public_map")
    return {name: text for name, text in found.items() if name.startswith("js.") or name == "map_label"}


async def _page(here: Town, template: str, **values: Any) -> Response:
    return await run_in_threadpool(
        page,
        template,
        here.profile,
        categories=[(code, category_name(one), one.symbol) for code, one in here.categories.items()],
        states=list(PublicState),
        periods=PERIODS_D,
        query=lambda choice, **more: urlencode([*choice.query(), *more.items()]),
        **values,
    )


def _figures(found: Figures, here: Town) -> dict[str, Any]:
    most = max((line.received for line in found.whole()), default=1)
    return {
        "figures": found,
        "counted_at": f"{found.at.astimezone(JST):%Y-%m-%d %H:%M}",
        "few": FEWEST,
        "most": most,
        "name_of": lambda code: known_name(code, here.categories),
        "ways": {
            code: None if mix is None else [(say(f"public_map.channel.{way}"), n) for way, n in mix.items()]
            for code, mix in found.ways.items()
        },
    }


def _json(found: object) -> Response:
    return Response(orjson.dumps(found), media_type="application/json", headers=A_WHILE)
