"""The made-up photos: drawn on demand, with the marks a telephone leaves, the same every time."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageOps

from gisapp.sample import PhotoPlan
from gisapp.sample.scenes import SCENES

TAKEN = datetime(2026, 6, 1, 23, 30, tzinfo=UTC)


def photo(scene: str = "road_damage", seed: int = 5, orientation: int = 1,
          place: tuple[float, float] | None = (137.0423456, 35.6480123)) -> Image.Image:  # fmt: skip
    return Image.open(BytesIO(PhotoPlan(scene, seed, TAKEN, place, orientation).jpeg()))


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_photo_shows_upright_however_the_telephone_was_held(orientation: int) -> None:
    held, upright = photo(orientation=orientation), photo(orientation=1)

    shown = ImageOps.exif_transpose(held)

    assert held.getexif()[0x0112] == orientation
    assert shown.size == (1280, 960)
    difference = np.abs(np.asarray(shown, dtype=int) - np.asarray(upright, dtype=int))
    assert difference.mean() < 4


def test_a_photo_tells_when_and_where_it_was_taken() -> None:
    exif = photo().getexif()
    gps = exif.get_ifd(0x8825)
    lat, lon = (float(d) + float(m) / 60 + float(s) / 3600 for d, m, s in (gps[2], gps[4]))

    assert exif.get_ifd(0x8769)[0x9003] == "2026:06:02 08:30:00"
    assert exif[0x010F].encode("latin-1").decode() == "見本" or exif[0x010F] == "見本"
    assert (gps[1], gps[3]) == ("N", "E")
    assert (lon, lat) == pytest.approx((137.0423456, 35.6480123), abs=1e-6)


def test_a_photo_sent_by_line_has_no_position() -> None:
    assert not photo(place=None).getexif().get_ifd(0x8825)


@pytest.mark.parametrize("scene", sorted(SCENES))
def test_every_scene_is_a_picture_of_its_own_that_varies_and_repeats(scene: str) -> None:
    one = PhotoPlan(scene, 1, TAKEN, None).jpeg()
    pixels = np.asarray(Image.open(BytesIO(one)), dtype=int)

    assert one == PhotoPlan(scene, 1, TAKEN, None).jpeg()
    assert one != PhotoPlan(scene, 2, TAKEN, None).jpeg()
    assert pixels.std() > 20
    assert 20_000 < len(one) < 400_000


def test_a_photo_says_in_its_corner_that_it_is_a_sample() -> None:
    corner = np.asarray(photo().crop((1150, 886, 1270, 956)), dtype=int)

    red_strokes = (corner[..., 0] - corner[..., 1] > 60).mean()
    paper = (corner.min(axis=2) > 225).mean()

    assert 0.05 < red_strokes < 0.5
    assert paper > 0.3
