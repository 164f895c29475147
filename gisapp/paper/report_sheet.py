"""One report on one A4 sheet for the file and for the crew: map, photos, what lies there, what was done so far.

Who reported it is never on it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import segno
from reportlab.lib.colors import HexColor, black, white
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph

from gisapp.flows.desk.telling import Line, clock
from gisapp.paper.brush import apart
from gisapp.paper.drawing import PLACE, Mark
from gisapp.paper.fonts import BOLD, REGULAR, printable, shortened, use_fonts
from gisapp.paper.letter import draw_place, text
from gisapp.paper.view import PT_PER_MM, Frame
from gisapp.person import Person
from gisapp.profile import TownProfile
from gisapp.words import html_lang, say
from layers.versions import LayerVersion

_MARGIN = 12 * PT_PER_MM
_WIDE, _HIGH = A4[0] - 2 * _MARGIN, A4[1]
_QR = 24 * PT_PER_MM
_MAP = 92 * PT_PER_MM
_PHOTOS = 4
_BODY_LETTERS = 420
_LEAST_HISTORY = 60.0
_RED = HexColor("#b00000")


@dataclass(frozen=True, slots=True)
class SheetContents:
    """What goes on the sheet. photos: (file, caption); hazards: lines of the karte; address is the desk's page."""

    number: str
    title: str
    state: str
    facts: Sequence[tuple[str, str]]
    body: str
    lon: float
    lat: float
    photos: Sequence[tuple[Path, str]]
    hazards: Sequence[str]
    lines: Sequence[Line]
    address: str


def report_sheet(
    contents: SheetContents,
    base: Sequence[LayerVersion],
    person: Person,
    profile: TownProfile,
    assets: Path,
    now: datetime,
) -> bytes:
    """The sheet as a PDF of one page. Raises FontsMissing."""
    use_fonts(assets)
    buffer = io.BytesIO()
    pdf = Canvas(buffer, pagesize=A4, pageCompression=1, lang=html_lang())
    pdf.setTitle(printable(f"{contents.number} {contents.title}"))
    pdf.setAuthor(profile.name)
    y = _head(pdf, contents, profile)
    map_room = Frame(_MARGIN, y - _MAP, _MAP * 1.06, _MAP)
    draw_place(pdf, map_room, Mark(contents.lon, contents.lat, PLACE, contents.number), base, profile.zone)
    _photos(pdf, Frame(map_room.right + 8, y - _MAP, _WIDE - map_room.width - 8, _MAP), contents.photos)
    y = _facts(pdf, contents, y - _MAP - 6)
    _history(pdf, contents, y)
    _foot(pdf, person, profile, now)
    pdf.showPage()
    pdf.save()
    return buffer.getvalue()


def _head(pdf: Canvas, contents: SheetContents, profile: TownProfile) -> float:
    """Number, kind, state and QR code; returns how far down the page that reaches."""
    top = _HIGH - _MARGIN
    _qr(pdf, Frame(_MARGIN + _WIDE - _QR, top - _QR, _QR, _QR), contents.address)
    room = _WIDE - _QR - 10
    pdf.setFillColor(black)
    pdf.setFont(BOLD, 20)
    pdf.drawString(_MARGIN, top - 20, shortened(contents.number, BOLD, 20, room))
    pdf.setFont(BOLD, 13)
    pdf.drawString(_MARGIN, top - 40, shortened(contents.title, BOLD, 13, room))
    pdf.setFont(REGULAR, 10.5)
    pdf.drawString(_MARGIN, top - 56, shortened(contents.state, REGULAR, 10.5, room))
    if profile.sample:
        pdf.setFillColor(_RED)
        pdf.setFont(BOLD, 9)
        pdf.drawString(_MARGIN, top - 69, shortened(say("paper.sheet.sample_text"), BOLD, 9, room))
    return float(top - _QR - 6)


def _qr(pdf: Canvas, frame: Frame, address: str) -> None:
    """The code drawn as squares (ISO/IEC 18004), with the quiet zone of four around it."""
    rows = [list(row) for row in segno.make(address, error="m", micro=False).matrix_iter(border=4)]
    side = frame.width / len(rows)
    with apart(pdf):
        pdf.setFillColor(white)
        pdf.rect(frame.left, frame.bottom, frame.width, frame.height, stroke=0, fill=1)
        pdf.setFillColor(black)
        squares = pdf.beginPath()
        for down, row in enumerate(rows):
            for across, dark in enumerate(row):
                if dark:
                    squares.rect(frame.left + across * side, frame.top - (down + 1) * side, side, side)
        pdf.drawPath(squares, stroke=0, fill=1)


