"""Who outside is told of what happens, and who outside may tell us: kept without the keys that sign."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from reports_store.errors import InvalidValue
from reports_store.plaintext import LINE_LIMIT, check_text, check_time
from reports_store.rows import from_micros, maybe_moment, to_micros
from reports_store.schema import hook, hook_sender

URL_LIMIT = 500
SENDER_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True)
class NewHook:
    """Somebody to be told of events at an address; internal: also of what only the town hall sees."""

    name: str
    url: str
    events: tuple[str, ...]
    internal: bool
    salt: str
    at: datetime
    actor: str

    def __post_init__(self) -> None:
        for name, limit in (
            ("name", LINE_LIMIT),
            ("url", URL_LIMIT),
            ("salt", LINE_LIMIT),
            ("actor", LINE_LIMIT),
        ):
            check_text(f"hook.{name}", getattr(self, name), limit)
        if not self.name.strip() or not self.events:
            raise InvalidValue("hook", self.name, "a name and at least one event")
        check_time("hook.at", self.at)


@dataclass(frozen=True)
class Hook(NewHook):
    """As kept. after_event: the last event that has been looked at for it."""

    id: int = 0
    after_event: int = 0
    disabled_at: datetime | None = None
    disabled_why: str = ""


@dataclass(frozen=True)
class NewSender:
    """Somebody who may tell us of reports referred to `body`; `name` stands in the address they send to."""

    name: str
    body: str
    salt: str
    at: datetime
    actor: str

    def __post_init__(self) -> None:
        if not SENDER_NAME.fullmatch(self.name):
            raise InvalidValue("sender.name", self.name[:60], "a-z, 0-9, - (40)")
        for name in ("body", "salt", "actor"):
            check_text(f"sender.{name}", getattr(self, name), LINE_LIMIT)
        if not self.body.strip():
            raise InvalidValue("sender.body", self.body, "the name of a body")
        check_time("sender.at", self.at)


@dataclass(frozen=True)
class Sender(NewSender):
    disabled_at: datetime | None = None


def add_hook(connection: sa.Connection, new: NewHook, last_event: int) -> Hook:
    """What has happened already is not told. Raises InvalidValue for a name that is taken."""
    if connection.execute(sa.select(hook.c.id).where(hook.c.name == new.name)).first() is not None:
        raise InvalidValue("hook.name", new.name, "a name that no other has")
    number = connection.execute(
        hook.insert().returning(hook.c.id),
        {
            "name": new.name,
            "url": new.url,
            "events": list(new.events),
            "internal": new.internal,
            "salt": new.salt,
            "at": to_micros(new.at),
            "actor": new.actor,
            "after_event": last_event,
            "disabled_why": "",
        },
    ).scalar_one()
    return load_hooks(connection, hook.c.id == number)[0]


def load_hooks(connection: sa.Connection, condition: sa.ColumnElement[bool] | None = None) -> list[Hook]:
    found = sa.select(hook).order_by(hook.c.id)
    return [_hook(row) for row in connection.execute(found if condition is None else found.where(condition))]


def stop_hook(connection: sa.Connection, hook_id: int, at: datetime, why: str) -> None:
    """Tell nothing more; what waits stays. One that is stopped already keeps its first reason."""
    which = sa.and_(hook.c.id == hook_id, hook.c.disabled_at.is_(None))
    connection.execute(
        hook.update().where(which).values(disabled_at=to_micros(at), disabled_why=why[:LINE_LIMIT])
    )


def start_hook(connection: sa.Connection, hook_id: int, last_event: int) -> None:
    """Tell again, of what happens from now on."""
    which = sa.and_(hook.c.id == hook_id, hook.c.disabled_at.is_not(None))
    connection.execute(
        hook.update().where(which).values(disabled_at=None, disabled_why="", after_event=last_event)
    )


def add_sender(connection: sa.Connection, new: NewSender) -> None:
    """Raises InvalidValue for a name that is taken."""
    if (
        connection.execute(sa.select(hook_sender.c.name).where(hook_sender.c.name == new.name)).first()
        is not None
    ):
        raise InvalidValue("sender.name", new.name, "a name that no other has")
    connection.execute(
        hook_sender.insert(),
        {"name": new.name, "body": new.body, "salt": new.salt, "at": to_micros(new.at), "actor": new.actor},
    )


def load_senders(connection: sa.Connection) -> list[Sender]:
    rows = connection.execute(sa.select(hook_sender).order_by(hook_sender.c.name))
    return [
        Sender(
            name=row.name,
            body=row.body,
            salt=row.salt,
            at=from_micros(row.at),
            actor=row.actor,
            disabled_at=maybe_moment(row.disabled_at),
        )
        for row in rows
    ]


def let_sender(connection: sa.Connection, name: str, disabled_at: datetime | None) -> None:
    """Hear somebody no more, or (None) again."""
    stamp = None if disabled_at is None else to_micros(disabled_at)
    connection.execute(hook_sender.update().where(hook_sender.c.name == name).values(disabled_at=stamp))


def _hook(row: sa.Row[Any]) -> Hook:
    return Hook(
        id=row.id,
        name=row.name,
        url=row.url,
        events=tuple(row.events),
        internal=row.internal,
        salt=row.salt,
        at=from_micros(row.at),
        actor=row.actor,
        after_event=row.after_event,
        disabled_at=maybe_moment(row.disabled_at),
        disabled_why=row.disabled_why,
    )
