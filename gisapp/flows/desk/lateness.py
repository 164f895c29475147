"""How a report stands with its deadline, as a clerk sees it at a glance: 遅れ, 今日まで, もうすぐ, and so on."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from reports_store import Report
from reports_store.fiscal import JST
from reports_store.workflow import OPEN

SOON = timedelta(days=3)


class Lateness(StrEnum):
    """In the order of urgency. WAITING: the clock stands while somebody outside is waited for."""

    LATE = "late"
    TODAY = "today"
    SOON = "soon"
    IN_TIME = "in_time"
    WAITING = "waiting"
    NONE = "none"


def lateness(report: Report, now: datetime) -> Lateness:
    """How a report stands at a moment; NONE for one that is closed or has no deadline. Days are those of Japan."""
    if report.status not in OPEN or report.due_at is None:
        return Lateness.NONE
    if report.waiting_since is not None:
        return Lateness.WAITING
    if report.due_at < now:
        return Lateness.LATE
    days = report.due_at.astimezone(JST).date() - now.astimezone(JST).date()
    if days < timedelta(days=1):
        return Lateness.TODAY
    return Lateness.SOON if days <= SOON else Lateness.IN_TIME
