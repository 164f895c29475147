"""How shapes and letters are put on paper: one path for all shapes of a style, patterns as real lines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import shapely
from numpy.typing import NDArray
from reportlab.lib.colors import HexColor, white
from reportlab.pdfgen.canvas import FILL_NON_ZERO, Canvas
from reportlab.pdfgen.pathobject import PDFPathObject

from gisapp.paper.fonts import BOLD, REGULAR, width_pt
from gisapp.paper.view import Frame
from layers.kinds import Style

PT_PER_PX = 0.75
PATTERN_PT = 6.0
AREA_ALPHA = 0.7
_PATTERN_ALPHA = 0.75
_LINE_ENDS = {"miter": 0, "round": 1}
Coordinates = NDArray[np.float64]


def hex_of(colour: str, otherwise: str = "#444444") -> HexColor:
    """A colour such as #1C7ED6; the other where a style has none."""
    return HexColor(colour or otherwise)


@contextmanager
def apart(pdf: Canvas) -> Iterator[None]:
    """Whatever is set inside (clip, colours, dashes) ends with the block."""
    pdf.saveState()
    try:
        yield
    finally:
        pdf.restoreState()


def clip_to(pdf: Canvas, frame: Frame) -> None:
    """Nothing drawn from here on leaves the frame."""
    path = pdf.beginPath()
    path.rect(frame.left, frame.bottom, frame.width, frame.height)
    pdf.clipPath(path, stroke=0, fill=0)


def rings_path(rings: list[Coordinates]) -> PDFPathObject:
    """Closed rings (points of the page) as one path."""
    return _path([f"{_walk(ring[:-1])} h" for ring in rings if len(ring) > 2])


def lines_path(lines: list[Coordinates]) -> PDFPathObject:
    """Open lines (points of the page) as one path."""
    return _path([_walk(line) for line in lines if len(line) > 1])


def _path(walks: list[str]) -> PDFPathObject:
    return PDFPathObject(code=["n", *walks])


def _walk(points: Coordinates) -> str:
    # one call of C for a whole ring: a map of a hazard has hundreds of thousands of corners
    steps = " l ".join(["%.2f %.2f"] * len(points)).replace(" l ", " m ", 1)
    end = " m" if len(points) == 1 else " l"
    return steps % tuple(points.ravel().tolist()) + end


def rings_of(shapes: NDArray[np.object_]) -> list[Coordinates]:
    """The rings of polygons, outer ones all turning one way and holes the other: filled by the non-zero
    rule, areas that overlap are filled once and holes stay open.
    """
    polygons = shapely.get_parts(shapes)
    polygons = polygons[shapely.get_type_id(polygons) == shapely.GeometryType.POLYGON]
    if not len(polygons):
        return []
    return _coordinates(shapely.get_rings(shapely.orient_polygons(polygons)))


def lines_of_shapes(shapes: NDArray[np.object_]) -> list[Coordinates]:
    """The lines of line strings, each by itself."""
    parts = shapely.get_parts(shapes)
    return _coordinates(parts[shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING])


def _coordinates(parts: NDArray[np.object_]) -> list[Coordinates]:
    if not len(parts):
        return []
    points, owner = shapely.get_coordinates(parts, return_index=True)
    return np.split(points, np.flatnonzero(np.diff(owner)) + 1)


def fill_areas(pdf: Canvas, frame: Frame, rings: list[Coordinates], style: Style, alpha: float) -> None:
    """Colour, pattern and outline of all areas of one style; alpha 0 draws the outline alone."""
    if not rings:
        return
    path = rings_path(rings)
    with apart(pdf):
        pen(pdf, style)
        if alpha == 0:
            pdf.drawPath(path, stroke=1, fill=0)
            return
        pdf.setFillColor(hex_of(style.fill, "#ffffff"))
        pdf.setFillAlpha(alpha)
        pdf.setBlendMode("Multiply")  # streets and names below stay readable
        # filled, outlined and made the pattern's clip in one go: the corners stand in the file once
        pdf.clipPath(path, stroke=1, fill=1, fillMode=FILL_NON_ZERO)
        corners = np.concatenate(rings)
        low = np.maximum(corners.min(axis=0), (frame.left, frame.bottom))
        high = np.minimum(corners.max(axis=0), (frame.right, frame.top))
        if (low < high).all():
            pdf.setBlendMode("Normal")
            pdf.setDash([])
            hatch(pdf, Frame(low[0], low[1], high[0] - low[0], high[1] - low[1]), style)


