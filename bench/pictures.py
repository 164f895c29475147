"""A photo as phones take it, for the benches that decode one."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image, ImageFilter

WIDTH, HEIGHT = 4032, 3024


def phone_photo(seed: int) -> bytes:
    """A JPEG of 12 megapixels and about 4 MB, as busy as a street: smooth light, edges, and the grain of a small sensor."""
    dice = np.random.default_rng(seed)
    coarse = Image.fromarray(dice.integers(0, 255, (60, 80, 3), dtype=np.uint8)).resize((WIDTH, HEIGHT), 3)
    fine = dice.normal(0, 6, (HEIGHT, WIDTH, 1))
    busy = np.clip(np.asarray(coarse.filter(ImageFilter.SHARPEN), dtype=np.float32) + fine, 0, 255)
    out = BytesIO()
    Image.fromarray(busy.astype(np.uint8)).save(out, "JPEG", quality=90)
    return out.getvalue()
