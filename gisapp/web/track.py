"""Following up a report with its 照会番号: pages that work without a script.

The code travels in the body of a POST only, so no log and no address holds it; a sealed cookie then keeps the
browser on that one report.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any, BinaryIO
from uuid import uuid4

from limits import parse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

from gisapp.flows import follow
from gisapp.flows.category_words import category_words_ruby, told_answers
from gisapp.flows.describe import history_words
from gisapp.flows.explain import explain
from gisapp.flows.follow import Followed, NothingAdded, PhotoTold, Said, Step
from gisapp.flows.subscribe import BadEmail, Wish, ask, checked_email
from gisapp.town import Town
from gisapp.web.abuse import address_of
from gisapp.web.errors import BodyTooLarge, answering, refusal, trouble
from gisapp.web.feeds import link_of
from gisapp.web.forms import read_form
from gisapp.web.render import page
from gisapp.web.similar import similar_routes
from gisapp.web.subscriptions import allowed, subscription_routes
from gisapp.web.track_pass import WRONG_CODES, Brake, Pass, taken_back
from gisapp.words import language, say
from reports_store import (
    DeclaredPhoto,
    EventKind,
    InvalidCode,
    PhotoState,
    Report,
    ReportsError,
    Status,
    SubscriptionKind,
    UnknownReport,
    WorkflowError,
)
from reports_store.fiscal import JST
from reports_store.photo_raws import LIMIT_BYTES
from reports_store.privacy import PublicEvent

PHOTOS_AT_ONCE = 5
MOST_FILES = 20  # so many are read, to say in words that they are too many
MEGABYTE = 1 << 20
ADDED = parse("30 per hour")  # of one report
ADDED_MB = parse("400 per hour")
CHECKED = {"Cache-Control": "private, no-cache"}
DONE = {"added": "track.add.done", "reopened": "track.reopen.done", "withdrawn": "track.withdraw.done",
        "mail": "track.follow.sent", "ended": "track.end.done"}  # fmt: skip
OWN = {EventKind.NOTE: "added", Status.REOPENED: "reopened", Status.WITHDRAWN: "withdrawn"}


Act = Callable[[Pass, FormData, Town, Brake], str]


class Refused(Exception):
    """A form that cannot be taken: why, and which one. What was typed is shown again."""

    def __init__(self, sentence: str, about: str, kept: str, status: int = 400) -> None:
        super().__init__(about)
        self.sentence, self.about, self.kept, self.status = sentence, about, kept, status


def track_routes(town: Callable[[], Town]) -> list[Route]:
    """/track/ over a town."""
    brake = Brake()

    async def start(request: Request) -> Response:
        return await run_in_threadpool(_shown, request, town())

    async def enter(request: Request) -> Response:
        async with read_form(request, MOST_FILES) as form:
            return await run_in_threadpool(_entered, request, town(), form, brake)

    async def question(request: Request) -> Response:
        return await run_in_threadpool(_question, request, town())

    async def photo(request: Request) -> Response:
        return await run_in_threadpool(_photo, request, town())

    def acting(about: str, act: Act) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                async with read_form(request, MOST_FILES) as form:
                    return await run_in_threadpool(_acted, request, town(), form, about, act, brake)
            except BodyTooLarge:
                return refusal(413, "too_large")

        return answer

    async def end(request: Request) -> Response:
        return taken_back(RedirectResponse("/track/?done=ended", 303))

    async def old_address(request: Request) -> Response:
        return RedirectResponse("/track/", 308)

    return [
        Route("/lookup", answering(old_address)),
        Route("/track", answering(old_address)),
        Route("/track/", answering(start), methods=["GET"]),
        Route("/track/", answering(enter), methods=["POST"]),
        Route("/track/photos/{name:str}.jpg", answering(photo)),
        Route("/track/note", answering(acting("note", _note)), methods=["POST"]),
        Route("/track/reopen", answering(acting("reopen", _reopen)), methods=["POST"]),
        Route("/track/withdraw", answering(question), methods=["GET"]),
        Route("/track/withdraw", answering(acting("withdraw", _withdraw)), methods=["POST"]),
        Route("/track/mail", answering(acting("mail", _mail)), methods=["POST"]),
        Route("/track/end", answering(end), methods=["POST"]),
        *subscription_routes(town, brake),
        *similar_routes(town, brake),
    ]


# --- the way in


def _shown(request: Request, here: Town) -> Response:
    held = Pass.of(request, here.secret, here.now())
    done = DONE.get(request.query_params.get("done", ""), "")
    if held is None:
        return _ask(here, notice=say(done) if done else "")
    return _report_page(request, here, held, notice=say(done) if done else "")


def _entered(request: Request, here: Town, form: FormData, brake: Brake) -> Response:
    """The code form: told at once of a slip, slowly of a guess, and never whether something is there."""
    typed, kept, address = _text(form, "code"), _text(form, "kept"), _address(request, here)
    if not typed.strip():
        return _ask(here, say("track.ask.empty"), kept=kept, status=400)
    if not brake.free(WRONG_CODES, "code", address):
        return _ask(here, say("track.ask.too_often"), typed, kept, 429)
    try:
        report = follow.find(typed, here.reports)
    except InvalidCode:
        return _ask(here, say("track.ask.slip"), typed, kept, 400)
    except UnknownReport:
        brake.wrong_code(address, here.secret)
        return _ask(here, say("track.ask.unknown"), typed, kept, 404)
    held = Pass.new(report.id)
    if kept:
        return _report_page(request, here, held, about="note", kept=kept)
    return held.onto(RedirectResponse("/track/", 303), request, here.secret, here.now())


def _address(request: Request, here: Town) -> str:
    return address_of(request, here.settings.trusted_proxy)


def _ask(
    here: Town, problem: str = "", typed: str = "", kept: str = "", status: int = 200, notice: str = ""
) -> Response:
    return page(
        "track/ask.html",
        here.profile,
        status=status,
        problem=problem,
        typed=typed[:60],
        kept=kept,
        notice=notice,
    )


# --- the report


def _report_page(
    request: Request,
    here: Town,
    held: Pass,
    *,
    status: int = 200,
    notice: str = "",
    problem: str = "",
    about: str = "",
    kept: str = "",
) -> Response:
    found = _found(held, here)
    category = here.categories[found.report.category]
    answer = page(
        "track/report.html",
        here.profile,
        status=status,
        found=found,
        category=category_words_ruby(category),
        answers=told_answers(found.answers, category.code, here.categories),
        steps=[_worded(step) for step in found.steps],
        original_steps=[_public_words(step) for step in found.original.history] if found.original else [],
        photos=[_photo_words(photo) for photo in found.photos],
        overdue=found.due_on is not None and found.due_on < here.now().astimezone(JST).date(),
        day_words=day_words,
        feed=link_of("report", found.report.public_id),
        mails=here.settings.mails,
        token=held.token(here.secret),
        fresh=lambda: str(uuid4()),
        notice=notice,
        problem=problem,
        about=about,
        kept=kept,
    )
    return held.onto(answer, request, here.secret, here.now())


def _question(request: Request, here: Town) -> Response:
    held = Pass.of(request, here.secret, here.now())
    if held is None:
        return _ask(here)
    found = _found(held, here)
    if Status.WITHDRAWN not in found.may:
        return RedirectResponse("/track/", 303)
    token = held.token(here.secret)
    return page("track/withdraw.html", here.profile, found=found, token=token, fresh=lambda: str(uuid4()))


def _photo(request: Request, here: Town) -> Response:
    """A released photo of the report this browser follows, also while the report itself waits for a check."""
    name: str = request.path_params["name"]
    sha, size_px = (name[:-4], 320) if name.endswith(".320") else (name, 1600)
    held = Pass.of(request, here.secret, here.now())
    if held is None or sha not in _found(held, here).report.photos:
        return trouble(404, "not_found")
    return FileResponse(here.photos.path(sha, size_px), media_type="image/jpeg", headers=CHECKED)


def _found(held: Pass, here: Town) -> Followed:
    return follow.followed(here.reports.by_id(held.report_id), here.reports, here.categories)


def day_words(day: date) -> str:
    """A day as people say it, with its weekday."""
    weekday = say(f"track.weekday.{day.weekday()}")
    return say("track.day", year=day.year, month=day.month, day=day.day, weekday=weekday)


def _worded(step: Step) -> dict[str, Any]:
    if not step.own:
        return {**_public_words(step.event), "own": False}
    kind = OWN.get(step.event.status or step.kind, "added")
    title = say(f"track.history.{kind}")
    return {"day": _day(step.event), "title": title, "words": step.event.message, "own": True}


def _public_words(step: PublicEvent) -> dict[str, Any]:
    return {"day": _day(step), "title": history_words(replace(step, message="")), "words": step.message}


def _day(step: PublicEvent) -> str:
    return day_words(step.at.astimezone(JST).date())


def _photo_words(photo: PhotoTold) -> dict[str, str]:
    if photo.state == "released":
        return {"state": photo.state, "sha256": photo.sha256}
    words = _fault(photo.fault) if photo.state == PhotoState.REFUSED else say(f"track.photos.{photo.state}")
    return {"state": photo.state, "words": words}


def _fault(code: str) -> str:
    """Why a photo was refused; a reason whose sentence is missing, or needs more than a code, is told in general."""
    try:
        return say(f"errors.{code}")
    except KeyError:
        return say("track.photos.refused")


# --- what the reporter adds


def _acted(
    request: Request,
    here: Town,
    form: FormData,
    about: str,
    act: Act,
    brake: Brake,
) -> Response:
    """A form of the report's page: taken, or shown again with the reason and everything typed."""
    held = Pass.of(request, here.secret, here.now())
    typed = _text(form, "email" if about == "mail" else "words")
    if held is None:
        return _ask(here, say("track.ask.ended"), kept=typed if about != "mail" else "", status=401)
    if not held.fits(_text(form, "token"), here.secret):
        return _report_page(
            request, here, held, status=403, problem=say("web.other_site.text"), about=about, kept=typed
        )
    try:
        done = act(held, form, here, brake)
    except Refused as refused:
        return _report_page(
            request,
            here,
            held,
            status=refused.status,
            problem=refused.sentence,
            about=refused.about,
            kept=refused.kept,
        )
    except ReportsError as error:
        return _report_page(request, here, held, status=409, problem=explain(error), about=about, kept=typed)
    return held.onto(RedirectResponse(f"/track/?done={done}", 303), request, here.secret, here.now())


