"""One report that tells of several things becomes several; both histories tell it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sqlalchemy as sa

from reports_store.adding import add_reports
from reports_store.appending import known_report, write_event
from reports_store.categories import Categories
from reports_store.deadlines import Deadlines
from reports_store.errors import ChangeRefused, Conflict, StaleVersion
from reports_store.merging import Said
from reports_store.plaintext import check_number
from reports_store.report import EventKind, NewReport, Report
from reports_store.schema import event
from reports_store.workflow import OPEN

Tell = Callable[[Sequence[str]], str]


def split_report(
    connection: sa.Connection,
    parent_id: int,
    children: Sequence[NewReport],
    said: Said,
    tell: Tell,
    seen: int,
    categories: Categories,
    deadlines: Deadlines,
) -> list[Report]:
    """File the children and write into each history where it came from and what became of it.

    tell makes the words to the reporter of the parent from the children's numbers. Sent again, the children
    of the first time come back. Raises StaleVersion, ChangeRefused for a report that is closed, Conflict.
    """
    parent = known_report(connection, parent_id)
    again = _was_split(connection, parent_id, said.client_uuid)
    if not again:
        if parent.version != check_number("seen", seen):
            raise StaleVersion(parent_id, seen, parent.version)
        if parent.status not in OPEN:
            raise ChangeRefused(EventKind.SPLIT, "status", "an open report")
    added = [each.report for each in add_reports(connection, children, categories, deadlines)]
    if again:
        return added
    numbers = [each.public_id for each in added]
    step = Said(said.actor, said.at, tell(numbers), said.internal, said.client_uuid).step(
        EventKind.SPLIT, {"children": numbers}
    )
    write_event(connection, parent, parent, step, categories)
    for child in added:
        told = said.told(EventKind.SPLIT, {"parent": parent.public_id})
        write_event(connection, child, child, told, categories)
    return [known_report(connection, each.id) for each in added]


def _was_split(connection: sa.Connection, parent_id: int, client_uuid: str | None) -> bool:
    if client_uuid is None:
        return False
    columns = sa.select(event.c.report_id, event.c.kind, event.c.changes)
    row = connection.execute(columns.where(event.c.client_uuid == client_uuid)).one_or_none()
    if row is None:
        return False
    if (row.report_id, row.kind) != (parent_id, EventKind.SPLIT.value) or "children" not in row.changes["to"]:
        raise Conflict(client_uuid)
    return True
