"""What residents reported around a place lately, and what became of it: public words only."""

from __future__ import annotations

from datetime import datetime, timedelta

from gisapp.flows.enquire.karte import Known, Reported, ReportNear, Spot
from gisapp.flows.enquire.questions import REPORTS_DAYS, REPORTS_WITHIN_M
from gisapp.person import Person
from reports_store import Categories, ReportStore, Visibility
from reports_store.errors import ReportsError
from reports_store.fiscal import JST
from reports_store.privacy import public

SHOWN = 5
MANY = 200


def reported(
    spot: Spot, person: Person, reports: ReportStore, categories: Categories, now: datetime
) -> Reported:
    """The public reports within 200 m of a place in the last year, newest first; for the town hall also how
    many others there are. Unknown if the reports cannot be read.
    """
    since = now - timedelta(days=REPORTS_DAYS)
    day = since.astimezone(JST).date()
    try:
        near = reports.near(spot.lon, spot.lat, REPORTS_WITHIN_M, MANY, public=True)
        lately = [one for one in near if one.report.received_at >= since]
        newest = sorted(lately, key=lambda one: one.report.received_at, reverse=True)[:SHOWN]
        shown = tuple(
            ReportNear(
                public(one.report, categories[one.report.category], reports.events(one.report.id)),
                one.distance_m,
            )
            for one in newest
        )
        unpublished = _unpublished(spot, reports, since) if person.roles else None
    except ReportsError:
        return Reported(Known.UNKNOWN, REPORTS_WITHIN_M, day)
    known = Known.FOUND if shown else Known.NONE
    return Reported(known, REPORTS_WITHIN_M, day, shown, len(lately), unpublished)


def _unpublished(spot: Spot, reports: ReportStore, since: datetime) -> int:
    near = reports.near(spot.lon, spot.lat, REPORTS_WITHIN_M, MANY)
    return sum(
        one.report.visibility is not Visibility.PUBLIC and one.report.received_at >= since for one in near
    )
