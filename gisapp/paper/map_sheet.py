"""A printed sheet of the map: title, map, legend, sources, and what a reader has to know."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from reportlab.lib.colors import HexColor, black
from reportlab.pdfgen.canvas import Canvas

from gisapp.paper.brush import apart
from gisapp.paper.drawing import Drawn, Mark, draw_map
from gisapp.paper.fonts import BOLD, REGULAR, shortened, use_fonts, width_pt
from gisapp.paper.furniture import GRID_ROOM_PT, Key, draw_legend, draw_texts
from gisapp.paper.view import PT_PER_MM, Frame, View
from gisapp.profile import TownProfile
from gisapp.words import html_lang, say
from layers.versions import LayerVersion

JST = ZoneInfo("Asia/Tokyo")
PAPERS_MM = {"A4": (210.0, 297.0), "A3": (297.0, 420.0)}
ORIENTATIONS = ("portrait", "landscape")
_MARGIN, _GAP, _TITLE = 10 * PT_PER_MM, 3 * PT_PER_MM, 11 * PT_PER_MM
_FOOT = {"A4": 68 * PT_PER_MM, "A3": 66 * PT_PER_MM}  # below the map where the paper stands
_SIDE = {"A4": 66 * PT_PER_MM, "A3": 84 * PT_PER_MM}  # beside it where the paper lies
_COLUMNS = {"A4": 3, "A3": 4}
_NOTES_SHARE = 0.3  # of the room for both, when the legend would take it all


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand on one paper in one direction; frames are in points."""

    paper: str
    orientation: str

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the paper in points."""
        short, long = (side * PT_PER_MM for side in PAPERS_MM[self.paper])
        return (short, long) if self.orientation == "portrait" else (long, short)

    @property
    def map(self) -> Frame:
        """The map itself, without the coordinates around it."""
        (width, height), around = self.size, _MARGIN + GRID_ROOM_PT
        if self.orientation == "portrait":
            bottom = _MARGIN + _FOOT[self.paper] + _GAP + GRID_ROOM_PT
            return Frame(around, bottom, width - 2 * around, height - around - _TITLE - bottom)
        side = _SIDE[self.paper] + _GAP
        return Frame(around, around, width - 2 * around - side, height - 2 * around - _TITLE)

    @property
    def beside(self) -> Frame:
        """Where legend, remarks and sources stand: below the map or beside it."""
        width, height = self.size
        if self.orientation == "portrait":
            return Frame(_MARGIN, _MARGIN, width - 2 * _MARGIN, _FOOT[self.paper])
        side = _SIDE[self.paper]
        return Frame(width - _MARGIN - side, _MARGIN, side, height - 2 * _MARGIN - _TITLE)

    @property
    def columns(self) -> int:
        return _COLUMNS[self.paper] if self.orientation == "portrait" else 1


@dataclass(frozen=True, slots=True)
class Contents:
    """What goes on a sheet. title is a person's own words; unread names layers that could not be read."""

    title: str
    versions: Sequence[LayerVersion]
    base: Sequence[LayerVersion] = ()
    marks: Sequence[Mark] = ()
    unread: Sequence[str] = ()
    remarks: Sequence[str] = ()


def map_sheet(
    contents: Contents, view: View, layout: Layout, town: TownProfile, assets: Path, printed: datetime
) -> bytes:
    """A PDF of a map: one page, and another where the legend needs it.

    Raises FontsMissing if set-up has not put the fonts under assets.
    """
    use_fonts(assets)
    buffer = io.BytesIO()
    title = contents.title.strip() or say("paper.sheet.untitled", town=town.name)
    pdf = Canvas(buffer, pagesize=layout.size, pageCompression=1, lang=html_lang())
    pdf.setTitle(title)
    pdf.setAuthor(town.name)
    drawn = draw_map(
        pdf, layout.map, view, contents.versions, town.zone, base=contents.base, marks=contents.marks
    )
    _heading(pdf, layout, town, title, printed)
    keys, texts = drawn.legend, _notes(contents, drawn, town)
    keys, texts = _legend_and_notes(
        pdf, layout.beside, layout.columns, say("paper.sheet.legend"), keys, texts
    )
    while keys or texts:
        pdf.showPage()
        width, height = layout.size
        page = Frame(_MARGIN, _MARGIN, width - 2 * _MARGIN, height - 2 * _MARGIN)
        heading = say("paper.sheet.legend_more")
        keys, texts = _legend_and_notes(pdf, page, _COLUMNS[layout.paper], heading, keys, texts)
    pdf.showPage()
    pdf.save()
    return buffer.getvalue()