def pen(pdf: Canvas, style: Style) -> None:
    """A style's outline: colour, weight and dashes, from screen pixels to points."""
    pdf.setStrokeColor(hex_of(style.stroke))
    pdf.setLineWidth(max(style.weight_px * PT_PER_PX, 0.4))
    pdf.setLineJoin(_LINE_ENDS["round"])
    if style.dash:
        pdf.setDash([float(part) * PT_PER_PX for part in style.dash.replace(",", " ").split()])


def hatch(pdf: Canvas, frame: Frame, style: Style) -> None:
    """A style's pattern over a rectangle: hatch, cross, dots or nothing, on a grid that is the same everywhere
    on the page.
    """
    pdf.setStrokeColor(hex_of(style.stroke))
    pdf.setStrokeAlpha(_PATTERN_ALPHA)
    pdf.setLineWidth(0.5)
    if style.pattern == "dots":
        pdf.setLineWidth(1.5)
        pdf.setLineCap(_LINE_ENDS["round"])
        pdf.setDash([0.01, PATTERN_PT - 0.01])  # a dash of no length with round ends is a dot
        start = float(np.floor(frame.left / PATTERN_PT) * PATTERN_PT)
        pdf.lines([(start, y, frame.right, y) for y in _steps(frame.bottom, frame.top)])
    if style.pattern in {"hatch", "cross"}:
        rising = _steps(frame.bottom - frame.right, frame.top - frame.left, PATTERN_PT * 1.2)
        pdf.lines([(frame.left, frame.left + c, frame.right, frame.right + c) for c in rising])
    if style.pattern == "cross":
        falling = _steps(frame.bottom + frame.left, frame.top + frame.right, PATTERN_PT * 1.2)
        pdf.lines([(frame.left, c - frame.left, frame.right, c - frame.right) for c in falling])


def _steps(start: float, end: float, step: float = PATTERN_PT) -> list[float]:
    return [float(one) for one in np.arange(np.floor(start / step) * step, end + step, step)]


def draw_lines(pdf: Canvas, lines: list[Coordinates], colour: str, width: float, dash: str = "") -> None:
    """Lines of one colour; width in points, dash in screen pixels."""
    if not lines:
        return
    with apart(pdf):
        pdf.setStrokeColor(hex_of(colour))
        pdf.setLineWidth(width)
        pdf.setLineJoin(_LINE_ENDS["round"])
        pdf.setLineCap(_LINE_ENDS["miter"] if dash else _LINE_ENDS["round"])
        if dash:
            pdf.setDash([float(part) * PT_PER_PX for part in dash.replace(",", " ").split()])
        pdf.drawPath(lines_path(lines), stroke=1, fill=0)


def disc(pdf: Canvas, x: float, y: float, style: Style, radius: float, badge: str = "") -> None:
    """A point of a style: a circle with its letter; a badge is a second, small one at its shoulder."""
    pdf.setFillColor(hex_of(style.fill, "#ffffff"))
    pdf.setStrokeColor(hex_of(style.stroke))
    pdf.setLineWidth(0.8)
    pdf.circle(x, y, radius, stroke=1, fill=1)
    size = radius * (1.35 if len(style.letter) < 2 else 0.85)
    pdf.setFillColor(hex_of(readable_on(style.fill)))
    pdf.setFont(BOLD, size)
    pdf.drawCentredString(x, y - size * 0.36, style.letter)
    if badge:
        small = Style("badge", "", "#ffffff", "#1a1a1c", letter=badge)
        disc(pdf, x + radius * 0.85, y + radius * 0.85, small, radius * 0.52)


def haloed(pdf: Canvas, x: float, y: float, text: str, size: float, font: str = REGULAR) -> None:
    """A word with a white edge, so that it can be read on any colour; x is its middle, y its base line."""
    start = x - width_pt(text, font, size) / 2
    pdf.setStrokeColor(white)
    pdf.setLineWidth(1.6)
    for mode in (1, 0):  # the white edge first, then the letters
        with apart(pdf):
            words = pdf.beginText(start, y)
            words.setFont(font, size)
            words.setTextRenderMode(mode)
            words.textOut(text)
            pdf.drawText(words)


def readable_on(colour: str) -> str:
    """Black or white, whichever stands out on a colour."""
    try:
        red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    except ValueError:
        return "#1a1a1c"
    return "#1a1a1c" if red * 0.299 + green * 0.587 + blue * 0.114 > 150 else "#ffffff"
