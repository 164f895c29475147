"""When the town first answered a report and when it was closed: kept beside it, so that figures need no history."""

from __future__ import annotations

import sqlalchemy as sa

from reports_store.report import ActorType, EventKind, NewEvent, Report
from reports_store.rows import to_micros
from reports_store.schema import report
from reports_store.workflow import OPEN


def milestones(new: Report, event: NewEvent) -> dict[str, object]:
    """What an event sets of answered_at, closed_at and closed_by, as values of an UPDATE of its report.

    Answered: by the town's first step that residents can read. Closed: when the report left the open states for
    the last time; by whom is kept, because what a reporter withdrew says nothing of how fast the town is.
    """
    found: dict[str, object] = {}
    at = to_micros(event.at)
    if event.actor_type is not ActorType.RESIDENT and _readable(event):
        found["answered_at"] = sa.func.coalesce(report.c.answered_at, at)
    if new.status in OPEN:
        return found | {"closed_at": sa.null(), "closed_by": sa.null()}
    if "status" in event.to:
        found["closed_at"] = sa.func.coalesce(report.c.closed_at, at)
        found["closed_by"] = sa.func.coalesce(report.c.closed_by, event.actor_type.value)
    return found


def _readable(event: NewEvent) -> bool:
    return event.kind is EventKind.STATUS or bool(event.public_message)
