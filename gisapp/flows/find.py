"""Finds places and facilities by name in the layers everybody may see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from layers.errors import LayersError
from layers.search import NameIndex
from layers.versions import LayerShelf, LayerVersion

LIMIT = 12


@dataclass(frozen=True, slots=True)
class Landmark:
    """A named point that a person may choose instead of tapping a map; degrees, WGS84."""

    title: str
    layer: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class _Names:
    stamp: str
    index: NameIndex
    landmarks: tuple[Landmark, ...]


_built: WeakKeyDictionary[LayerShelf, _Names] = WeakKeyDictionary()  # one for each open town


def find_names(text: str, layers: LayerShelf, limit: int = LIMIT) -> list[dict[str, Any]]:
    """Names and addresses that hold the text, best first, each with its layer's title and its place."""
    if not text.strip():
        return []
    return [
        {"title": one.title, "layer": one.layer_title, "lon": one.lon, "lat": one.lat}
        for one in names(layers).index.find(text, limit)
    ]


def landmarks(layers: LayerShelf) -> tuple[Landmark, ...]:
    """Every named point of the public layers, by name."""
    return names(layers).landmarks


def names(layers: LayerShelf) -> _Names:
    """The names in the present versions; gathered again only when a layer has changed."""
    stamp = layers.stamp()
    found = _built.get(layers)
    if found is None or found.stamp != stamp:
        versions = public_versions(layers)
        points = sorted((one for version in versions for one in _points(version)), key=lambda one: one.title)
        found = _built[layers] = _Names(stamp, NameIndex.build(versions), tuple(points))
    return found


def _points(version: LayerVersion) -> Iterator[Landmark]:
    if version.kind.geometry != {"Point"}:
        return
    for row, shape in zip(version.index.records, version.index.shapes, strict=True):
        if row.get("name"):
            yield Landmark(version.kind.title_of(row), version.entry.title, shape.x, shape.y)


def public_versions(layers: LayerShelf) -> list[LayerVersion]:
    """The present version of every public layer that can be read."""
    found = []
    for state in layers.listing():
        if state.ok and state.visibility == "public":
            try:
                found.append(layers.current(state.id))
            except LayersError:
                continue  # the listing shows it as failed
    return found
