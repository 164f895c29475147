"""Mail on its way out: written down with what it tells of, tried until it is gone, each once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from reports_store.plaintext import LINE_LIMIT, MESSAGE_LIMIT, check_number, check_text, check_time
from reports_store.rows import from_micros, maybe_moment, to_micros
from reports_store.schema import outbox
from reports_store.vocabulary import MailState

BODY_LIMIT = 4 * MESSAGE_LIMIT
_WAITING = outbox.c.state == MailState.WAITING.value


@dataclass(frozen=True)
class NewMail:
    """A mail to be sent. `key` names what is told to whom: the same key is never sent twice."""

    to: str
    subject: str
    body: str
    key: str
    at: datetime

    def __post_init__(self) -> None:
        for name, limit in (
            ("to", LINE_LIMIT), ("subject", LINE_LIMIT), ("body", BODY_LIMIT), ("key", LINE_LIMIT),
        ):  # fmt: skip
            check_text(f"mail.{name}", getattr(self, name), limit)
        check_time("mail.at", self.at)


@dataclass(frozen=True)
class Mail:
    """A mail as it stands. attempts counts every time it was given out to be sent."""

    id: int
    to: str
    subject: str
    body: str
    key: str
    at: datetime
    state: MailState
    attempts: int
    next_try: datetime
    last_error: str
    sent_at: datetime | None


def add_mail(connection: sa.Connection, new: NewMail) -> bool:
    """Whether it is new: one with the same key is left as it is."""
    if connection.execute(sa.select(outbox.c.id).where(outbox.c.key == new.key)).first() is not None:
        return False
    connection.execute(
        outbox.insert(),
        {
            "key": new.key,
            "recipient": new.to,
            "subject": new.subject,
            "body": new.body,
            "at": to_micros(new.at),
            "state": MailState.WAITING.value,
            "attempts": 0,
            "next_try": to_micros(new.at),
            "last_error": "",
            "sent_at": None,
        },
    )
    return True


def _due(at: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(_WAITING, outbox.c.next_try <= to_micros(check_time("at", at)))


def is_any_due(connection: sa.Connection, at: datetime) -> bool:
    return connection.execute(sa.select(outbox.c.id).where(_due(at)).limit(1)).first() is not None


def take_due(connection: sa.Connection, at: datetime, limit: int, lease_s: float) -> list[Mail]:
    """Mail whose time has come, oldest first; nobody else is given it until the lease ends."""
    found = sa.select(outbox.c.id).where(_due(at)).order_by(outbox.c.next_try, outbox.c.id).limit(limit)
    ids = connection.execute(found).scalars().all()
    connection.execute(
        outbox.update()
        .where(outbox.c.id.in_(ids))
        .values(next_try=to_micros(at + timedelta(seconds=lease_s)), attempts=outbox.c.attempts + 1)
    )
    return load_mail(connection, outbox.c.id.in_(ids))


def mark_sent(connection: sa.Connection, mail_id: int, at: datetime) -> None:
    _settle(
        connection,
        mail_id,
        state=MailState.SENT.value,
        sent_at=to_micros(check_time("at", at)),
        last_error="",
    )


def postpone(connection: sa.Connection, mail_id: int, error: str, next_try: datetime | None) -> None:
    """It did not go: try again then, or never where next_try is None."""
    last_error = error[:MESSAGE_LIMIT]
    if next_try is None:
        _settle(connection, mail_id, state=MailState.FAILED.value, last_error=last_error)
    else:
        at = to_micros(check_time("next_try", next_try))
        _settle(connection, mail_id, next_try=at, last_error=last_error)


def retry(connection: sa.Connection, mail_id: int, at: datetime) -> bool:
    """Try one that waits or was given up again now, as often as a new one; not one that has been emptied."""
    which = sa.and_(outbox.c.id == mail_id, outbox.c.state != MailState.SENT.value, outbox.c.recipient != "")
    again = {"state": MailState.WAITING.value, "next_try": to_micros(check_time("at", at)), "attempts": 0}
    return bool(connection.execute(outbox.update().where(which).values(again)).rowcount)


def _settle(connection: sa.Connection, mail_id: int, **columns: object) -> None:
    which = outbox.c.id == check_number("mail_id", mail_id)
    connection.execute(outbox.update().where(which, _WAITING).values(columns))


def forget(connection: sa.Connection, before: datetime) -> int:
    """Empty what was sent or given up before a moment; that there was a mail, and when, is kept."""
    done = sa.and_(
        outbox.c.state != MailState.WAITING.value, outbox.c.at < to_micros(check_time("before", before))
    )
    blank = outbox.update().where(done, outbox.c.recipient != "").values(recipient="", subject="", body="")
    return connection.execute(blank).rowcount


def count_by_state(connection: sa.Connection) -> dict[MailState, int]:
    rows = connection.execute(sa.select(outbox.c.state, sa.func.count()).group_by(outbox.c.state))
    counted = {MailState(state): int(number) for state, number in rows}
    return {state: counted.get(state, 0) for state in MailState}


def load_mail(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> list[Mail]:
    rows = connection.execute(sa.select(outbox).where(condition).order_by(outbox.c.id))
    return [_mail(row) for row in rows]


def _mail(row: sa.Row[Any]) -> Mail:
    return Mail(
        id=row.id,
        to=row.recipient,
        subject=row.subject,
        body=row.body,
        key=row.key,
        at=from_micros(row.at),
        state=MailState(row.state),
        attempts=row.attempts,
        next_try=from_micros(row.next_try),
        last_error=row.last_error,
        sent_at=maybe_moment(row.sent_at),
    )
