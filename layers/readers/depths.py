"""A depth class in words, as hazard maps carry it: 「0.3m以上 ～ 0.5m未満」 in metres and as the official rank."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from layers.errors import Fault, Grade
from layers.kinds import Kind
from layers.ranks import depth_range_m, rank_of_range_m
from layers.readers.cells import cell_text
from layers.readers.table import Table

EXPECTED = "0.5m以上3.0m未満"


def is_depth(raw: object) -> bool:
    """Whether a cell is a class of depths in words."""
    return depth_range_m(raw) is not None


def depths(table: Table, header: str, kind: Kind) -> tuple[dict[str, Sequence[Any]], tuple[Fault, ...]]:
    """The columns of a depth in words, as far as the kind has them, and the cells that are no depth."""
    texts = [cell_text(row.get(header)) for row in table.rows]
    ranges = [depth_range_m(text) for text in texts]
    columns: dict[str, Sequence[Any]] = {
        "depth": texts,
        "depth_rank": [None if found is None else rank_of_range_m(*found) for found in ranges],
        "depth_lower_m": [None if found is None else found[0] for found in ranges],
        "depth_upper_m": [None if found is None else found[1] for found in ranges],
    }
    faults = [
        Fault("value_unreadable", Grade.NOTE, number, header, text[:200], EXPECTED)
        for number, text, found in zip(table.numbers, texts, ranges, strict=True)
        if text and found is None
    ]
    known = {column.name for column in kind.columns}
    return {name: values for name, values in columns.items() if name in known}, tuple(faults)
