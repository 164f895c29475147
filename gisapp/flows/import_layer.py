"""A department's file becomes a new version of a layer: read, checked whole, and only then kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path

from layers.catalogue import Catalogue, Entry, append_entry
from layers.errors import Fault
from layers.kinds import Kind
from layers.readers import read
from layers.validate import TownArea, admit
from layers.versions import LayerShelf, LayerVersion


@dataclass(frozen=True, slots=True)
class How:
    """Who imports and when, the date the content stands for if the file does not say, and consent to repairs."""

    by: str
    at: datetime
    as_of: date | None = None
    accept_repairs: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """The new version, which reader took the file and why, and what is worth knowing about it."""

    version: LayerVersion
    reader: str
    why: str
    notes: tuple[Fault, ...]


def import_layer(
    path: Path, kind: Kind, layer_id: str, layers: LayerShelf, area: TownArea, how: How
) -> Imported:
    """Import a file as the next version of a layer.

    Raises UnreadableFile or ImportRefused with every fault of the file at once; nothing is kept then, and
    the version before stays.
    """
    found = read(path, kind)
    admitted = admit(found, kind, area, accept_repairs=how.accept_repairs)
    version = layers.add(
        layer_id,
        admitted.frame,
        reader=found.reader,
        source_name=path.name,
        source_sha256=sha256(path.read_bytes()).hexdigest(),
        by=how.by,
        at=how.at,
        as_of=how.as_of or found.as_of,
        repairs=admitted.repairs,
    )
    return Imported(version, found.reader, found.why, admitted.notes)


def ensure_entry(layer_id: str, kind: Kind, catalogue: Catalogue, own: Path) -> Catalogue:
    """A catalogue that knows the layer; a new id gets an entry like its kind's in the town's own file."""
    if layer_id in catalogue:
        return catalogue
    pattern = catalogue.entry(kind.id)
    entry = Entry(
        id=layer_id,
        title=f"{kind.title}（{layer_id}）",
        kind=kind.id,
        theme=pattern.theme,
        department=pattern.department,
        visibility=pattern.visibility,
        licence=pattern.licence,
        attribution=pattern.attribution,
        default_on=pattern.default_on,
        order=pattern.order,
    )
    append_entry(own, entry)
    return catalogue.with_entry(entry)
