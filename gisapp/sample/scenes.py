"""The pictures along a street: a pothole, leaking water, a lamp, a mirror, a leaning board."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from gisapp.sample.brush import Rng, blob, crack, rough, sky
from gisapp.sample.greens import illegal_dumping, park_playground, river_channel

Scene = Callable[[Image.Image, Rng], None]


def _street(picture: Image.Image, rng: Rng, horizon: int) -> ImageDraw.ImageDraw:
    """Sky, verges and an asphalt road that narrows to the horizon."""
    w, h = picture.size
    sky(picture, rng, horizon)
    picture.paste(rough(rng, (w, h - horizon), (112, 132, 78), 10, 14), (0, horizon))
    shape = Image.new("L", (w, h), 0)
    far = w * float(rng.uniform(0.4, 0.6))
    ImageDraw.Draw(shape).polygon(
        [(far - 60, horizon), (far + 60, horizon), (w * 1.15, h), (-w * 0.15, h)], fill=255
    )
    grey = int(rng.integers(98, 128))
    picture.paste(rough(rng, (w, h), (grey, grey, grey + 2), 7, 11), (0, 0), shape)
    pen = ImageDraw.Draw(picture)
    for side, end in ((-52, w * 0.02), (52, w * 0.98)):
        pen.line([(far + side, horizon), (end, h)], fill=(226, 226, 220), width=9)
    return pen


def road_damage(picture: Image.Image, rng: Rng) -> None:
    """Asphalt with a pothole and cracks."""
    w, h = picture.size
    pen = _street(picture, rng, int(h * rng.uniform(0.12, 0.3)))
    x, y, wide = w * rng.uniform(0.35, 0.65), h * rng.uniform(0.55, 0.75), rng.uniform(130, 260)
    for _ in range(int(rng.integers(3, 6))):
        turn = rng.uniform(0, 6.28)
        crack(
            pen,
            rng,
            (x + wide * np.cos(turn), y + 0.42 * wide * np.sin(turn)),
            turn,
            int(rng.integers(7, 15)),
            int(rng.integers(4, 8)),
        )
    pen.polygon(blob(rng, x, y, wide * 1.12, wide * 0.5, 0.07), fill=(82, 80, 78))
    pen.polygon(blob(rng, x, y, wide, wide * 0.42, 0.08), fill=(58, 54, 50))
    pen.polygon(blob(rng, x + 8, y + 14, wide * 0.82, wide * 0.3, 0.08), fill=(96, 86, 74))
    for gx, gy in rng.normal((x, y + 10), (wide * 0.55, wide * 0.2), (46, 2)).tolist():
        size, shade = float(rng.uniform(3, 11)), int(rng.integers(70, 140))
        pen.ellipse(
            (gx - size, gy - size * 0.7, gx + size, gy + size * 0.7), fill=(shade, shade - 4, shade - 10)
        )


def water_leak(picture: Image.Image, rng: Rng) -> None:
    """Water welling up from a joint and running over the road."""
    w, h = picture.size
    _street(picture, rng, int(h * rng.uniform(0.14, 0.28)))
    x, y, lean = (
        w * float(rng.uniform(0.38, 0.62)),
        h * float(rng.uniform(0.46, 0.56)),
        float(rng.uniform(-200, 200)),
    )
    wet = Image.new("L", (w, h), 0)
    course = ImageDraw.Draw(wet)
    for t in np.linspace(0, 1, 12).tolist():
        course.polygon(blob(rng, x + lean * t, y + (h - y) * t, 90 + 190 * t, 42 + 50 * t, 0.14), fill=215)
    wet = wet.resize((w // 4, h // 4)).filter(ImageFilter.GaussianBlur(2)).resize((w, h))
    picture.paste(Image.new("RGB", (w, h), (58, 66, 76)), (0, 0), wet.point([v * 3 // 4 for v in range(256)]))
    pen = ImageDraw.Draw(picture)
    for t in rng.uniform(0.02, 0.95, 60).tolist():
        px, py = x + lean * t + float(rng.normal(0, 40 + 90 * t)), y + (h - y) * t
        pen.line([(px, py), (px + 26 + 34 * t, py + 5)], fill=(186, 204, 218), width=4)
    pen.ellipse((x - 92, y - 40, x + 92, y + 34), fill=(84, 82, 80), outline=(46, 46, 46), width=8)
    for _ in range(16):
        dx, up = float(rng.normal(0, 34)), float(rng.uniform(18, 74))
        pen.line([(x + dx * 0.4, y), (x + dx, y - up)], fill=(214, 228, 238), width=7)


def street_light(picture: Image.Image, rng: Rng) -> None:
    """A lamp post, dark at dusk or leaning by day."""
    w, h = picture.size
    pen = _street(picture, rng, int(h * rng.uniform(0.56, 0.66)))
    dusk = rng.random() < 0.5
    if dusk:
        picture.paste(Image.blend(picture, Image.new("RGB", picture.size, (18, 24, 52)), 0.62))
        pen = ImageDraw.Draw(picture)
    foot, top, lean = w * rng.uniform(0.22, 0.4), h * rng.uniform(0.1, 0.18), rng.normal(0, 60)
    steel = (66, 70, 82) if dusk else (138, 142, 146)
    pen.line([(foot, h * 0.94), (foot + lean, top)], fill=steel, width=30)
    pen.line([(foot + lean - 6, top + 4), (foot + lean + 240, top - 26)], fill=steel, width=18)
    pen.ellipse(
        (foot + lean + 190, top - 46, foot + lean + 380, top + 24),
        fill=(206, 206, 196) if not dusk else (96, 98, 104),
        outline=steel,
        width=8,
    )
    for wire in (40, 78):
        pen.line(
            [(0, top + wire), (foot + lean, top + wire - 26), (w, top + wire + 44)],
            fill=(40, 42, 48),
            width=4,
        )
    pen.rectangle((foot - 24, h * 0.6, foot + 26, h * 0.68), fill=(232, 226, 200))


def mirror(picture: Image.Image, rng: Rng) -> None:
    """A round traffic mirror gone blind."""
    w, h = picture.size
    pen = _street(picture, rng, int(h * rng.uniform(0.5, 0.6)))
    x, y, size = w * rng.uniform(0.35, 0.65), h * rng.uniform(0.28, 0.36), rng.uniform(150, 200)
    pen.line([(x, y), (x + rng.normal(0, 20), h * 0.96)], fill=(226, 120, 40), width=30)
    pen.ellipse((x - size - 22, y - size - 22, x + size + 22, y + size + 22), fill=(232, 122, 36))
    pen.ellipse((x - size, y - size, x + size, y + size), fill=(176, 190, 196))
    pen.chord((x - size, y - size, x + size, y + size), 12, 168, fill=(128, 134, 132))
    for bx, by in rng.normal((x, y), size * 0.42, (12, 2)).tolist():
        reach = float(rng.uniform(14, 46))
        pen.polygon(blob(rng, bx, by, reach, reach * 0.7, 0.2, 12), fill=(204, 208, 204))


def other(picture: Image.Image, rng: Rng) -> None:
    """A leaning notice board under branches that reach over the road."""
    w, h = picture.size
    pen = _street(picture, rng, int(h * rng.uniform(0.42, 0.56)))
    x, y, lean = (
        w * rng.uniform(0.5, 0.74),
        h * rng.uniform(0.34, 0.42),
        rng.uniform(0.12, 0.35) * rng.choice([-1, 1]),
    )
    along, down = np.array([np.cos(lean), np.sin(lean)]), np.array([-np.sin(lean), np.cos(lean)])
    corner = [
        np.array([x, y]) + a * along + b * down
        for a, b in ((-190, -110), (190, -110), (190, 120), (-190, 120))
    ]
    for side in (-150, 150):
        top = np.array([x, y]) + side * along
        pen.line([tuple(top), tuple(top + 420 * down)], fill=(118, 86, 56), width=24)
    pen.polygon([tuple(c) for c in corner], fill=(222, 214, 190), outline=(110, 84, 58), width=12)
    for n in range(4):
        start = np.array([x, y]) - 140 * along + (44 * n - 66) * down
        pen.line([tuple(start), tuple(start + rng.uniform(150, 280) * along)], fill=(150, 144, 130), width=9)
    for _ in range(64):
        bx, by = w * float(rng.beta(1, 3.2)), h * float(rng.beta(1, 3))
        pen.polygon(blob(rng, bx, by, 60, 42, 0.2, 12), fill=(58, int(rng.integers(88, 130)), 52))


SCENES: dict[str, Scene] = {
    "road_damage": road_damage,
    "illegal_dumping": illegal_dumping,
    "river_channel": river_channel,
    "park_playground": park_playground,
    "water_leak": water_leak,
    "street_light": street_light,
    "mirror": mirror,
    "other": other,
}
