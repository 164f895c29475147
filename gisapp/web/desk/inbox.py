"""受付・対応: the town hall's list and map of reports, with its choices in the address, and views kept by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import uuid4

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gisapp.flows.associations import association_names
from gisapp.flows.desk.inbox import InboxChoice, choice_of, filters_of, first_choice
from gisapp.flows.desk.inbox_lines import Asking, Count, inbox_lines, line, tabs
from gisapp.flows.desk.inbox_words import chosen, offered
from gisapp.flows.desk.kept import Kept
from gisapp.flows.desk.reading import report_for
from gisapp.flows.desk.watch_desk import watch_desk
from gisapp.flows.watch import Watch
from gisapp.person import Person, Right
from gisapp.town import Town
from gisapp.web.desk.bulk import KeptBulks, bulk_routes
from gisapp.web.desk.door import NOT_KEPT, behind, desk_page
from gisapp.web.errors import BadRequest
from gisapp.web.forms import read_form, whole_number
from gisapp.web.live import viewport
from gisapp.words import section
from reports_store.errors import InvalidFilter, UnknownReport
from reports_store.saved_views import QUERY_LIMIT

NAME_LIMIT = 60


def inbox_routes(town: Callable[[], Town]) -> list[Route]:
    """/desk/ over a town, what its script asks for, and the steps that are taken from it."""
    kept, counts = KeptBulks(), Kept[Count](256, rest=0)

    async def page(request: Request, here: Town, person: Person) -> Response:
        return await _page(request, here, person, kept, counts)

    return [
        Route("/desk", _to_inbox),
        Route("/desk/", behind(Right.READ, town, page)),
        Route("/desk/list.json", behind(Right.READ, town, _list, for_program=True)),
        Route("/desk/map.json", behind(Right.READ, town, _map, for_program=True)),
        Route("/desk/news.json", behind(Right.READ, town, _news, for_program=True)),
        Route("/desk/views", behind(Right.READ, town, _keep_view), methods=["POST"]),
        *bulk_routes(town, kept),
    ]


async def _to_inbox(request: Request) -> Response:
    return RedirectResponse("/desk/", 308)


async def _page(
    request: Request, here: Town, person: Person, kept: KeptBulks, counts: Kept[Count]
) -> Response:
    asked = request.query_params
    choice, after = _choice(request, here, person), asked.get("after", "")

    def look() -> dict[str, Any]:
        asking = _asking(here, person)
        found = inbox_lines(choice, asking, after)
        people = here.accounts.people()
        whose, pressing = tabs(choice, asking, counts)
        return {
            "found": found,
            "whose_tabs": whose,
            "pressing_tabs": pressing,
            "offered": offered(here.categories, people, association_names(here.layers)),
            "chosen": chosen(choice, here.categories),
            "views": here.reports.saved_views(person.login, person.department or None),
            "told": _told(here, asking, choice),
            "focus": _focus(asked.get("report", ""), asking),
        }

    values = await run_in_threadpool(look)
    return await desk_page(
        here, person, "desk/inbox.html", here="inbox", choice=choice, after=after, address=_address,
        uuid=str(uuid4()), bulk=kept.of(asked.get("done", ""), person), query=urlencode(choice.query()), **values,
    )  # fmt: skip


def _told(here: Town, asking: Asking, choice: InboxChoice) -> dict[str, Any]:
    """What the page's script is given."""
    words = section("desk_inbox")
    return {
        "center": here.profile.center,
        "box": choice.box,
        "at": asking.now.isoformat(),
        "user": asking.person.login,
        "words": {name.removeprefix("js."): text for name, text in words.items() if name.startswith("js.")},
    }


def _focus(public_id: str, asking: Asking) -> tuple[float, float] | None:
    """Where the map is to open: at the report that the address names."""
    if not public_id:
        return None
    try:
        place = report_for(asking.person, public_id, asking.reports, asking.categories).place
    except UnknownReport:
        return None
    return place.lon, place.lat


async def _list(request: Request, here: Town, person: Person) -> Response:
    """The lines of a choice, or one line by its number, as values."""
    number, after = request.query_params.get("number", ""), request.query_params.get("after", "")

    def look() -> tuple[Sequence[dict[str, Any]], Count, str]:
        asking = _asking(here, person)
        if number:
            return [line(report_for(person, number, here.reports, here.categories), asking)], Count(1), ""
        found = inbox_lines(_choice(request, here, person), asking, after)
        return found.lines, found.count, found.next

    lines, count, following = await run_in_threadpool(look)
    told = {"lines": lines, "total": count.n, "exact": count.exact, "words": count.words, "next": following}
    return _json(told)


async def _map(request: Request, here: Town, person: Person) -> Response:
    box, zoom = viewport(request)
    choice = _choice(request, here, person)

    def look() -> dict[str, Any]:
        filters = filters_of(choice, person, here.categories, here.now())
        return watch_desk(Watch(box, zoom, filters), here.reports, here.now())

    return _json(await run_in_threadpool(look))


async def _news(request: Request, here: Town, person: Person) -> Response:
    """How many reports of a choice have come since a moment; asked every half minute, so it reads little."""
    try:
        since = datetime.fromisoformat(request.query_params.get("at", ""))
    except ValueError:
        raise BadRequest from None
    if since.tzinfo is None:
        raise BadRequest
    choice = _choice(request, here, person)

    def look() -> dict[str, Any]:
        filters = filters_of(choice, person, here.categories, here.now())
        from_then = max(since, filters.since) if filters.since else since
        fresh = here.reports.inbox(replace(filters, since=from_then), limit=1)
        return {"revision": here.reports.revision(), "new": fresh.total, "exact": fresh.exact}

    return _json(await run_in_threadpool(look))


async def _keep_view(request: Request, here: Town, person: Person) -> Response:
    """Keep the present choice under a name, or forget one that is kept."""
    async with read_form(request) as form:
        given = {name: value for name, value in form.items() if isinstance(value, str)}
    back = _choice_back(given.get("back", ""), here)
    query, name = urlencode(back.query()), given.get("name", "").strip()[:NAME_LIMIT]

    def keep() -> None:
        drop = whole_number(given.get("drop", ""))
        if drop is not None:
            here.reports.drop_view(person.login, drop)
            return
        if not name or len(query) > QUERY_LIMIT:
            raise InvalidFilter("name", name, "a name")
        department = person.department if given.get("shared") == "yes" else None
        here.reports.save_view(person.login, department or None, name, query, here.now())

    await run_in_threadpool(keep)
    return RedirectResponse(f"/desk/?{query}", 303, headers=NOT_KEPT)


def _choice_back(text: str, here: Town) -> InboxChoice:
    return choice_of(parse_qsl(text), here.categories)


def _asking(here: Town, person: Person) -> Asking:
    names = here.accounts.names()
    return Asking(person, here.reports, here.categories, here.now(), names)


def _choice(request: Request, here: Town, person: Person) -> InboxChoice:
    """What the address asks for; one that asks for nothing gets the work that is theirs."""
    asked = request.query_params.multi_items()
    choosing = [(name, value) for name, value in asked if name not in NOT_CHOOSING]
    return choice_of(choosing, here.categories) if choosing else first_choice(person)


# Parts of an address that say nothing of which reports are wanted.
NOT_CHOOSING = frozenset({"after", "done", "report", "lang", "lon", "lat", "z", "bbox", "r", "at", "number"})


def _address(choice: InboxChoice, **more: str) -> str:
    return f"/desk/?{urlencode([*choice.query(), *more.items()])}"


def _json(found: object) -> Response:
    return Response(orjson.dumps(found), media_type="application/json", headers=NOT_KEPT)
