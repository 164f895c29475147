"""Requests on their way to those who are told by webhook: each is noted once and tried until it is taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from reports_store.plaintext import LINE_LIMIT
from reports_store.rows import from_micros, maybe_moment, to_micros
from reports_store.schema import hook, hook_delivery
from reports_store.vocabulary import MailState

_WAITING = hook_delivery.c.state == MailState.WAITING.value


@dataclass(frozen=True)
class NewDelivery:
    """One event to be told to one hook. `key` names it: the same key is noted once. A trial has no report."""

    key: str
    hook_id: int
    event: str
    at: datetime
    report_id: int | None = None
    seq: int | None = None


@dataclass(frozen=True)
class Delivery(NewDelivery):
    """As it stands. attempts counts every time it was given out to be sent."""

    id: int = 0
    state: MailState = MailState.WAITING
    attempts: int = 0
    next_try: datetime | None = None
    last_error: str = ""
    sent_at: datetime | None = None


def note(connection: sa.Connection, hook_id: int, news: Sequence[NewDelivery], looked_to: int) -> int:
    """Note deliveries of a hook and up to which event it has been looked; how many were new."""
    keys = [each.key for each in news]
    known = set(
        connection.execute(sa.select(hook_delivery.c.key).where(hook_delivery.c.key.in_(keys))).scalars()
    )
    rows = [
        {
            "key": each.key,
            "hook_id": each.hook_id,
            "event": each.event,
            "report_id": each.report_id,
            "seq": each.seq,
            "at": to_micros(each.at),
            "state": MailState.WAITING.value,
            "attempts": 0,
            "next_try": to_micros(each.at),
            "last_error": "",
        }
        for each in news
        if each.key not in known
    ]
    if rows:
        connection.execute(hook_delivery.insert(), rows)
    further = sa.and_(hook.c.id == hook_id, hook.c.after_event < looked_to)
    connection.execute(hook.update().where(further).values(after_event=looked_to))
    return len(rows)


def _due(at: datetime) -> sa.Select[tuple[int]]:
    told = sa.select(hook.c.id).where(hook.c.disabled_at.is_(None))
    return sa.select(hook_delivery.c.id).where(
        _WAITING, hook_delivery.c.next_try <= to_micros(at), hook_delivery.c.hook_id.in_(told)
    )


def is_any_due(connection: sa.Connection, at: datetime) -> bool:
    return connection.execute(_due(at).limit(1)).first() is not None


def take_due(connection: sa.Connection, at: datetime, limit: int, lease_s: float) -> list[Delivery]:
    """What is to be sent now, oldest first; nobody else is given it until the lease ends."""
    order = _due(at).order_by(hook_delivery.c.next_try, hook_delivery.c.id).limit(limit)
    ids = connection.execute(order).scalars().all()
    connection.execute(
        hook_delivery.update()
        .where(hook_delivery.c.id.in_(ids))
        .values(next_try=to_micros(at + timedelta(seconds=lease_s)), attempts=hook_delivery.c.attempts + 1)
    )
    return load_deliveries(connection, hook_delivery.c.id.in_(ids))


def settle(
    connection: sa.Connection,
    number: int,
    state: MailState,
    at: datetime,
    error: str,
    next_try: datetime | None,
) -> None:
    """It went, it waits until next_try, or it is given up."""
    values: dict[str, object] = {"state": state.value, "last_error": error[:LINE_LIMIT]}
    if state is MailState.SENT:
        values["sent_at"] = to_micros(at)
    if next_try is not None:
        values["next_try"] = to_micros(next_try)
    connection.execute(hook_delivery.update().where(hook_delivery.c.id == number, _WAITING).values(values))


def retry(connection: sa.Connection, number: int, at: datetime) -> bool:
    """Try one that waits or was given up again now, as often as a new one. Whether there is such a one."""
    which = sa.and_(hook_delivery.c.id == number, hook_delivery.c.state != MailState.SENT.value)
    again = {"state": MailState.WAITING.value, "next_try": to_micros(at), "attempts": 0}
    return bool(connection.execute(hook_delivery.update().where(which).values(again)).rowcount)


def forget(connection: sa.Connection, before: datetime) -> int:
    """Drop what was sent or given up before a moment."""
    done = sa.and_(~_WAITING, hook_delivery.c.at < to_micros(before))
    return connection.execute(hook_delivery.delete().where(done)).rowcount


def count_by_state(connection: sa.Connection) -> dict[MailState, int]:
    rows = connection.execute(
        sa.select(hook_delivery.c.state, sa.func.count()).group_by(hook_delivery.c.state)
    )
    counted = {MailState(state): int(number) for state, number in rows}
    return {state: counted.get(state, 0) for state in MailState}


def latest(connection: sa.Connection, state: MailState, limit: int) -> list[Delivery]:
    newest = sa.select(hook_delivery.c.id).where(hook_delivery.c.state == state.value)
    ids = connection.execute(newest.order_by(hook_delivery.c.id.desc()).limit(limit)).scalars().all()
    return load_deliveries(connection, hook_delivery.c.id.in_(ids))[::-1]


def load_deliveries(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> list[Delivery]:
    rows = connection.execute(sa.select(hook_delivery).where(condition).order_by(hook_delivery.c.id))
    return [_delivery(row) for row in rows]


def _delivery(row: sa.Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        key=row.key,
        hook_id=row.hook_id,
        event=row.event,
        report_id=row.report_id,
        seq=row.seq,
        at=from_micros(row.at),
        state=MailState(row.state),
        attempts=row.attempts,
        next_try=from_micros(row.next_try),
        last_error=row.last_error,
        sent_at=maybe_moment(row.sent_at),
    )
