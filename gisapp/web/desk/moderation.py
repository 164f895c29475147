"""写真の確認: each photo is looked at, large, before anybody outside sees it; what must not be seen is blackened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from uuid import uuid4

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gisapp.flows.desk.photo_check import boxes_of, decide, photo_of, whose_photos
from gisapp.flows.desk.steps import Desk
from gisapp.flows.desk.telling import clock
from gisapp.person import Person, Right, may
from gisapp.town import Town
from gisapp.web.desk.door import NOT_KEPT, behind, desk_page
from gisapp.web.errors import BadRequest
from gisapp.web.forms import read_form, whole_number
from gisapp.words import section
from reports_store import PiiState

A_PAGE = 24
COUNTED_TO = 1000
LATEST = 12
DECISIONS = {one.value: one for one in (PiiState.CLEAR, PiiState.REDACTED, PiiState.BLOCKED)}


def moderation_routes(town: Callable[[], Town]) -> list[Route]:
    """/desk/photos: the photos that wait, one photo, and what is decided about it."""
    one = "/desk/photos/{public_id:str}/{sha256:str}"
    return [
        Route("/desk/photos", behind(Right.RELEASE, town, _queue)),
        Route(one, behind(Right.READ, town, _photo)),
        Route(one, behind(Right.RELEASE, town, _decided), methods=["POST"]),
    ]


async def _queue(request: Request, town: Town, person: Person) -> Response:
    after = whole_number(request.query_params.get("after", "")) or 0
    whose = whose_photos(person, town.categories, to_release=True)
    waiting = await run_in_threadpool(town.reports.photos_to_look_at, whose, A_PAGE + 1, after)
    left = await run_in_threadpool(town.reports.count_photos_to_look_at, whose, COUNTED_TO)
    latest = await run_in_threadpool(town.reports.latest_looks, whose, LATEST)
    return await desk_page(
        town, person, "desk/photos.html", here="photos", waiting=waiting[:A_PAGE],
        more=waiting[A_PAGE - 1].number if len(waiting) > A_PAGE else None, left=left, counted_to=COUNTED_TO,
        latest=latest, names=_names(town), day=clock, category_name=lambda code: town.categories[code].name(),
        known=town.categories,
    )  # fmt: skip


async def _photo(request: Request, town: Town, person: Person) -> Response:
    public_id, sha256 = request.path_params["public_id"], request.path_params["sha256"]
    desk = _desk(town, person)
    report, photo, looks = await run_in_threadpool(photo_of, person, public_id, sha256, desk)
    words = {
        name.removeprefix("js."): text for name, text in section("desk_photos").items() if name[:3] == "js."
    }
    return await desk_page(
        town, person, "desk/photo.html", here="photos", report=report, photo=photo, looks=looks, uuid=str(uuid4()),
        names=_names(town), day=clock, allowed=may(person, Right.RELEASE, report.department) and not photo.merged,
        categories=town.categories, words=words,
    )  # fmt: skip


async def _decided(request: Request, town: Town, person: Person) -> Response:
    public_id, sha256 = request.path_params["public_id"], request.path_params["sha256"]
    async with read_form(request) as form:
        given = {name: value for name, value in form.items() if isinstance(value, str)}
    state = DECISIONS.get(given.get("decision", ""))
    seen = whole_number(given.get("seen", ""))
    if state is None or not seen:
        raise BadRequest
    boxes = boxes_of(_parsed(given.get("boxes", ""))) if state is PiiState.REDACTED else ()
    desk = _desk(town, person)

    def work() -> None:
        report, photo, _ = photo_of(person, public_id, sha256, desk)
        as_seen = replace(report, version=seen)
        decide(desk, as_seen, photo, state, boxes, town.photos, given.get("uuid"))

    await run_in_threadpool(work)
    return RedirectResponse(await run_in_threadpool(_following, town, person), 303, headers=NOT_KEPT)


def _following(town: Town, person: Person) -> str:
    """The next photo that waits, so that a hundred of them are a hundred looks and no more."""
    whose = whose_photos(person, town.categories, to_release=True)
    found = town.reports.photos_to_look_at(whose, 1)
    return f"/desk/photos/{found[0].public_id}/{found[0].sha256}" if found else "/desk/photos"


def _desk(town: Town, person: Person) -> Desk:
    return Desk(reports=town.reports, categories=town.categories, person=person, now=town.now)


def _names(town: Town) -> Mapping[str, str]:
    return town.accounts.names()


def _parsed(text: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadRequest from None
