"""When public reports came, were first answered and were closed: what fair figures are made from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from reports_store.rows import STATES, from_micros, maybe_moment
from reports_store.schema import event, report
from reports_store.vocabulary import ActorType, Channel, EventKind, PublicState, Status, Visibility
from reports_store.workflow import PUBLIC_STATE

_CLOSED = {PublicState.DONE, PublicState.CLOSED}
_OPEN_STATUSES = [status.value for status in Status if PUBLIC_STATE[status] not in _CLOSED]
_PAGE = 2_000


@dataclass(frozen=True, slots=True)
class Life:
    """One public report's times. answered_at: the town's first step that residents can read; closed_at: when
    the town closed it for the last time, None while it is open or where the reporter withdrew it.
    """

    category: str
    channel: Channel
    state: PublicState
    received_at: datetime
    answered_at: datetime | None
    closed_at: datetime | None


def lives(connection: sa.Connection) -> Iterator[Life]:
    """The lives of all public reports but duplicates, which are counted with their originals."""
    rows = connection.execution_options(yield_per=_PAGE).execute(_LIVES)
    for category, channel, state, received_at, answered_at, closed_at in rows:
        yield Life(
            category,
            Channel(channel),
            STATES[state],
            from_micros(received_at),
            maybe_moment(answered_at),
            maybe_moment(closed_at),
        )


def _first_answer() -> sa.ScalarSelect[int]:
    readable = sa.or_(event.c.kind == EventKind.STATUS.value, event.c.public_message != "")
    return (
        sa.select(sa.func.min(event.c.at))
        .where(event.c.report_id == report.c.id, event.c.seq > 1, _BY_THE_TOWN, readable)
        .correlate(report)
        .scalar_subquery()
    )


def _closing() -> sa.ScalarSelect[int]:
    opened = event.alias("opened")
    last_open = (
        sa.select(sa.func.max(opened.c.seq))
        .where(
            opened.c.report_id == report.c.id,
            opened.c.kind.in_([EventKind.CREATED.value, EventKind.STATUS.value]),
            opened.c.changes["to"]["status"].as_string().in_(_OPEN_STATUSES),
        )
        .correlate(report)
        .scalar_subquery()
    )
    closing = event.alias("closing")
    return (
        sa.select(closing.c.at)
        .where(
            closing.c.report_id == report.c.id,
            closing.c.kind == EventKind.STATUS.value,
            closing.c.seq > last_open,
            closing.c.actor_type != ActorType.RESIDENT.value,
        )
        .order_by(closing.c.seq)
        .limit(1)
        .correlate(report)
        .scalar_subquery()
    )


_BY_THE_TOWN = event.c.actor_type != ActorType.RESIDENT.value
_LIVES = (
    sa.select(
        report.c.category,
        report.c.channel,
        report.c.state,
        report.c.received_at,
        _first_answer(),
        sa.case((report.c.state.in_([STATES.index(each) for each in _CLOSED]), _closing()), else_=None),
    )
    .where(report.c.visibility == Visibility.PUBLIC.value, report.c.duplicate_of.is_(None))
    .order_by(report.c.received_at)
)
