"""Rows of cells as a person typed them: where the header is, and what lies under it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

from layers.errors import UnreadableFile
from layers.limits import MAX_COLUMNS
from layers.readers.table import refusal

_LOOKED_AT = 30  # rows; a title, a date and a few remarks stand above a header, not a page of them

Line = tuple[int, Sequence[Any]]  # the row's number in the file and its cells


class Headed(NamedTuple):
    """The names over the columns ("" over one without a name), and the lines below them."""

    header: list[str]
    lines: Iterator[Line]


def headed(lines: Iterable[Line]) -> Headed | None:
    """The header of a sheet and the lines under it; None if no line has a cell.

    Titles above the header are passed over: they fill a few cells of a row, the header at least half as many
    as the fullest row.
    """
    rest = iter(lines)
    first = list(islice(rest, _LOOKED_AT))
    filled = [sum(not _blank(cell) for cell in cells) for _, cells in first]
    if not filled or not max(filled):
        return None
    at = next(place for place, count in enumerate(filled) if 2 * count >= max(filled))
    header = _unrepeated(first[at][1])
    if len(header) > MAX_COLUMNS:
        raise UnreadableFile([refusal("too_many_columns", str(len(header)), str(MAX_COLUMNS))])
    return Headed(header, chain(first[at + 1 :], rest))


def filled(cells: Iterable[Any]) -> bool:
    """Whether any cell holds something."""
    return any(not _blank(cell) for cell in cells)


def _blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _unrepeated(cells: Iterable[Any]) -> list[str]:
    seen: Counter[str] = Counter()
    names = []
    for cell in cells:
        name = "" if cell is None else str(cell).strip()
        seen[name] += 1
        names.append(name if seen[name] == 1 or not name else f"{name} ({seen[name]})")
    while names and not names[-1]:
        names.pop()
    return names
