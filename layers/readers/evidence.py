"""What the cells of a column say at a glance: enough to tell what a table is, without reading half a million rows."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from layers.readers.cells import cell_text
from layers.readers.table import Table

GLANCE = 1_000  # rows


def glanced(table: Table) -> Table:
    """The first rows of a table as a table."""
    if len(table.rows) <= GLANCE:
        return table
    return replace(
        table, rows=list(islice(table.rows, GLANCE)), numbers=list(table.numbers[:GLANCE]),
        places=list(islice(table.places, GLANCE)), _found={},
    )  # fmt: skip


def texts(table: Table, header: str | None) -> list[str]:
    """The cells of a column that hold something, among the first rows."""
    if header is None:
        return []
    return [text for row in islice(table.rows, GLANCE) if (text := cell_text(row.get(header)))]
