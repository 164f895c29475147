"""The life of a report, as one table: which state may follow which, and what has to be said on the way."""

from __future__ import annotations

from collections.abc import Mapping

from reports_store.errors import (
    ActorRefused,
    EvidenceRequired,
    ReasonRequired,
    ReferralRequired,
    TransitionRefused,
)
from reports_store.report import ActorType, NewEvent, PhotoRole, PublicState, Status

S = Status
_REOPEN = frozenset({S.REOPENED, S.ARCHIVED})

ALLOWED: Mapping[Status, frozenset[Status]] = {
    S.RECEIVED: frozenset({
        S.TRIAGED, S.DUPLICATE, S.OUT_OF_SCOPE, S.REJECTED, S.REFERRED, S.WITHDRAWN,
    }),
    S.TRIAGED: frozenset({
        S.INVESTIGATING, S.SCHEDULED, S.IN_PROGRESS, S.INFO_REQUESTED, S.REFERRED, S.OUT_OF_SCOPE,
        S.DUPLICATE, S.WITHDRAWN,
    }),
    S.INFO_REQUESTED: frozenset({S.TRIAGED, S.INVESTIGATING, S.CLOSED_NO_REPLY, S.WITHDRAWN}),
    S.INVESTIGATING: frozenset({S.SCHEDULED, S.IN_PROGRESS, S.NO_ACTION, S.REFERRED, S.RESOLVED}),
    S.SCHEDULED: frozenset({S.IN_PROGRESS, S.INVESTIGATING, S.NO_ACTION}),
    S.IN_PROGRESS: frozenset({S.RESOLVED, S.SCHEDULED, S.INVESTIGATING}),
    S.REFERRED: frozenset({S.REFERRED_CLOSED, S.TRIAGED}),
    S.RESOLVED: _REOPEN,
    S.NO_ACTION: _REOPEN,
    S.OUT_OF_SCOPE: _REOPEN,
    S.REJECTED: _REOPEN,
    S.DUPLICATE: _REOPEN,
    S.CLOSED_NO_REPLY: _REOPEN,
    S.REFERRED_CLOSED: _REOPEN,
    S.REOPENED: frozenset({S.TRIAGED, S.INVESTIGATING, S.IN_PROGRESS, S.WITHDRAWN}),
    S.WITHDRAWN: _REOPEN,
    S.ARCHIVED: frozenset(),
}  # fmt: skip

FIRST = S.RECEIVED
FINAL = frozenset({S.ARCHIVED})
# What still needs somebody at the desk: also what was referred and is not acknowledged yet.
OPEN = frozenset({
    S.RECEIVED, S.TRIAGED, S.REOPENED, S.INFO_REQUESTED, S.INVESTIGATING, S.SCHEDULED, S.IN_PROGRESS, S.REFERRED,
})  # fmt: skip

# Turning a report away without a reason the resident can read is what reporters resent most.
NEEDS_PUBLIC_REASON = frozenset({S.NO_ACTION, S.REJECTED, S.OUT_OF_SCOPE})

# "Closed" is not "fixed": an outcome is shown by a photo or told in a note.
NEEDS_EVIDENCE = frozenset({S.RESOLVED})

# "Passed on" without saying to whom leaves the reporter, and the next clerk, with nobody to ask.
NEEDS_REFERRED_TO = frozenset({S.REFERRED})
# As long as these last it is known who has it; work that comes back is the town's own again.
KEEPS_REFERRED_TO = frozenset({S.REFERRED, S.REFERRED_CLOSED, S.ARCHIVED})

# A resident may say "it is not fixed", or take back what nobody works on yet; all else the town decides.
RESIDENT_MAY: Mapping[Status, frozenset[Status]] = {
    S.RESOLVED: frozenset({S.REOPENED}),
    **{frm: frozenset({S.WITHDRAWN}) for frm, following in ALLOWED.items() if S.WITHDRAWN in following},
}

PUBLIC_STATE: Mapping[Status, PublicState] = {
    S.RECEIVED: PublicState.OPEN,
    S.TRIAGED: PublicState.OPEN,
    S.REOPENED: PublicState.OPEN,
    S.INFO_REQUESTED: PublicState.WORKING,
    S.INVESTIGATING: PublicState.WORKING,
    S.SCHEDULED: PublicState.WORKING,
    S.IN_PROGRESS: PublicState.WORKING,
    S.RESOLVED: PublicState.DONE,
    S.REFERRED: PublicState.CLOSED,
    S.NO_ACTION: PublicState.CLOSED,
    S.OUT_OF_SCOPE: PublicState.CLOSED,
    S.REJECTED: PublicState.CLOSED,
    S.DUPLICATE: PublicState.CLOSED,
    S.CLOSED_NO_REPLY: PublicState.CLOSED,
    S.REFERRED_CLOSED: PublicState.CLOSED,
    S.WITHDRAWN: PublicState.CLOSED,
    S.ARCHIVED: PublicState.CLOSED,
}


def public_state(status: Status) -> PublicState:
    return PUBLIC_STATE[status]


def check(frm: Status, to: Status, event: NewEvent, *, shown: bool = False) -> None:
    """Raise a WorkflowError unless this event may take a report from one state to the other.

    shown: whether a photo after the work has come already, since the report was opened for the last time.
    """
    if to not in ALLOWED[frm]:
        raise TransitionRefused(frm, to, tuple(sorted(ALLOWED[frm])))
    if event.actor_type is ActorType.RESIDENT and to not in RESIDENT_MAY.get(frm, frozenset()):
        raise ActorRefused(event.actor_type, to)
    if to in NEEDS_PUBLIC_REASON and not event.public_message.strip():
        raise ReasonRequired(to)
    if to in NEEDS_EVIDENCE and not (shown or _shows(event) or _told(event)):
        raise EvidenceRequired(to)
    if to in NEEDS_REFERRED_TO and not str(event.to.get("referred_to") or "").strip():
        raise ReferralRequired(to)


def _shows(event: NewEvent) -> bool:
    """A photo after the work that is on disk: one that is only promised is no proof yet."""
    here = event.photos or (event.declared if event.received else ())
    return event.photo_role is PhotoRole.AFTER and bool(here)


def _told(event: NewEvent) -> bool:
    return bool(event.public_message.strip() or event.internal_message.strip())
