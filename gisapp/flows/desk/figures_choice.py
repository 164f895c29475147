"""Which reports the figures are about, as it stands in the address of the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from gisapp.person import Person, hidden_from
from reports_store import Categories, Filters
from reports_store.fiscal import JST, fiscal_year
from reports_store.plaintext import LINE_LIMIT

MOST_NAMES = 20  # of one kind in an address


def _fiscal(year: int) -> tuple[date, date]:
    return date(year, 4, 1), date(year + 1, 4, 1)


# What may be chosen: the first day, and the day after the last; None for no end.
PERIODS: Mapping[str, Callable[[date, int], tuple[date | None, date | None]]] = {
    "year": lambda today, fiscal: (today - timedelta(days=365), None),
    "quarter": lambda today, fiscal: (today - timedelta(days=91), None),
    "three_years": lambda today, fiscal: (today - timedelta(days=3 * 365), None),
    "fiscal": lambda today, fiscal: _fiscal(fiscal),
    "fiscal_before": lambda today, fiscal: _fiscal(fiscal - 1),
    "all": lambda today, fiscal: (None, None),
}
USUAL = "year"


@dataclass(frozen=True, slots=True)
class FiguresChoice:
    """The reports that arrived in a period, of some categories, departments and areas; empty means all.

    since and until (both days included) stand in for the period where they are given.
    """

    period: str = USUAL
    since: date | None = None
    until: date | None = None
    categories: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    open_only: bool = False

    def query(self) -> list[tuple[str, str]]:
        """What stands in the address."""
        days = [(name, f"{day}") for name, day in (("since", self.since), ("until", self.until)) if day]
        names = (("category", self.categories), ("department", self.departments), ("area", self.areas))
        open_only = [("open", "1")] if self.open_only else []
        return [
            ("period", self.period),
            *days,
            *((name, one) for name, all_ in names for one in all_),
            *open_only,
        ]

    def days(self, now: datetime) -> tuple[date | None, date | None]:
        """The first day, and the day after the last, in Japan; None for no end."""
        if self.since or self.until:
            return self.since, self.until + timedelta(days=1) if self.until else None
        return PERIODS[self.period](now.astimezone(JST).date(), fiscal_year(now))

    def filters(self, person: Person, categories: Categories, now: datetime) -> Filters:
        """The reports of the choice that a person may see."""
        since, until = self.days(now)
        return Filters(
            since=_midnight(since), until=_midnight(until), categories=self.categories,
            departments=self.departments, areas=self.areas, open_only=self.open_only,
            hidden=hidden_from(person, categories), own=person.department or None,
        )  # fmt: skip


def figures_choice(asked: Callable[[str], Iterable[str]], categories: Categories) -> FiguresChoice:
    """The choice that an address makes; asked gives the values of a name. What cannot be meant is left out."""
    period = next(iter(asked("period")), USUAL)
    return FiguresChoice(
        period=period if period in PERIODS else USUAL,
        since=_day(asked("since")),
        until=_day(asked("until")),
        categories=tuple(code for code in dict.fromkeys(asked("category")) if code in categories),
        departments=_names(asked("department")),
        areas=_names(asked("area")),
        open_only="1" in asked("open"),
    )


def _names(given: Iterable[str]) -> tuple[str, ...]:
    plain = (one for one in given if one.strip() and len(one) <= LINE_LIMIT and one.isprintable())
    return tuple(dict.fromkeys(plain))[:MOST_NAMES]


def _day(given: Iterable[str]) -> date | None:
    try:
        day = date.fromisoformat(next(iter(given), ""))
    except ValueError:
        return None
    return day if date(1970, 1, 2) <= day <= date(2999, 12, 31) else None


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), JST).astimezone(UTC)
