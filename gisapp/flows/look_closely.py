"""What one layer holds at a tapped place, in the words of its cards."""

from __future__ import annotations

from typing import Any

from layers.spatial import Feature, containing, nearest
from layers.versions import LayerVersion

LIMIT = 20


def at_place(version: LayerVersion, lon: float, lat: float, within_m: float) -> list[dict[str, Any]]:
    """The cards of the features that hold the place, then of those within a distance (metres), nearest first."""
    holding = containing(version, lon, lat)
    known = {feature.id for feature in holding}
    near = [hit.feature for hit in nearest(version, lon, lat, within_m, LIMIT)] if within_m > 0 else []
    lines = [feature for feature in near if feature.id not in known and feature.geometry.area == 0]
    return [_card(feature) for feature in (holding + lines)[:LIMIT]]


def _card(feature: Feature) -> dict[str, Any]:
    return {
        "id": feature.id,
        "style": feature.style,
        "title": feature.title,
        "label": feature.label,
        "rows": feature.shown_rows,
    }
