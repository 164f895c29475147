"""Turns what has happened to a report into mails for those who asked to be told, in their language.

Each mail is written once: its key names the event and the mailbox. Only public words are in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from urllib.parse import quote

from gisapp.flows.category_words import category_name
from gisapp.flows.describe import history_words
from gisapp.flows.subscribe import (
    BadEmail,
    MailRoom,
    checked_email,
    is_own,
    reporter_stopped,
    token_of,
    token_of_reporter,
)
from gisapp.words import say, speaking
from reports_store import (
    ActorType,
    Contact,
    Event,
    EventKind,
    NewMail,
    Report,
    Status,
    SubscriptionKind,
    UnknownReport,
    Visibility,
)
from reports_store.privacy import PublicEvent, public_events
from reports_store.workflow import PUBLIC_STATE

FRESH = timedelta(days=2)  # what is older, such as reports imported from elsewhere, is no news
PAGE = 500


@dataclass(frozen=True, slots=True)
class _News:
    """One step of a public history. new: the report itself has just become public."""

    report: Report
    event: Event
    step: PublicEvent
    new: bool
    public: bool


def notify(after: int, room: MailRoom, now: datetime) -> int:
    """Write the mails for a page of events after one; returns the number of the last event looked at.

    Done again after a crash it writes nothing twice.
    """
    noted = room.reports.events_after(after, PAGE)
    by_report = groupby(
        sorted(noted, key=lambda one: (one.report_id, one.seq)), key=lambda one: one.report_id
    )
    for report_id, each in by_report:
        _tell_of(report_id, [one.seq for one in each], room, now)
    return noted[-1].number if noted else after


def _tell_of(report_id: int, seqs: Iterable[int], room: MailRoom, now: datetime) -> None:
    report, events = room.reports.by_id(report_id), room.reports.events(report_id)
    for seq in seqs:
        event = events[seq - 1]
        if event.at >= now - FRESH and (news := _news(report, event, room)) is not None:
            _tell_subscribers(news, room, now)
            _tell_reporter(news, room, now)


def _news(report: Report, event: Event, room: MailRoom) -> _News | None:
    public = report.visibility is Visibility.PUBLIC and not room.categories.hides(report.category)
    appeared = event.kind is EventKind.VISIBILITY and event.to.get("visibility") == Visibility.PUBLIC.value
    if event.kind is EventKind.CREATED or appeared:
        first = PublicEvent(event.at, Status.RECEIVED, PUBLIC_STATE[Status.RECEIVED], "")
        return _News(report, event, first, True, True) if public else None
    shown = public_events([event])
    return _News(report, event, shown[0], False, public) if shown else None


def _tell_subscribers(news: _News, room: MailRoom, now: datetime) -> None:
    for found in room.reports.subscriptions_for(news.report):
        if found.confirmed_at is None or found.confirmed_at > news.event.at:
            continue  # they asked for what happens from now on
        own = is_own(found, room.secret)
        of_one = found.kind is SubscriptionKind.REPORT
        if not (news.public or own) or (news.new and of_one) or (own and _by_reporter(news.event)):
            continue
        stop = token_of(found, room.secret)
        room.reports.post(_mail(news, found.email, found.lang, stop, own, room, now))


def _tell_reporter(news: _News, room: MailRoom, now: datetime) -> None:
    """Whoever left an address with the report and asked for an answer gets it without a second yes."""
    contact, told = _who_reported(news.report, room)
    if contact is None or not contact.wants_reply or news.new or _by_reporter(news.event):
        return
    try:
        email = checked_email(contact.email)
    except BadEmail:
        return  # a telephone will have to do
    stop = token_of_reporter(told, email, room.secret)
    if not reporter_stopped(stop, room.reports, now):
        room.reports.post(_mail(news, email, news.report.lang, stop, True, room, now))


def _who_reported(report: Report, room: MailRoom) -> tuple[Contact | None, str]:
    """Who told the town of this, and with which report: what was split off is told to who sent the whole."""
    if report.parent is None:
        return room.reports.contact(report.id) if report.contact_given else None, report.public_id
    try:
        parent = room.reports.get(report.parent)
    except UnknownReport:  # removed after its time
        return None, report.public_id
    return room.reports.contact(parent.id), parent.public_id


def _by_reporter(event: Event) -> bool:
    return event.actor_type is ActorType.RESIDENT


def _mail(news: _News, to: str, lang: str, stop: str, own: bool, room: MailRoom, now: datetime) -> NewMail:
    report, number = news.report, news.report.public_id
    with speaking(lang):
        kind = "subject" if news.step.state is not None else "subject_reply"
        state = say(f"report.state.{news.step.state or PUBLIC_STATE[report.status]}")
        subject = say(f"mail.news.{kind}", town=room.town, number=number, state=state)
        body = say(
            "mail.news.body",
            town=room.town,
            category=category_name(room.categories[report.category]),
            number=number,
            news=history_words(news.step),
            link=f"{room.url}/track/" if own else f"{room.url}/map/r/{quote(number)}",
            stop=f"{room.url}/mail/stop/{stop}",
        )
    mailbox = hashlib.sha256(to.lower().encode()).hexdigest()
    return NewMail(to, subject, body.strip() + "\n", f"news:{report.id}:{news.event.seq}:{mailbox}", now)
