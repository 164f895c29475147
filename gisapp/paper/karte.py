"""地点カルテ on A4: the answer about one place with its map, for the counter and for the file."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path

from reportlab.lib.colors import Color, HexColor, black
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import CondPageBreak, Flowable, Paragraph, SimpleDocTemplate, Spacer, Table

from gisapp.flows.enquire import Answer, Finding, Hazard, Karte, Known, Site, Source, wording
from gisapp.flows.enquire.questions import HAZARD_KINDS, ZONES
from gisapp.flows.find import visible_versions
from gisapp.paper.drawing import PLACE, Mark, base_versions, draw_map
from gisapp.paper.fonts import BOLD, REGULAR, printable, shortened, use_fonts
from gisapp.paper.furniture import GRID_ROOM_PT, draw_legend
from gisapp.paper.view import PT_PER_MM, SCALES, Frame, View
from gisapp.person import Person
from gisapp.profile import TownProfile
from gisapp.words import html_lang, say
from layers.versions import LayerShelf, LayerVersion
from reports_store import Categories

_MARGIN = 14 * PT_PER_MM
_FRAME_PT = 6  # what platypus leaves free around a page's frame
_WIDE = A4[0] - 2 * (_MARGIN + _FRAME_PT)
_MAP_HIGH, _LEGEND_WIDE = 104 * PT_PER_MM, 48 * PT_PER_MM
_COLUMNS = (_WIDE * 0.22, _WIDE * 0.5, _WIDE * 0.28)
_ROOM_BELOW = 90  # a heading at the foot of a page would stand apart from what it heads
_SHOWN_ROWS, _VALUE_LETTERS = 24, 160  # of one feature: a file may have a hundred columns, or a novel in one
_DRAWN = (*(kind for kinds in ZONES.values() for kind in kinds), "evacuation_site", "garbage_station")
_MARKS = {Known.FOUND: "▲", Known.NONE: "－", Known.UNKNOWN: "？"}
_TINTS = {Known.FOUND: HexColor("#fdeaea"), Known.UNKNOWN: HexColor("#eeeeee")}
_BAND = HexColor("#dfe4f5")
_RULE = HexColor("#8a8a8a")


def karte_pdf(
    karte: Karte,
    person: Person,
    layers: LayerShelf,
    profile: TownProfile,
    categories: Categories,
    assets: Path,
) -> bytes:
    """The karte as a PDF; whatever the karte holds is on it, nothing else. Raises FontsMissing."""
    use_fonts(assets)
    buffer, foot = io.BytesIO(), _foot_text(karte, person, profile)
    title = " ".join(part for part in (say("karte.title"), karte.spot.label) if part)
    document = SimpleDocTemplate(
        buffer, pagesize=A4, leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN,
        bottomMargin=_MARGIN + 14, title=printable(title), author=profile.name, lang=html_lang(),
    )  # fmt: skip
    story = [
        *_head(karte, profile),
        _Map(karte, person, layers, profile),
        *_hazards(karte),
        *_refuges(karte),
        *_departments(karte),
        *_reports(karte, categories),
        *_notices(),
    ]
    document.build(story, canvasmaker=lambda *args, **options: _Numbered(foot, *args, **options))
    return buffer.getvalue()


def _style(size: float, font: str = REGULAR, **more: object) -> ParagraphStyle:
    # The words split at any letter: Japanese has no blanks
    return ParagraphStyle("", fontName=font, fontSize=size, leading=size * 1.45, wordWrap="CJK", **more)


def _text(words: str, size: float = 8.5, font: str = REGULAR, **more: object) -> Paragraph:
    """A paragraph of words as they are: reportlab would read markup in them."""
    return Paragraph(escape(printable(words, font)), _style(size, font, **more))


def _heading(words: str) -> list[Flowable]:
    return [CondPageBreak(_ROOM_BELOW), Spacer(1, 8), _text(words, 12, BOLD, spaceAfter=2)]


def _head(karte: Karte, profile: TownProfile) -> Iterator[Flowable]:
    title = "／".join(part for part in (say("karte.title"), profile.name, karte.spot.label) if part)
    yield _text(title, 15, BOLD)
    spot = karte.spot
    where = say("karte.position", lat=f"{spot.lat:.6f}", lon=f"{spot.lon:.6f}")
    yield _text(f"{where}／{say('karte.asked_at', time=wording.clock(karte.asked_at))}", 9)
    warnings = [say("paper.sheet.sample_text")] if profile.sample else []
    warnings += [say("karte.whole")] if karte.whole else []
    for words in (*warnings, *wording.place_lines(karte)):
        yield _text(words, 9, BOLD, textColor=HexColor("#b00000"))
    yield Spacer(1, 4)


class _Map(Flowable):  # type: ignore[misc]
    """The map of the place, with the sites to flee to, and its legend beside it."""

    def __init__(self, karte: Karte, person: Person, layers: LayerShelf, profile: TownProfile) -> None:
        super().__init__()
        self.width, self.height = _WIDE, _MAP_HIGH
        self.karte, self.zone = karte, profile.zone
        seen = [one for one in visible_versions(layers, person) if one.kind.id in _DRAWN]
        # one layer of a kind: five flood maps over one another show nothing
        self.versions = list({one.kind.id: one for one in reversed(seen)}.values())[::-1]
        self.base: list[LayerVersion] = base_versions(layers, person)[0]

    def wrap(self, wide: float, high: float) -> tuple[float, float]:
        return self.width, self.height

    def draw(self) -> None:
        room = GRID_ROOM_PT + 1
        frame = Frame(room, room + 8, self.width - _LEGEND_WIDE - 2 * room, self.height - 2 * room - 8)
        here = Mark(self.karte.spot.lon, self.karte.spot.lat, PLACE, say("karte.here"))
        drawn = draw_map(
            self.canv, frame, self._view(frame), self.versions, self.zone, base=self.base, marks=[here]
        )
        legend = Frame(self.width - _LEGEND_WIDE + 6, room, _LEGEND_WIDE - 6, self.height - room)
        draw_legend(self.canv, legend, drawn.legend)
        self.canv.setFont(REGULAR, 6)
        self.canv.setFillColor(black)
        sources = "　".join(drawn.sources)
        self.canv.drawString(0, 0, shortened(sources, REGULAR, 6, self.width))

    def _view(self, frame: Frame) -> View:
        """The largest scale from 1:2,500 that shows the nearest site of each hazard, up to 1:10,000."""
        sites = [hazard.refuge.offered[0] for hazard in self.karte.hazards if hazard.refuge.offered]
        reach_m = max((site.distance_m for site in sites), default=0) * 1.15
        half_mm = min(frame.width, frame.height) / PT_PER_MM / 2
        wanted = [one for one in SCALES if 2_500 <= one <= 10_000]
        fitting = (one for one in wanted if half_mm * one / 1000 >= reach_m)
        return View(self.karte.spot.lon, self.karte.spot.lat, next(fitting, wanted[-1]))


def _table(
    rows: Sequence[Sequence[object]], tints: Sequence[Color | None] = (), spans: Iterable[int] = ()
) -> Table:
    """A ruled table; spans are the rows whose answer takes the source's column as well."""
    style: list[tuple[object, ...]] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 0.4, _RULE),
        ("LINEABOVE", (0, 0), (-1, 0), 0.8, black), ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3), ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ]  # fmt: skip
    style += [("BACKGROUND", (0, at), (-1, at), tint) for at, tint in enumerate(tints) if tint is not None]
    style += [("SPAN", (1, at), (2, at)) for at in spans]
    return Table(list(rows), colWidths=_COLUMNS, style=style, splitInRow=1, hAlign="LEFT")


