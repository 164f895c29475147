"""What is at a place, and what is near it: degrees in, metres out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shapely.geometry.base import BaseGeometry

from layers.kinds import Kind
from layers.versions import LayerVersion


@dataclass(frozen=True)
class Feature:
    """One feature of a layer: its id, its row (None for unknown) and its shape in lon, lat."""

    id: str
    layer_id: str
    kind: Kind = field(repr=False)
    row: Mapping[str, Any] = field(repr=False)
    geometry: BaseGeometry = field(repr=False)

    @property
    def title(self) -> str:
        return self.kind.title_of(self.row)

    @property
    def label(self) -> str:
        return self.kind.label_of(self.row)

    @property
    def style(self) -> str:
        return self.kind.style_of(self.row)

    @property
    def shown_rows(self) -> list[tuple[str, str]]:
        """(title, value) pairs of its card."""
        return self.kind.shown_rows(self.row)


@dataclass(frozen=True)
class Hit:
    """A feature near a place; distance_m is 0 for an area that holds the place."""

    feature: Feature
    distance_m: float


def containing(version: LayerVersion, lon: float, lat: float) -> list[Feature]:
    """The features that hold a place, their edge included, in the order of the layer."""
    return [feature_at(version, at) for at in version.index.holding(lon, lat)]


def nearest(version: LayerVersion, lon: float, lat: float, within_m: float, limit: int = 5) -> list[Hit]:
    """Features within a distance of a place, nearest first.

    within_m and Hit.distance_m are metres on the ground, computed in the town's plane rectangular zone.
    An empty list means that the layer was read and nothing is near.
    """
    found = version.index.within(lon, lat, within_m)[: max(limit, 0)]
    return [Hit(feature_at(version, at), distance_m) for distance_m, at in found]


def feature_at(version: LayerVersion, at: int) -> Feature:
    """The feature at a position of the version's frame."""
    row = version.index.records[at]
    return Feature(row["feature_id"], version.entry.id, version.kind, row, version.index.shapes[at])
