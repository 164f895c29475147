"""Opens a Parquet file and puts its rows away as Arrow, with what it says of its shapes."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from layers.limits import MAX_ROWS, MAX_UNPACKED
from layers.sealed.put import Put
from layers.sealed.refused import Refused


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """path, out. crs in the answer is PROJJSON, "" for none stated (longitude and latitude), None for unknown."""
    pa.set_cpu_count(1)
    file = pq.ParquetFile(request["path"], memory_map=False)
    about = file.metadata
    if about.num_rows > MAX_ROWS:
        raise Refused("too_many_rows", str(about.num_rows), str(MAX_ROWS))
    size = sum(about.row_group(place).total_byte_size for place in range(about.num_row_groups))
    if size > MAX_UNPACKED:
        raise Refused("file_too_large", str(size), str(MAX_UNPACKED))
    shape, crs = _geometry(about.metadata or {})
    names = [name for name in file.schema_arrow.names if name != shape]
    columns = [name for name in names if not pa.types.is_nested(file.schema_arrow.field(name).type)]
    with Put(request["out"], columns) as put:
        for batch in file.iter_batches(
            batch_size=10_000, use_threads=False, columns=[*columns, *([shape] if shape else [])]
        ):
            put.add(_plain(batch.select(columns)), batch[shape] if shape else None)
    return {
        "columns": columns,
        "rows": put.rows,
        "crs": crs,
        "sublayer": "",
        "others": [],
        "shaped": bool(shape),
    }


def _geometry(metadata: dict[bytes, bytes]) -> tuple[str, Any]:
    """The column of shapes and its system, as GeoParquet 1.0 and 1.1 state them."""
    try:
        about = json.loads(metadata.get(b"geo", b"{}"))
        primary = about.get("primary_column", "")
        column = about.get("columns", {}).get(primary, {})
        encoding, crs = column.get("encoding", "WKB"), column.get("crs", "")
    except (ValueError, AttributeError):
        raise Refused("decoder_failed", "GeoParquet") from None
    if primary and encoding != "WKB":
        raise Refused("format_unsupported", f"GeoParquet {encoding}", "WKB")
    return str(primary), crs


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Dictionary columns, as pandas writes categories, as the values they stand for."""
    arrays = [
        column.dictionary_decode() if isinstance(column, pa.DictionaryArray) else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)
