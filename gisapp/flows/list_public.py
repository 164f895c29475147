"""The public list of reports: what a choice means, one page of it, and one report whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gisapp.flows.category_words import category_name
from gisapp.flows.describe import history_lines, photo_links, report_rows
from gisapp.words import say
from reports_store import Box, Categories, Filters, PublicState, Report, ReportStore
from reports_store.fiscal import JST
from reports_store.privacy import PublicReport, public

PAGE = 30
MOST = 100
PERIODS_D = (7, 30, 90, 365)
TEXT_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Choice:
    """What a reader asked for; what is left empty does not restrict. period_d: days back from today, of PERIODS_D."""

    categories: tuple[str, ...] = ()
    states: tuple[PublicState, ...] = ()
    period_d: int | None = None
    text: str = ""

    @property
    def everything(self) -> bool:
        return self == Choice()

    def query(self) -> list[tuple[str, str]]:
        """The same as the parameters of an address, always in one order."""
        found = [("category", code) for code in self.categories] + [("state", state) for state in self.states]
        if self.period_d is not None:
            found.append(("period", str(self.period_d)))
        return [*found, ("q", self.text)] if self.text else found


def choice_of(
    categories: Iterable[str], states: Iterable[str], period: str, text: str, known: Categories
) -> Choice:
    """The choice that an address asks for; what is unknown in it restricts nothing."""
    asked_states = set(states)
    return Choice(
        categories=tuple(code for code in known if code in set(categories)),
        states=tuple(state for state in PublicState if state.value in asked_states),
        period_d=next((days for days in PERIODS_D if str(days) == period), None),
        text="".join(letter for letter in text if letter.isprintable()).strip()[:TEXT_LIMIT],
    )


def filters_of(choice: Choice, now: datetime, box: Box | None = None) -> Filters:
    """The choice as the store is asked. A period begins at midnight in Japan, so that it holds for a whole day."""
    return Filters(
        public=True,
        box=box,
        categories=choice.categories,
        public_states=choice.states,
        since=None if choice.period_d is None else _midnight(now) - timedelta(days=choice.period_d),
        text=choice.text or None,
    )


@dataclass(frozen=True, slots=True)
class ListPage:
    """The reports of one page as plain values in the reader's language, how many there are in all, and the
    number of the last report here where older ones follow.
    """

    lines: tuple[dict[str, Any], ...]
    total: int
    older: str | None


def list_page(
    filters: Filters, reports: ReportStore, categories: Categories, after: str = "", limit: int = PAGE
) -> ListPage:
    """The newest public reports of a filter, or those after the report of a number.

    Raises UnknownReport or NotPublic for a number that is not in the public list, which a route answers alike.
    """
    before = None
    if after:
        last = reports.get(after)
        public(last, categories[last.category])
        before = last.key
    found = reports.newest(filters, limit=min(limit, MOST) + 1, before=before)
    shown = found[: min(limit, MOST)]
    lines = tuple(_line(report, categories) for report in shown)
    return ListPage(lines, reports.count(filters), shown[-1].public_id if len(found) > len(shown) else None)


def _line(report: Report, categories: Categories) -> dict[str, Any]:
    return _shown(public(report, categories[report.category]), categories)


def report_page(public_id: str, reports: ReportStore, categories: Categories) -> dict[str, Any]:
    """One report whole, in public words. Raises UnknownReport or NotPublic."""
    found = reports.get(public_id)
    shown = public(found, categories[found.category], reports.events(found.id))
    return {
        **_shown(shown, categories),
        "photos": photo_links(shown),
        "rows": report_rows(shown, categories),
        "history": [{"date": date, "text": text} for date, text in history_lines(shown.history)],
    }


def _shown(report: PublicReport, categories: Categories) -> dict[str, Any]:
    category, place = categories[report.category], report.place
    return {
        "id": report.public_id,
        "category": report.category,
        "category_name": category_name(category),
        "letter": category.symbol,
        "state": report.state.value,
        "state_name": say(f"report.state.{report.state}"),
        "status_name": say(f"report.status.{report.status}"),
        "date": report.received_on.isoformat(),
        "area": report.area or "",
        "body": report.body or "",
        "support": report.support,
        "photo": next((each["small"] for each in photo_links(report)), ""),
        "lon": None if place is None else place.lon,
        "lat": None if place is None else place.lat,
        "accuracy_m": None if place is None else place.accuracy_m,
    }


def _midnight(now: datetime) -> datetime:
    return now.astimezone(JST).replace(hour=0, minute=0, second=0, microsecond=0)
