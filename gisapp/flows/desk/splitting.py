"""One report that tells of several things becomes several, each with a department and a deadline of its own."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from gisapp.flows.desk.acting import Desk, allow
from gisapp.person import Right
from gisapp.words import say, speaking
from reports_store import Finding, NewReport, Place, Report
from reports_store.errors import ReportsError


class NothingToSplit(ReportsError):
    """No part, or one that says nothing."""

    code = "nothing_to_split"


@dataclass(frozen=True, slots=True)
class Part:
    """What becomes a report of its own. place None: where the first one lies; area and road go with a place."""

    category: str
    body: str
    place: Place | None = None
    area: Finding | None = None
    road: Finding | None = None


def split(
    desk: Desk,
    report: Report,
    parts: Sequence[Part],
    *,
    public: str = "",
    internal: str = "",
    client_uuid: str | None = None,
) -> list[Report]:
    """File each part as a report whose parent is this one; the reporter is told the new numbers.

    The first report goes on with what is left of it. Sent again with the same client_uuid, the same reports
    come back. public stands in place of the usual words to the reporter. Photos stay with the parent.
    """
    if not parts or not all(each.body.strip() for each in parts):
        raise NothingToSplit
    allow(desk, report, Right.ASSIGN, *([Right.REPLY] if public.strip() else []))
    key = uuid.UUID(client_uuid) if client_uuid else uuid.uuid4()
    children = [_child(desk, report, part, uuid.uuid5(key, str(n))) for n, part in enumerate(parts)]
    return desk.reports.split(
        report.id,
        children,
        actor=desk.person.login,
        at=desk.now(),
        seen=report.version,
        tell=lambda numbers: public.strip() or _usual_words(report, numbers),
        internal=internal,
        client_uuid=str(key),
    )


def _usual_words(report: Report, numbers: Sequence[str]) -> str:
    with speaking(report.lang):
        return say("track.split", numbers="、".join(numbers))


def _child(desk: Desk, parent: Report, part: Part, key: uuid.UUID) -> NewReport:
    same = part.place is None
    return NewReport(
        uuid=str(key),
        category=part.category,
        place=part.place or parent.place,
        body=part.body.strip(),
        answers={},
        photos=(),
        contact=None,  # stays with the parent, whose reporter is told of this one as well
        channel=parent.channel,
        lang=parent.lang,
        received_at=desk.now(),
        device_time=None,
        tracking_hash=secrets.token_bytes(32),  # followed by the parent's 照会番号, not by one of its own
        area=parent.area if same else part.area,
        road=parent.road if same else part.road,
        occurred_at=parent.occurred_at,
        mode=parent.mode,
        department=parent.department if part.category == parent.category else None,
        priority=parent.priority,
        parent=parent.public_id,
    )
