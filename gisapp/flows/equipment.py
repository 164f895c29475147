"""Which layers hold the town's equipment: single things that a report may be about."""

from __future__ import annotations

from collections.abc import Mapping

KINDS = (
    "street_light", "traffic_mirror", "garbage_station", "playground_equipment", "park", "manhole", "hydrant",
    "recycling_point", "public_toilet",
)  # fmt: skip

# What each kind of report is most often about; these are offered first.
LIKELY: Mapping[str, tuple[str, ...]] = {
    "street_light": ("street_light", "traffic_mirror"),
    "road_damage": ("traffic_mirror", "manhole", "street_light"),
    "illegal_dumping": ("garbage_station", "recycling_point"),
    "park_playground": ("playground_equipment", "park"),
    "water_leak": ("manhole", "hydrant"),
}


def is_equipment(layer_id: str, kind: str) -> bool:
    """Whether a layer's features are single things; a town's own layer may be one by its name, such as traffic_mirror."""
    return kind in KINDS or layer_id in KINDS