def _photos(pdf: Canvas, room: Frame, photos: Sequence[tuple[Path, str]]) -> None:
    """Up to four, two in a row; a line says how many there are besides."""
    shown = photos[:_PHOTOS]
    if not shown:
        pdf.setFont(REGULAR, 9)
        pdf.drawString(room.left, room.top - 12, say("desk_report.sheet.no_photo"))
        return
    columns = 1 if len(shown) <= 2 else 2
    rows = -(-len(shown) // columns)
    wide, high = room.width / columns, (room.height - 10) / rows
    for at, (path, caption) in enumerate(shown):
        down, across = divmod(at, columns)
        cell = Frame(room.left + across * wide, room.top - (down + 1) * high, wide - 4, high - 4)
        _photo(pdf, cell, path, caption)
    if len(photos) > _PHOTOS:
        pdf.setFont(REGULAR, 7.5)
        more = say("desk_report.sheet.more_photos", n=len(photos) - _PHOTOS)
        pdf.drawString(room.left, room.bottom, more)


def _photo(pdf: Canvas, cell: Frame, path: Path, caption: str) -> None:
    picture = ImageReader(str(path))
    width, height = picture.getSize()
    share = min(cell.width / width, (cell.height - 11) / height)
    shown_w, shown_h = width * share, height * share
    pdf.drawImage(picture, cell.left, cell.top - shown_h, shown_w, shown_h)
    pdf.setFillColor(black)
    pdf.setFont(REGULAR, 7.5)
    pdf.drawString(cell.left, cell.top - shown_h - 9, shortened(caption, REGULAR, 7.5, cell.width))


def _facts(pdf: Canvas, contents: SheetContents, y: float) -> float:
    """What is known, then the words of the report, then the hazards; returns how far down that reaches."""
    half = _WIDE / 2
    pairs = list(contents.facts)
    for at in range(0, len(pairs), 2):
        high = 0.0
        for across, (name, value) in enumerate(pairs[at : at + 2]):
            told = text(f"{name}：{value}", 8.5)
            high = max(high, _place(pdf, told, _MARGIN + across * half, y, half - 8))
        y -= high
    y -= 3
    body = contents.body.strip()
    if body:
        cut = body if len(body) <= _BODY_LETTERS else f"{body[:_BODY_LETTERS]}…"
        y -= _place(pdf, text(say("desk_report.sheet.body"), 9.5, BOLD), _MARGIN, y, _WIDE)
        y -= _place(pdf, text(cut, 9), _MARGIN, y, _WIDE)
    if contents.hazards:
        y -= _place(pdf, text(say("desk_report.sheet.hazards"), 9.5, BOLD), _MARGIN, y, _WIDE)
        y -= _place(pdf, text("　".join(contents.hazards), 8), _MARGIN, y, _WIDE)
    return y - 3


def _history(pdf: Canvas, contents: SheetContents, y: float) -> None:
    """The first step and as many of the latest as there is room for, in order; what is left out is counted."""
    y -= _place(pdf, text(say("desk_report.sheet.history"), 9.5, BOLD), _MARGIN, y, _WIDE)
    room = y - (_MARGIN + 16)
    steps = [(line, text(_step(line), 8)) for line in contents.lines]
    heights = [told.wrap(_WIDE, 10_000)[1] + 1.5 for _, told in steps]
    kept = _fitting(heights, max(room, _LEAST_HISTORY) - 12)
    for at, (_, told) in enumerate(steps):
        if at not in kept:
            continue
        y -= _place(pdf, told, _MARGIN, y, _WIDE) + 1.5
        if at == 0 and len(kept) < len(steps):
            left_out = text(say("desk_report.sheet.left_out", n=len(steps) - len(kept)), 8)
            y -= _place(pdf, left_out, _MARGIN, y, _WIDE)


def _fitting(heights: Sequence[float], room: float) -> set[int]:
    """Positions of the first and of the latest steps that fit a height together."""
    if not heights:
        return set()
    kept, left = {0}, room - heights[0]
    for at in range(len(heights) - 1, 0, -1):
        if heights[at] > left:
            break
        kept.add(at)
        left -= heights[at]
    return kept


def _step(line: Line) -> str:
    return "　".join(_parts(line))


def _parts(line: Line) -> Iterator[str]:
    yield f"{line.time}　{line.who}　{'／'.join(line.what)}"
    for key in ("own", "public", "internal"):
        words = " ".join(getattr(line, key).split())
        if words:
            yield say(f"desk_report.sheet.{key}", words=words if len(words) <= 160 else f"{words[:160]}…")


def _place(pdf: Canvas, told: Paragraph, x: float, y: float, wide: float) -> float:
    """Draw a paragraph with its upper edge at y; returns its height."""
    high = float(told.wrap(wide, 10_000)[1])
    told.drawOn(pdf, x, y - high)
    return high


def _foot(pdf: Canvas, person: Person, profile: TownProfile, now: datetime) -> None:
    printed = say("karte.paper.printed_at", time=clock(now))
    by = say("karte.paper.printed_by", name=person.name, department=person.department)
    pdf.setFillColor(black)
    pdf.setFont(REGULAR, 7.5)
    words = "　".join((profile.name, printed, by, say("desk_report.sheet.internal_only")))
    pdf.drawString(_MARGIN, _MARGIN - 4, shortened(words, REGULAR, 7.5, _WIDE))
