"""Vector tiles and image tiles cut from a layer's version."""

from layers.tiles.mercator import TileAt
from layers.tiles.pyramid import FINEST
from layers.tiles.shelf import DEEPEST_PICTURE, TileShelf, is_tiled, mark_of

__all__ = ["DEEPEST_PICTURE", "FINEST", "TileAt", "TileShelf", "is_tiled", "mark_of"]
