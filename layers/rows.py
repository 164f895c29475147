"""Whether the columns, cells and rows of a file are what their kind of layer needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

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
    if kind.at_least_one and not set(kind.at_least_one) & set(frame.columns):
        titles = _any_of(kind)
        yield Fault("column_missing", Grade.REFUSE, None, titles, present, titles)


def cell_faults(frame: gpd.GeoDataFrame, kind: Kind) -> Iterator[Fault]:
    """Empty required cells, values outside the kind's list, broken letters."""
    for column in kind.columns:
        if column.name in frame.columns:
            for row, value in _cells(frame, column.name):
                yield from _cell(column, row, value)
    yield from _nothing_stated(frame, kind)


def _nothing_stated(frame: gpd.GeoDataFrame, kind: Kind) -> Iterator[Fault]:
    """Rows that give none of the columns of which their kind wants one."""
    given = [name for name in kind.at_least_one if name in frame.columns]
    if given:
        empty = frame[given].isna().all(axis=1).to_numpy()
        for label in frame.index[empty]:
            yield Fault("value_missing", Grade.REFUSE, int(label), _any_of(kind), "", _any_of(kind))


def _any_of(kind: Kind) -> str:
    return "・".join(kind.column(name).title_ja for name in kind.at_least_one)


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


@dataclass(frozen=True)
class Repeats:
    """Rows that stand in a file again: which of them are left out, and what to tell about them all."""

    again: NDArray[np.bool_]
    faults: tuple[Fault, ...]


def repeats(frame: gpd.GeoDataFrame) -> Repeats:
    """A row that is the same in every cell and place is proposed to be left out; an id on two different rows
    is refused; two points at one place are worth a note. Each fault names the first row in expected.
    """
    again = np.zeros(len(frame), dtype=bool)
    faults: list[Fault] = []
    by_content: dict[Any, int] = {}
    by_id: dict[str, int] = {}
    by_point: dict[bytes, int] = {}
    places = np.asarray(frame.geometry.array)
    ids = list(frame["feature_id"]) if "feature_id" in frame.columns else [None] * len(frame)
    names = list(frame["name"]) if "name" in frame.columns else [None] * len(frame)
    said = [list(frame[name]) for name in frame.columns if name not in {"feature_id", frame.geometry.name}]
    for at in _suspects(places, ids):
        row, place, own_id, name = int(frame.index[at]), places[at], ids[at], str(names[at] or "")
        content = (shapely.to_wkb(place), *(column[at] for column in said))
        twin = by_content.setdefault(content, at) if place is not None else at
        if twin != at and _same_id(ids[twin], own_id):
            again[at] = True
            faults.append(Fault("row_twice", Grade.REPAIR, row, None, name, str(frame.index[twin])))
            continue
        if own_id is not None and by_id.setdefault(own_id, row) != row:
            faults.append(Fault("id_twice", Grade.REFUSE, row, "ID", own_id, str(by_id[own_id])))
        elif place is not None and place.geom_type == "Point" and not place.is_empty:
            first = by_point.setdefault(shapely.to_wkb(place, output_dimension=2), row)
            if first != row:
                faults.append(Fault("place_twice", Grade.NOTE, row, None, name, str(first)))
    return Repeats(again, tuple(faults))


def _suspects(places: NDArray[np.object_], ids: list[Any]) -> list[int]:
    """The rows that share their place or their id with another: all others need no second look."""
    flat = pd.Series(shapely.to_wkb(places, output_dimension=2), dtype=object)
    named = pd.Series(ids, dtype=object)
    shared = (flat.duplicated(keep=False) & flat.notna()) | (named.duplicated(keep=False) & named.notna())
    return np.flatnonzero(shared).tolist()


def _same_id(first: str | None, second: str | None) -> bool:
    """Whether a second row has the first one's id, or one that was made from it by counting: abc, abc-2."""
    return second is None or re.fullmatch(rf"{re.escape(str(first))}(-\d+)?", second) is not None


def _cells(frame: gpd.GeoDataFrame, name: str) -> Iterator[tuple[int, Any]]:
    return ((int(label), value) for label, value in zip(frame.index, frame[name], strict=True))
