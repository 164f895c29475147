"""A CSV file as a table: one header row, a place in each row, line breaks inside quotes."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

import pyarrow as pa

from layers.crs import LONLAT
from layers.errors import Fault, UnreadableFile
from layers.exported import FEATURE_ID, POSITIONS, WKT
from layers.limits import MAX_CELLS, MAX_ROWS, MAX_TEXT
from layers.readers.encoding import encoding_of
from layers.readers.grid import Line, filled, headed
from layers.readers.positions import position_headers, positions
from layers.readers.records import ColumnRecords
from layers.readers.table import Table, refusal

_SHOWN = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8 BOM", "utf-16": "UTF-16", "cp932": "cp932"}
_LONGEST_CELL = 60_000_000  # letters: the outline of an area of MAX_VERTICES corners does not fit in fewer
_AT_ONCE = 20_000


def csv_table(path: Path, crs: int | None = None) -> Table:
    """The table of a CSV or tab-separated file. Row numbers are a spreadsheet's: a header in the first row is
    row 1, the first record row 2.

    crs is the EPSG number that the caller states for columns of metres. Raises UnreadableFile.
    """
    encoding = encoding_of(path)
    # the limit is the whole process's; it only ever is this one
    csv.field_size_limit(_LONGEST_CELL)
    with path.open(encoding=encoding, newline="") as text:
        delimiter = _delimiter(text)
        found = headed(_lines(text, delimiter))
        if found is None:
            raise UnreadableFile([refusal("file_empty", "", "a header row")])
        taken = _Columns(found.header)
        for number, cells in found.lines:
            taken.add(number, cells)
    columns, rows = taken.finished()
    where = positions(_telling(columns), rows, taken.numbers, crs)
    return Table(
        path.name, "csv", columns, rows, taken.numbers, where.places, crs=where.crs or LONLAT,
        faults=(*taken.faults, *where.faults), seen=(("format", "csv"), ("encoding", _SHOWN[encoding])),
    )  # fmt: skip


def _telling(columns: tuple[str, ...]) -> tuple[str, ...]:
    """The columns among which the position is looked for: in an export of ours, only the ones it was written to."""
    if FEATURE_ID not in columns:
        return columns
    ours = [name for name in columns if name in POSITIONS]
    return (WKT,) if WKT in ours else tuple(ours) or columns


def _delimiter(text: TextIO) -> str:
    start = text.read(20_000)
    text.seek(0)
    return "\t" if start.count("\t") > start.count(",") else ","


def _lines(text: TextIO, delimiter: str) -> Iterator[Line]:
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            if filled(cells):
                yield number, cells
    except csv.Error as error:
        raise UnreadableFile([refusal("csv_broken", str(error), "RFC 4180", row=number + 1)]) from None


class _Columns:
    """The records of a file, put away column by column as they come."""

    def __init__(self, header: list[str]) -> None:
        self.header = header
        self.named = [(place, name) for place, name in enumerate(header) if name]
        self.outline = position_headers(name for _, name in self.named).wkt
        self.numbers: list[int] = []
        self.faults: list[Fault] = []
        self._waiting: list[list[str | None]] = []
        self._done: list[pa.RecordBatch] = []
        self._schema = pa.schema([(name, pa.string()) for _, name in self.named])

    def add(self, number: int, cells: Sequence[str]) -> None:
        extra = cells[len(self.header) :]
        if filled(extra):
            self.faults.append(refusal("row_too_long", str(len(cells)), str(len(self.header)), row=number))
        # a row that stops early leaves its last columns unknown
        row: list[str | None] = [*cells[: len(self.header)], *[None] * (len(self.header) - len(cells))]
        if max(map(len, cells)) > MAX_TEXT:
            row = [self._bounded(number, name, cell) for name, cell in zip(self.header, row, strict=True)]
        self.numbers.append(number)
        self._waiting.append(row)
        if len(self.numbers) > MAX_ROWS or len(self.numbers) * len(self.named) > MAX_CELLS:
            most = min(MAX_ROWS, MAX_CELLS // max(1, len(self.named)))
            raise UnreadableFile([refusal("too_many_rows", f"> {most}", str(most))])
        if len(self._waiting) == _AT_ONCE:
            self._put_away()

    def finished(self) -> tuple[tuple[str, ...], ColumnRecords]:
        self._put_away()
        return tuple(self._schema.names), ColumnRecords(pa.Table.from_batches(self._done, self._schema))

    def _put_away(self) -> None:
        columns = list(zip(*self._waiting, strict=True)) or [()] * len(self.header)
        arrays = [pa.array(columns[place], pa.string()) for place, _ in self.named]
        self._done.append(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        self._waiting = []

    def _bounded(self, number: int, name: str, cell: str | None) -> str | None:
        if cell is None or len(cell) <= MAX_TEXT or name == self.outline:
            return cell
        self.faults.append(refusal("text_too_long", str(len(cell)), str(MAX_TEXT), number, name))
        return None
