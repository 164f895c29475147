"""Open reports of the same kind nearby: perhaps what a resident is about to report is known already."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from gisapp.profile import TownProfile
from reports_store import Categories, PublicPlace, PublicState, ReportStore
from reports_store.fiscal import JST
from reports_store.ground import GRID_M
from reports_store.privacy import PublicReport, public

STILL_OPEN = frozenset({PublicState.OPEN, PublicState.WORKING})
ROUNDED_TO_M = 5
SHOWN = 5
LOOKED_AT = 200  # reports of every kind and state within the distance
DAYS_PER_MONTH = 30


@dataclass(frozen=True, slots=True)
class Similar:
    """A public report nearby. distance_m is measured to where residents see it and rounded up; coarse tells
    that the place itself is only roughly known, so that a distance is no more than a limit.
    """

    report: PublicReport
    distance_m: int
    coarse: bool
    support: int


def similar(
    category: str, lon: float, lat: float, reports: ReportStore, categories: Categories, profile: TownProfile
) -> list[Similar]:
    """Open public reports of a kind within the town's similar_within_m of a place (degrees), nearest first.

    Only what residents may see is asked: reports that have no public place are never among them.
    Raises UnknownCategory.
    """
    if categories.hides(category):
        return []
    coarse = categories[category].public_place is not PublicPlace.EXACT
    # the middle of a grid cell may lie half a diagonal away from the report itself
    within_m = profile.similar_within_m + (GRID_M * 0.71 if coarse else 0)
    found = []
    for near in reports.near(lon, lat, within_m, LOOKED_AT, public=True):
        if near.report.category == category:
            shown = public(near.report, categories[category])
            if shown.state in STILL_OPEN:
                distance_m = _rounded(profile.similar_within_m if coarse else near.distance_m)
                found.append(Similar(shown, distance_m, coarse, near.report.support))
    return found[:SHOWN]


def age_days(received_on: date, now: datetime) -> int:
    """Whole days since a report came, by the calendar in Japan."""
    return max(0, (now.astimezone(JST).date() - received_on).days)


def _rounded(distance_m: float) -> int:
    return max(ROUNDED_TO_M, ROUNDED_TO_M * round(distance_m / ROUNDED_TO_M))
