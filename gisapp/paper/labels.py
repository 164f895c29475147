"""Names on a map: the weightier first, and none over another."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray
from reportlab.pdfgen.canvas import Canvas

from gisapp.paper.brush import apart, haloed, hex_of
from gisapp.paper.fonts import BOLD, REGULAR, printable, width_pt
from gisapp.paper.view import Frame

LETTERS_LIMIT = 24
_SECTIONS_APART_PT = 160.0  # a road's name is repeated at most this often
_SIGNS_APART_PT = 45.0  # a school that is a shelter too is named once


@dataclass(frozen=True, slots=True)
class Name:
    """A name and where it would like to stand: middles of its box in points, best first."""

    text: str
    places: tuple[tuple[float, float], ...]
    size: float = 7.0
    bold: bool = False
    colour: str = "#1a1a1c"
    turned_deg: float = 0.0
    apart_pt: float = 0.0  # the same word is not written again nearer than this

    @property
    def font(self) -> str:
        return BOLD if self.bold else REGULAR


@dataclass
class Labels:
    """The boxes already taken in a frame, and the names that found room."""

    frame: Frame
    taken: list[tuple[float, float, float, float]] = field(default_factory=list)
    placed: list[tuple[Name, float, float]] = field(default_factory=list)

    def keep_free(self, x: float, y: float, radius: float) -> None:
        """No name may cover this sign."""
        self.taken.append((x - radius, y - radius, x + radius, y + radius))

    def place(self, names: Iterable[Name]) -> None:
        """Give each name the first of its places where it covers nothing."""
        for name in names:
            self._place(name)

    def draw(self, pdf: Canvas) -> None:
        """Write every name that found room."""
        for name, x, y in self.placed:
            with apart(pdf):
                pdf.translate(x, y)
                pdf.rotate(name.turned_deg)
                pdf.setFillColor(hex_of(name.colour))
                haloed(pdf, 0, -name.size * 0.36, name.text, name.size, name.font)

    def _place(self, name: Name) -> None:
        if any(
            other.text == name.text and math.dist(at, name.places[0]) < name.apart_pt
            for other, *at in self.placed
        ):
            return
        half_w, half_h = _half_box(name)
        for x, y in name.places:
            box = (x - half_w, y - half_h, x + half_w, y + half_h)
            if self._free(box):
                self.taken.append(box)
                self.placed.append((name, x, y))
                return

    def _free(self, box: tuple[float, float, float, float]) -> bool:
        frame = self.frame
        if box[0] < frame.left or box[1] < frame.bottom or box[2] > frame.right or box[3] > frame.top:
            return False
        return not any(
            box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]
            for other in self.taken
        )


def _half_box(name: Name) -> tuple[float, float]:
    half_w, half_h = width_pt(name.text, name.font, name.size) / 2 + 1, name.size * 0.6
    turn = math.radians(name.turned_deg)
    cos, sin = abs(math.cos(turn)), abs(math.sin(turn))
    return half_w * cos + half_h * sin, half_w * sin + half_h * cos


def name_beside(text: str, x: float, y: float, radius: float, *, bold: bool = False, colour: str) -> Name:
    """The name of a sign: right of it, left, above or below."""
    words, size = _short(text), 7.0
    half = width_pt(words, BOLD if bold else REGULAR, size) / 2 + 2
    away, rise = radius + half, radius + size * 0.75
    places = ((x + away, y), (x - away, y), (x, y + rise), (x, y - rise))
    return Name(words, places, size, bold, colour, apart_pt=_SIGNS_APART_PT)


def name_in(text: str, area: shapely.Geometry) -> Name | None:
    """The name of an area (points of the page), inside it; None where the area is too small for it."""
    words = _short(text)
    if area.is_empty:
        return None
    west, south, east, north = area.bounds
    if east - west < width_pt(words, BOLD, 7.5) * 0.7 or north - south < 9:
        return None
    inside = shapely.point_on_surface(area)
    return Name(words, ((inside.x, inside.y),), 7.5, True)


def name_along(text: str, line: NDArray[np.float64]) -> Name | None:
    """The name of a line (points of the page), along its middle; None where the line is too short for it."""
    words, course = _short(text), shapely.linestrings(line)
    room = width_pt(words, BOLD, 6.5) * 1.2
    if course.length < room:
        return None
    start, middle, end = (course.interpolate(course.length / 2 + step) for step in (-room / 2, 0.0, room / 2))
    turned = math.degrees(math.atan2(end.y - start.y, end.x - start.x))
    turned = turned - 180 if turned > 90 else turned + 180 if turned <= -90 else turned
    return Name(words, ((middle.x, middle.y),), 6.5, True, turned_deg=turned, apart_pt=_SECTIONS_APART_PT)


def _short(text: str) -> str:
    words = printable(text)
    return words if len(words) <= LETTERS_LIMIT else f"{words[: LETTERS_LIMIT - 1]}…"
