"""The shelf of versions: every import of a layer is kept as it was, and one pointer says which is current."""

from __future__ import annotations

import hashlib
import io
import json
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyarrow as pa

from layers.canonical import canonical
from layers.catalogue import Catalogue, Entry
from layers.crs import LONLAT
from layers.durable import alone, write_durably
from layers.errors import Fault, ImportRefused, ShelfUnwritable, SourceUnavailable
from layers.index import SpatialIndex
from layers.kinds import Kind, kind_of
from layers.readers.table import refusal

_Signature = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class LayerVersion:
    """One version of a layer. frame is canonical (EPSG:4326); rows counts its features; imported_at is
    UTC.
    """

    entry: Entry
    kind: Kind
    number: int
    frame: gpd.GeoDataFrame
    rows: int
    as_of: date | None
    imported_at: datetime
    source_name: str
    source_sha256: str
    reader: str
    by: str
    repairs: tuple[dict[str, Any], ...]
    zone: int

    @cached_property
    def index(self) -> SpatialIndex:
        """Built on the first question and kept with the version."""
        return SpatialIndex(self.frame, self.zone)


@dataclass(frozen=True)
class LayerState:
    """What a screen says about a layer. ok is False for a layer that cannot be read; reason is then a
    code.
    """

    id: str
    title: str
    kind: str
    theme: str
    department: str
    rows: int | None
    version: int | None
    as_of: date | None
    imported_at: datetime | None
    ok: bool
    reason: str
    last_good: datetime | None
    attribution: str
    licence: str
    visibility: str
    default_on: bool
    order: int


@dataclass(frozen=True)
class _Kept:
    signature: _Signature
    answer: LayerVersion | SourceUnavailable


