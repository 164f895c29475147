"""A file as it was found: its columns, its rows and their places, before anyone says what they mean."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

import geopandas as gpd
from shapely.geometry.base import BaseGeometry

from layers.crs import LONLAT
from layers.errors import Fault, Grade
from layers.kinds import Kind
from layers.readers.records import column_of

Seen = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Table:
    """rows, numbers and places run in parallel. numbers count as a person sees them in the file.

    rows may be made when they are asked for: read them, do not change them. seen lists what was found on
    opening: the archive around the table, how it is written, its letters, its system, the part that was taken.
    """

    file_name: str
    format: str  # csv, xlsx, geojson, shapefile …: how the rows were written
    columns: tuple[str, ...]
    rows: Sequence[dict[str, Any]]
    numbers: Sequence[int]
    places: Sequence[BaseGeometry | None]
    name: str = ""  # what the file calls itself inside, if it does
    crs: int = LONLAT
    faults: tuple[Fault, ...] = ()
    seen: Seen = ()
    _found: dict[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for column in self.columns:
            self._found.setdefault(header_key(column), column)

    def column(self, *names: str) -> str | None:
        """The header in this file for the first of these names that it has, widths and blanks aside."""
        return next((self._found[key] for name in names if (key := header_key(name)) in self._found), None)

    def values(self, *names: str) -> list[Any]:
        """The cells of the first of these columns that the file has, row by row; None throughout if it has none."""
        return column_of(self.rows, self.column(*names))

    def has(self, *names: str) -> bool:
        return all(self.column(name) for name in names)


@dataclass(frozen=True)
class Verdict:
    """A reader's claim to a file: how sure it is (0-100), of what kind the content is, and what it saw."""

    certainty: int
    kind_id: str
    why: str


@dataclass(frozen=True)
class Read:
    """A file as a layer of one kind. The frame's index holds the row numbers of the file.

    notes are faults met while reading (cells that say something else than their column wants, rings left
    open …);
    they belong to the faults that validate() finds. why names the columns or members that decided for the
    reader; seen what was found on opening the file.
    """

    frame: gpd.GeoDataFrame
    as_of: date | None
    reader: str
    why: str
    notes: tuple[Fault, ...] = ()
    seen: Seen = ()


class Reader(Protocol):
    """One format. Each file of this folder but the shared ones offers this."""

    NAME: str

    def recognise(self, sample: Table, kind: Kind) -> Verdict | None: ...

    def read(self, sample: Table, kind: Kind) -> tuple[gpd.GeoDataFrame, date | None, tuple[Fault, ...]]: ...


def header_key(header: str) -> str:
    """A header for comparing: one width, no blanks, and the dashes people type for ー (a published コ―ド)
    as ー.
    """
    return re.sub(r"[―—‐‑–−]", "ー", re.sub(r"\s", "", unicodedata.normalize("NFKC", header))).casefold()


def refusal(
    code: str, found: str = "", expected: str = "", row: int | None = None, column: str | None = None
) -> Fault:
    return Fault(code, Grade.REFUSE, row, column, found[:200], expected[:400])
