"""By when a report is to be dealt with: in working days of this town, while nobody outside is waited for.

No working days are: Saturday, Sunday, 祝日 (with 振替休日 and 国民の休日, of the library holidays), 年末年始 (29 December
to 3 January, 行政機関の休日に関する法律 第1条) and the days the town names itself. Days are those of Japan.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import cache

from reports_store.categories import Categories
from reports_store.fiscal import JST
from reports_store.report import Report, Status
from reports_store.workflow import OPEN

CLOSING_TIME = time(17, 15, tzinfo=JST)
# While these last the town waits for somebody else, and the clock stands.
WAITING = frozenset({Status.INFO_REQUESTED, Status.REFERRED})
_DAY = timedelta(days=1)
_NEW_YEAR = frozenset({(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)})


class Deadlines:
    """The working days of one town. closed: its own closed days."""

    def __init__(self, closed: Iterable[date] = ()) -> None:
        self._closed = frozenset(closed)

    def is_working(self, day: date) -> bool:
        return (
            day.weekday() < 5
            and (day.month, day.day) not in _NEW_YEAR
            and day not in self._closed
            and day not in _national_holidays(day.year)
        )

    def due(self, received_at: datetime, working_days: int) -> datetime:
        """17:15 in Japan on the last of so many working days, of which the day after arrival is the first."""
        return _closing(self._later(_day(received_at), working_days))

    def resumed(self, due_at: datetime, waiting_since: datetime, at: datetime) -> datetime:
        """The deadline after a wait: as many working days later as have begun since the wait did."""
        return _closing(self._later(_day(due_at), self.working_days(_day(waiting_since), _day(at))))

    def shifted(self, due_at: datetime, working_days: int) -> datetime:
        """So many working days later, or (below 0) earlier."""
        return _closing(self._later(_day(due_at), working_days))

    def working_days(self, after: date, until: date) -> int:
        """How many working days there are after one day up to another and with it; 0 where it is not later."""
        return sum(self.is_working(after + n * _DAY) for n in range(1, (until - after).days + 1))

    def _later(self, day: date, working_days: int) -> date:
        step = _DAY if working_days > 0 else -_DAY
        left = abs(working_days)
        while left:
            day += step
            left -= self.is_working(day)
        return day


def timed(old: Report, new: Report, at: datetime, categories: Categories, deadlines: Deadlines) -> Report:
    """A report after a step at some moment, with the deadline that it has then.

    Closing leaves the deadline as it was; reopening gives a new one; another category shifts it by the
    difference of the two. A slow clock does not make a wait shorter than none.
    """
    due_at, since = old.due_at, old.waiting_since
    if new.category != old.category and new.status in OPEN:
        due_at = _of_category(old, new, categories, deadlines)
    if since is not None and new.status not in WAITING:
        due_at = None if due_at is None else deadlines.resumed(due_at, since, at)
        since = None
    elif since is None and new.status in WAITING:
        since = at
    reopened = new.status is Status.REOPENED and old.status is not Status.REOPENED
    if reopened or (due_at is None and new.status in OPEN):
        due_at = _fresh(new.category, at if reopened else new.received_at, categories, deadlines)
    return replace(new, due_at=due_at, waiting_since=since)


def first_due(category: str, received_at: datetime, categories: Categories, deadlines: Deadlines) -> datetime:
    """The deadline of a report that has just arrived. Raises UnknownCategory."""
    return deadlines.due(received_at, categories[category].deadline_days)


def _fresh(category: str, since: datetime, categories: Categories, deadlines: Deadlines) -> datetime | None:
    return first_due(category, since, categories, deadlines) if category in categories else None


def _of_category(old: Report, new: Report, categories: Categories, deadlines: Deadlines) -> datetime | None:
    if old.due_at is None or old.category not in categories:
        return _fresh(new.category, new.received_at, categories, deadlines)
    days = categories[new.category].deadline_days - categories[old.category].deadline_days
    return deadlines.shifted(old.due_at, days)


def _day(moment: datetime) -> date:
    return moment.astimezone(JST).date()


def _closing(day: date) -> datetime:
    return datetime.combine(day, CLOSING_TIME)


@cache
def _national_holidays(year: int) -> frozenset[date]:
    # Imported only where a day is asked for: the library takes a moment that reading needs not wait for.
    import holidays

    return frozenset(holidays.country_holidays("JP", years=year))
