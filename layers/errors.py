"""What can go wrong with a layer, named so that a screen can say it in the reader's language.

LayersError
├── CatalogueError      the list of layers has faults (all of them at once)
├── UnknownLayer        no layer of that id in the catalogue
├── UnknownKind         no kind of that id
├── SourceUnavailable   a layer cannot be read now; it is not empty, it is unknown
├── UnknownVersion      a layer has no version of that number
├── VersionMoved        another version has become current since a change was begun
├── ShelfUnwritable     the folder of versions cannot be written
├── UnreadableFile      a file whose content no reader understands
├── ImportRefused       a file that was read, and must not become a version
└── BadCode             a local government code or prefecture that does not exist

Errors and faults carry codes and values; the sentences live with the screens.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Grade(StrEnum):
    """How much a fault weighs: it stops the import, it can be mended with consent, or it is only worth
    knowing.
    """

    REFUSE = "refuse"
    REPAIR = "repair"
    NOTE = "note"


@dataclass(frozen=True)
class Fault:
    """One thing found in a file. row counts as the person sees it: a CSV's first record is row 2, a
    GeoJSON's 1.
    """

    code: str
    grade: Grade
    row: int | None = None
    column: str | None = None
    found: str = ""
    expected: str = ""


class LayersError(Exception):
    """Anything this package refuses or cannot do."""

    code = "layers_error"


class _Faulty(LayersError):
    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__(self.faults)

    def __str__(self) -> str:
        return "; ".join(
            f"{one.code} row={one.row} column={one.column} found {one.found!r} expected {one.expected!r}"
            for one in self.faults
        )


class CatalogueError(_Faulty):
    code = "catalogue_error"


class UnreadableFile(_Faulty):
    code = "unreadable_file"


class ImportRefused(_Faulty):
    code = "import_refused"


class UnknownLayer(LayersError):
    code = "unknown_layer"

    def __init__(self, layer_id: str) -> None:
        self.layer_id = layer_id
        super().__init__(layer_id)


class UnknownKind(LayersError):
    code = "unknown_kind"

    def __init__(self, kind_id: str) -> None:
        self.kind_id = kind_id
        super().__init__(kind_id)


class SourceUnavailable(LayersError):
    """reason is one of never_imported, pointer_broken, version_missing, version_broken, version_altered."""

    code = "source_unavailable"

    def __init__(self, layer_id: str, last_good: datetime | None, reason: str = "version_broken") -> None:
        self.layer_id, self.last_good, self.reason = layer_id, last_good, reason
        super().__init__(layer_id, last_good, reason)


class UnknownVersion(LayersError):
    code = "unknown_version"

    def __init__(self, layer_id: str, number: int) -> None:
        self.layer_id, self.number = layer_id, number
        super().__init__(layer_id, number)


class VersionMoved(LayersError):
    """seen is the version a change was made from; now is the current one, None if it cannot be told."""

    code = "version_moved"

    def __init__(self, layer_id: str, seen: int, now: int | None) -> None:
        self.layer_id, self.seen, self.now = layer_id, seen, now
        super().__init__(layer_id, seen, now)


class ShelfUnwritable(LayersError):
    code = "shelf_unwritable"

    def __init__(self, layer_id: str, why: str) -> None:
        self.layer_id, self.why = layer_id, why
        super().__init__(layer_id, why)


class BadCode(LayersError):
    """A local government code or a prefecture that does not exist."""

    code = "bad_code"

    def __init__(self, found: str, expected: str) -> None:
        self.found, self.expected = found, expected
        super().__init__(found, expected)
