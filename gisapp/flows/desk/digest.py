"""Each working day at 8:30 a department is told by mail what is new, late and due today: numbers, never persons."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from urllib.parse import quote

from gisapp.flows.category_words import category_name
from gisapp.flows.subscribe import MailRoom
from gisapp.profile import Office
from gisapp.words import say, speaking
from reports_store import Filters, NewMail, Report, Status
from reports_store.fiscal import JST
from reports_store.inbox import PAGE_LIMIT, Order

BEGINS, ENDS = time(8, 30), time(17, 15)
LISTED = 30  # of each kind: the mail stays short enough to be read


@dataclass(frozen=True, slots=True)
class _List:
    """Reports of one kind (late, today, new), the most pressing first. more: there are more than were read."""

    kind: str
    reports: tuple[Report, ...]
    more: bool

    @property
    def count(self) -> str:
        return f"{len(self.reports)}{'+' if self.more else ''}"


def digest_day(now: datetime, is_working: Callable[[date], bool]) -> date | None:
    """The day whose digest is to go now; None at night, in the evening and on days off. now is aware."""
    local = now.astimezone(JST)
    return local.date() if BEGINS <= local.time() < ENDS and is_working(local.date()) else None


def post_digests(offices: Iterable[Office], day: date, room: MailRoom, now: datetime) -> int:
    """Write the digests of a day that have not been written yet; how many. A department with nothing to do gets none.

    The key of each names the day and the mailbox: restarts and other processes write it no second time.
    """
    return sum(room.reports.post(mail) for office in offices if (mail := _mail(office, day, room, now)))


def _mail(office: Office, day: date, room: MailRoom, now: datetime) -> NewMail | None:
    lists = _lists(office.name, day, room, now)
    if not any(one.reports for one in lists):
        return None
    with speaking("ja"):
        counts = {one.kind: one.count for one in lists}
        subject = say("desk_digest.subject", office=office.name, day=f"{day.month}/{day.day}", **counts)
        parts = "\n\n".join(_part(one, room) for one in lists if one.reports)
        inbox = f"{room.url}/desk/?state=open&state=working&department={quote(office.name)}"
        body = say("desk_digest.body", town=room.town, office=office.name, lists=parts, inbox=inbox)
    mailbox = sha256(f"{office.name}\n{office.email.lower()}".encode()).hexdigest()[:32]
    return NewMail(office.email, subject, body.strip() + "\n", f"digest:{day}:{mailbox}", now)


def _lists(department: str, day: date, room: MailRoom, now: datetime) -> tuple[_List, _List, _List]:
    mine = (department,)
    tomorrow = datetime.combine(day + timedelta(days=1), time(), JST)
    due = room.reports.inbox(Filters(departments=mine, due_before=tomorrow), Order.DUE, PAGE_LIMIT)
    new = room.reports.inbox(Filters(departments=mine, statuses=(Status.RECEIVED,)), Order.OLDEST, PAGE_LIMIT)
    late = tuple(one for one in due.reports if one.due_at is not None and one.due_at < now)
    return (
        _List("late", late, bool(due.next) and len(late) == len(due.reports)),
        _List("today", tuple(due.reports[len(late) :]), bool(due.next)),
        _List("new", tuple(new.reports), bool(new.next)),
    )


def _part(found: _List, room: MailRoom) -> str:
    """A list: number, kind of report, 自治会 and the day it is due. No words of a resident, nobody's name."""
    lines = [say(f"desk_digest.{found.kind}", n=found.count)]
    for report in found.reports[:LISTED]:
        due = report.due_at.astimezone(JST) if report.due_at else None
        kind = category_name(room.categories[report.category]) if report.category in room.categories else ""
        lines.append(
            say(
                "desk_digest.line",
                number=report.public_id,
                category=kind,
                area=report.area.name if report.area and report.area.name else say("desk_digest.no_area"),
                due=f"{due.month}/{due.day}" if due else say("desk_digest.no_due"),
                link=f"{room.url}/desk/r/{quote(report.public_id)}",
            )
        )
    if len(found.reports) > LISTED:
        lines.append(say("desk_digest.rest", n=len(found.reports) - LISTED))
    return "\n".join(lines)
