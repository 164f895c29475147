"""What the desk's map counts: kept counts where they know the answer, else as many reports as may be read."""

from __future__ import annotations

from dataclasses import dataclass, replace

import sqlalchemy as sa

from reports_store.cells import LAST_LEVEL, Box, cell_window, whole_cells
from reports_store.counting import CellCount, cell_counts, gathered, in_sums
from reports_store.filters import Filters, conditions
from reports_store.ways import OF_WORDS, Stretch, along, at_most, by_index, few, stretches

COUNTED_FEW = 5_000  # rows that are read wherever they lie
COUNTED_IN_ALL = 20_000  # matches that are counted, newest first
_PATIENCE = 30_000
_NEWEST = Stretch("1 = 1", ("received_at", "id"), True)
_COLUMNS = "cell, state, lon, lat"


@dataclass(frozen=True)
class DeskCells:
    """cut: there are more; the newest alone are counted."""

    cells: list[CellCount]
    cut: bool = False


def desk_cells(connection: sa.Connection, box: Box, level: int, filters: Filters) -> DeskCells:
    """Counts of the cells of a level (map zoom + 2) that touch the box, of everything the filter lets through."""
    if filters.counted:
        return DeskCells(cell_counts(connection, box, level, filters))
    by_index(connection, sort=True)
    known = at_most(connection, filters)
    if not known:
        return DeskCells([])
    source = few(connection, replace(filters, box=whole_cells(box, level)), COUNTED_FEW, known, placed=True)
    if source:
        inner, values = source.matching(_COLUMNS)
        return DeskCells(_grouped(connection, box, level, inner, values))
    return _newest(connection, box, level, replace(filters, box=None))


def _newest(connection: sa.Connection, box: Box, level: int, filters: Filters) -> DeskCells:
    wanted = conditions(filters, implied=False)
    (stretch,) = stretches(filters, [_NEWEST])
    patience = OF_WORDS if filters.text else _PATIENCE
    table, values = along(stretch, wanted, patience, also=_COLUMNS)
    inner = "SELECT " + _COLUMNS + " FROM " + table + " WHERE " + wanted.where() + " LIMIT :most"
    bound = wanted.values | values | {"most": COUNTED_IN_ALL}
    cells = _grouped(connection, box, level, inner, bound)
    beyond = "SELECT 1 FROM report WHERE " + stretch.where + stretch.order() + " LIMIT 1 OFFSET :passed"
    left = connection.execute(sa.text(beyond), stretch.values | {"passed": patience}).first()
    return DeskCells(cells, left is not None or sum(cell.n for cell in cells) >= COUNTED_IN_ALL)


def _grouped(
    connection: sa.Connection, box: Box, level: int, inner: str, values: dict[str, object]
) -> list[CellCount]:
    shift = str(2 * (LAST_LEVEL - level))
    query = (
        "SELECT cell >> " + shift + ", state, COUNT(*), " + in_sums("lon") + ", " + in_sums("lat")
        + " FROM (" + inner + ") AS report GROUP BY 1, 2 ORDER BY 1"
    )  # fmt: skip
    rows = ((r[0], r[1], r[2], r[3], r[4]) for r in connection.execute(sa.text(query), values))
    return gathered(rows, cell_window(box, level))
