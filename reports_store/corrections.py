"""How often people gave a report to another department than the one it first came to."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from reports_store.plaintext import check_time
from reports_store.rows import to_micros
from reports_store.schema import event, report
from reports_store.vocabulary import EventKind

LOOKED_AT = 20_000


class Corrected(NamedTuple):
    """Reports of a kind by the department they came to first and the one that has them now, and how many."""

    category: str
    first: str
    now: str
    n: int


def corrections(connection: sa.Connection, since: datetime) -> list[Corrected]:
    """Of the reports since a moment (the latest 20,000), those whose kind is as told and whose arrival says where
    they went. Reports split from others were given by hand in the first place and are left out.
    """
    columns = sa.select(report.c.category, report.c.department, event.c.changes)
    rows = connection.execute(
        columns.join(event, sa.and_(event.c.report_id == report.c.id, event.c.seq == 1))
        .where(
            report.c.received_at >= to_micros(check_time("since", since)),
            event.c.kind == EventKind.CREATED.value,
            report.c.parent.is_(None),
        )
        .order_by(report.c.received_at.desc())
        .limit(LOOKED_AT)
    )
    counted: Counter[tuple[str, str, str]] = Counter()
    for category, department, changes in rows:
        first = changes["to"].get("department")
        if first and department and changes["to"].get("category") == category:
            counted[category, first, department] += 1
    return [Corrected(*key, n) for key, n in sorted(counted.items())]
