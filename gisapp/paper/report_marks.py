"""Residents' reports as signs for a printed map: letter of the sort, colour of the state."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gisapp.flows.category_words import category_name
from gisapp.paper.drawing import Mark
from gisapp.words import say
from layers.box import Box
from layers.kinds import Style
from reports_store import Categories, Filters, PublicState, ReportStore
from reports_store.ground import ShownPlace
from reports_store.privacy import PublicReport, public

LIMIT = 400
_SIGNS = {  # fill and badge by public state, as on the screen: colour is never the only sign
    PublicState.OPEN: ("#d3302f", "●"),
    PublicState.WORKING: ("#ffd23f", "▲"),
    PublicState.DONE: ("#1d7a45", "✓"),
    PublicState.CLOSED: ("#6b6b6f", "－"),
}


@dataclass(frozen=True, slots=True)
class ReportMarks:
    """Signs for reports, what their letters mean, and whether there are more than are shown."""

    marks: tuple[Mark, ...]
    letters: str
    more: bool


def report_marks(box: Box, filters: Filters, reports: ReportStore, categories: Categories) -> ReportMarks:
    """The newest public reports in a box of degrees, where residents see them."""
    found = reports.newest(replace(filters, box=box), limit=LIMIT + 1)
    shown = [public(report, categories[report.category]) for report in found[:LIMIT]]
    placed = [(report, report.place) for report in shown if report.place is not None]
    sorts = [categories[code] for code in dict.fromkeys(report.category for report, _ in placed)]
    letters = "、".join(
        say("paper.sheet.letter", letter=one.symbol, category=category_name(one)) for one in sorts
    )
    # those that nobody has attended to come last, so that they lie on top
    placed.sort(key=lambda one: list(_SIGNS).index(one[0].state), reverse=True)
    marks = tuple(_mark(report, place, categories) for report, place in placed)
    return ReportMarks(marks, letters, len(found) > LIMIT)


def _mark(report: PublicReport, place: ShownPlace, categories: Categories) -> Mark:
    fill, badge = _SIGNS[report.state]
    text = say("paper.sheet.report", state=say(f"report.state.{report.state}"))
    letter = categories[report.category].symbol
    style = Style(f"report_{report.state}", text, fill, "#1a1a1c", letter=letter)
    return Mark(place.lon, place.lat, style, badge=badge)
