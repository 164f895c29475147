"""What became of a report, for the person who holds its 照会番号."""

from __future__ import annotations

from dataclasses import dataclass

from reports_store import Categories, ReportStore
from reports_store.privacy import PublicReport, for_reporter
from reports_store.tracking import hash_of, normalise


@dataclass(frozen=True, slots=True)
class Followed:
    """A report as its reporter may see it: public words, and how many photos are kept."""

    report: PublicReport
    photos_kept: int
    body: str


def follow(typed: str, reports: ReportStore, categories: Categories) -> Followed:
    """Find a report by its 照会番号 as a person types it (case, hyphens and widths do not matter).

    Raises InvalidCode for a mistyped number and UnknownReport for one that leads nowhere.
    """
    report = reports.by_tracking(hash_of(normalise(typed)))
    events = reports.events(report.id)
    return Followed(
        report=for_reporter(report, categories[report.category], events),
        photos_kept=len(report.photos),
        body=report.body,
    )
