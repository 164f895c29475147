"""The rows of a file, kept small and handed out one at a time: a file of 200 MB is not 3 GB of dictionaries."""

from __future__ import annotations

import datetime
import json
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, overload

import orjson
import pyarrow as pa

Record = dict[str, Any]
_AT_ONCE = 2_000


class Records(Sequence[Record]):
    """A list of rows that makes each dictionary when it is asked for. Changing one changes nothing here."""

    @abstractmethod
    def column(self, name: str) -> list[Any]:
        """The cells of one column, without making the rows; None where a row has none."""

    @abstractmethod
    def _between(self, start: int, stop: int) -> Iterator[Record]: ...

    @overload
    def __getitem__(self, at: int) -> Record: ...

    @overload
    def __getitem__(self, at: slice) -> list[Record]: ...

    def __getitem__(self, at: int | slice) -> Record | list[Record]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        place = at + len(self) if at < 0 else at
        if not 0 <= place < len(self):
            raise IndexError(at)
        return next(self._between(place, place + 1))

    def __iter__(self) -> Iterator[Record]:
        for start in range(0, len(self), _AT_ONCE):
            yield from self._between(start, min(start + _AT_ONCE, len(self)))


class ColumnRecords(Records):
    """Rows over columns of Arrow. Dates are handed out as texts such as 2026-04-01."""

    def __init__(self, columns: pa.Table) -> None:
        self.columns = columns

    def __len__(self) -> int:
        return int(self.columns.num_rows)

    def column(self, name: str) -> list[Any]:
        return cells(self.columns[name]) if name in self.columns.column_names else [None] * len(self)

    def _between(self, start: int, stop: int) -> Iterator[Record]:
        part = self.columns.slice(start, stop - start)
        names = part.column_names
        if not names:
            yield from ({} for _ in range(stop - start))
            return
        for row in zip(*(cells(part[name]) for name in names), strict=True):
            yield dict(zip(names, row, strict=True))


class JsonRecords(Records):
    """Rows as the JSON objects they were in the file."""

    def __init__(self, rows: list[bytes]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str) -> list[Any]:
        return [json_of(row).get(name) for row in self.rows]

    def _between(self, start: int, stop: int) -> Iterator[Record]:
        yield from map(json_of, self.rows[start:stop])


def column_of(rows: Sequence[Record], name: str | None) -> list[Any]:
    """The cells of one column of rows of any make; None throughout for no column."""
    if name is None:
        return [None] * len(rows)
    return rows.column(name) if isinstance(rows, Records) else [row.get(name) for row in rows]


def cells(column: pa.ChunkedArray) -> list[Any]:
    """The cells of an Arrow column as plain Python values."""
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return [value for chunk in column.chunks for value in chunk.to_numpy(zero_copy_only=False)]
    values: list[Any] = column.to_pylist()
    if pa.types.is_temporal(kind):
        return [None if value is None else _day(value) for value in values]
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return [None] * len(values)  # pictures and the like have no place in a layer
    return values


def json_of(raw: bytes) -> Any:
    """What a JSON text says. Python's own reader takes what the strict one refuses: NaN, halves of letters."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return json.loads(raw)


def _day(value: Any) -> str:
    if isinstance(value, datetime.datetime) and (value.hour, value.minute, value.second) == (0, 0, 0):
        value = value.date()
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)
