"""Whose reports are held back for a look first: a device, a network address or an e-mail address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from reports_store.errors import InvalidValue
from reports_store.plaintext import LINE_LIMIT, check_text, check_time
from reports_store.rows import maybe_micros, to_micros
from reports_store.schema import block
from reports_store.vocabulary import BlockKind


def _which(kind: str, value_hash: bytes) -> sa.ColumnElement[bool]:
    if kind not in list(BlockKind):
        raise InvalidValue("kind", repr(kind)[:60], ", ".join(BlockKind))
    if not isinstance(value_hash, bytes) or len(value_hash) != 32:
        raise InvalidValue("value_hash", type(value_hash).__name__, "32 bytes")
    return sa.and_(block.c.kind == str(kind), block.c.value_hash == value_hash)


def add_block(
    connection: sa.Connection, kind: str, value_hash: bytes, until: datetime | None, why: str, at: datetime
) -> None:
    """Hold back what comes from here until a moment (None: until lifted). The newest word counts."""
    which = _which(kind, value_hash)
    check_text("why", why, LINE_LIMIT)
    connection.execute(block.delete().where(which))
    connection.execute(
        block.insert(),
        {
            "kind": str(kind),
            "value_hash": value_hash,
            "until": maybe_micros(None if until is None else check_time("until", until)),
            "why": why,
            "at": to_micros(check_time("at", at)),
        },
    )


def lift(connection: sa.Connection, kind: str, value_hash: bytes) -> bool:
    return connection.execute(block.delete().where(_which(kind, value_hash))).rowcount > 0


def reasons(connection: sa.Connection, marks: Mapping[str, bytes], at: datetime) -> dict[str, str]:
    """Those of the marks (kind: hash) that are blocked at a moment, each with why."""
    now = to_micros(check_time("at", at))
    these = sa.or_(*(_which(kind, value_hash) for kind, value_hash in marks.items()), sa.false())
    holds = sa.or_(block.c.until.is_(None), block.c.until > now)
    found = sa.select(block.c.kind, block.c.why).where(these, holds)
    return {kind: why for kind, why in connection.execute(found)}
