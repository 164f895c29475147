"""回答書 on A4: the official letter with a table of wishes and answers, a map with numbered pins, and photos."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import date
from html import escape
from pathlib import Path
from typing import Any

from reportlab.lib.colors import HexColor, black
from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    Flowable,
    Image,
    KeepTogether,
    PageBreak,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
)

from gisapp.flows.desk.petition_intake import reiwa
from gisapp.flows.desk.petition_letter import LetterContent, LetterItem, addressee, tally, title_of
from gisapp.flows.desk.petitions import answer_words
from gisapp.paper.drawing import Mark, base_versions, draw_map
from gisapp.paper.fonts import BOLD, REGULAR, printable, shortened, use_fonts
from gisapp.paper.furniture import GRID_ROOM_PT
from gisapp.paper.view import PT_PER_MM, Frame, View
from gisapp.person import ANYONE
from gisapp.profile import TownProfile
from gisapp.words import html_lang, say
from layers.box import Box
from layers.kinds import Style
from layers.versions import LayerShelf
from reports_store import PhotoStore
from reports_store.errors import PhotoError

_MARGIN, _FRAME_PT = 20 * PT_PER_MM, 6
_WIDE = A4[0] - 2 * (_MARGIN + _FRAME_PT)
_MAP_HIGH = 150 * PT_PER_MM
_PHOTO_WIDE, _PHOTO_HIGH = _WIDE / 2 - 6, 52 * PT_PER_MM
_PHOTOS_EACH = 2
_LETTERS_OF_A_PAGE = 700
_SHARES = (0.07, 0.1, 0.33, 0.15, 0.35)
_ROOM_DEG = 0.0012  # about 120 m around the outermost pins
_RED = HexColor("#b00000")
# Colour and a letter for each answer: on a grey copy the letter is left.
SIGNS = {
    "done": ("#1d7a45", "済"),
    "planned": ("#0b5cad", "予"),
    "considered": ("#8a6d00", "検"),
    "difficult": ("#6b6b6f", "困"),
    "other_body": ("#6a4c93", "他"),
    "": ("#ffffff", "－"),
}


def letter_pdf(
    content: LetterContent, layers: LayerShelf, photos: PhotoStore, profile: TownProfile, assets: Path,
    *, with_photos: bool = False,
) -> bytes:  # fmt: skip
    """The letter as a PDF: edition 0 is marked as a draft. Raises FontsMissing."""
    use_fonts(assets)
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer, pagesize=A4, leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN,
        bottomMargin=_MARGIN, title=printable(title_of(content)), author=profile.name, lang=html_lang(),
    )  # fmt: skip
    story = [*_head(content, profile), *_greeting(content), _table(content), *_foot(content, profile)]
    if any(one.lon is not None for one in content.items):
        story += [PageBreak(), _text(say("desk_petitions.letter.map"), 13, BOLD), Spacer(1, 6),
                  _Map(content, layers, profile), *_map_words(content)]  # fmt: skip
    if with_photos and any(one.photos for one in content.items):
        story += [
            PageBreak(),
            _text(say("desk_petitions.letter.photos"), 13, BOLD),
            *_photos(content, photos),
        ]
    foot = "　".join((profile.name, content.number, title_of(content)))
    document.build(
        story, canvasmaker=lambda *args, **options: _Numbered(foot, content.edition, *args, **options)
    )
    return buffer.getvalue()


def _text(words: str, size: float = 9.5, font: str = REGULAR, **more: object) -> Paragraph:
    """A paragraph of words as they are: reportlab would read markup in them."""
    style = ParagraphStyle("", fontName=font, fontSize=size, leading=size * 1.55, wordWrap="CJK", **more)
    lines = (escape(printable(line, font)) for line in words.splitlines() or [""])
    return Paragraph("<br/>".join(lines), style)


def _head(content: LetterContent, profile: TownProfile) -> Iterator[Flowable]:
    if content.edition == 0:
        yield _text(say("desk_petitions.letter.draft"), 12, BOLD, textColor=_RED)
    if profile.sample:
        yield _text(say("paper.sheet.sample_text"), 8.5, BOLD, textColor=_RED)
    yield _text(content.document_number or say("desk_petitions.letter.no_number"), 10.5, alignment=TA_RIGHT)
    yield _text(_day(content.dated) or say("desk_petitions.letter.no_day"), 10.5, alignment=TA_RIGHT)
    yield Spacer(1, 10)
    yield _text(addressee(content), 12)
    yield Spacer(1, 10)
    mayor = content.mayor or "　" * 10
    yield _text(say("desk_petitions.letter.mayor", town=profile.name, name=mayor), 11, alignment=TA_RIGHT)
    yield Spacer(1, 16)
    yield _text(title_of(content), 14, BOLD, alignment=TA_CENTER)
    yield Spacer(1, 12)


def _greeting(content: LetterContent) -> Iterator[Flowable]:
    yield _text(
        say("desk_petitions.letter.greeting", day=_day(content.received_on), n=len(content.items)), 10.5,
        firstLineIndent=10.5,
    )  # fmt: skip
    yield Spacer(1, 6)
    counted = "、".join(say("desk_petitions.letter.count", answer=words, n=n) for words, n in tally(content))
    yield _text(say("desk_petitions.letter.tally", number=content.number, counted=counted), 9.5)
    yield Spacer(1, 8)


def _table(content: LetterContent) -> Table:
    titles = ("position", "priority", "wish", "answer", "reason")
    head = [_text(say(f"desk_petitions.letter.column.{one}"), 8.5, BOLD) for one in titles]
    rows = [head, *([*_cells(one)] for one in content.items)]
    # A row stays whole where it can: only one that no page holds is cut.
    longest = max(max(len(one.body), len(one.text)) for one in content.items)
    style = [
        ("GRID", (0, 0), (-1, -1), 0.5, HexColor("#6b6b6f")), ("BACKGROUND", (0, 0), (-1, 0), HexColor("#e8ecff")),
        ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 4),
        ("RIGHTPADDING", (0, 0), (-1, -1), 4), ("TOPPADDING", (0, 0), (-1, -1), 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
    ]  # fmt: skip
    return Table(
        rows,
        colWidths=[_WIDE * share for share in _SHARES],
        style=style,
        repeatRows=1,
        splitInRow=int(longest > _LETTERS_OF_A_PAGE),
        hAlign="LEFT",
    )


def _cells(one: LetterItem) -> Iterator[Any]:
    yield _text(str(one.position), 9.5, BOLD)
    yield _text(str(one.priority), 9.5)
    wish = [_text(one.title, 9.5, BOLD), *([_text(one.body, 8.5)] if one.body else [])]
    wish += [_text(say("desk_petitions.letter.place", place=one.place), 8)] if one.place else []
    wish += [_text(say("desk_petitions.letter.consents", names=one.consents), 8)] if one.consents else []
    yield wish
    yield _text(one.answer_words, 9.5, BOLD)
    reason = [_text(one.text, 9.5)] if one.text else []
    if one.department:
        about = say("desk_petitions.letter.department", department=one.department, report=one.report)
        reason.append(_text(about, 8, textColor=HexColor("#50505a")))
    yield reason or ""


def _foot(content: LetterContent, profile: TownProfile) -> Iterator[Flowable]:
    yield Spacer(1, 8)
    yield _text(say("desk_petitions.letter.meaning"), 8.5)
    if content.edition > 1:
        yield _text(say("desk_petitions.letter.again", n=content.edition), 8.5, BOLD)


class _Map(Flowable):  # type: ignore[misc]
    """The town with a numbered pin for each wish, as large as shows them all."""

    def __init__(self, content: LetterContent, layers: LayerShelf, profile: TownProfile) -> None:
        super().__init__()
        self.width, self.height = _WIDE, _MAP_HIGH
        self.content, self.zone = content, profile.zone
        # A letter leaves the town hall: only what everybody may see lies under its pins.
        self.base = base_versions(layers, ANYONE)[0]

    def wrap(self, wide: float, high: float) -> tuple[float, float]:
        return self.width, self.height

    def draw(self) -> None:
        room = GRID_ROOM_PT + 1
        frame = Frame(room, room + 8, self.width - 2 * room, self.height - 2 * room - 8)
        marks = _marks(self.content.items)
        view = View.fitting(_box(marks), frame, self.zone)
        drawn = draw_map(self.canv, frame, view, [], self.zone, base=self.base, marks=marks)
        self.canv.setFont(REGULAR, 6)
        self.canv.setFillColor(black)
        self.canv.drawString(0, 0, shortened("　".join(drawn.sources), REGULAR, 6, self.width))


def _marks(items: Sequence[LetterItem]) -> list[Mark]:
    """A pin for each place; several wishes of one place share it and are named beside it."""
    places: dict[tuple[float, float], list[LetterItem]] = {}
    for one in items:
        if one.lon is not None and one.lat is not None:
            places.setdefault((round(one.lon, 4), round(one.lat, 4)), []).append(one)
    return [_mark(group) for group in places.values()]


def _mark(group: Sequence[LetterItem]) -> Mark:
    first = group[0]
    style = Style(f"wish_{first.answer}", "", SIGNS[first.answer][0], "#1a1a1c", letter=str(first.position))
    text = "・".join(f"{one.position}{SIGNS[one.answer][1]}" for one in group)
    return Mark(first.lon or 0.0, first.lat or 0.0, style, text=text)


def _box(marks: Sequence[Mark]) -> Box:
    lons, lats = [one.lon for one in marks], [one.lat for one in marks]
    return Box(min(lons) - _ROOM_DEG, min(lats) - _ROOM_DEG, max(lons) + _ROOM_DEG, max(lats) + _ROOM_DEG)


def _map_words(content: LetterContent) -> Iterator[Flowable]:
    used = dict.fromkeys(one.answer for one in content.items if one.lon is not None)
    names = {one: say(f"desk_petitions.answer.{one}") if one else answer_words(None) for one in used}
    letters = "　".join(f"{SIGNS[one][1]}：{name}" for one, name in names.items())
    yield Spacer(1, 6)
    yield _text(letters, 9)
    gone = [str(one.position) for one in content.items if one.lon is None]
    if gone:
        yield _text(say("desk_petitions.letter.no_place", numbers="、".join(gone)), 8.5)


def _photos(content: LetterContent, photos: PhotoStore) -> Iterator[Flowable]:
    for one in content.items:
        pictures = [
            found for sha in one.photos[:_PHOTOS_EACH] if (found := _picture(sha, photos)) is not None
        ]
        if pictures:
            row = [*pictures, *([""] * (_PHOTOS_EACH - len(pictures)))]
            table = Table(
                [row], colWidths=[_WIDE / 2] * 2, hAlign="LEFT", style=[("VALIGN", (0, 0), (-1, -1), "TOP")]
            )
            yield KeepTogether([Spacer(1, 8), _text(f"{one.position}　{one.title}", 10, BOLD), table])


def _picture(sha256: str, photos: PhotoStore) -> Image | None:
    try:
        path = photos.path(sha256, 1600)
    except PhotoError:
        return None
    return Image(str(path), width=_PHOTO_WIDE, height=_PHOTO_HIGH, kind="proportional", hAlign="LEFT")


def _day(text: str) -> str:
    """令和8年6月30日, of an ISO date; empty for none."""
    if not text:
        return ""
    day = date.fromisoformat(text)
    # 令和 began on 1 May 2019; letters of this app are younger.
    return say("desk_petitions.letter.day", year=reiwa(day.year), month=day.month, day=day.day)


class _Numbered(Canvas):  # type: ignore[misc]
    """A canvas that writes "2 / 5" at the foot of each page, which it can only know at the end."""

    def __init__(self, foot: str, edition: int, *args: object, **options: object) -> None:
        super().__init__(*args, **options)
        self._foot, self._edition = foot, edition
        self._pages: list[dict[str, object]] = []

    def showPage(self) -> None:
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for page in self._pages:
            self.__dict__.update(page)
            self.setFillColor(black)
            self.setFont(REGULAR, 8)
            number = say("karte.paper.page", n=self._pageNumber, of=len(self._pages))
            room = A4[0] - 2 * _MARGIN - 60
            self.drawString(_MARGIN, _MARGIN - 10, shortened(printable(self._foot), REGULAR, 8, room))
            self.drawRightString(A4[0] - _MARGIN, _MARGIN - 10, number)
            super().showPage()
        super().save()
