"""The pictures in the open: rubbish by a verge, driftwood on a river bank, a playground."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from gisapp.sample.brush import Rng, blob, grass, rough, sky


def illegal_dumping(picture: Image.Image, rng: Rng) -> None:
    """Rubbish bags, boxes and a tyre by a grass verge."""
    w, h = picture.size
    horizon, kerb = int(h * rng.uniform(0.2, 0.32)), int(h * 0.64)
    sky(picture, rng, horizon)
    picture.paste(rough(rng, (w, kerb - horizon), (98, 124, 68), 12, 14), (0, horizon))
    picture.paste(rough(rng, (w, h - kerb), (116, 116, 118), 7, 11), (0, kerb))
    pen = ImageDraw.Draw(picture)
    pen.line([(0, h * 0.9), (w, h * 0.88)], fill=(226, 226, 220), width=16)
    grass(pen, rng, (0, int(h * 0.34), w, int(h * 0.64)), 420)
    if rng.random() < 0.6:
        _tyre(pen, w * rng.uniform(0.1, 0.9), h * 0.7, rng.uniform(70, 100))
    if rng.random() < 0.6:
        _carton(pen, w * rng.uniform(0.15, 0.75), h * rng.uniform(0.48, 0.6), rng.uniform(130, 210))
    for x, y in sorted(
        rng.uniform((w * 0.15, h * 0.56), (w * 0.85, h * 0.76), (int(rng.integers(3, 8)), 2)).tolist(),
        key=lambda p: p[1],
    ):
        _bag(pen, rng, x, y, rng.uniform(75, 130))
    grass(pen, rng, (0, int(h * 0.63), w, int(h * 0.67)), 140, 36)


def _bag(pen: ImageDraw.ImageDraw, rng: Rng, x: float, y: float, size: float) -> None:
    dark, light = ((38, 40, 46), (86, 90, 98)) if rng.random() < 0.4 else ((196, 204, 210), (238, 242, 244))
    pen.ellipse((x - size * 1.1, y + size * 0.5, x + size * 1.1, y + size * 0.95), fill=(52, 62, 42))
    pen.polygon(blob(rng, x, y, size, size * 0.8, 0.06, 18), fill=dark)
    pen.polygon(
        [
            (x - size * 0.16, y - size * 0.7),
            (x - size * 0.34, y - size * 1.15),
            (x, y - size * 0.95),
            (x + size * 0.3, y - size * 1.2),
            (x + size * 0.16, y - size * 0.7),
        ],
        fill=dark,
    )
    for fold in rng.uniform(-0.6, 0.6, 4).tolist():
        pen.line(
            [(x + fold * size * 0.2, y - size * 0.65), (x + fold * size, y + size * 0.45)],
            fill=light,
            width=5,
        )


def _tyre(pen: ImageDraw.ImageDraw, x: float, y: float, size: float) -> None:
    pen.ellipse((x - size, y - size, x + size, y + size), fill=(30, 30, 32))
    pen.ellipse(
        (x - size * 0.55, y - size * 0.55, x + size * 0.55, y + size * 0.55),
        fill=(96, 110, 74),
        outline=(64, 64, 66),
        width=8,
    )


def _carton(pen: ImageDraw.ImageDraw, x: float, y: float, size: float) -> None:
    pen.rectangle((x, y, x + size, y + size * 0.8), fill=(176, 138, 92), outline=(120, 90, 56), width=4)
    pen.polygon(
        [(x, y), (x + size, y), (x + size * 1.2, y - size * 0.25), (x + size * 0.2, y - size * 0.25)],
        fill=(198, 160, 112),
    )
    pen.line([(x + size * 0.5, y), (x + size * 0.5, y + size * 0.8)], fill=(214, 190, 150), width=14)


def river_channel(picture: Image.Image, rng: Rng) -> None:
    """A river between grassy banks with driftwood caught at its edge."""
    w, h = picture.size
    horizon = int(h * rng.uniform(0.2, 0.32))
    sky(picture, rng, horizon)
    picture.paste(rough(rng, (w, h - horizon), (104, 126, 74), 12, 14), (0, horizon))
    shape, bend = Image.new("L", (w, h), 0), w * float(rng.uniform(-0.25, 0.25))
    edge = [
        (w * 0.5 + bend - 50, horizon),
        (w * 0.5 + bend + 60, horizon),
        (w * 0.8, h * 0.6),
        (w * 0.92, h),
        (w * 0.08, h),
        (w * 0.3, h * 0.6),
    ]
    ImageDraw.Draw(shape).polygon(edge, fill=255)
    muddy = (96, 122, 132) if rng.random() < 0.6 else (134, 118, 88)
    picture.paste(rough(rng, (w, h), muddy, 9, 5), (0, 0), shape)
    pen = ImageDraw.Draw(picture)
    for y in np.linspace(horizon + 40, h - 20, 26).tolist():
        x, long = w * 0.5 + float(rng.normal(0, 0.12 * w * y / h)), rng.uniform(40, 170) * y / h
        pen.line([(x, y), (x + long, y + 3)], fill=(190, 204, 206), width=4)
    pen.polygon(blob(rng, w * 0.34, h * 0.86, 260, 90, 0.1), fill=(168, 156, 134))
    for _ in range(int(rng.integers(5, 10))):
        x, y, turn, long = (
            w * rng.uniform(0.22, 0.52),
            h * rng.uniform(0.68, 0.9),
            rng.normal(0, 0.5),
            rng.uniform(180, 420),
        )
        ends = [
            (x - long / 2 * np.cos(turn), y - long / 2 * np.sin(turn)),
            (x + long / 2 * np.cos(turn), y + long / 2 * np.sin(turn)),
        ]
        pen.line([(a, b + 9) for a, b in ends], fill=(66, 54, 40), width=24)
        pen.line(ends, fill=(148, 118, 84), width=15)
    grass(pen, rng, (0, int(h * 0.7), int(w * 0.14), h), 150, 90)
    grass(pen, rng, (int(w * 0.88), int(h * 0.7), w, h), 150, 90)


def park_playground(picture: Image.Image, rng: Rng) -> None:
    """A swing and a slide on bare earth."""
    w, h = picture.size
    horizon = int(h * rng.uniform(0.34, 0.44))
    sky(picture, rng, horizon)
    picture.paste(rough(rng, (w, h - horizon), (186, 166, 132), 8, 9), (0, horizon))
    pen = ImageDraw.Draw(picture)
    for x in range(-40, w, 90):
        pen.polygon(blob(rng, x, horizon - 4, 80, 58, 0.1), fill=(70, int(rng.integers(98, 122)), 58))
    if rng.random() < 0.5:
        _swing(pen, rng, w * 0.1, h * 0.86)
        _slide(pen, rng, w * 0.62, h * 0.84)
    else:
        _slide(pen, rng, w * 0.12, h * 0.84)
        _swing(pen, rng, w * 0.52, h * 0.88)
    grass(pen, rng, (0, int(h * 0.9), w, h + 10), 130, 40)


def _swing(pen: ImageDraw.ImageDraw, rng: Rng, left: float, foot: float) -> None:
    colour = ((186, 60, 52), (46, 96, 160), (60, 130, 80))[int(rng.integers(3))]
    wide, high = 480.0, 560.0
    for x in (left, left + wide):
        for lean in (-70, 70):
            pen.line([(x, foot - high), (x + lean, foot)], fill=colour, width=17)
    pen.line([(left - 14, foot - high), (left + wide + 14, foot - high)], fill=colour, width=19)
    broken = int(rng.integers(3))
    for n, x in enumerate((left + wide * 0.3, left + wide * 0.7)):
        drop = 90 if n == broken else 0
        for side, low in ((-42, 0), (42, drop)):
            pen.line([(x + side, foot - high), (x + side, foot - 130 + low)], fill=(70, 72, 76), width=6)
        pen.line([(x - 56, foot - 128), (x + 56, foot - 128 + drop)], fill=(122, 84, 48), width=20)


def _slide(pen: ImageDraw.ImageDraw, rng: Rng, left: float, foot: float) -> None:
    colour = ((232, 176, 40), (70, 130, 190), (206, 84, 60))[int(rng.integers(3))]
    for x in (left, left + 84):
        pen.line([(x, foot), (x, foot - 470)], fill=(92, 96, 104), width=15)
    for y in range(60, 400, 62):
        pen.line([(left, foot - y), (left + 84, foot - y)], fill=(92, 96, 104), width=11)
    pen.polygon(
        [
            (left + 70, foot - 380),
            (left + 110, foot - 420),
            (left + 400, foot - 40),
            (left + 460, foot - 40),
            (left + 460, foot),
            (left + 376, foot),
        ],
        fill=colour,
    )
    pen.line([(left + 110, foot - 422), (left + 400, foot - 42)], fill=(250, 240, 220), width=8)
    for x, y in rng.normal((left + 250, foot - 200), (60, 78), (7, 2)).tolist():
        pen.ellipse((x - 9, y - 6, x + 9, y + 6), fill=(120, 66, 36))
