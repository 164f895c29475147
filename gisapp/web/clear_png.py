"""A picture of nothing: what an image layer gets where it has no tile, because browsers take 204 for a failure."""

from __future__ import annotations

import io
from functools import cache

from PIL import Image


@cache
def clear_png() -> bytes:
    """A PNG of one see-through pixel; the map stretches it over the tile."""
    body = io.BytesIO()
    Image.new("RGBA", (1, 1)).save(body, "PNG")
    return body.getvalue()
