"""The shelf of versions: every import of a layer is kept as it was, and one pointer says which is current."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import geopandas as gpd

from layers.canonical import canonical
from layers.catalogue import Catalogue, Entry
from layers.durable import alone, write_durably
from layers.errors import Fault, ShelfUnwritable, SourceUnavailable, UnknownVersion, VersionMoved
from layers.index import SpatialIndex
from layers.kinds import Kind, kind_of
from layers.version_files import (
    ABOUT,
    PARQUET,
    PICTURE,
    Signature,
    Unusable,
    as_frame,
    as_json,
    as_parquet,
    date_of,
    file_sha256,
    keep_picture,
    picture_of,
    read_about,
    read_whole,
    signature,
    time_of,
)  # fmt: skip

Origin = Literal["import", "edit", "rollback"]
FORMER_KEPT = 4  # versions that are not current and stay in memory, for comparing


@dataclass(frozen=True, eq=False)
class LayerVersion:
    """One version of a layer. frame is canonical (EPSG:4326); rows counts its features; imported_at is
    UTC.

    origin says how it came to be: from a file, by an edit of version from_version (edits lists which
    features), or by rolling back to from_version. raster is the GeoTIFF of an aerial image.
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
    origin: Origin = "import"
    from_version: int | None = None
    edits: tuple[dict[str, Any], ...] = ()
    raster: Path | None = None

    @cached_property
    def index(self) -> SpatialIndex:
        """Built on the first question and kept with the version."""
        return SpatialIndex(self.frame, self.zone)

    @cached_property
    def style_keys(self) -> frozenset[str]:
        """The styles that its features are drawn in: what a legend of this version needs to explain."""
        if len(self.kind.styles) == 1 or not self.rows:
            return frozenset(style.key for style in self.kind.styles)
        columns = [column.name for column in self.kind.columns]
        rows = zip(*(self.frame[name] for name in columns), strict=True)
        return frozenset(self.kind.style_of(dict(zip(columns, row, strict=True))) for row in rows)


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
    seen_by: tuple[str, ...]
    edited_by: tuple[str, ...]


@dataclass(frozen=True)
class VersionNote:
    """One line of a layer's history. ok is False where the version's files are missing or unreadable; what
    could not be read is then empty.
    """

    number: int
    rows: int | None
    imported_at: datetime | None
    as_of: date | None
    by: str
    reader: str
    source_name: str
    source_sha256: str
    repairs: tuple[dict[str, Any], ...]
    origin: Origin
    from_version: int | None
    edits: tuple[dict[str, Any], ...]
    current: bool
    ok: bool


@dataclass(frozen=True)
class _Kept:
    signature: Signature
    answer: LayerVersion | SourceUnavailable


