"""What makes a report suspect, and whom the town has shut out: judged from what came with it, never from its words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from gisapp.flows.sealed import age_of, mark_of
from reports_store import Mode, ReportStore
from reports_store.errors import ReportsError

TOO_FAST = timedelta(seconds=3)
TOO_OLD = timedelta(days=30)
DEVICE, ADDRESS, EMAIL = "device", "address", "email"


@dataclass(eq=False)
class Blocked(ReportsError):
    """The town has shut out this device, address or e-mail; it may still telephone."""

    code = "blocked"
    kind: str


def suspicion(secret: bytes, token: str, trap: str, at: datetime) -> str:
    """Why a report is to be looked at before anything of it is public; empty for nothing.

    trap is the field that no person sees. A report written without a signal may carry an old token or none:
    it is taken in all the same.
    """
    if trap.strip():
        return "trap"
    age = age_of(secret, token, at)
    if age is None:
        return "no_token"
    if age < TOO_FAST:
        return "too_fast"
    return "old_token" if age > TOO_OLD else ""


def not_blocked(
    senders: Mapping[str, str], reports: ReportStore, secret: bytes, mode: Mode, at: datetime
) -> str:
    """Look for the sender's marks ({device: …, address: …, email: …}) on the block list.

    In a disaster a blocked address may be a whole shelter's: then its reports are suspect instead, and this
    returns the reason. Raises Blocked.
    """
    reason = ""
    marks = {kind: mark_of(secret, kind, value) for kind, value in senders.items() if value}
    for kind in reports.blocked(marks, at):
        if kind != ADDRESS or mode is not Mode.DISASTER:
            raise Blocked(kind=kind)
        reason = "blocked_address"
    return reason