class LayerShelf:
    """The versions of all layers of a catalogue in one folder. zone is the town's plane zone (EPSG
    6669-6687).
    """

    def __init__(self, folder: Path, catalogue: Catalogue, zone: int) -> None:
        self.folder, self.catalogue, self.zone = folder, catalogue, zone
        self._kept: dict[str, _Kept] = {}
        self._loading = threading.Lock()

    def add(
        self,
        layer_id: str,
        frame: gpd.GeoDataFrame,
        *,
        reader: str,
        source_name: str,
        source_sha256: str,
        by: str,
        at: datetime,
        as_of: date | None,
        repairs: Sequence[Fault] = (),
    ) -> LayerVersion:
        """Keep a frame as the next version and make it the current one; on any failure the former stays
        current.

        at is aware. Raises UnknownLayer, ImportRefused if the frame cannot be stored, ShelfUnwritable.
        """
        entry = self.catalogue.entry(layer_id)
        if at.tzinfo is None:
            raise ValueError(f"at {at!r}: expected an aware time")
        parquet = _parquet(canonical(frame, kind_of(entry.kind)).reset_index(drop=True))
        about = {
            "layer": layer_id, "kind": entry.kind, "reader": reader, "by": by, "rows": len(frame),
            "imported_at": at.astimezone(UTC).isoformat(), "as_of": as_of.isoformat() if as_of else None,
            "source_name": source_name, "source_sha256": source_sha256,
            "sha256": hashlib.sha256(parquet).hexdigest(), "repairs": [asdict(fault) for fault in repairs],
        }  # fmt: skip
        try:
            self._place(layer_id, parquet, about)
        except OSError as error:
            raise ShelfUnwritable(layer_id, error.strerror or str(error)) from error
        return self.current(layer_id)

    def current(self, layer_id: str) -> LayerVersion:
        """The current version, from memory while its files are the same ones.

        Raises UnknownLayer; SourceUnavailable if it was never imported or cannot be read (never an empty
        layer).
        """
        entry = self.catalogue.entry(layer_id)
        kept = self._kept.get(layer_id)
        if kept is None or kept.signature != self._signature(layer_id, kept.answer):
            with self._loading:
                kept = self._kept[layer_id] = self._load(entry)
        if isinstance(kept.answer, SourceUnavailable):
            raise SourceUnavailable(layer_id, kept.answer.last_good, kept.answer.reason)
        return kept.answer

    def listing(self) -> tuple[LayerState, ...]:
        """The state of every layer, in the order of the catalogue; failed ones are listed as failed."""
        return tuple(self._state(entry) for entry in self.catalogue)

    def stamp(self) -> str:
        """A short text that changes whenever any layer gets another current version."""
        marks = [(entry.id, _stat(self._pointer(entry.id))) for entry in self.catalogue]
        return hashlib.sha256(repr(marks).encode()).hexdigest()[:16]

    def _place(self, layer_id: str, parquet: bytes, about: dict[str, Any]) -> None:
        shelf = self.folder / layer_id
        shelf.mkdir(parents=True, exist_ok=True)
        with alone(shelf / ".lock"):
            for left_by_a_crash in shelf.glob("*.part"):
                left_by_a_crash.unlink()
            number = max((int(path.stem[1:]) for path in shelf.glob("v[0-9]*.*")), default=0) + 1
            write_durably(shelf / f"v{number:04d}.parquet", parquet)
            write_durably(shelf / f"v{number:04d}.json", _json({"number": number, **about}))
            # the pointer last: until it is renamed, the former version is the current one
            pointer = {"number": number, "imported_at": about["imported_at"]}
            write_durably(self._pointer(layer_id), _json(pointer))

    def _load(self, entry: Entry) -> _Kept:
        number: int | None = None
        before = _stat(self._pointer(entry.id))
        try:
            number = self._current_number(entry.id)
            answer: LayerVersion | SourceUnavailable = self._version(entry, number)
        except _Unusable as error:
            answer = SourceUnavailable(entry.id, self._last_good(entry.id), error.reason)
        return _Kept((*before, *self._version_stat(entry.id, number)), answer)

    def _signature(self, layer_id: str, answer: LayerVersion | SourceUnavailable) -> _Signature:
        number = answer.number if isinstance(answer, LayerVersion) else self._number_or_none(layer_id)
        return (*_stat(self._pointer(layer_id)), *self._version_stat(layer_id, number))

    def _version_stat(self, layer_id: str, number: int | None) -> _Signature:
        if number is None:
            return ()
        stem = self.folder / layer_id / f"v{number:04d}"
        return (*_stat(stem.with_suffix(".parquet")), *_stat(stem.with_suffix(".json")))

    def _number_or_none(self, layer_id: str) -> int | None:
        try:
            return self._current_number(layer_id)
        except _Unusable:
            return None

    def _current_number(self, layer_id: str) -> int:
        pointer = self._pointer(layer_id)
        if not pointer.exists():
            raise _Unusable("pointer_broken" if any(pointer.parent.glob("v*.json")) else "never_imported")
        number = _about(pointer, "pointer_broken").get("number")
        if not isinstance(number, int):
            raise _Unusable("pointer_broken")
        return number

    def _version(self, entry: Entry, number: int) -> LayerVersion:
        stem = self.folder / entry.id / f"v{number:04d}"
        about, kind = _about(stem.with_suffix(".json"), "version_broken"), kind_of(entry.kind)
        try:
            parquet = stem.with_suffix(".parquet").read_bytes()
        except OSError:
            raise _Unusable("version_missing") from None
        if hashlib.sha256(parquet).hexdigest() != about.get("sha256"):
            raise _Unusable("version_altered")
        frame = canonical(_frame(parquet), kind)
        try:
            return LayerVersion(
                entry, kind, number, frame, len(frame), _date(about["as_of"]), _time(about["imported_at"]),
                about["source_name"], about["source_sha256"], about["reader"], about["by"],
                tuple(about["repairs"]), self.zone,
            )  # fmt: skip
        except (KeyError, TypeError, ValueError):
            raise _Unusable("version_broken") from None

    def _last_good(self, layer_id: str) -> datetime | None:
        """When the version that should be current was imported; the newest one's time if the pointer is
        lost.
        """
        newest_first = sorted((self.folder / layer_id).glob("v*.json"), reverse=True)
        for path in (self._pointer(layer_id), *newest_first):
            try:
                return _time(_about(path, "version_broken")["imported_at"])
            except (_Unusable, KeyError, ValueError, TypeError):
                continue
        return None

    def _state(self, entry: Entry) -> LayerState:
        shown = {name: getattr(entry, name) for name in _ENTRY_FIELDS}
        try:
            version = self.current(entry.id)
        except SourceUnavailable as error:
            return LayerState(
                **shown, rows=None, version=None, as_of=None, imported_at=None, ok=False,
                reason=error.reason, last_good=error.last_good,
            )  # fmt: skip
        return LayerState(
            **shown, rows=version.rows, version=version.number, as_of=version.as_of,
            imported_at=version.imported_at, ok=True, reason="", last_good=version.imported_at,
        )  # fmt: skip

    def _pointer(self, layer_id: str) -> Path:
        return self.folder / layer_id / "current.json"


_ENTRY_FIELDS = tuple(part.name for part in fields(Entry))


class _Unusable(Exception):
    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def _stat(path: Path) -> _Signature:
    try:
        found = path.stat()
    except OSError:
        return (0,)
    return (found.st_ino, found.st_mtime_ns, found.st_size)


def _json(about: dict[str, Any]) -> bytes:
    return json.dumps(about, ensure_ascii=False, indent=1).encode()


def _about(path: Path, reason: str) -> dict[str, Any]:
    try:
        about = json.loads(path.read_bytes())
    except (OSError, ValueError):
        raise _Unusable(reason) from None
    if not isinstance(about, dict):
        raise _Unusable(reason)
    return about


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _parquet(frame: gpd.GeoDataFrame) -> bytes:
    """The frame as GeoParquet, read back once: what cannot be read again must not reach the shelf."""
    buffer = io.BytesIO()
    try:
        frame.to_parquet(buffer, index=False, compression="zstd")
        read_back = len(_frame(buffer.getvalue()))
    except (pa.ArrowException, ValueError, TypeError, _Unusable) as error:
        raise ImportRefused([refusal("not_storable", str(error), "GeoParquet")]) from error
    if read_back != len(frame):
        raise ImportRefused([refusal("not_storable", str(read_back), str(len(frame)))])
    return buffer.getvalue()


def _frame(parquet: bytes) -> gpd.GeoDataFrame:
    try:
        frame = gpd.read_parquet(io.BytesIO(parquet))
    except (pa.ArrowException, OSError, ValueError, KeyError):
        raise _Unusable("version_broken") from None
    return frame if frame.crs is not None else frame.set_crs(LONLAT)
