"""The public list of reports, newest first."""

from __future__ import annotations

from dataclasses import dataclass

from reports_store import Categories, Filters, PublicState, ReportStore
from reports_store.privacy import PublicReport, public


@dataclass(frozen=True, slots=True)
class Page:
    """The newest reports of a choice, and how many there are in all."""

    reports: tuple[PublicReport, ...]
    total: int


def browse(
    reports: ReportStore, categories: Categories, category: str | None, state: PublicState | None, limit: int
) -> Page:
    """The newest public reports of a category and a state, or of all."""
    filters = Filters(
        public=True,
        categories=() if category is None else (category,),
        public_states=() if state is None else (state,),
    )
    newest = reports.newest(filters, limit=limit)
    return Page(
        reports=tuple(
            public(report, categories[report.category], reports.events(report.id)) for report in newest
        ),
        total=reports.count(filters),
    )
