"""A department's file becomes a new version of a layer: read, checked whole, and only then kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import file_digest
from pathlib import Path

from gisapp.flows.examine import Examined
from layers.catalogue import Catalogue, Entry, append_entry
from layers.errors import Fault, LayersError
from layers.kinds import Kind, kind_of
from layers.validate import admitted
from layers.versions import LayerShelf, LayerVersion


@dataclass(frozen=True, slots=True)
class How:
    """Who imports and when, the date the content stands for if the file does not say, and consent to all the
    proposed repairs. based_on is the version that the person compared the file with, if there was one.
    """

    by: str
    at: datetime
    as_of: date | None = None
    accept_repairs: bool = False
    based_on: int | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """The new version, which reader took the file and why, what was repaired, and what is worth knowing."""

    version: LayerVersion
    reader: str
    why: str
    repairs: tuple[Fault, ...]
    notes: tuple[Fault, ...]


class OtherKind(LayersError):
    """The layer exists and is of another kind than the file is said to be."""

    code = "layer_of_other_kind"

    def __init__(self, layer_id: str, title: str, kind: str) -> None:
        super().__init__(layer_id, title, kind)
        self.layer_id, self.title, self.kind = layer_id, title, kind


def keep(examined: Examined, entry: Entry, layers: LayerShelf, own: Path, how: How) -> Imported:
    """Keep an examined file as the next version of a layer; a layer that is new is written into the town's own
    catalogue once its first file has been accepted.

    Raises ImportRefused with every fault of the file at once; VersionMoved if another version has become
    current since how.based_on. Nothing is kept then, and the version before stays.
    """
    taken = admitted(examined.checked, accept_repairs=how.accept_repairs)
    if entry.id not in layers.catalogue:
        append_entry(own, entry)
        layers = LayerShelf(layers.folder, layers.catalogue.with_entry(entry), layers.zone)
    with examined.path.open("rb") as file:
        sha256 = file_digest(file, "sha256").hexdigest()
    version = layers.add(
        entry.id,
        taken.frame,
        reader=examined.read.reader,
        source_name=examined.path.name,
        source_sha256=sha256,
        by=how.by,
        at=how.at,
        as_of=how.as_of or examined.as_of,
        repairs=taken.repairs,
        raster=examined.picture,
        based_on=how.based_on,
    )
    return Imported(version, examined.read.reader, examined.read.why, taken.repairs, taken.notes)


def entry_for(layer_id: str, kind: Kind, catalogue: Catalogue) -> Entry:
    """The catalogue's entry of a layer, or one like its kind's for a new id. Raises OtherKind."""
    if layer_id not in catalogue:
        return replace(catalogue.entry(kind.id), id=layer_id, title=f"{kind.title}（{layer_id}）")
    entry = catalogue.entry(layer_id)
    if entry.kind != kind.id:
        raise OtherKind(layer_id, kind_of(entry.kind).title, kind.title)
    return entry
