"""A letter to an outside body on A4: to whom, about what, the report, its place on a map, its photos, who asks."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from reportlab.lib.colors import HexColor, black
from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import CondPageBreak, Flowable, Image, Paragraph, SimpleDocTemplate, Spacer, Table

from gisapp.flows.desk.letters import Letter, day_words
from gisapp.paper.drawing import PLACE, Mark, draw_map
from gisapp.paper.fonts import BOLD, REGULAR, lines_of, printable, use_fonts
from gisapp.paper.furniture import GRID_ROOM_PT
from gisapp.paper.view import PT_PER_MM, Frame, View
from gisapp.profile import TownProfile
from gisapp.words import html_lang, say
from layers.versions import LayerVersion

_MARGIN = 20 * PT_PER_MM
_WIDE = A4[0] - 2 * _MARGIN - 12  # what platypus leaves free around a page's frame
_MAP_HIGH = 82 * PT_PER_MM
_SCALE = 2_500
_SOURCE_LINE = 7.5
_PHOTO_W, _PHOTO_H = (_WIDE - 8) / 2, 62 * PT_PER_MM
_RULE = HexColor("#8a8a8a")


def letter_pdf(
    letter: Letter, base: Sequence[LayerVersion], pictures: Sequence[Path], profile: TownProfile, assets: Path
) -> bytes:
    """The letter as a PDF. base is what the map is drawn with, pictures the photos' files. Raises FontsMissing."""
    use_fonts(assets)
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer, pagesize=A4, leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN, bottomMargin=_MARGIN,
        title=printable(f"{letter.subject} {letter.number}"), author=profile.name, lang=html_lang(),
    )  # fmt: skip
    document.build(
        [
            *_head(letter, profile),
            *_facts(letter),
            *_place(letter, base, profile),
            *_photos(pictures),
            *_who(letter, profile),
        ]
    )
    return buffer.getvalue()


def text(words: str, size: float = 10.5, font: str = REGULAR, **more: object) -> Paragraph:
    """A paragraph of words as they are: reportlab would read markup in them. Line ends are kept."""
    style = ParagraphStyle("", fontName=font, fontSize=size, leading=size * 1.6, wordWrap="CJK", **more)
    lines = [escape(printable(line, font)) for line in words.splitlines() or [""]]
    return Paragraph("<br/>".join(lines), style)


def _head(letter: Letter, profile: TownProfile) -> Iterator[Flowable]:
    if profile.sample:
        yield text(say("paper.sheet.sample_text"), 9, BOLD, textColor=HexColor("#b00000"))
    yield text(day_words(letter.day), alignment=TA_RIGHT)
    yield text(letter.addressee, 12)
    yield text(f"{profile.name}　{letter.department}", alignment=TA_RIGHT)
    yield Spacer(1, 14)
    yield text(letter.subject, 14, BOLD, alignment=TA_CENTER)
    yield Spacer(1, 10)
    yield text(letter.text)


def _facts(letter: Letter) -> Iterator[Flowable]:
    yield _heading(say("desk_report.letter.report"))
    rows = [[text(name, 9.5, BOLD), text(value, 9.5)] for name, value in letter.facts]
    if letter.body.strip():
        rows.append([text(say("desk_report.letter.body"), 9.5, BOLD), text(letter.body.strip(), 9.5)])
    yield Table(rows, colWidths=(_WIDE * 0.27, _WIDE * 0.73), style=_RULED, splitInRow=1)


_RULED = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 0.4, _RULE),
    ("LINEABOVE", (0, 0), (-1, 0), 0.8, black), ("TOPPADDING", (0, 0), (-1, -1), 2),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
]  # fmt: skip


def _heading(words: str) -> Paragraph:
    return text(words, 11.5, BOLD, spaceBefore=10, spaceAfter=3)


def _place(letter: Letter, base: Sequence[LayerVersion], profile: TownProfile) -> Iterator[Flowable]:
    yield CondPageBreak(_MAP_HIGH + 40)
    yield _heading(say("desk_report.letter.map"))
    yield PlaceMap(letter.lon, letter.lat, letter.number, base, profile, _WIDE, _MAP_HIGH)


def _photos(pictures: Sequence[Path]) -> Iterator[Flowable]:
    if not pictures:
        return
    yield CondPageBreak(_PHOTO_H + 40)
    yield _heading(say("desk_report.letter.photos"))
    shown = [fitted(path, _PHOTO_W - 8, _PHOTO_H - 6) for path in pictures]
    rows = [[*shown[at : at + 2], *([""] * (2 - len(shown[at : at + 2])))] for at in range(0, len(shown), 2)]
    yield Table(rows, colWidths=(_PHOTO_W, _PHOTO_W), style=[("VALIGN", (0, 0), (-1, -1), "MIDDLE")])


def _who(letter: Letter, profile: TownProfile) -> Iterator[Flowable]:
    yield CondPageBreak(120)
    if letter.contact is not None:
        yield _heading(say("desk_report.letter.contact"))
        told = (letter.contact.name, letter.contact.phone, letter.contact.email)
        yield text("　".join(part for part in told if part) or say("desk_report.none"))
        yield text(say("desk_report.letter.contact_care"), 9)
    yield _heading(say("desk_report.letter.desk"))
    phone = next((one.number for one in profile.phones), "")
    yield text("　".join(part for part in (profile.name, letter.department, letter.writer, phone) if part))


def fitted(path: Path, wide: float, high: float) -> Image:
    """A picture as large as fits a box of points, in its own shape."""
    picture = Image(str(path))
    share = min(wide / picture.imageWidth, high / picture.imageHeight)
    picture.drawWidth, picture.drawHeight = picture.imageWidth * share, picture.imageHeight * share
    return picture


class PlaceMap(Flowable):  # type: ignore[misc]
    """The map of one place, with where its ground comes from below."""

    def __init__(
        self,
        lon: float,
        lat: float,
        name: str,
        base: Sequence[LayerVersion],
        profile: TownProfile,
        width: float,
        height: float,
    ) -> None:
        super().__init__()
        self.width, self.height = width, height
        self.mark = Mark(lon, lat, PLACE, name)
        self.base, self.zone = base, profile.zone

    def wrap(self, wide: float, high: float) -> tuple[float, float]:
        return self.width, self.height

    def draw(self) -> None:
        draw_place(self.canv, Frame(0, 0, self.width, self.height), self.mark, self.base, self.zone)


def draw_place(pdf: Canvas, room: Frame, mark: Mark, base: Sequence[LayerVersion], zone: int) -> None:
    """Draw the map of one place into a rectangle of points, coordinates and sources included."""
    around = GRID_ROOM_PT + 1
    below = 2 * _SOURCE_LINE
    frame = Frame(
        room.left + around,
        room.bottom + around + below,
        room.width - 2 * around,
        room.height - 2 * around - below,
    )
    drawn = draw_map(pdf, frame, View(mark.lon, mark.lat, _SCALE), (), zone, base=base, marks=[mark])
    pdf.setFont(REGULAR, 6)
    pdf.setFillColor(black)
    for at, line in enumerate(lines_of("　".join(drawn.sources), REGULAR, 6, room.width)[:2]):
        pdf.drawString(room.left, room.bottom + (1 - at) * _SOURCE_LINE, line)
