"""Puts the rows of a file away as they come, counting them, so that nothing too large is ever held."""

from __future__ import annotations

from types import TracebackType

import pyarrow as pa
import pyarrow.compute as pc

from layers.limits import MAX_CELLS, MAX_COLUMNS, MAX_ROWS, MAX_TEXT, MAX_VERTICES
from layers.sealed.refused import Refused

SHAPE = "shape"  # the column of shapes in what is put away; the file's own columns are called c0, c1 …
_POSITION_BYTES = 16  # of well-known binary: two numbers of eight


class Put:
    """An Arrow file of the rows; columns are the file's own, without the one of shapes."""

    def __init__(self, path: str, columns: list[str]) -> None:
        if len(columns) > MAX_COLUMNS:
            raise Refused("too_many_columns", str(len(columns)), str(MAX_COLUMNS))
        self.path, self.columns = path, columns
        self.rows = self.shape_bytes = 0
        self._writer: pa.ipc.RecordBatchFileWriter | None = None

    def __enter__(self) -> Put:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()

    def add(self, batch: pa.RecordBatch, shapes: pa.Array | None) -> None:
        """Put rows away; batch has the columns in their order. Raises Refused for too many or too long ones."""
        batch.validate(full=True)
        for name, column in zip(self.columns, batch.columns, strict=True):
            self._refuse_long_texts(name, column)
        self.rows += batch.num_rows
        if self.rows > (most := min(MAX_ROWS, MAX_CELLS // max(1, len(self.columns)))):
            raise Refused("too_many_rows", f"> {most}", str(most))
        arrays, names = list(batch.columns), [f"c{place}" for place in range(len(self.columns))]
        if shapes is not None:
            self._refuse_too_many_positions(shapes)
            arrays, names = [*arrays, shapes], [*names, SHAPE]
        plain = pa.RecordBatch.from_arrays(arrays, names=names)
        if self._writer is None:
            self._writer = pa.ipc.new_file(self.path, plain.schema)
        self._writer.write_batch(plain)

    def _refuse_long_texts(self, name: str, column: pa.Array) -> None:
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            return
        lengths = pc.utf8_length(column)
        longest = pc.max(lengths).as_py()
        if longest is not None and longest > MAX_TEXT:
            row = self.rows + 1 + lengths.to_pylist().index(longest)
            raise Refused("text_too_long", str(longest), str(MAX_TEXT), row, name)

    def _refuse_too_many_positions(self, shapes: pa.Array) -> None:
        self.shape_bytes += pc.sum(pc.binary_length(shapes)).as_py() or 0
        if self.shape_bytes > MAX_VERTICES * _POSITION_BYTES * 1.5:  # with heights, and with what frames them
            raise Refused("too_many_vertices", f"> {MAX_VERTICES}", str(MAX_VERTICES))
