"""Where a map finds the tiles of a layer, and which layers have their tiles cut before anybody asks."""

from __future__ import annotations

import threading
from typing import Any

from layers.basemap import BaseMapShelf
from layers.errors import LayersError, SourceUnavailable
from layers.tiles import DEEPEST_PICTURE, FINEST, TileShelf, is_tiled, mark_of
from layers.versions import LayerShelf, LayerState, LayerVersion

STALE_AFTER_S = 7 * 24 * 3600.0  # an open page may still ask for the version it knew


def tile_links(state: LayerState, layers: LayerShelf) -> dict[str, Any]:
    """The addresses under which a map fetches a layer piece by piece; empty for one that it fetches whole.

    The mark at the end changes with all that a tile shows, so browsers may keep a tile for ever.
    """
    if not state.ok:
        return {}
    try:
        version = layers.current(state.id)
    except SourceUnavailable:
        return {}
    address = f"/tiles/{state.id}/{version.number}/{{z}}/{{x}}/{{y}}"
    if version.raster is not None:
        return {"picture": f"{address}.png?k={mark_of(version)}", "finest": DEEPEST_PICTURE}
    if is_tiled(version):
        return {"tiles": f"{address}.mvt?k={mark_of(version)}", "finest": FINEST}
    return {}


def cut_ahead(layers: LayerShelf, tiles: TileShelf, stopping: threading.Event) -> None:
    """Cut the tiles of every layer that has new ones, and build the grids that answer clicks on large layers."""
    for version in _present(layers):
        if stopping.is_set():
            return
        if is_tiled(version):
            tiles.build_ahead(version, stopping)
            version.index.prepare()
    tiles.sweep(_present(layers), STALE_AFTER_S)


def _present(layers: LayerShelf) -> list[LayerVersion]:
    found = []
    for entry in layers.catalogue:
        try:
            found.append(layers.current(entry.id))
        except LayersError:
            continue  # the listing shows it as failed
    return found


def basemap_link(shelf: BaseMapShelf) -> dict[str, Any] | None:
    """What a map is told of the town's own background map; None where there is none."""
    about = shelf.current()
    if about is None:
        return None
    return {
        "url": f"/basemap/{{z}}/{{x}}/{{y}}?v={about.stamp}",
        "look": about.look,
        "least_zoom": about.least_zoom,
        "most_zoom": about.most_zoom,
        "attribution": about.attribution,
    }
