"""The routes of editing and of a layer's past: the form, one feature, a page of the table, saving, comparing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any
from urllib.parse import quote

import orjson
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from gisapp.flows.edit_layer import (
    MalformedChange,
    NotSignedIn,
    NotTheOwner,
    UnknownFeature,
    conflict_json,
    drop_waiting,
    editable,
    fault_json,
    feature_json,
    form_of,
    outcome_json,
    rows_json,
    save_changes,
    waiting_changes,
)
from gisapp.flows.explain import explain
from gisapp.flows.history import comparison_of, difference_csv, difference_shapes
from gisapp.person import Person
from gisapp.town import Town
from gisapp.web.errors import answering
from gisapp.web.who import person_of
from gisapp.words import say, section
from layers.compare import Comparison
from layers.editing import ChangesRefused
from layers.errors import LayersError, ShelfUnwritable, SourceUnavailable, UnknownVersion, VersionMoved

NOT_KEPT = {"Cache-Control": "no-store"}
TEXT_LIMIT = 200
START_LIMIT = 10_000_000
STATUS: dict[type[LayersError], int] = {
    MalformedChange: 400,
    NotSignedIn: 401,
    NotTheOwner: 403,
    UnknownFeature: 404,
    UnknownVersion: 404,
    VersionMoved: 409,
    SourceUnavailable: 503,
    ShelfUnwritable: 503,
}


def edit_routes(town: Callable[[], Town]) -> list[Route]:
    """/edits/ over a town. Each asks anew who the person is and whether the layer is theirs."""

    def answer(work: Callable[[Town, Person, Request], Any]) -> Callable[[Request], Awaitable[Response]]:
        async def route(request: Request) -> Response:
            here = town()
            person = await run_in_threadpool(person_of, request, here)
            return await _told(work, here, person, request)

        return answering(route)

    async def save(request: Request) -> Response:
        here = town()
        person = await run_in_threadpool(person_of, request, here)
        # the right to write is asked before the body is taken
        refused = await _told(_allowed, here, person, request)
        if refused.status_code != 200:
            return refused
        body = await request.body()
        return await _told(partial(_saved, body), here, person, request)

    async def table(request: Request) -> Response:
        here = town()
        person = await run_in_threadpool(person_of, request, here)
        try:
            found = await run_in_threadpool(_compared, here, person, request)
        except tuple(STATUS) as error:
            return _problem(error)
        name = say("history.csv_name", layer=found.new.entry.id, old=found.old.number, new=found.new.number)

        async def sending() -> AsyncIterator[bytes]:
            async for part in iterate_in_threadpool(difference_csv(found)):
                yield part

        attached = {**NOT_KEPT, "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
        return StreamingResponse(sending(), media_type="text/csv; charset=utf-8", headers=attached)

    return [
        Route("/edits/{layer_id:str}/form.json", answer(_form)),
        Route("/edits/{layer_id:str}/features/{feature_id:path}.json", answer(_feature)),
        Route("/edits/{layer_id:str}/rows.json", answer(_rows)),
        Route("/edits/{layer_id:str}/waiting.json", answer(_waiting)),
        Route("/edits/{layer_id:str}/waiting/{name:str}/drop", answer(_dropped), methods=["POST"]),
        Route("/edits/{layer_id:str}/compare.json", answer(_shapes)),
        Route("/edits/{layer_id:str}/compare.csv", answering(table)),
        Route("/edits/{layer_id:str}", answering(save), methods=["POST"]),
    ]


async def _told(
    work: Callable[[Town, Person, Request], Any], here: Town, person: Person, request: Request
) -> Response:
    try:
        found = await run_in_threadpool(work, here, person, request)
    except ChangesRefused as error:
        version = await run_in_threadpool(here.layers.current, request.path_params["layer_id"])
        faults = [fault_json(fault, version.kind) for fault in error.faults]
        return _json({"error": error.code, "message": say("editing.refused"), "faults": faults}, 422)
    except tuple(STATUS) as error:
        return _problem(error)
    if isinstance(found, bytes):
        return Response(found, media_type="application/json", headers=NOT_KEPT)
    return _json(found, 409 if isinstance(found, dict) and found.get("conflicts") else 200)


def _problem(error: LayersError) -> Response:
    status = next(STATUS[cls] for cls in type(error).__mro__ if cls in STATUS)
    return _json({"error": error.code, "message": explain(error)}, status)


def _form(here: Town, person: Person, request: Request) -> dict[str, Any]:
    entry = editable(person, request.path_params["layer_id"], here.layers.catalogue)
    found = form_of(here.layers.current(entry.id))
    return {**found, "words": section("editing.js"), "login": person.login}


def _allowed(here: Town, person: Person, request: Request) -> dict[str, Any]:
    return {"layer": editable(person, request.path_params["layer_id"], here.layers.catalogue).id}


def _feature(here: Town, person: Person, request: Request) -> dict[str, Any]:
    entry = editable(person, request.path_params["layer_id"], here.layers.catalogue)
    return feature_json(here.layers.current(entry.id), request.path_params["feature_id"])


def _rows(here: Town, person: Person, request: Request) -> dict[str, Any]:
    entry = editable(person, request.path_params["layer_id"], here.layers.catalogue)
    text = request.query_params.get("q", "")[:TEXT_LIMIT]
    return rows_json(here.layers.current(entry.id), text, _number(request, "start", 0))


def _waiting(here: Town, person: Person, request: Request) -> list[dict[str, Any]]:
    found = waiting_changes(person, request.path_params["layer_id"], here.layers)
    return [conflict_json(one, conflict, here.layers) for one, conflict in found]


def _dropped(here: Town, person: Person, request: Request) -> dict[str, Any]:
    drop_waiting(person, request.path_params["layer_id"], request.path_params["name"], here.layers)
    return {"dropped": request.path_params["name"]}


def _saved(body: bytes, here: Town, person: Person, request: Request) -> dict[str, Any]:
    try:
        raw = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise MalformedChange from None
    layer_id = request.path_params["layer_id"]
    outcome = save_changes(person, layer_id, raw, here.layers, here.area(), here.now())
    return outcome_json(outcome, here.layers)


def _compared(here: Town, person: Person, request: Request) -> Comparison:
    old, new = _number(request, "old", 0), _number(request, "new", 0)
    return comparison_of(person, request.path_params["layer_id"], old, new, here.layers)


def _shapes(here: Town, person: Person, request: Request) -> bytes:
    return difference_shapes(_compared(here, person, request))


def _number(request: Request, name: str, otherwise: int) -> int:
    text = request.query_params.get(name, "")
    return min(int(text), START_LIMIT) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise


def _json(found: object, status: int = 200) -> Response:
    return Response(orjson.dumps(found), status_code=status, media_type="application/json", headers=NOT_KEPT)
