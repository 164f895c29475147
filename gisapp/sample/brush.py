"""Painting grounds for the made-up photos: rough surfaces, sky, grass, ragged shapes."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
Rng = np.random.Generator


def rough(rng: Rng, size: tuple[int, int], colour: Colour, coarse: float, fine: float) -> Image.Image:
    """A surface with large soft patches (coarse) and small grain (fine), both in steps of brightness."""
    width, height = size[0] // 4, size[1] // 4  # grain of 4 px; drawing it finer costs time and shows nothing
    patches = Image.fromarray(_noise(rng, (max(2, height // 22), max(2, width // 22)), coarse))
    soft = np.asarray(patches.resize((width, height), Image.Resampling.BICUBIC), dtype=np.int16)
    light = soft + _noise(rng, (height, width), fine) - 256
    surface = np.clip(np.array(colour, dtype=np.int16) + light[:, :, None], 0, 255).astype(np.uint8)
    return Image.fromarray(surface).resize(size, Image.Resampling.NEAREST)


def _noise(rng: Rng, shape: tuple[int, int], spread: float) -> np.ndarray:
    return np.clip(rng.normal(128, spread, shape), 0, 255).astype(np.uint8)


def sky(picture: Image.Image, rng: Rng, horizon: int) -> None:
    """A pale sky and far hills down to the horizon (px from the top)."""
    width = picture.width
    top, low = np.array([150, 185, 220]) + rng.integers(-25, 20), np.array([226, 234, 238])
    t = np.linspace(0, 1, max(horizon, 1))[:, None, None]
    band = np.broadcast_to(top * (1 - t) + low * t, (max(horizon, 1), 8, 3))
    picture.paste(Image.fromarray(band.astype(np.uint8)).resize((width, max(horizon, 1))), (0, 0))
    x = np.arange(0, width + 40, 40)
    for depth, shade in ((0.38, (140, 165, 165)), (0.2, (92, 122, 100))):
        wave = np.sin(x / rng.uniform(130, 260) + rng.uniform(0, 6)) + 0.5 * np.sin(x / rng.uniform(50, 90))
        ridge = horizon * (1 - depth) + 0.09 * horizon * wave
        ImageDraw.Draw(picture).polygon(
            [(0, horizon + 4), *zip(x.tolist(), ridge.tolist(), strict=True), (width, horizon + 4)],
            fill=shade,
        )


def blob(
    rng: Rng, x: float, y: float, wide: float, high: float, ragged: float = 0.18, corners: int = 26
) -> list[tuple[float, float]]:
    """A roundish shape with an uneven edge around x, y (px)."""
    turn = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    reach = 1 + ragged * rng.normal(0, 1, corners)
    return [(x + wide * r * np.cos(t), y + high * r * np.sin(t)) for t, r in zip(turn, reach, strict=True)]


def crack(
    pen: ImageDraw.ImageDraw, rng: Rng, start: tuple[float, float], heading: float, steps: int, width: int
) -> None:
    """A jagged dark line that forks now and then."""
    x, y = start
    for n in range(steps):
        heading += rng.normal(0, 0.45)
        end = (x + 34 * np.cos(heading), y + 20 * np.sin(heading))
        pen.line([(x, y), end], fill=(34, 33, 32), width=max(1, round(width * (1 - n / steps))))
        if rng.random() < 0.18 and width > 2:
            crack(pen, rng, end, heading + rng.choice([-0.9, 0.9]), steps // 2, width - 2)
        x, y = end


def grass(
    pen: ImageDraw.ImageDraw, rng: Rng, box: tuple[int, int, int, int], count: int, length: float = 46
) -> None:
    """Blades of grass rooted inside a box (left, top, right, bottom)."""
    left, top, right, bottom = box
    roots = rng.uniform((left, top), (right, bottom), (count, 2))
    for (x, y), lean, high, shade in zip(
        roots[np.argsort(roots[:, 1])].tolist(),
        rng.normal(0, 14, count).tolist(),
        rng.uniform(0.5, 1.2, count).tolist(),
        rng.integers(-30, 30, count).tolist(),
        strict=True,
    ):
        pen.line(
            [(x, y), (x + lean, y - length * high)], fill=(80 + shade, 120 + shade, 52 + shade // 2), width=4
        )
