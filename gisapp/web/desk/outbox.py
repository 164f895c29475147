"""送信の状況: mails and webhooks that wait, have gone or have failed, with why, and a button to try again now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gisapp.flows.desk.telling import clock
from gisapp.flows.hooks.telling import TRIAL
from gisapp.person import Person, Right
from gisapp.town import Town
from gisapp.web.desk.door import NOT_KEPT, behind, desk_page
from gisapp.web.errors import BadRequest
from gisapp.web.forms import read_form
from gisapp.words import UnknownSentence, say
from reports_store import MailState

PAGE = "/desk/admin/outbox"
LISTED = 50
# What a mail is about, by the beginning of its key.
MAILS = ("news", "confirm", "digest")
STATES = (MailState.FAILED, MailState.WAITING, MailState.SENT)


def outbox_routes(town: Callable[[], Town]) -> list[Route]:
    """/desk/admin/outbox: the state of what leaves the town hall by itself, and trying again."""
    return [
        Route(PAGE, behind(Right.RULES, town, _look)),
        Route(f"{PAGE}/retry", behind(Right.RULES, town, _retry), methods=["POST"]),
    ]


async def _look(request: Request, town: Town, person: Person) -> Response:
    values = await run_in_threadpool(_values, town)
    return await desk_page(
        town, person, "desk/outbox.html", here="admin", done=request.query_params.get("done", ""), **values
    )


def _values(town: Town) -> dict[str, Any]:
    outgoing = town.reports.outgoing
    hooks = {one.id: one for one in outgoing.hooks()}
    return {
        "mail_counts": town.reports.mail_counts(),
        "delivery_counts": outgoing.delivery_counts(),
        "mails": [(state, [_mail(one) for one in outgoing.latest_mails(state, LISTED)]) for state in STATES],
        "deliveries": [
            (state, [(one, hooks[one.hook_id]) for one in outgoing.latest_deliveries(state, LISTED)])
            for state in STATES
        ],
        "mails_go": town.settings.mails,
        "offices": town.profile.departments,
        "trial": TRIAL,
        "day": day,
        "why": why,
        "listed": LISTED,
    }


def _mail(mail: Any) -> dict[str, Any]:
    """Never to whom: an address is personal data, and this page is about whether mail goes."""
    kind = mail.key.partition(":")[0]
    return {
        "id": mail.id,
        "kind": kind if kind in MAILS else "other",
        "subject": mail.subject if kind != "confirm" else "",
        "at": mail.at,
        "attempts": mail.attempts,
        "next_try": mail.next_try,
        "error": mail.last_error,
        "sent_at": mail.sent_at,
        "empty": not mail.subject,
    }


async def _retry(request: Request, town: Town, person: Person) -> Response:
    async with read_form(request) as form:
        what, number = str(form.get("what", "")), str(form.get("id", ""))
    outgoing = town.reports.outgoing
    again = {"mail": outgoing.retry_mail, "delivery": outgoing.retry_delivery}.get(what)
    if again is None or not (number.isascii() and number.isdigit() and len(number) < 18):
        raise BadRequest
    done = await run_in_threadpool(again, int(number), town.now())
    return RedirectResponse(f"{PAGE}?done={'again' if done else 'gone'}", 303, headers=NOT_KEPT)


def why(reason: str) -> str:
    """Why something did not go, in words where it has some; what a server answered is shown as it is."""
    try:
        return say(f"desk_hooks.why.{reason}") if reason else ""
    except UnknownSentence:
        return reason


def day(moment: datetime | None) -> str:
    """A moment on screen, in Japan's time."""
    return clock(moment) if moment else ""
