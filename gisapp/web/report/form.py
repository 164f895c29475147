"""The form for browsers without a script: filled in, checked once more, sent; nothing that was entered is lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any
from uuid import uuid4

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gisapp.flows.category_words import answer_words, category_words_ruby
from gisapp.flows.desk.assets import asset_of, asset_shown
from gisapp.flows.explain import explain
from gisapp.flows.find import landmarks
from gisapp.flows.place_text import PlaceFound
from gisapp.flows.sealed import new_token, sealed, unsealed
from gisapp.flows.similar import Similar, similar
from gisapp.flows.submit import Draft, Receipt, examined
from gisapp.flows.support import support
from gisapp.flows.suspicion import Blocked
from gisapp.flows.take_photo import HEAD_BYTES, may_be_photo
from gisapp.person import ANYONE
from gisapp.rules import rules_of
from gisapp.town import Town
from gisapp.web.abuse import Quota, TooMany, mark_device
from gisapp.web.errors import BodyTooLarge, BodyTooSlow, answering, closing
from gisapp.web.forms import whole_form
from gisapp.web.gate import FORM_LIMIT
from gisapp.web.render import page
from gisapp.web.report.accepting import Door, is_known
from gisapp.web.report.given import PHOTOS, Faults, Given, draft_of, fault_of, number_of
from gisapp.web.report.receipt import full_address, next_words, qr_of, track_url
from gisapp.web.similar import SUPPORTS, shown
from gisapp.web.track_pass import Brake
from gisapp.words import language, say
from reports_store.errors import (
    Conflict,
    EmptyPhoto,
    NotAnImage,
    NotPublic,
    PhotoError,
    ReportsError,
    UnknownReport,
)
from reports_store.report import DeclaredPhoto, canonical_uuid

FIELDS, FILES = 80, 20
FIELD_LIMIT = 256 * 1024
PIECE = 256 * 1024
NAME_LIMIT = 60
LANDMARKS = 300  # names for the list under the field; the others are found by typing them all the same
TEXT_FIELDS = (
    "uuid", "token", "work", "website", "category", "lon", "lat", "source", "accuracy_m", "place", "choice",
    "choice_of", "body",
    "contact.name", "contact.phone", "contact.email", "contact.wants_reply", "device_time", "asset",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kept:
    """A photo that lies on our disk while its form is still being filled in; seal proves that it came with it."""

    sha256: str
    bytes: int
    name: str
    seal: str


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it came: every field as text, photos as kept."""

    values: Mapping[str, str]
    kept: tuple[Kept, ...] = ()

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    def given(self) -> Given:
        """As the door takes it. A place chosen from candidates goes before words, words before a linked place."""
        chosen = (
            self["choice"] and self["choice_of"] == self["place"]
        )  # words changed since mean another place
        place = _point(self["choice"].split(" ")) if chosen else None
        if place is None and not self["place"].strip() and self["lon"] and self["lat"]:
            place = {name: self[name] for name in ("lon", "lat", "source", "accuracy_m")}
        start = f"answer.{self['category']}."
        contact = {name: self[f"contact.{name}"] for name in ("name", "phone", "email")}
        return Given(
            uuid=self["uuid"],
            category=self["category"],
            answers={k.removeprefix(start): v for k, v in self.values.items() if k.startswith(start)},
            place=place,
            place_text=self["place"],
            body=self["body"].replace("\r\n", "\n"),
            contact={**contact, "wants_reply": bool(self["contact.wants_reply"])},
            photos=tuple(DeclaredPhoto(one.sha256, one.bytes) for one in self.kept),
            photos_came=True,
            lang=language(),
            device_time=self["device_time"],
            token=self["token"],
            work=self["work"],
            trap=self["website"],
            asset=self["asset"],
        )


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a form was not taken: a sentence for each field, and the status that a program reads."""

    by_field: Mapping[str, str]
    status: int = 422
    retry_after_s: int = 0
    candidates: tuple[PlaceFound, ...] = ()


def form_routes(town: Callable[[], Town], quota: Quota) -> list[Route]:
    """/report/ over a town."""
    brake = Brake()

    async def with_slash(request: Request) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/report/{query}", 308)

    async def anew(request: Request) -> Response:
        return RedirectResponse("/report/", 303)  # a page that was sent is opened again by its address alone

    async def form(request: Request) -> Response:
        here = town()
        answer = await run_in_threadpool(partial(form_page, here, _fresh(request, here), opened=True))
        mark_device(request, answer)
        return answer

    async def check(request: Request) -> Response:
        door = Door(town(), quota)
        sender = door.sender(request)
        try:
            quota.take_bytes(sender, _length(request), door.town.mode)
            async with whole_form(request, FILES, FIELDS, FIELD_LIMIT) as sent:
                return await run_in_threadpool(_checked, sent, door)
        except TooMany as error:
            return await run_in_threadpool(_refused, door.town, _slow_down(error))

    async def send(request: Request) -> Response:
        door = Door(town(), quota)
        async with whole_form(request, 0, FIELDS, FIELD_LIMIT) as sent:
            return await run_in_threadpool(_sent, sent, request, door)

    async def same(request: Request) -> Response:
        door = Door(town(), quota)
        async with whole_form(request, 0, FIELDS, FIELD_LIMIT) as sent:
            if not brake.hit(SUPPORTS, "support", door.sender(request).address):
                return await run_in_threadpool(
                    _refused, door.town, Trouble({"body": say("web.too_many.text")}, 429)
                )
            return await run_in_threadpool(_same, sent, door)

    return [
        Route("/report", answering(with_slash)),
        Route("/report/", answering(form)),
        Route("/report/check", answering(_whole(town, check)), methods=["POST"]),
        Route("/report/check", answering(anew)),
        Route("/report/send", answering(_whole(town, send)), methods=["POST"]),
        Route("/report/send", answering(anew)),
        Route("/report/same", answering(_whole(town, same)), methods=["POST"]),
        Route("/report/same", answering(anew)),
    ]


def form_page(
    here: Town, filled: Filled, trouble: Trouble | None = None, *, opened: bool = False
) -> Response:
    """The form with all that was entered; what has to be put right stands first and at its field.

    opened: it came by its address and can be opened again in another language; what was typed could not.
    """
    trouble = trouble or Trouble({}, 200)
    answer = page(
        "report/form.html",
        here.profile,
        status=trouble.status,
        filled=filled,
        faults=trouble.by_field,
        candidates=trouble.candidates,
        kinds=[(one, category_words_ruby(one)) for one in here.categories.values()],
        landmarks=_names(here),
        opened=opened,
        asset=_asset_words(filled["asset"], here),
    )
    if trouble.retry_after_s:
        answer.headers["Retry-After"] = str(trouble.retry_after_s)
    return answer


def check_page(
    here: Town, filled: Filled, candidates: tuple[PlaceFound, ...], near: list[Similar]
) -> Response:
    """Everything once more, with the places to choose from where the words fit several, and what is known nearby."""
    category = here.categories[filled["category"]]
    answers = filled.given().answers
    return page(
        "report/check.html",
        here.profile,
        filled=filled,
        category=category_words_ruby(category),
        answers=[
            (one["ask"], answer_words(category, one["id"], answers[one["id"]]))
            for one in category_words_ruby(category)["questions"]
            if answers.get(one["id"])
        ],
        place=filled["place"].strip() or say("door.place.from_link"),
        candidates=candidates,
        near=[shown(one, here) for one in near],
    )


def receipt_page(here: Town, receipt: Receipt, request: Request) -> Response:
    """What the reporter takes away."""
    track = track_url(receipt.tracking_code)
    return page(
        "report/receipt.html",
        here.profile,
        receipt=receipt,
        track=track,
        qr=qr_of(full_address(request, track)),
        next_words=next_words(receipt.report, here),
    )


def _whole(
    town: Callable[[], Town], route: Callable[[Request], Awaitable[Response]]
) -> Callable[[Request], Awaitable[Response]]:
    """Answer a body that cannot be read to its end with a page that says what to do."""

    async def answer(request: Request) -> Response:
        try:
            return await route(request)
        except BodyTooLarge:
            return closing(_refused(town(), Trouble({"photos": say("web.too_large.text")}, 413)))
        except BodyTooSlow:
            return closing(_refused(town(), Trouble({"body": say("web.too_slow.text")}, 408)))
        except (
            MultiPartException,
            HTTPException,
            ClientDisconnect,
        ):  # Starlette makes the one into the other
            return _refused(town(), Trouble({"body": say("door.fault.broken")}, 400))
        except OSError:  # no room for what was sent
            return _refused(town(), Trouble({"photos": say("errors.store_full")}, 507))

    return answer


def _refused(here: Town, trouble: Trouble) -> Response:
    answer = page("report/refused.html", here.profile, status=trouble.status, faults=trouble.by_field)
    if trouble.retry_after_s:
        answer.headers["Retry-After"] = str(trouble.retry_after_s)
    return answer


def _fresh(request: Request, here: Town) -> Filled:
    """An empty form; a link from a map may bring a place."""
    values = {"uuid": str(uuid4()), "token": new_token(here.secret, here.now())}
    place = _point([request.query_params.get(name, "") for name in ("lon", "lat")])
    wanted = asset_of(request.query_params.get("asset", ""))
    asset = None if wanted is None else asset_shown(wanted, ANYONE, here.layers)
    if asset is not None and asset.found:  # a link from the card of a street light, a station, a mirror
        place = place or {"lon": asset.lon, "lat": asset.lat}
        values["asset"] = asset.key
    if place is not None:
        values |= {"lon": str(place["lon"]), "lat": str(place["lat"]), "source": "map_tap"}
    return Filled(values)


def _asset_words(key: str, here: Town) -> str:
    """The equipment that a form is about, as its card names it; empty for none."""
    wanted = asset_of(key)
    asset = None if wanted is None else asset_shown(wanted, ANYONE, here.layers)
    return "" if asset is None or not asset.found else f"{asset.layer}　{asset.title}"


def _checked(sent: FormData, door: Door) -> Response:
    here = door.town
    filled = _filled(sent, here)
    filled, trouble = _with_photos(filled, sent, here)
    if sent.get("edit"):
        return form_page(here, filled)
    given = filled.given()
    candidates: tuple[PlaceFound, ...] = ()
    try:
        try:
            draft = draft_of(given, here.categories, here.layers, here.profile)
        except Faults as faults:
            if set(faults.by_field) != {"place"} or not faults.candidates:
                raise
            candidates = faults.candidates  # all else is looked at as if the first of them were meant
            place = asdict(candidates[0].place)
            draft = draft_of(replace(given, place=place), here.categories, here.layers, here.profile)
        examined(draft, rules_of(here))
    except Faults as faults:
        return form_page(here, filled, Trouble({**trouble, **faults.by_field}, 422, 0, faults.candidates))
    except ReportsError as error:
        return form_page(here, filled, Trouble({**trouble, **fault_of(error).by_field}, 422, 0, candidates))
    if trouble:
        return form_page(here, filled, Trouble(trouble, 422, 0, candidates))
    return check_page(here, filled, candidates, [] if candidates else _near(draft, here))


def _near(draft: Draft, here: Town) -> list[Similar]:
    place = draft.place
    return similar(draft.category, place.lon, place.lat, here.reports, here.categories, here.profile)


def _same(sent: FormData, door: Door) -> Response:
    """The report that was chosen has one more person behind it, and nothing is sent; or all is shown once more."""
    here, chosen = door.town, str(sent.get("same", ""))
    try:
        support(chosen, _filled(sent, here)["uuid"], here.reports, here.categories, here.secret, here.now())
    except (NotPublic, UnknownReport):  # it has been closed or merged meanwhile
        return _checked(sent, door)
    return page("report/supported.html", here.profile, id=chosen)


def _sent(sent: FormData, request: Request, door: Door) -> Response:
    here = door.town
    filled = _filled(sent, here)
    gone = [one for one in filled.kept if not _is_here(one, filled, here)]
    if gone:
        filled = replace(filled, kept=tuple(one for one in filled.kept if one not in gone))
        return form_page(here, filled, Trouble({"photos": say("door.fault.photo_gone")}))
    try:
        return receipt_page(here, door.take(filled.given(), door.sender(request)), request)
    except Faults as faults:
        return form_page(here, filled, Trouble(faults.by_field, 422, 0, faults.candidates))
    except TooMany as error:
        return form_page(here, filled, _slow_down(error))
    except Conflict:
        another = replace(filled, values={**filled.values, "uuid": str(uuid4())})
        return form_page(here, another, Trouble({"body": say("door.fault.conflict")}, 409))
    except Blocked as error:
        return form_page(here, filled, Trouble({"body": explain(error)}, 403))
    except ReportsError as error:
        late = error.code.startswith("store_") or error.code == "photo_not_stored"
        by_field = {"body": explain(error)} if late else fault_of(error).by_field
        return form_page(here, filled, Trouble(by_field, 503 if late else 422))


def _slow_down(error: TooMany) -> Trouble:
    sentence = say(f"door.fault.{error.key}", minutes=error.minutes)
    return Trouble({"body": sentence}, 429, error.retry_after_s)


def _filled(sent: FormData, here: Town) -> Filled:
    """The fields that the form has, and the photos that were kept with it."""
    asked = {
        f"answer.{one.code}.{question.id}" for one in here.categories.values() for question in one.questions
    }
    values = {
        name: value
        for name, value in sent.items()
        if isinstance(value, str) and value and (name in asked or name in TEXT_FIELDS)
    }
    values["uuid"] = _uuid(values.get("uuid", ""))
    dropped = set(sent.getlist("drop"))
    read = (_read(here.secret, values["uuid"], one) for one in sent.getlist("kept") if one not in dropped)
    return Filled(values, tuple({one.sha256: one for one in read if one is not None}.values())[:PHOTOS])


def _with_photos(filled: Filled, sent: FormData, here: Town) -> tuple[Filled, dict[str, str]]:
    """The form with the photos that have just come, each on the disk; what could not be kept says why."""
    files = [
        one for one in sent.getlist("photo") if isinstance(one, UploadFile) and (one.filename or one.size)
    ]
    known, sentences = {one.sha256: one for one in filled.kept}, []
    for file in files:
        name = _shown_name(file.filename or "")
        try:
            one = _received(file, name, filled["uuid"], here)
        except PhotoError as error:
            sentences.append(say("door.fault.photo", name=name, why=_photo_words(error)))
            continue
        if len(known) < PHOTOS or one.sha256 in known:
            known[one.sha256] = one
        else:
            sentences.append(say("door.fault.photos_many"))
    told = {"photos": " ".join(dict.fromkeys(sentences))} if sentences else {}
    return replace(filled, kept=tuple(known.values())), told


def _received(file: UploadFile, name: str, uuid: str, here: Town) -> Kept:
    if not may_be_photo(file.file.read(HEAD_BYTES)):
        file.file.seek(0, 2)
        raise EmptyPhoto if file.file.tell() == 0 else NotAnImage(())
    file.file.seek(0)
    got = here.photos.receive(iter(partial(file.file.read, PIECE), b""))
    text = f"{uuid} {got.sha256} {got.bytes} {name}"
    return Kept(got.sha256, got.bytes, name, sealed(here.secret, "photo", text))


def _read(secret: bytes, uuid: str, given: object) -> Kept | None:
    text = unsealed(secret, "photo", given) if isinstance(given, str) else None
    if text is None:
        return None
    whose, sha256, size, name = text.split(" ", 3)
    return Kept(sha256, int(size), name, str(given)) if whose == uuid else None


def _is_here(photo: Kept, filled: Filled, here: Town) -> bool:
    """Whether a kept photo still lies on the disk, or has gone into a report that this form was sent for before."""
    if here.photos.has_raw(photo.sha256):
        return True
    return is_known(filled["uuid"], here.reports)


def _photo_words(error: PhotoError) -> str:
    known = {NotAnImage: "door.fault.not_photo", EmptyPhoto: "door.fault.empty"}
    return say(known[type(error)]) if type(error) in known else explain(error)


def _uuid(given: str) -> str:
    """The form's own, by which sending it twice is sending it once; a new one where there is none."""
    try:
        return canonical_uuid("uuid", given)
    except ReportsError:
        return str(uuid4())