def _hazards(karte: Karte) -> Iterator[Flowable]:
    yield from _heading(say("karte.hazards.title"))
    rows = [[_hazard_title(one), _hazard_said(one), _hazard_sources(one)] for one in karte.hazards]
    yield _table(rows, [_TINTS.get(hazard.known) for hazard in karte.hazards])


def _hazard_title(hazard: Hazard) -> Paragraph:
    return _text(f"{_MARKS[hazard.known]} {hazard.title}", 9, BOLD)


def _hazard_said(hazard: Hazard) -> list[Paragraph]:
    told = [
        f"{line.facet}：{words}" for line in wording.told_lines(hazard) for words in wording.line_words(line)
    ]
    return [_text(wording.hazard_words(hazard), 9, BOLD), *(_text(words, 8) for words in told)]


def _hazard_sources(hazard: Hazard) -> list[Paragraph]:
    return _sources(wording.hazard_sources(hazard))


def _sources(sources: Iterable[Source]) -> list[Paragraph]:
    shared = wording.sources_words(sources)
    return [_text(f"{'、'.join(titles)}／{words}", 6.5) for words, titles in shared.items()]


def _refuges(karte: Karte) -> Iterator[Flowable]:
    yield from _heading(say("karte.refuge.title"))
    groups = wording.refuges_alike(karte.hazards)
    rows = []
    for group in groups:
        sites = [_text(f"{n}. {_site_line(site)}") for n, site in enumerate(group[0].refuge.offered, 1)]
        notes = [_text(words, 8) for words in wording.refuge_words(group)]
        rows.append(
            [_text(say("karte.refuge.same", hazards=wording.titles(group)), 8.5, BOLD), [*sites, *notes], ""]
        )
    yield _table(rows, spans=range(len(rows)))
    yield _text(wording.on_foot_words(karte), 7.5)
    yield from _sources(site.source for group in groups for site in group[0].refuge.offered)


