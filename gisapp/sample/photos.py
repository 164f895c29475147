"""Photos for the made-up reports: drawn when asked for, with the marks a telephone leaves in a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw

from gisapp.sample.scenes import SCENES

JST = timezone(timedelta(hours=9))
WIDTH_PX, HEIGHT_PX = 1280, 960
# How the drawn picture must be turned in the file so that a viewer that obeys Orientation shows it upright.
TURNS = {1: None, 3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
ORIENTATION, MAKE, MODEL, DATETIME, EXIF_IFD, GPS_IFD = 0x0112, 0x010F, 0x0110, 0x0132, 0x8769, 0x8825
TAKEN, TAKEN_OFFSET = 0x9003, 0x9011
# The strokes of 見 and 本 in a square of 10 by 10: no font of this machine is needed.
STROKES = (
    ((2, 1), (2, 6)),
    ((2, 1), (7, 1), (7, 6)),
    ((2, 2.7), (7, 2.7)),
    ((2, 4.3), (7, 4.3)),
    ((2, 6), (7, 6)),
    ((4, 6), (3.5, 8), (1, 9.5)),
    ((5.5, 6), (5.5, 9), (9, 9), (9, 8)),
    ((11, 3), (19, 3)),
    ((15, 0.6), (15, 9.6)),
    ((15, 3), (13.5, 6), (11, 8)),
    ((15, 3), (16.5, 6), (19, 8)),
    ((13, 7.4), (17, 7.4)),
)


@dataclass(frozen=True)
class PhotoPlan:
    """A photo still to be drawn. place is lon, lat for the GPS fields, or None where it was stripped."""

    scene: str
    seed: int
    taken_at: datetime
    place: tuple[float, float] | None
    orientation: int = 1

    def jpeg(self) -> bytes:
        """The picture as JPEG bytes with EXIF; the same plan gives the same bytes."""
        upright = Image.new("RGB", (WIDTH_PX, HEIGHT_PX))
        SCENES[self.scene](upright, np.random.default_rng(self.seed))
        _stamp(upright)
        turn = TURNS[self.orientation]
        held = upright if turn is None else upright.transpose(turn)
        out = BytesIO()
        held.save(out, "JPEG", quality=80, exif=self._exif())
        return out.getvalue()

    def _exif(self) -> Image.Exif:
        moment = self.taken_at.astimezone(JST).strftime("%Y:%m:%d %H:%M:%S")
        exif = Image.Exif()
        exif[ORIENTATION], exif[DATETIME] = self.orientation, moment
        # EXIF texts are ASCII by the standard; the bytes are UTF-8, as telephones write them.
        exif[MAKE], exif[MODEL] = "見本".encode(), "見本".encode()
        exif.get_ifd(EXIF_IFD).update({TAKEN: moment, TAKEN_OFFSET: "+09:00"})
        if self.place:
            lon, lat = self.place
            exif.get_ifd(GPS_IFD).update({1: "N", 2: _sexagesimal(lat), 3: "E", 4: _sexagesimal(lon)})
        return exif


def _sexagesimal(degrees: float) -> tuple[float, float, float]:
    whole = int(degrees)
    minutes = (degrees - whole) * 60
    return float(whole), float(int(minutes)), round((minutes - int(minutes)) * 60, 4)


def _stamp(picture: Image.Image) -> None:
    """見本 in a corner, so that nobody takes the picture for a real place."""
    pen, size, left, top = ImageDraw.Draw(picture), 4.4, WIDTH_PX - 118, HEIGHT_PX - 66
    pen.rounded_rectangle(
        (left - 12, top - 8, left + 20 * size + 10, top + 10 * size + 8), 8, fill=(250, 250, 245)
    )
    for stroke in STROKES:
        pen.line([(left + x * size, top + y * size) for x, y in stroke], fill=(120, 20, 20), width=4)
