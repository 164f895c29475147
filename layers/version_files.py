"""The files of one version on the disk: its GeoParquet, its picture, and what is written down about it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
from datetime import date, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyarrow as pa
import pyarrow.parquet as pq

from layers.crs import LONLAT
from layers.durable import put_in_place, sync_folder
from layers.errors import ImportRefused
from layers.readers.table import refusal

Signature = tuple[int, ...]
PARQUET, ABOUT, PICTURE = ".parquet", ".json", ".tif"


class Unusable(Exception):
    """A file of a version cannot be used; reason is one of those that SourceUnavailable carries."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def signature(path: Path) -> Signature:
    """What changes when a file is replaced; (0,) for none."""
    try:
        found = path.stat()
    except OSError:
        return (0,)
    return (found.st_ino, found.st_mtime_ns, found.st_size)


def as_json(about: dict[str, Any]) -> bytes:
    return json.dumps(about, ensure_ascii=False, indent=1).encode()


def read_about(path: Path, reason: str) -> dict[str, Any]:
    """What is written about a version, or the pointer. Raises Unusable with the reason given."""
    try:
        about = json.loads(path.read_bytes())
    except (OSError, ValueError):
        raise Unusable(reason) from None
    if not isinstance(about, dict):
        raise Unusable(reason)
    return about


def read_whole(stem: Path, about: dict[str, Any]) -> bytes:
    """The GeoParquet of a version, checked against its hash. Raises Unusable."""
    try:
        parquet = stem.with_suffix(PARQUET).read_bytes()
    except OSError:
        raise Unusable("version_missing") from None
    if hashlib.sha256(parquet).hexdigest() != about.get("sha256"):
        raise Unusable("version_altered")
    return parquet


def picture_of(stem: Path, about: dict[str, Any]) -> Path | None:
    """The GeoTIFF of a version that has one, checked by its size: hashing a drone's picture takes seconds.

    Raises Unusable if it is missing or of another size than was written down.
    """
    if not about.get("raster_sha256"):
        return None
    path = stem.with_suffix(PICTURE)
    found = signature(path)
    if found == (0,):
        raise Unusable("version_missing")
    if found[-1] != about.get("raster_bytes"):
        raise Unusable("version_altered")
    return path


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def keep_picture(source: Path, stem: Path) -> None:
    """Copy a GeoTIFF beside its version so that a power cut leaves all of it or none."""
    path = stem.with_suffix(PICTURE)
    beside = path.with_name(path.name + ".part")
    with source.open("rb") as given, beside.open("wb") as file:
        shutil.copyfileobj(given, file, 1024 * 1024)
        file.flush()
        os.fsync(file.fileno())
    put_in_place(beside, path)
    sync_folder(path.parent)


def time_of(text: str) -> datetime:
    return datetime.fromisoformat(text)


def date_of(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def as_parquet(frame: gpd.GeoDataFrame) -> bytes:
    """The frame as GeoParquet, read back once: what cannot be read again must not reach the shelf."""
    buffer = io.BytesIO()
    try:
        frame.to_parquet(buffer, index=False, compression="zstd")
        read_back = _rows_in(buffer)
    except (pa.ArrowException, ValueError, TypeError, Unusable) as error:
        raise ImportRefused([refusal("not_storable", str(error), "GeoParquet")]) from error
    if read_back != len(frame):
        raise ImportRefused([refusal("not_storable", str(read_back), str(len(frame)))])
    return buffer.getvalue()


def _rows_in(parquet: io.BytesIO) -> int:
    """How many rows can be read again, every cell of them, some thousand at a time. Raises Unusable."""
    file = pq.ParquetFile(parquet)
    if b"geo" not in (file.metadata.metadata or {}):
        raise Unusable("version_broken")
    return sum(batch.num_rows for batch in file.iter_batches(batch_size=20_000, use_threads=False))


def as_frame(parquet: bytes) -> gpd.GeoDataFrame:
    """The frame in a GeoParquet. Raises Unusable."""
    try:
        frame = gpd.read_parquet(io.BytesIO(parquet))
    except (pa.ArrowException, OSError, ValueError, KeyError):
        raise Unusable("version_broken") from None
    return frame if frame.crs is not None else frame.set_crs(LONLAT)
