"""What the inbox's map shows: the town hall's reports at their true places, single where there is room."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from gisapp.flows.desk.lateness import Lateness, lateness
from gisapp.flows.watch import SINGLE_LIMIT, Placed, Watch, watched
from reports_store import Filters, ReportStore
from reports_store.workflow import PUBLIC_STATE


def watch_desk(view: Watch, reports: ReportStore, now: datetime) -> dict[str, Any]:
    """A GeoJSON FeatureCollection (RFC 7946, lon/lat) of reports for one viewport; late ones say so.

    "truncated": true tells that the newest alone are shown or counted, because more match than may be read.
    """

    def pins(filters: Filters) -> Iterable[Placed]:
        for found in reports.inbox(filters, limit=SINGLE_LIMIT).reports:
            told = {
                "id": found.public_id,
                "category": found.category,
                "state": PUBLIC_STATE[found.status],
                "priority": found.priority.value,
                "late": lateness(found, now) is Lateness.LATE,
            }
            yield told, found.place.lon, found.place.lat

    return watched(view, reports.desk_cells, pins)