def _note(held: Pass, form: FormData, here: Town, brake: Brake) -> str:
    sent = _sent(held, form, here, brake, "note")
    try:
        report = follow.add_words(held.report_id, sent, here.reports, here.now())
    except NothingAdded:
        raise Refused(say("track.add.nothing"), "note", "") from None
    _tell_of(report, sent, here)
    return "added"


def _reopen(held: Pass, form: FormData, here: Town, brake: Brake) -> str:
    sent = _sent(held, form, here, brake, "reopen")
    try:
        report = follow.reopen(held.report_id, sent, here.reports, here.now())
    except NothingAdded:
        raise Refused(say("track.reopen.nothing"), "reopen", "") from None
    except WorkflowError:  # the town has moved on meanwhile: what was written may still be added
        raise Refused(say("errors.stale_version"), "note", sent.words, 409) from None
    _tell_of(report, sent, here)
    return "reopened"


def _withdraw(held: Pass, form: FormData, here: Town, brake: Brake) -> str:
    sent = _sent(held, form, here, brake, "withdraw")
    try:
        follow.withdraw(held.report_id, sent, here.reports, here.now())
    except WorkflowError:
        raise Refused(say("track.withdraw.refused"), "note", sent.words, 409) from None
    return "withdrawn"


def _mail(held: Pass, form: FormData, here: Town, brake: Brake) -> str:
    typed = _text(form, "email")
    try:
        email = checked_email(typed)
    except BadEmail:
        raise Refused(say("track.follow.bad_email"), "mail", typed) from None
    if not here.settings.mails or not allowed(email, f"report {held.report_id}", brake):
        raise Refused(say("track.follow.too_often"), "mail", typed, 429)
    number = here.reports.by_id(held.report_id).public_id
    wish = Wish.of(SubscriptionKind.REPORT, own=True, report=number)
    ask(wish, email, language(), here.mail_room, here.now())
    return "mail"


def _sent(held: Pass, form: FormData, here: Town, brake: Brake, about: str) -> Said:
    """The words of a form and its photos, which are kept on disk before any row names them."""
    words = _text(form, "words").replace("\r\n", "\n")
    files = [one for one in form.getlist("photos") if isinstance(one, UploadFile) and one.size]
    if len(files) > PHOTOS_AT_ONCE:
        raise Refused(say("track.add.too_many_photos"), about, words)
    megabytes = sum(one.size or 0 for one in files) // MEGABYTE + 1
    who = ("added", str(held.report_id))
    if not (brake.hit(ADDED, *who) and brake.hit(ADDED_MB, *who, cost=megabytes)):
        raise Refused(say("track.add.too_often"), about, words, 429)
    received = [here.photos.receive(_pieces(one.file), LIMIT_BYTES) for one in files]
    photos = tuple(DeclaredPhoto(one.sha256, one.bytes) for one in received)
    return Said(words, _text(form, "uuid"), photos)


def _tell_of(report: Report, sent: Said, here: Town) -> None:
    """The photos that came with a form are here already: work on them may begin."""
    for photo in sent.photos:
        here.reports.photo_arrived(report.id, photo.sha256, here.now())


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(MEGABYTE):
        yield piece


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""
