"""Layers as files for everybody, or for those who may see them: written once for each version, then handed out."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from gisapp.flows.describe import shown_layers
from gisapp.words import say
from layers.durable import alone
from layers.versions import LayerShelf, LayerVersion
from layers.writers import FORMATS, Loss, write_layer

FORMAT_OF: Mapping[str, str] = {ending: format for format, ending in FORMATS.items()}
MEDIA_TYPES: Mapping[str, str] = {
    "gpkg": "application/geopackage+sqlite3", "geojson": "application/geo+json", "shapefile": "application/zip",
    "csv": "text/csv; charset=utf-8", "geoparquet": "application/vnd.apache.parquet",
    "flatgeobuf": "application/flatgeobuf",
}  # fmt: skip
LOSSES_SHOWN = 20
KEPT_S = 3600


@dataclass(frozen=True)
class LayerFile:
    """A version as a file: where it lies, a mark that changes with its content, and the name to save it under."""

    path: Path
    mark: str
    name: str
    media_type: str


def layer_file(version: LayerVersion, format: str, folder: Path) -> LayerFile:
    """The file of a version in a format (a key of FORMATS), written now or before; folder keeps them.

    Of a public layer only the columns of its kind go out: what else a department's file held was never looked at
    with the public in mind. Files of other versions are removed after a while.
    """
    public = version.entry.visibility == "public"
    mark = f"v{version.number:04d}-{_about(version, public)}"
    shelf = folder / version.entry.id
    path = shelf / f"{mark}{FORMATS[format]}"
    if not path.exists():
        shelf.mkdir(parents=True, exist_ok=True)
        with alone(shelf / ".lock"):
            _clear(shelf, mark)
            if not path.exists():
                write_layer(version, format, path, everything=not public)
    name = f"{version.entry.id}_v{version.number}{FORMATS[format]}"
    return LayerFile(path, f"{mark}-{format}", name, MEDIA_TYPES[format])


def layer_links(layer_id: str) -> list[tuple[str, str]]:
    """(title, address) of a layer's files, one for each format."""
    return [
        (say(f"layer_files.format.{format}"), f"/opendata/layers/{layer_id}{ending}")
        for format, ending in FORMATS.items()
    ]


def layer_index(layers: LayerShelf) -> list[dict[str, Any]]:
    """The public layers with their files: what a program needs to fetch them all. A layer that cannot be read is
    listed as such, without files.
    """
    return [
        {
            "id": state.id, "title": state.title, "kind": state.kind, "department": state.department,
            "ok": state.ok, "version": state.version, "rows": state.rows,
            "as_of": state.as_of.isoformat() if state.as_of else None, "licence": state.licence,
            "attribution": state.attribution, "formats": list(FORMATS) if state.ok else [],
            "urls": {format: f"/opendata/layers/{state.id}{FORMATS[format]}" for format in FORMATS if state.ok},
        }
        for state in shown_layers(layers)
    ]  # fmt: skip


def losses_in_words(losses: Iterable[Loss]) -> list[str]:
    """What a format could not hold, a line a cell; a long list says how many more there are."""
    told = list(losses)
    lines = [
        say(
            f"layer_files.loss.{one.problem}",
            id=one.feature_id,
            column=one.column,
            found=one.found,
            written=one.written,
        )
        for one in told[:LOSSES_SHOWN]
    ]
    more = len(told) - len(lines)
    return [*lines, say("layer_files.loss.more", n=more)] if more else lines


def opened_in_words(seen: Iterable[tuple[str, str]]) -> str:
    """How a file was opened: ZIPの中のShapefile、文字コード cp932、座標系 EPSG:6676."""
    facts = dict(seen)
    if "format" not in facts:
        return ""
    title = say(f"layer_files.opened.{facts['format']}")
    if "inside" in facts:
        title = say(f"layer_files.inside.{facts['inside']}", title=title)
    rest = [
        say(f"layer_files.fact.{key}", value=value)
        for key, value in facts.items()
        if key not in ("inside", "format")
    ]
    return say("layer_files.and").join((title, *rest))


def _about(version: LayerVersion, public: bool) -> str:
    """Changes with whatever the catalogue says that stands in the file too."""
    entry = version.entry
    said = (entry.title, entry.licence, entry.attribution, version.as_of, public, entry.kind)
    return sha256(repr(said).encode()).hexdigest()[:8]


def _clear(shelf: Path, mark: str) -> None:
    """Remove what belongs to other versions and what a crash has left; what may still be on its way to somebody
    stays for an hour.
    """
    for old in shelf.iterdir():
        if (
            old.name == ".lock"
            or old.name.startswith(f"{mark}.")
            or time.time() - old.stat().st_mtime < KEPT_S
        ):
            continue
        if old.is_dir():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.unlink(missing_ok=True)
