"""Filters of the inbox that somebody keeps under a name, for themselves or for their department."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from reports_store.errors import InvalidFilter
from reports_store.plaintext import LINE_LIMIT, check_text
from reports_store.rows import from_micros, to_micros
from reports_store.schema import saved_view

QUERY_LIMIT = 2000
VIEWS_LIMIT = 50


@dataclass(frozen=True)
class SavedView:
    """query is the inbox's query string. department: who else sees it, None for its owner alone."""

    id: int
    login: str
    department: str | None
    name: str
    query: str
    at: datetime


def views(connection: sa.Connection, login: str, department: str | None) -> list[SavedView]:
    """One's own by name, then those of others in one's department."""
    mine = saved_view.c.login == login
    shared = sa.and_(saved_view.c.department.is_not(None), saved_view.c.department == department)
    found = sa.select(saved_view).where(sa.or_(mine, shared))
    rows = connection.execute(found.order_by(saved_view.c.name, saved_view.c.id)).all()
    made = [SavedView(r.id, r.login, r.department, r.name, r.query, from_micros(r.at)) for r in rows]
    return sorted(made, key=lambda view: view.login != login)


def save(
    connection: sa.Connection, login: str, department: str | None, name: str, query: str, at: datetime
) -> None:
    """Keep a filter; the same name of the same person is written over. At most VIEWS_LIMIT a person."""
    name = check_text("name", name, LINE_LIMIT).strip()
    if not name:
        raise InvalidFilter("name", "", "a name")
    check_text("query", query, QUERY_LIMIT)
    mine = saved_view.c.login == login
    connection.execute(saved_view.delete().where(mine, saved_view.c.name == name))
    kept = connection.execute(sa.select(sa.func.count()).select_from(saved_view).where(mine)).scalar_one()
    if kept >= VIEWS_LIMIT:
        raise InvalidFilter("views", str(kept + 1), f"at most {VIEWS_LIMIT}")
    row = {"login": login, "department": department, "name": name, "query": query, "at": to_micros(at)}
    connection.execute(saved_view.insert(), row)


def drop(connection: sa.Connection, login: str, view_id: int) -> bool:
    """Forget one of a person's own. Whether there was one."""
    gone = saved_view.delete().where(saved_view.c.id == view_id, saved_view.c.login == login)
    return connection.execute(gone).rowcount > 0