class LayerShelf:
    """The versions of all layers of a catalogue in one folder. zone is the town's plane zone (EPSG
    6669-6687).
    """

    def __init__(self, folder: Path, catalogue: Catalogue, zone: int) -> None:
        self.folder, self.catalogue, self.zone = folder, catalogue, zone
        self._kept: dict[str, _Kept] = {}
        self._former: OrderedDict[tuple[str, int], _Kept] = OrderedDict()
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
        raster: Path | None = None,
        origin: Origin = "import",
        edits: Sequence[Mapping[str, Any]] = (),
        based_on: int | None = None,
    ) -> LayerVersion:
        """Keep a frame as the next version and make it the current one; on any failure the former stays
        current.

        at is aware. raster is an aerial image's GeoTIFF, of which the shelf keeps a copy. based_on is the
        version a change was made from: VersionMoved if another has become current since.
        Raises UnknownLayer, ImportRefused if the frame cannot be stored, ShelfUnwritable.
        """
        entry = self.catalogue.entry(layer_id)
        if at.tzinfo is None:
            raise ValueError(f"at {at!r}: expected an aware time")
        whole = canonical(frame, kind_of(entry.kind)).reset_index(drop=True)
        parquet = as_parquet(whole)
        about = {
            "layer": layer_id, "kind": entry.kind, "reader": reader, "by": by, "rows": len(frame),
            "imported_at": at.astimezone(UTC).isoformat(), "as_of": as_of.isoformat() if as_of else None,
            "source_name": source_name, "source_sha256": source_sha256,
            "sha256": hashlib.sha256(parquet).hexdigest(), "repairs": [asdict(fault) for fault in repairs],
            "origin": origin, "from_version": based_on, "edits": [dict(edit) for edit in edits],
        }  # fmt: skip
        return self._kept_as_next(layer_id, parquet, about, raster, based_on, whole)

    def roll_back(
        self, layer_id: str, to: int, by: str, at: datetime, based_on: int | None = None
    ) -> LayerVersion:
        """Make a new version with the content of an old one: history only grows.

        Works while the current version is broken. based_on is the current version's number that the person
        saw: VersionMoved if another has become current since. Raises UnknownVersion; SourceUnavailable if
        the old version is itself not whole, and nothing changes then.
        """
        entry = self.catalogue.entry(layer_id)
        if at.tzinfo is None:
            raise ValueError(f"at {at!r}: expected an aware time")
        old = self.version(layer_id, to)
        stem = self._stem(layer_id, to)
        try:
            former = read_about(stem.with_suffix(ABOUT), "version_broken")
            parquet = read_whole(stem, former)
            if old.raster and file_sha256(old.raster) != former["raster_sha256"]:
                raise Unusable("version_altered")
        except Unusable as error:
            raise SourceUnavailable(layer_id, old.imported_at, error.reason) from None
        about = {
            **former, "layer": layer_id, "kind": entry.kind, "by": by, "origin": "rollback",
            "imported_at": at.astimezone(UTC).isoformat(), "from_version": to, "edits": [],
        }  # fmt: skip
        return self._kept_as_next(layer_id, parquet, about, old.raster, based_on)

    def version(self, layer_id: str, number: int) -> LayerVersion:
        """Any version of a layer, checked like the current one; the last few asked for stay in memory.

        Raises UnknownLayer, UnknownVersion; SourceUnavailable if its files are missing or altered.
        """
        entry = self.catalogue.entry(layer_id)
        seen = self._version_stat(layer_id, number)
        now = self._kept.get(layer_id)
        if (
            now
            and isinstance(now.answer, LayerVersion)
            and now.answer.number == number
            and now.signature[-len(seen) :] == seen
        ):
            return now.answer
        if not any(self._stem(layer_id, number).with_suffix(end).exists() for end in (PARQUET, ABOUT)):
            raise UnknownVersion(layer_id, number)
        with self._loading:
            return self._former_version(entry, number, seen)

    def history(self, layer_id: str) -> tuple[VersionNote, ...]:
        """Every version of a layer, the newest first; one whose files are not whole is listed and says so.

        Only what is written about the versions is read, not the versions: an altered one is found out when
        it is asked for.
        """
        self.catalogue.entry(layer_id)
        current = self._number_or_none(layer_id)
        found = {int(path.stem[1:]) for path in (self.folder / layer_id).glob("v[0-9]*.json")}
        numbers = found | ({current} if current is not None else set())
        return tuple(
            self._note(layer_id, number, number == current) for number in sorted(numbers, reverse=True)
        )

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
        marks = [(entry.id, signature(self._pointer(entry.id))) for entry in self.catalogue]
        return hashlib.sha256(repr(marks).encode()).hexdigest()[:16]

    def _kept_as_next(
        self,
        layer_id: str,
        parquet: bytes,
        about: dict[str, Any],
        raster: Path | None,
        based_on: int | None,
        frame: gpd.GeoDataFrame | None = None,
    ) -> LayerVersion:
        try:
            number = self._place(layer_id, parquet, about, raster, based_on)
        except OSError as error:
            raise ShelfUnwritable(layer_id, error.strerror or str(error)) from error
        if frame is not None:  # the rows are at hand: half a million of them need not be in memory twice
            with self._loading:
                self._kept[layer_id] = self._load(self.catalogue.entry(layer_id), {number: frame})
        newest = self.current(layer_id)
        return newest if newest.number == number else self.version(layer_id, number)

    def _place(
        self,
        layer_id: str,
        parquet: bytes,
        about: dict[str, Any],
        raster: Path | None,
        based_on: int | None,
    ) -> int:
        shelf = self.folder / layer_id
        shelf.mkdir(parents=True, exist_ok=True)
        with alone(shelf / ".lock"):
            for left_by_a_crash in shelf.glob("*.part"):
                left_by_a_crash.unlink()
            current = self._number_or_none(layer_id)
            if based_on is not None and current != based_on:
                raise VersionMoved(layer_id, based_on, current)
            number = max((int(path.stem[1:]) for path in shelf.glob("v[0-9]*.*")), default=0) + 1
            stem = self._stem(layer_id, number)
            if raster is not None:
                keep_picture(raster, stem)
                kept = stem.with_suffix(PICTURE)
                about = {**about, "raster_sha256": file_sha256(kept), "raster_bytes": kept.stat().st_size}
            write_durably(stem.with_suffix(PARQUET), parquet)
            write_durably(stem.with_suffix(ABOUT), as_json({**about, "number": number}))
            # the pointer last: until it is renamed, the former version is the current one
            pointer = {"number": number, "imported_at": about["imported_at"]}
            write_durably(self._pointer(layer_id), as_json(pointer))
        return number

    def _note(self, layer_id: str, number: int, current: bool) -> VersionNote:
        stem = self._stem(layer_id, number)
        try:
            about = read_about(stem.with_suffix(ABOUT), "version_broken")
            return VersionNote(
                number, int(about["rows"]), time_of(about["imported_at"]), date_of(about["as_of"]),
                about["by"], about["reader"], about["source_name"], about["source_sha256"],
                tuple(about["repairs"]), about.get("origin", "import"), about.get("from_version"),
                tuple(about.get("edits", ())), current, stem.with_suffix(PARQUET).exists(),
            )  # fmt: skip
        except (Unusable, KeyError, TypeError, ValueError):
            return VersionNote(
                number, None, None, None, "", "", "", "", (), "import", None, (), current, ok=False
            )

    def _former_version(self, entry: Entry, number: int, seen: Signature) -> LayerVersion:
        key = (entry.id, number)
        kept = self._former.get(key)
        if kept is None or kept.signature != seen:
            try:
                answer: LayerVersion | SourceUnavailable = self._version(entry, number)
            except Unusable as error:
                answer = SourceUnavailable(entry.id, self._last_good(entry.id), error.reason)
            kept = self._former[key] = _Kept(seen, answer)
        self._former.move_to_end(key)
        while len(self._former) > FORMER_KEPT:
            self._former.popitem(last=False)
        if isinstance(kept.answer, SourceUnavailable):
            raise SourceUnavailable(entry.id, kept.answer.last_good, kept.answer.reason)
        return kept.answer

    def _load(self, entry: Entry, at_hand: Mapping[int, gpd.GeoDataFrame] | None = None) -> _Kept:
        number: int | None = None
        before = signature(self._pointer(entry.id))
        try:
            number = self._current_number(entry.id)
            answer: LayerVersion | SourceUnavailable = self._version(entry, number, at_hand or {})
        except Unusable as error:
            answer = SourceUnavailable(entry.id, self._last_good(entry.id), error.reason)
        return _Kept((*before, *self._version_stat(entry.id, number)), answer)

    def _signature(self, layer_id: str, answer: LayerVersion | SourceUnavailable) -> Signature:
        number = answer.number if isinstance(answer, LayerVersion) else self._number_or_none(layer_id)
        return (*signature(self._pointer(layer_id)), *self._version_stat(layer_id, number))

    def _version_stat(self, layer_id: str, number: int | None) -> Signature:
        if number is None:
            return ()
        stem = self._stem(layer_id, number)
        return tuple(part for end in (PARQUET, ABOUT, PICTURE) for part in signature(stem.with_suffix(end)))

    def _number_or_none(self, layer_id: str) -> int | None:
        try:
            return self._current_number(layer_id)
        except Unusable:
            return None

    def _current_number(self, layer_id: str) -> int:
        pointer = self._pointer(layer_id)
        if not pointer.exists():
            raise Unusable("pointer_broken" if any(pointer.parent.glob("v*.json")) else "never_imported")
        number = read_about(pointer, "pointer_broken").get("number")
        if not isinstance(number, int):
            raise Unusable("pointer_broken")
        return number

    def _version(
        self, entry: Entry, number: int, at_hand: Mapping[int, gpd.GeoDataFrame] = MappingProxyType({})
    ) -> LayerVersion:
        stem = self._stem(entry.id, number)
        about, kind = read_about(stem.with_suffix(ABOUT), "version_broken"), entry.kind_drawn()
        parquet = read_whole(stem, about)  # which compares the hash
        frame = at_hand[number] if number in at_hand else canonical(as_frame(parquet), kind)
        try:
            return LayerVersion(
                entry, kind, number, frame, len(frame), date_of(about["as_of"]) or entry.as_of_day,
                time_of(about["imported_at"]), about["source_name"], about["source_sha256"],
                about["reader"], about["by"], tuple(about["repairs"]), self.zone,
                about.get("origin", "import"), about.get("from_version"), tuple(about.get("edits", ())),
                picture_of(stem, about),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError):
            raise Unusable("version_broken") from None

    def _last_good(self, layer_id: str) -> datetime | None:
        """When the version that should be current was imported; the newest one's time if the pointer is
        lost.
        """
        newest_first = sorted((self.folder / layer_id).glob("v*.json"), reverse=True)
        for path in (self._pointer(layer_id), *newest_first):
            try:
                return time_of(read_about(path, "version_broken")["imported_at"])
            except (Unusable, KeyError, ValueError, TypeError):
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

    def _stem(self, layer_id: str, number: int) -> Path:
        return self.folder / layer_id / f"v{number:04d}"


# as_of is the version's own where it has one; style is drawn into LayerVersion.kind
_ENTRY_FIELDS = tuple(part.name for part in fields(Entry) if part.name not in ("as_of", "style"))