def frame_sizes_mm() -> dict[str, dict[str, tuple[float, float]]]:
    """Width and height of the map on each paper in each direction, for whoever shows what will be printed."""
    return {paper: {way: _size_mm(Layout(paper, way).map) for way in ORIENTATIONS} for paper in PAPERS_MM}


def _size_mm(frame: Frame) -> tuple[float, float]:
    return round(frame.width / PT_PER_MM, 3), round(frame.height / PT_PER_MM, 3)


def _heading(pdf: Canvas, layout: Layout, town: TownProfile, title: str, printed: datetime) -> None:
    width, height = layout.size
    right, y = width - _MARGIN, height - _MARGIN - 14
    when = say("paper.sheet.printed", town=town.name, time=printed.astimezone(JST).strftime("%Y-%m-%d %H:%M"))
    pdf.setFillColor(black)
    pdf.setFont(REGULAR, 8)
    pdf.drawRightString(right, y, when)
    right -= width_pt(when, REGULAR, 8) + 10
    if town.sample:
        right = _sample_mark(pdf, right, y)
    pdf.setFont(BOLD, 14)
    pdf.drawString(_MARGIN, y, shortened(title, BOLD, 14, right - _MARGIN))


def _sample_mark(pdf: Canvas, right: float, y: float) -> float:
    """A red stamp, ending at right; returns where it begins."""
    word = say("paper.sheet.sample")
    wide = width_pt(word, BOLD, 12) + 12
    with apart(pdf):
        pdf.setStrokeColor(HexColor("#b00000"))
        pdf.setFillColor(HexColor("#b00000"))
        pdf.setLineWidth(1.2)
        pdf.roundRect(right - wide, y - 5, wide, 19, 3, stroke=1, fill=0)
        pdf.setFont(BOLD, 12)
        pdf.drawCentredString(right - wide / 2, y, word)
    return right - wide - 10


def _legend_and_notes(
    pdf: Canvas, frame: Frame, columns: int, heading: str, keys: tuple[Key, ...], texts: tuple[str, ...]
) -> tuple[tuple[Key, ...], tuple[str, ...]]:
    """Write both one below the other; returns what needs another page."""
    pdf.setFillColor(black)
    pdf.setFont(BOLD, 9)
    pdf.drawString(frame.left, frame.top - 10, heading)
    least = frame.height * _NOTES_SHARE if texts else 0
    upper = Frame(frame.left, frame.bottom + least, frame.width, frame.height - least - 12)
    keys_left, lowest = draw_legend(pdf, upper, keys, columns)
    lower = Frame(frame.left, frame.bottom, frame.width, lowest - frame.bottom - 4)
    return keys_left, draw_texts(pdf, lower, texts, 2 if columns > 1 else 1)


def _notes(contents: Contents, drawn: Drawn, town: TownProfile) -> tuple[str, ...]:
    notes = [*contents.remarks]
    if contents.unread:
        notes.append(say("paper.sheet.unread", layers="、".join(contents.unread)))
    if drawn.absent:
        notes.append(say("paper.sheet.absent", layers="、".join(drawn.absent)))
    if any(version.kind.id.endswith("_zone") for version in contents.versions):
        notes.append(say("paper.sheet.hazard"))
    notes += [say("paper.sheet.not_a_proof"), say("paper.sheet.grid", n=town.zone - 6668), *drawn.sources]
    return (say("paper.sheet.sample_text"), *notes) if town.sample else tuple(notes)
