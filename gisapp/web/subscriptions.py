"""Asking to be told of an area, a 自治会 or a kind of report, and the two pages that the links of a mail open.

A link only shows a button: what reads mails before people do, and follows their links, neither starts nor ends
anything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from limits import parse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gisapp.flows.associations import association_names
from gisapp.flows.category_words import category_name
from gisapp.flows.describe import report_card
from gisapp.flows.subscribe import BadEmail, MailRoom, Wish, ask, checked_email, confirm, stop
from gisapp.town import Town
from gisapp.web.abuse import address_of
from gisapp.web.errors import BadRequest, answering
from gisapp.web.feeds import box_of, link_of
from gisapp.web.forms import read_form
from gisapp.web.render import page
from gisapp.web.track_pass import Brake
from gisapp.words import language, say
from reports_store import SubscriptionKind, UnknownSubscription
from reports_store.errors import NotPublic, UnknownReport

OF_AN_ADDRESS = parse("30 per hour")
TO_A_MAILBOX = parse("5 per day")  # nobody's mailbox is filled through us
OF_ALL = parse("500 per hour")


def subscription_routes(town: Callable[[], Town], brake: Brake) -> list[Route]:
    """/track/subscribe and /mail/ over a town."""

    async def choose(request: Request) -> Response:
        return await run_in_threadpool(_page, town(), dict(request.query_params))

    async def wish(request: Request) -> Response:
        async with read_form(request) as form:
            return await run_in_threadpool(_wished, request, form, town(), brake)

    def link(which: str, act: Callable[[str, MailRoom, Any], None]) -> Callable[[Request], object]:
        async def answer(request: Request) -> Response:
            return await run_in_threadpool(_linked, request, town(), which, act)

        return answer

    return [
        Route("/track/subscribe", answering(choose), methods=["GET"]),
        Route("/track/subscribe", answering(wish), methods=["POST"]),
        Route("/mail/confirm/{token:str}", answering(link("confirm", confirm)), methods=["GET", "POST"]),  # type: ignore[arg-type]
        Route("/mail/stop/{token:str}", answering(link("stop", stop)), methods=["GET", "POST"]),  # type: ignore[arg-type]
    ]


def allowed(email: str, address: str, brake: Brake) -> bool:
    """Whether one more mail may be asked for. The address is counted as it is written to, whoever asks."""
    limits = ((OF_AN_ADDRESS, address), (TO_A_MAILBOX, email.lower()), (OF_ALL, ""))
    return all(brake.hit(limit, "mail", who) for limit, who in limits)


def _wished(request: Request, form: FormData, here: Town, brake: Brake) -> Response:
    given = {name: value for name, value in form.items() if isinstance(value, str)}
    if not here.settings.mails:
        return _page(here, given, status=404)
    try:
        email = checked_email(given.get("email", ""))
        wish = _wish(given, here)
    except BadEmail:
        return _page(here, given, say("track.follow.bad_email"), 400)
    except BadRequest:
        return _page(here, given, say("track.subscribe.missing"), 400)
    if not allowed(email, address_of(request, here.settings.trusted_proxy), brake):
        return _page(here, given, say("track.follow.too_often"), 429)
    ask(wish, email, language(), here.mail_room, here.now())
    return _page(here, {}, notice=say("track.follow.sent"))


def _wish(given: dict[str, str], here: Town) -> Wish:
    """What a form asks for. Raises BadRequest for what was not chosen or does not exist."""
    match given.get("kind") or _implied(given):
        case "report" if number := _public_number(given.get("report", ""), here):
            return Wish.of(SubscriptionKind.REPORT, report=number)
        case "place":
            return Wish.of(
                SubscriptionKind.AREA, box=[round(side, 6) for side in box_of(given.get("bbox", ""))]
            )
        case "category" if given.get("category") in _categories(here):
            return Wish.of(SubscriptionKind.CATEGORY, category=given["category"])
        case "association" if given.get("association") in association_names(here.layers):
            return Wish.of(SubscriptionKind.ASSOCIATION, association=given["association"])
        case _:
            raise BadRequest


def _implied(given: dict[str, str]) -> str:
    """What somebody means who filled in one list and left the question open."""
    filled = [kind for kind in ("association", "category") if given.get(kind)]
    return filled[0] if len(filled) == 1 else ""


def _page(
    here: Town, given: dict[str, str], problem: str = "", status: int = 200, notice: str = ""
) -> Response:
    box, number = _box(given.get("bbox", "")), _public_number(given.get("report", ""), here)
    associations, categories = association_names(here.layers), _categories(here)
    return page(
        "track/subscribe.html",
        here.profile,
        status=status,
        box=box,
        number=number,
        kind=given.get("kind", "report" if number else "place" if box else ""),
        association=given.get("association", ""),
        category=given.get("category", ""),
        email=given.get("email", ""),
        associations=associations,
        categories=categories.items(),
        feeds=_feeds(box, number, categories, associations),
        mails=here.settings.mails,
        problem=problem,
        notice=notice,
    )


Links = list[tuple[str, str]]


def _feeds(
    box: str, number: str, categories: dict[str, str], associations: list[str]
) -> list[tuple[str, Links]]:
    """The feeds in groups: the heading of a group that is folded away, empty for what stands open."""
    first = [(link_of("all"), say("track.follow.atom_all"))]
    first += _links("report", {number: say("track.subscribe.report", number=number)} if number else {})
    first += _links("place", {box: say("track.subscribe.place")} if box else {})
    by_category, by_name = (
        _links("category", categories),
        _links("association", {one: one for one in associations}),
    )
    groups = [
        ("", first),
        (say("track.subscribe.category"), by_category),
        (say("track.subscribe.association"), by_name),
    ]
    return [group for group in groups if group[1]]


def _links(kind: str, named: dict[str, str]) -> Links:
    return [
        (link_of(kind, value), say("track.follow.atom_category", name=name)) for value, name in named.items()
    ]


def _box(text: str) -> str:
    """A box as it is put into addresses; empty for none and for one that cannot be used."""
    try:
        return ",".join(f"{side:.6f}" for side in box_of(text))
    except BadRequest:
        return ""


def _public_number(number: str, here: Town) -> str:
    """The number of a public report, or nothing."""
    try:
        return str(report_card(number, here.reports, here.categories)["id"]) if number else ""
    except (UnknownReport, NotPublic):
        return ""


def _categories(here: Town) -> dict[str, str]:
    """Code and name of the kinds of report that become public."""
    return {
        code: category_name(one) for code, one in here.categories.items() if not here.categories.hides(code)
    }


def _linked(request: Request, here: Town, which: str, act: Callable[[str, MailRoom, Any], None]) -> Response:
    """GET shows a button, POST acts; what has been done already may be done again."""
    values: dict[str, Any] = {"button": "", "what": "", "text": "", "good": False}
    if request.method != "POST":
        values |= {"title": say(f"mail.page.{which}_title"), "button": say(f"mail.page.{which}_button")}
        return page("track/mail.html", here.profile, **values)
    try:
        act(request.path_params["token"], here.mail_room, here.now())
    except UnknownSubscription:
        wrong = values | {"title": say("mail.page.wrong_title"), "text": say("mail.wrong_link")}
        return page("track/mail.html", here.profile, status=404, **wrong)
    done = values | {
        "title": say("mail.page.done_title"),
        "text": say(f"mail.page.{which}_done"),
        "good": True,
    }
    return page("track/mail.html", here.profile, **done)
