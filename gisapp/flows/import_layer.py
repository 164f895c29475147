"""A department's file becomes a new version of a layer: read, checked whole, and only then kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path

from layers.catalogue import Catalogue, Entry, append_entry
from layers.errors import Fault, LayersError
from layers.kinds import Kind, kind_of
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


class OtherKind(LayersError):
    """The layer exists and is of another kind than the file is said to be."""

    code = "layer_of_other_kind"

    def __init__(self, layer_id: str, title: str, kind: str) -> None:
        super().__init__(layer_id, title, kind)
        self.layer_id, self.title, self.kind = layer_id, title, kind


def import_layer(
    path: Path, entry: Entry, layers: LayerShelf, own: Path, area: TownArea, how: How
) -> Imported:
    """Import a file as the next version of a layer; a layer that is new is written into the town's own
    catalogue once its first file has been accepted.

    Raises UnreadableFile or ImportRefused with every fault of the file at once; nothing is kept then, and
    the version before stays.
    """
    kind = kind_of(entry.kind)
    found = read(path, kind)
    admitted = admit(found, kind, area, accept_repairs=how.accept_repairs)
    if entry.id not in layers.catalogue:
        append_entry(own, entry)
        layers = LayerShelf(layers.folder, layers.catalogue.with_entry(entry), layers.zone)
    version = layers.add(
        entry.id,
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


def entry_for(layer_id: str, kind: Kind, catalogue: Catalogue) -> Entry:
    """The catalogue's entry of a layer, or one like its kind's for a new id. Raises OtherKind."""
    if layer_id not in catalogue:
        return replace(catalogue.entry(kind.id), id=layer_id, title=f"{kind.title}（{layer_id}）")
    entry = catalogue.entry(layer_id)
    if entry.kind != kind.id:
        raise OtherKind(layer_id, kind_of(entry.kind).title, kind.title)
    return entry
