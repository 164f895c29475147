"""Imports that wait for a person's yes: the file as it was sent, what was found in it, and what repairs would change.

A draft is a folder of its own; nothing of it is on the shelf. It outlives a reload of the page and a restart
of the server, and is swept after a day.
"""

from __future__ import annotations

import re
import secrets
import shutil
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import shapely
from shapely.geometry.base import BaseGeometry

from layers.catalogue import Entry
from layers.durable import alone, write_durably
from layers.errors import Fault, Grade, LayersError
from layers.repairs import Change

_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
_NOT_IN_A_NAME = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\ud800-\udfff]')
NAME_LIMIT = 80
CHANGES_DRAWN = 500
_KEPT = ("by", "made_at", "source_name", "size_bytes", "new", "kind", "crs", "sublayer")


class UnknownDraft(LayersError):
    """No draft of that token: it was imported, withdrawn, or a day has passed."""

    code = "unknown_draft"


@dataclass(frozen=True)
class Findings:
    """What looking at the file found. kind is the kind it was read as, "" if the file does not tell; rows counts
    what would be imported; changed counts the features that a repair changes on the map. against is the
    current version at that time, and difference how many features differ from it; seen is what was met on
    opening the file: its form, its letters, its system.
    """

    kind: str
    reader: str
    why: str
    rows: int
    as_of: date | None
    counts: Mapping[str, int]
    changed: int
    against: int | None = None
    difference: Mapping[str, int] | None = None
    seen: tuple[tuple[str, str], ...] = ()

    @property
    def usable(self) -> bool:
        return not self.counts.get(Grade.REFUSE) and self.rows > 0

    @property
    def needs_consent(self) -> bool:
        return bool(self.counts.get(Grade.REPAIR))


@dataclass(frozen=True)
class Draft:
    """One import that waits. entry is the layer it is meant for, new or known; kind "" leaves a new layer's kind
    to the file; crs is the EPSG number that a person states for a file that does not; made_at is aware.
    """

    token: str
    folder: Path
    by: str
    made_at: datetime
    source_name: str
    size_bytes: int
    entry: Entry
    new: bool
    kind: str = ""
    crs: int | None = None
    sublayer: str = ""
    found: Findings | None = None

    @property
    def source(self) -> Path:
        """The file as it was sent."""
        return self.folder / "source" / self.source_name

    def faults(self) -> list[Fault]:
        """All faults, the gravest first. Raises UnknownDraft."""
        return [Fault(**{**raw, "grade": Grade(raw["grade"])}) for raw in _load(self.folder / "faults.json")]

    def shapes(self, side: str) -> bytes:
        """The features that the repairs change, as GeoJSON text; side is before or after. Raises UnknownDraft."""
        return _bytes(self.folder / f"{side}.json")


