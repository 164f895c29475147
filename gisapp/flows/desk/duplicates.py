"""Reports that may tell of the same thing as one at the desk: near, of the same kind, and of the same time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from reports_store import Categories, Filters, Report, ReportStore, Status, distance_m
from reports_store.ground import box_around
from reports_store.workflow import OPEN

WITHIN_M = 100.0
LOOKED_AT = 60  # the newest of the kind around the place
SHOWN = 10
CLOSED_WITHIN = timedelta(days=180)  # what was closed longer before is another hole in the same place


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A report that may be the same. age_days: how much older it is than the one at the desk, negative if younger."""

    report: Report
    distance_m: float
    age_days: int
    same_category: bool
    photo_sha256: str | None


def possible_duplicates(
    report: Report,
    reports: ReportStore,
    categories: Categories,
    hidden: Sequence[str] = (),
    own: str | None = None,
) -> list[Duplicate]:
    """Nearest first, those of the same kind before all others; none that is merged already, nor the report itself.

    hidden are categories not shown unless the report is the department own's.
    """
    around = Filters(
        box=box_around(report.place.lon, report.place.lat, WITHIN_M),
        categories=_alike(report, categories),
        hidden=tuple(hidden),
        own=own,
    )
    found = [_compared(report, each) for each in reports.inbox(around, limit=LOOKED_AT).reports]
    near = [each for each in found if each.distance_m <= WITHIN_M and _may_be(report, each.report)]
    return sorted(near, key=lambda each: (not each.same_category, each.distance_m))[:SHOWN]


def _alike(report: Report, categories: Categories) -> tuple[str, ...]:
    """Its own category, and those of the same group."""
    own = categories.get(report.category)
    return (report.category, *(code for code, each in categories.items() if own and each.group == own.group))


def _may_be(report: Report, other: Report) -> bool:
    if other.id == report.id or other.duplicate_of is not None or other.status is Status.DUPLICATE:
        return False
    if report.parent == other.public_id or other.parent == report.public_id:
        return False  # split on purpose
    return other.status in OPEN or abs(report.received_at - other.updated_at) <= CLOSED_WITHIN


def _compared(report: Report, other: Report) -> Duplicate:
    photo = next((each.sha256 for each in other.photos), None)
    distance = distance_m(report.place.lon, report.place.lat, other.place.lon, other.place.lat)
    days = (report.received_at - other.received_at).days
    return Duplicate(other, distance, days, other.category == report.category, photo)
