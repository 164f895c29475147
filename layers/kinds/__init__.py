"""The table of kinds: one entry for each sort of thing a town keeps on its map."""

from __future__ import annotations

from layers.errors import UnknownKind
from layers.kind import Column, Kind, Row, Style
from layers.kinds import disaster, districts, facilities, hazards, land, other, roads, waste, water
from layers.kinds.disaster import HAZARDS

__all__ = ["HAZARDS", "KINDS", "Column", "Kind", "Row", "Style", "kind_of"]

_THEMES = (districts, roads, disaster, hazards, waste, facilities, land, water, other)
KINDS: dict[str, Kind] = {kind.id: kind for theme in _THEMES for kind in theme.KINDS}


def kind_of(kind_id: str) -> Kind:
    """The kind of that id; UnknownKind names the id otherwise."""
    if kind_id not in KINDS:
        raise UnknownKind(kind_id)
    return KINDS[kind_id]