def _shown_name(name: str) -> str:
    """A file's name as a person knows it: only what can be seen, and never what turns the line around."""
    plain = "".join(letter for letter in name.replace("\\", "/").rpartition("/")[2] if letter.isprintable())
    return plain[:NAME_LIMIT].strip() or say("door.photo.nameless")


def _names(here: Town) -> list[str]:
    """Names of landmarks to offer, those of the smaller layers first: 役場 before each street light."""
    found = landmarks(here.layers)
    sizes: dict[str, int] = {}
    for one in found:
        sizes[one.layer] = sizes.get(one.layer, 0) + 1
    ranked = sorted(found, key=lambda one: (sizes[one.layer], one.title))
    return list(dict.fromkeys(one.title for one in ranked))[:LANDMARKS]


def _point(parts: list[str]) -> dict[str, object] | None:
    """lon lat, and after them how they were found and how exactly; None unless both are numbers."""
    lon, lat, source, accuracy_m = (*parts, "", "", "", "")[:4]
    if number_of(lon) is None or number_of(lat) is None:
        return None
    return {"lon": lon, "lat": lat, "source": source, "accuracy_m": accuracy_m}


def _length(request: Request) -> int:
    told: Any = request.headers.get("content-length", "")
    return min(int(told), FORM_LIMIT) if told.isascii() and told.isdigit() and len(told) < 12 else FORM_LIMIT
