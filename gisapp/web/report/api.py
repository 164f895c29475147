"""The protocol of the form's script: a report, then each of its photos; every step may be cut off and done again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from gisapp.flows.explain import explain
from gisapp.flows.place_text import PlaceFound, places_meant
from gisapp.flows.submit import Receipt
from gisapp.flows.suspicion import Blocked
from gisapp.flows.take_photo import PhotoDiffers
from gisapp.town import Town
from gisapp.web.abuse import Quota, Sender, TooMany, mark_device
from gisapp.web.errors import answering
from gisapp.web.gate import BODY_LIMIT, PHOTO_LIMIT
from gisapp.web.report.accepting import Door
from gisapp.web.report.door import door_json
from gisapp.web.report.given import Faults, Given, declared, fault_of
from gisapp.web.report.receipt import answer_of
from gisapp.words import language, say
from reports_store.errors import (
    Conflict,
    InvalidReport,
    PhotoError,
    PhotoNotStored,
    ReportsError,
    StoreFull,
    TooManyBytes,
    UnknownPhoto,
    UnknownReport,
)
from reports_store.photo_queue import DeclaredState
from reports_store.photo_raws import Incoming
from reports_store.report import canonical_uuid
from reports_store.tracking import code_for
from reports_store.vocabulary import PhotoState

NOW = {"Cache-Control": "no-store"}
PIECE = 1280 * 1024  # a photo that a phone has shrunk is one piece
TEXT_LIMIT = 200
# Looked up along the error's own classes, nearest first; what is not here cannot be taken as it is (422).
STATUS: dict[type[Exception], int] = {
    Conflict: 409,
    Blocked: 403,
    UnknownReport: 404,
    UnknownPhoto: 404,
    TooManyBytes: 413,
    PhotoDiffers: 422,
    PhotoNotStored: 507,
    StoreFull: 507,
    InvalidReport: 422,
    PhotoError: 422,
}
Answer = Callable[[Request], Awaitable[Response]]


class NotReadable(Exception):
    """A body that is no JSON object."""


def api_routes(town: Callable[[], Town], quota: Quota) -> list[Route]:
    """/api/reports, /api/door.json and /api/places over a town."""

    async def send(request: Request) -> Response:
        door = Door(town(), quota)
        body = await _body(request, BODY_LIMIT)
        return await run_in_threadpool(_taken, door, body, door.sender(request))

    async def look(request: Request) -> Response:
        return _json(await run_in_threadpool(_seen, request, town()))

    async def put(request: Request) -> Response:
        here, sha256 = town(), request.path_params["sha256"]
        photo = await run_in_threadpool(_declared, request, here)
        if photo.state is not PhotoState.AWAITED:
            return _json({"sha256": sha256, "state": "arrived"})
        door = Door(here, quota)
        quota.take_bytes(door.sender(request), _length(request), here.mode)
        new = await _received(request, photo, here)
        return _json({"sha256": sha256, "state": "arrived"}, 201 if new else 200)

    async def door(request: Request) -> Response:
        answer = _json(await run_in_threadpool(door_json, town()))
        mark_device(request, answer)
        return answer

    async def places(request: Request) -> Response:
        here, text = town(), request.query_params.get("q", "")[:TEXT_LIMIT]
        found = await run_in_threadpool(places_meant, text, here.layers, here.profile)
        return _json({"found": [candidate_json(one) for one in found]})

    return [
        Route("/api/reports", answering(_told(send)), methods=["POST"]),
        Route("/api/reports/{uuid:str}", answering(_told(look))),
        Route("/api/reports/{uuid:str}/photos/{sha256:str}", answering(_told(put)), methods=["PUT"]),
        Route("/api/door.json", answering(door)),
        Route("/api/places", answering(places)),
    ]


def given_of(body: bytes) -> Given:
    """A report as the script sends it. Raises NotReadable, Faults."""
    try:
        raw = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise NotReadable from None
    if not isinstance(raw, dict):
        raise NotReadable
    place = raw.get("place")
    place = place if isinstance(place, dict) else {}
    by_text = place.get("lon") is None and place.get("lat") is None
    answers, contact = raw.get("answers"), raw.get("contact")
    return Given(
        uuid=_text(raw, "uuid"),
        category=_text(raw, "category"),
        answers=answers if isinstance(answers, dict) else {},
        place=None if by_text else place,
        place_text=_text(place, "text"),
        body=_text(raw, "body"),
        contact=contact if isinstance(contact, dict) else {},
        photos=declared(raw.get("photos")),
        lang=_text(raw, "lang") or language(),
        device_time=_text(raw, "device_time"),
        token=_text(raw, "token"),
        work=_text(raw, "work"),
        trap=_text(raw, "website"),
        asset=_text(raw, "asset"),
    )


def candidate_json(found: PlaceFound) -> dict[str, Any]:
    """A place to choose, as it is sent back when it was chosen."""
    return {
        "matched": found.matched,
        "layer": found.layer,
        "lon": round(found.lon, 7),
        "lat": round(found.lat, 7),
        "source": found.source.value,
        "accuracy_m": found.accuracy_m,
        "exact": found.exact,
    }


def _told(route: Answer) -> Answer:
    """Turn what a resident can put right, or has to wait for, into an answer that says so."""

    async def answer(request: Request) -> Response:
        try:
            return await route(request)
        except NotReadable:
            return _problem(400, "not_json", say("door.fault.not_json"))
        except Faults as faults:
            more = {"fields": faults.by_field}
            if faults.candidates:
                more["candidates"] = [candidate_json(one) for one in faults.candidates]  # type: ignore[assignment]
            return _problem(422, "faults", faults.message, **more)
        except TooMany as error:
            refused = _problem(429, error.key, say(f"door.fault.{error.key}", minutes=error.minutes))
            refused.headers["Retry-After"] = str(error.retry_after_s)
            return refused
        except ClientDisconnect:
            return _problem(400, "cut_off", say("door.fault.broken"))
        except ReportsError as error:
            return _error(error)

    return answer


def _error(error: ReportsError) -> Response:
    known = (STATUS[cls] for cls in type(error).__mro__ if cls in STATUS)
    # what the store cannot do now it may do later; everything else lies in what was sent
    status = next(known, 503 if error.code.startswith("store_") else 422)
    fields = fault_of(error).by_field if status == 422 and not isinstance(error, PhotoError) else {}
    return _problem(status, error.code, explain(error), **({"fields": fields} if fields else {}))


async def _body(request: Request, limit: int) -> bytes:
    parts, taken = [], 0
    async for piece in request.stream():
        taken += len(piece)
        if taken > limit:
            raise NotReadable
        parts.append(piece)
    return b"".join(parts)


async def _received(request: Request, photo: DeclaredState, here: Town) -> bool:
    """Put a body on the disk in pieces, and note that it has come; whether that is news. Raises PhotoDiffers.

    No thread waits while a slow line is silent, and a small photo needs one thread once.
    """
    room = ExitStack()
    incoming: Incoming | None = None
    waiting = bytearray()

    def write(piece: bytearray) -> Incoming:
        nonlocal incoming
        if incoming is None:
            incoming = room.enter_context(here.photos.receiving())
        incoming.write(piece)
        return incoming

    def finish(rest: bytearray) -> bool:
        with room:
            whole = write(rest)
            if whole.sha256 != photo.sha256:
                raise PhotoDiffers(photo.sha256, whole.bytes)
            whole.keep()
        return here.reports.photo_arrived(photo.report_id, photo.sha256, here.now())

    try:
        async for piece in request.stream():
            waiting += piece
            if len(waiting) >= PIECE:
                await run_in_threadpool(write, waiting)
                waiting = bytearray()
        return await run_in_threadpool(finish, waiting)
    except BaseException:
        await run_in_threadpool(room.close)  # what was not kept is removed
        raise


def _taken(door: Door, body: bytes, sender: Sender) -> Response:
    receipt = door.take(given_of(body), sender)
    return _json(answer_of(receipt, door.town), 201 if receipt.new else 200)


def _declared(request: Request, here: Town) -> DeclaredState:
    return here.reports.declared(_uuid(request), request.path_params["sha256"])


def _uuid(request: Request) -> str:
    try:
        return canonical_uuid("uuid", request.path_params["uuid"])
    except ReportsError:
        raise UnknownReport(request.path_params["uuid"][:60]) from None


def _seen(request: Request, here: Town) -> dict[str, Any]:
    report = here.reports.by_uuid(_uuid(request))
    code = code_for(here.secret, report.uuid)
    return answer_of(Receipt(report.public_id, code, False, report), here)


def _length(request: Request) -> int:
    told = request.headers.get("content-length", "")
    return (
        min(int(told), PHOTO_LIMIT) if told.isascii() and told.isdigit() and len(told) < 12 else PHOTO_LIMIT
    )


def _text(raw: dict[str, Any], name: str) -> str:
    value = raw.get(name)
    return value if isinstance(value, str) else ""


def _json(found: object, status: int = 200) -> Response:
    return Response(orjson.dumps(found), status, media_type="application/json", headers=NOW)


def _problem(status: int, code: str, message: str, **more: object) -> Response:
    return _json({"error": code, "message": message, **more}, status)
