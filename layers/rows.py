"""Whether the columns and cells of a file are what their kind of layer needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import geopandas as gpd

from layers.errors import Fault, Grade
from layers.kinds import Column, Kind

# A replacement character is a letter some program has already lost; the others cannot be stored or shown.
_BROKEN_TEXT = re.compile("[\x00\ud800-\udfff\ufffd]")


def column_faults(frame: gpd.GeoDataFrame, kind: Kind) -> Iterator[Fault]:
    """Required columns the file does not have."""
    present = ", ".join(
        str(name) for name in frame.columns if name in {column.name for column in kind.columns}
    )
    for column in kind.columns:
        if column.required and column.name not in frame.columns:
            yield Fault("column_missing", Grade.REFUSE, None, column.title_ja, present, column.title_ja)


def cell_faults(frame: gpd.GeoDataFrame, kind: Kind) -> Iterator[Fault]:
    """Empty required cells, values outside the kind's list, broken letters, ids used twice."""
    for column in kind.columns:
        if column.name in frame.columns:
            for row, value in _cells(frame, column.name):
                yield from _cell(column, row, value)
    yield from _repeated_ids(frame)


def _cell(column: Column, row: int, value: Any) -> Iterator[Fault]:
    if value is None or value != value:
        # An unknown flag stays unknown; a site without a name, or a zone without its class, cannot be shown.
        if column.required and column.type != "bool":
            yield Fault("value_missing", Grade.REFUSE, row, column.title_ja, "", column.title_ja)
        return
    if column.allowed and value not in column.allowed:
        allowed = ", ".join(map(str, column.allowed))
        yield Fault("value_not_allowed", Grade.REFUSE, row, column.title_ja, str(value), allowed)
    if isinstance(value, str) and _BROKEN_TEXT.search(value):
        found = value.encode(errors="replace").decode().replace("\x00", "�")
        yield Fault("text_broken", Grade.REFUSE, row, column.title_ja, found, "text")


def _repeated_ids(frame: gpd.GeoDataFrame) -> Iterator[Fault]:
    if "feature_id" not in frame.columns:
        return
    first: dict[str, int] = {}
    for row, value in _cells(frame, "feature_id"):
        if value is not None and value in first:
            yield Fault("id_twice", Grade.REFUSE, row, "ID", str(value), str(first[value]))
        first.setdefault(value, row)


def _cells(frame: gpd.GeoDataFrame, name: str) -> Iterator[tuple[int, Any]]:
    return ((int(label), value) for label, value in zip(frame.index, frame[name], strict=True))