def _site_line(site: Site) -> str:
    return "／".join(part for part in (site.name, wording.site_words(site), site.address) if part)


def _departments(karte: Karte) -> Iterator[Flowable]:
    yield from _heading(say("karte.section.department"))
    absent: list[str] = []
    rows: list[list[object]] = []
    tints: list[Color | None] = []
    for section in karte.sections:
        told = [one for one in section.answers if one.source.kind not in HAZARD_KINDS]
        absent += [one.source.title for one in told if one.reason == wording.NEVER]
        ours = [row for one in told if one.reason != wording.NEVER for row in _answer_rows(one, karte)]
        if ours:
            rows += [[_text(section.department, 9.5, BOLD), "", ""], *ours]
            tints += [_BAND, *([None] * len(ours))]
    if rows:
        yield _table(rows, tints)
    if absent:
        yield Spacer(1, 4)
        yield _text(say("karte.no_data", layers="、".join(absent)))


def _answer_rows(answer: Answer, karte: Karte) -> Iterator[list[object]]:
    title, source = _text(answer.source.title, 8.5, BOLD), _text(wording.source_words(answer.source), 6.5)
    if not answer.findings:
        yield [title, _text(wording.answer_words(answer)), source]
    for at, one in enumerate(answer.findings):
        yield ["" if at else title, _finding_said(one, answer, karte), "" if at else source]


def _finding_said(one: Finding, answer: Answer, karte: Karte) -> list[Paragraph]:
    how_far = wording.finding_words(one, answer)
    said = [_text("／".join(part for part in (_cut(one.title), how_far) if part), 8.5, BOLD)]
    if one.own:
        title = answer.source.title
        said.append(_text(say("karte.own", name=wording.association(karte), title=title)))
    rows = [f"{name}：{_cut(value)}" for name, value in one.rows[:_SHOWN_ROWS]]
    return [*said, _text("／".join(rows), 7.5)] if rows else said


def _cut(words: str) -> str:
    return words if len(words) <= _VALUE_LETTERS else f"{words[:_VALUE_LETTERS]}…"


def _reports(karte: Karte, categories: Categories) -> Iterator[Flowable]:
    reported = karte.reported
    within, since = wording.metres(reported.within_m), reported.since.isoformat()
    yield from _heading(say("karte.reports.title", within=within, since=since))
    for near in reported.reports:
        yield _text(wording.report_words(near, categories), 8.5, BOLD)
        yield _text(_cut(wording.last_step(near)), 8)
    for words in wording.reported_words(reported):
        yield _text(words)


def _notices() -> Iterator[Flowable]:
    yield from _heading(say("karte.notice.title"))
    for words in wording.notices():
        yield _text(f"・{words}", 8)


def _foot_text(karte: Karte, person: Person, profile: TownProfile) -> str:
    printed = say("karte.paper.printed_at", time=wording.clock(karte.asked_at))
    by = say("karte.paper.printed_by", name=person.name, department=person.department)
    return "　".join(part for part in (profile.name, printed, by if person.signed_in else "") if part)


class _Numbered(Canvas):  # type: ignore[misc]
    """A canvas that writes "2 / 5" at the foot of each page, which it can only know at the end."""

    def __init__(self, foot: str, *args: object, **options: object) -> None:
        super().__init__(*args, **options)
        self._foot = foot
        self._pages: list[dict[str, object]] = []

    def showPage(self) -> None:
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for page in self._pages:
            self.__dict__.update(page)
            self.setFont(REGULAR, 7.5)
            self.setFillColor(black)
            self.drawString(_MARGIN, _MARGIN - 4, printable(self._foot))
            number = say("karte.paper.page", n=self._pageNumber, of=len(self._pages))
            self.drawRightString(A4[0] - _MARGIN, _MARGIN - 4, number)
            super().showPage()
        super().save()
