"""The town's 自治会 by name, for whatever offers them to be chosen from."""

from __future__ import annotations

from layers.errors import LayersError
from layers.versions import LayerShelf

LAYER = "neighbourhood_association"


def association_names(layers: LayerShelf) -> list[str]:
    """Every name of the layer once, in order; none where the layer cannot be read: the choice is then typed."""
    try:
        frame = layers.current(LAYER).frame
    except LayersError:
        return []
    return sorted({str(name) for name in frame["name"].dropna() if str(name).strip()})