class Drafts:
    """The drafts of a town, each in a folder named by its token."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def arriving(self) -> Iterator[Path]:
        """An empty folder into which a file's parts may be written; it is gone again if that fails."""
        self.folder.mkdir(parents=True, exist_ok=True)
        folder = self.folder / secrets.token_urlsafe(16)
        (folder / "source").mkdir(parents=True)
        try:
            yield folder / "source"
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def keep(self, source: Path, *, by: str, at: datetime, entry: Entry, new: bool, kind: str = "") -> Draft:
        """Make what has arrived a draft. source is the main file in an arriving() folder; at is aware."""
        folder = source.parent.parent
        size = sum(path.stat().st_size for path in source.parent.iterdir())
        draft = Draft(folder.name, folder, by, at, source.name, size, entry, new, kind)
        _write(draft)
        return draft

    def get(self, token: str) -> Draft:
        """The draft of a token. Raises UnknownDraft."""
        if not _TOKEN.fullmatch(token):
            raise UnknownDraft
        folder = self.folder / token
        raw = _load(folder / "draft.json")
        try:
            entry, found = Entry(**raw.pop("entry")), raw.pop("found")
            made_at = datetime.fromisoformat(raw.pop("made_at"))
            return Draft(
                **raw, token=token, folder=folder, made_at=made_at, entry=entry,
                found=_findings(found) if found else None,
            )  # fmt: skip
        except (AttributeError, KeyError, TypeError, ValueError):
            raise UnknownDraft from None  # kept by another release of this program

    def waiting(self, by: str) -> list[Draft]:
        """The drafts of one person, the newest first."""
        found = []
        for folder in self.folder.iterdir() if self.folder.is_dir() else ():
            with suppress(UnknownDraft):  # still arriving, or withdrawn just now
                found.append(self.get(folder.name))
        return sorted((one for one in found if one.by == by), key=lambda one: one.made_at, reverse=True)

    def asked_anew(self, draft: Draft, *, crs: int | None, sublayer: str, kind: str) -> Draft:
        """The draft with other answers to what the file leaves open; it is to be looked at again."""
        changed = replace(draft, crs=crs, sublayer=sublayer, kind=kind, found=None)
        _write(changed)
        return changed

    def looked_at(
        self, draft: Draft, found: Findings, faults: Sequence[Fault], changes: Sequence[Change] = ()
    ) -> Draft:
        """Keep what was found; the draft's own file last, so that a draft with findings has them all."""
        drawn = changes[:CHANGES_DRAWN]
        write_durably(draft.folder / "faults.json", _faults(faults))
        write_durably(draft.folder / "before.json", _geojson(drawn, before=True))
        write_durably(draft.folder / "after.json", _geojson(drawn, before=False))
        done = replace(draft, found=found)
        _write(done)
        return done

    def still(self, draft: Draft, faults: Sequence[Fault]) -> bool:
        """Whether these faults are the ones that were shown: a yes was given to these and no others."""
        return _bytes(draft.folder / "faults.json") == _faults(faults)

    @contextmanager
    def looking(self, draft: Draft) -> Iterator[None]:
        """One look at a draft's file at a time, also when it is open in two windows. Raises UnknownDraft."""
        if not draft.folder.is_dir():
            raise UnknownDraft  # withdrawn meanwhile
        with alone(draft.folder / ".lock"):
            yield

    def remove(self, draft: Draft) -> None:
        """The draft is done with, one way or the other."""
        shutil.rmtree(draft.folder, ignore_errors=True)

    def sweep(self, older_than: datetime) -> int:
        """Remove what has waited since before a moment (aware), and what never became whole; how many."""
        gone = 0
        for folder in self.folder.iterdir() if self.folder.is_dir() else ():
            if folder.stat().st_mtime < older_than.timestamp():
                shutil.rmtree(folder, ignore_errors=True)
                gone += 1
        return gone


def safe_name(name: str) -> str:
    """A file's name as it may stand in a folder of ours: no path, no control letters, not too long."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    plain = _NOT_IN_A_NAME.sub("_", last).strip(". ") or "file"
    stem, dot, end = plain.rpartition(".")
    return f"{stem[: NAME_LIMIT - len(end)]}{dot}{end}" if dot and len(end) < 10 else plain[:NAME_LIMIT]


def _write(draft: Draft) -> None:
    about = {name: getattr(draft, name) for name in _KEPT}
    found = asdict(draft.found) if draft.found else None
    about = {**about, "entry": asdict(draft.entry), "found": found}
    write_durably(draft.folder / "draft.json", orjson.dumps(about))


def _load(path: Path) -> Any:
    try:
        return orjson.loads(_bytes(path))
    except orjson.JSONDecodeError:
        raise UnknownDraft from None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise UnknownDraft from None


def _findings(raw: dict[str, Any]) -> Findings:
    as_of, seen = raw.pop("as_of"), raw.pop("seen")
    pairs = tuple((name, text) for name, text in seen)
    return Findings(**raw, as_of=date.fromisoformat(as_of) if as_of else None, seen=pairs)


def _faults(faults: Iterable[Fault]) -> bytes:
    # half a letter cannot be written as UTF-8; the fault that names it keeps its place with a ?
    rows = (asdict(fault) for fault in faults)
    return orjson.dumps([{name: _whole(value) for name, value in row.items()} for row in rows])


def _whole(value: object) -> object:
    return value.encode(errors="replace").decode() if isinstance(value, str) else value


def _geojson(changes: Sequence[Change], *, before: bool) -> bytes:
    """The changed features on one side of their repair; a place that is not in degrees has no shape."""
    features = [
        {
            "type": "Feature",
            "geometry": _drawable(change.before if before else change.after),
            "properties": {
                "row": change.row, "code": change.code, "spot": change.spot, "told": change.told,
            },
        }
        for change in changes
    ]  # fmt: skip
    return orjson.dumps({"type": "FeatureCollection", "features": features})


def _drawable(shape: BaseGeometry | None) -> orjson.Fragment | None:
    """The shape's GeoJSON, to the centimetre."""
    if shape is None or not (np.abs(shapely.bounds(shape)) <= (180, 90, 180, 90)).all():
        return None
    rounded = shapely.transform(shape, lambda points: points.round(7))
    return orjson.Fragment(shapely.to_geojson(rounded))
