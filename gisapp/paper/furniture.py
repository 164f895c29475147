"""What makes a drawing a map: scale bar, north arrow, grid coordinates, legend and sources."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from reportlab.lib.colors import black, white
from reportlab.pdfgen.canvas import Canvas

from gisapp.paper.brush import AREA_ALPHA, apart, disc, draw_lines, hatch, hex_of, pen
from gisapp.paper.fonts import BOLD, REGULAR, lines_of, shortened, width_pt
from gisapp.paper.view import Frame, Window
from gisapp.words import say
from layers.kinds import Style

GRID_ROOM_PT = 9.0  # what the coordinates need outside the frame
SMALL, TEXT = 6.5, 7.5
_LEAST = 5.5  # smaller letters nobody reads; a longer key is cut
_BAR_MM, _GRID_MM = 40.0, 32.0
_KEY_W, _KEY_H, _KEY_LINE = 18.0, 10.0, 13.5


@dataclass(frozen=True, slots=True)
class Key:
    """One line of a legend: a style, or the heading of a layer where style is None."""

    text: str
    style: Style | None = None
    badge: str = ""


def draw_scale(pdf: Canvas, window: Window) -> None:
    """A bar of round metres and the scale as a number, at the lower left of the frame."""
    bar_m = round_length(_BAR_MM / 1000 * window.view.denominator)
    bar = bar_m * window.pt_per_m
    text = scale_text(window.view.denominator)
    wide = max(bar, width_pt(text, BOLD, TEXT)) + 26
    x, y = window.frame.left + 4, window.frame.bottom + 4
    with apart(pdf):
        _plate(pdf, x, y, wide, 30)
        pdf.setFillColor(black)
        pdf.setFont(BOLD, TEXT)
        pdf.drawString(x + 8, y + 21, text)
        pdf.setStrokeColor(black)
        pdf.setLineWidth(0.6)
        for piece in range(4):
            pdf.setFillColor(white if piece % 2 else black)
            pdf.rect(x + 8 + bar * piece / 4, y + 4, bar / 4, 4, stroke=1, fill=1)
        pdf.setFillColor(black)
        pdf.setFont(REGULAR, SMALL)
        for share in (0.0, 0.5, 1.0):
            pdf.drawCentredString(x + 8 + bar * share, y + 10.5, length_text(bar_m * share, last=share == 1))


def draw_north(pdf: Canvas, window: Window) -> None:
    """An arrow to grid north, at the upper right of the frame."""
    x, y = window.frame.right - 18, window.frame.top - 38
    with apart(pdf):
        _plate(pdf, x - 12, y - 4, 24, 38)
        pdf.setStrokeColor(black)
        pdf.setLineWidth(0.6)
        for side, fill in ((-1, black), (1, white)):
            pdf.setFillColor(fill)
            half = pdf.beginPath()
            half.moveTo(x, y + 20)
            half.lineTo(x + side * 6, y)
            half.lineTo(x, y + 5)
            half.close()
            pdf.drawPath(half, stroke=1, fill=1)
        pdf.setFillColor(black)
        pdf.setFont(BOLD, 9)
        pdf.drawCentredString(x, y + 23, say("paper.north"))


def draw_grid(pdf: Canvas, window: Window) -> None:
    """Ticks and coordinates of the plane zone along the frame: X (north) at the sides, Y (east) above and below.

    They stand outside the frame and need GRID_ROOM_PT on each side.
    """
    west, south, east, north = window.ground
    step = round_length(_GRID_MM / 1000 * window.view.denominator)
    frame = window.frame
    with apart(pdf):
        pdf.setStrokeColor(black)
        pdf.setFillColor(black)
        pdf.setLineWidth(0.5)
        pdf.setFont(REGULAR, 5.5)
        for easting in _multiples(west, east, step):
            x = frame.left + (easting - west) * window.pt_per_m
            pdf.lines([(x, frame.bottom, x, frame.bottom - 3), (x, frame.top, x, frame.top + 3)])
            if frame.left + 14 < x < frame.right - 14:
                pdf.drawCentredString(x, frame.bottom - 8.5, f"Y={easting:,.0f}")
                pdf.drawCentredString(x, frame.top + 4, f"Y={easting:,.0f}")
        for northing in _multiples(south, north, step):
            y = frame.bottom + (northing - south) * window.pt_per_m
            pdf.lines([(frame.left, y, frame.left - 3, y), (frame.right, y, frame.right + 3, y)])
            if frame.bottom + 16 < y < frame.top - 16:
                _upright(pdf, frame.left - 4, y, f"X={northing:,.0f}", 90)
                _upright(pdf, frame.right + 4, y, f"X={northing:,.0f}", -90)


def draw_legend(
    pdf: Canvas, frame: Frame, keys: Sequence[Key], columns: int = 1
) -> tuple[tuple[Key, ...], float]:
    """Write a legend into a frame, in columns of about the same length.

    Returns what found no room, and how far down the page the legend reaches.
    """
    column_w = frame.width / columns
    # one line more than an even share: headings may move to the next column
    bottom = max(frame.bottom, frame.top - (math.ceil(len(keys) / columns) + 1) * _KEY_LINE)
    column, y, lowest = 0, frame.top, frame.top
    for at, key in enumerate(keys):
        # a heading at the foot of a column would stand apart from what it heads
        needed = _KEY_LINE * (2 if key.style is None and at + 1 < len(keys) else 1)
        if y - needed < bottom - 0.01:
            column, y = column + 1, frame.top
        if column == columns or y - needed < bottom - 0.01:
            return tuple(keys[at:]), lowest
        y -= _KEY_LINE
        lowest = min(lowest, y)
        _draw_key(pdf, frame.left + column * column_w, y, column_w - 6, key)
    return (), lowest


def draw_texts(
    pdf: Canvas, frame: Frame, texts: Sequence[str], columns: int = 1, size: float = SMALL
) -> tuple[str, ...]:
    """Write texts into a frame, each from a new line, broken where they are long.

    Returns the lines that found no room, to be written elsewhere.
    """
    column_w, leading = frame.width / columns, size * 1.35
    lines = [line for text in texts for line in lines_of(text, REGULAR, size, column_w - 8)]
    in_a_column = max(int(frame.height / leading), 0)
    pdf.setFont(REGULAR, size)
    for at, line in enumerate(lines[: in_a_column * columns]):
        column, row = divmod(at, in_a_column)
        pdf.drawString(frame.left + column * column_w, frame.top - (row + 1) * leading + size * 0.2, line)
    return tuple(lines[in_a_column * columns :])


def scale_text(denominator: int) -> str:
    """A scale as people write it: 縮尺 1:2,500."""
    return say("paper.scale", n=f"{denominator:,}")


def round_length(most_m: float) -> float:
    """The longest of 1, 2, 5, 10, 20, 50 … metres that is not longer than most_m."""
    power = 10.0 ** math.floor(math.log10(most_m))
    return next(step * power for step in (5, 2, 1) if step * power <= most_m * (1 + 1e-9))


def length_text(metres: float, *, last: bool = False) -> str:
    """A length for a scale bar; the last one carries the unit."""
    if metres >= 1000:
        return f"{metres / 1000:g}km"
    return f"{metres:g}m" if last else f"{metres:g}"


def _multiples(start: float, end: float, step: float) -> Iterator[float]:
    at = math.ceil(start / step)
    while at * step <= end:
        yield at * step
        at += 1


def _upright(pdf: Canvas, x: float, y: float, text: str, turned: float) -> None:
    with apart(pdf):
        pdf.translate(x, y)
        pdf.rotate(turned)
        pdf.drawCentredString(0, 0, text)


def _plate(pdf: Canvas, x: float, y: float, wide: float, high: float) -> None:
    pdf.setFillColor(white)
    pdf.setFillAlpha(0.85)
    pdf.rect(x, y, wide, high, stroke=0, fill=1)
    pdf.setFillAlpha(1)


def _draw_key(pdf: Canvas, x: float, y: float, room: float, key: Key) -> None:
    with apart(pdf):
        if key.style is None:
            pdf.setFont(BOLD, TEXT)
            pdf.drawString(x, y + 3, shortened(key.text, BOLD, TEXT, room))
            return
        draw_swatch(pdf, Frame(x + 2, y + 1, _KEY_W, _KEY_H), key.style, key.badge)
        pdf.setFillColor(black)
        room -= _KEY_W + 7
        size = min(max(TEXT * room / max(width_pt(key.text, REGULAR, TEXT), 1), _LEAST), TEXT)
        pdf.setFont(REGULAR, size)
        pdf.drawString(x + _KEY_W + 7, y + 3, shortened(key.text, REGULAR, size, room))


def draw_swatch(pdf: Canvas, frame: Frame, style: Style, badge: str = "") -> None:
    """A small picture of a style, as it is drawn on the map."""
    middle_x, middle_y = frame.middle
    with apart(pdf):
        if style.shape == "point":
            disc(pdf, middle_x, middle_y, style, frame.height / 2, badge)
        elif style.shape == "line":
            ends = [[frame.left, middle_y], [frame.right, middle_y]]
            draw_lines(
                pdf, [np.array(ends, dtype=float)], style.stroke, max(style.weight_px * 0.75, 0.6), style.dash
            )
        else:
            path = pdf.beginPath()
            path.rect(frame.left, frame.bottom, frame.width, frame.height)
            with apart(pdf):
                pdf.setFillColor(hex_of(style.fill, "#ffffff"))
                pdf.setFillAlpha(AREA_ALPHA)
                pdf.drawPath(path, stroke=0, fill=1)
            with apart(pdf):
                pdf.clipPath(path, stroke=0, fill=0)
                hatch(pdf, frame, style)
            pen(pdf, style)
            pdf.drawPath(path, stroke=1, fill=0)
