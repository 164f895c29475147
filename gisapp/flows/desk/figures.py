"""Fair figures for the town hall: how many, how long, how much is left, each with how many it is made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import accumulate

import numpy as np

from gisapp.flows.desk.figures_columns import DAY_US, FEWEST, Columns, Flags, Numbers, Waiting, Waits
from reports_store import Categories, Filters, ReportStore
from reports_store.fiscal import JST
from reports_store.rows import to_micros

__all__ = ["AGES_D", "FEWEST", "Figures", "Line", "Month", "Waiting", "figures"]

AGES_D = (7, 30, 90, 365)
MOST_MONTHS = 240


@dataclass(frozen=True, slots=True)
class Line:
    """The figures of one category, department, area or month ("2026-11", of arrival in Japan); key is "" where a
    report has none. received = open_now + closed; late are of those that are open and wait for nobody outside.
    done counts what the town closed, and not what its reporter took back.
    """

    key: str
    received: int
    open_now: int
    late: int
    closed: int
    answered: Waiting
    done: Waiting


@dataclass(frozen=True, slots=True)
class Month:
    """What arrived in a month, what was closed in it, and how many reports were open at its end."""

    month: str
    arrived: int
    closed: int
    open_at_end: int


@dataclass(frozen=True, slots=True)
class Figures:
    """by: "category", "department", "area" and "month". ages: open reports by days since their arrival, one more
    than AGES_D. backlog: whatever the period, of reports of any age.
    """

    at: datetime
    whole: Line
    by: Mapping[str, tuple[Line, ...]]
    channels: tuple[tuple[str, int], ...]
    ages: tuple[int, ...]
    backlog: tuple[Month, ...]


def figures(reports: ReportStore, filters: Filters, categories: Categories, now: datetime) -> Figures:
    """The figures of the reports of a filter; late and age are those of now."""
    found = Columns(reports.tally(filters))
    now_us = to_micros(now)
    category, department, area, channel = found.names
    months, month = found.months()
    lines = _Lines(found, now_us)
    order = {code: number for number, code in enumerate(categories)}
    by = {
        "category": sorted(
            lines.of(category, found.category), key=lambda one: order.get(one.key, len(order))
        ),
        "department": sorted(lines.of(department, found.department), key=_most_first),
        "area": sorted(lines.of(area, found.area), key=_most_first),
        "month": lines.of(months, month),
    }
    mixed = np.bincount(found.channel, minlength=len(channel)).tolist()
    ages_d = (now_us - found.received[found.open]) / DAY_US
    aged = np.bincount(np.searchsorted(AGES_D, ages_d, side="left"), minlength=len(AGES_D) + 1)
    ever = replace(filters, since=None, until=None)
    days = found.by_day() if ever == filters else reports.by_day(ever)
    return Figures(
        at=now,
        whole=lines.of([""], np.zeros(len(found), dtype=np.int64))[0],
        by={name: tuple(found) for name, found in by.items()},
        channels=tuple(sorted(zip(channel, mixed, strict=True), key=lambda one: (-one[1], one[0]))),
        ages=tuple(aged.tolist()),
        backlog=tuple(_backlog(*days, filters, now)),
    )


def _most_first(line: Line) -> tuple[bool, int, str]:
    return not line.key, -line.received, line.key


class _Lines:
    """Makes the lines of any grouping of the same reports."""

    def __init__(self, found: Columns, now_us: int) -> None:
        self._open, self._late = found.open, found.late(now_us)
        self._waits: tuple[Waits, Waits] = found.answers(), found.closings()

    def of(self, names: Iterable[str], group: Numbers) -> list[Line]:
        """A line for each name; group is the position of each report's name."""
        keys = list(names)
        many = len(keys)

        def count(which: Flags | None = None) -> list[int]:
            chosen = group if which is None else group[which]
            counted: list[int] = np.bincount(chosen, minlength=many).tolist()
            return counted

        received, is_open, late = count(), count(self._open), count(self._late)
        answered, done = (each.of(group, many) for each in self._waits)
        return [
            Line(key, received[at], is_open[at], late[at], received[at] - is_open[at], answered[at], done[at])
            for at, key in enumerate(keys)
        ]


def _backlog(
    arrived: Mapping[int, int], closed: Mapping[int, int], filters: Filters, now: datetime
) -> Iterator[Month]:
    """Month by month from the first of the period; arrived and closed count by day all reports there ever were."""
    days = sorted({*arrived, *closed})
    if not days:
        return
    today = now.astimezone(JST).date()
    first = max(_day(days[0]), filters.since.astimezone(JST).date() if filters.since else date.min)
    last = min(today, (filters.until - timedelta(days=1)).astimezone(JST).date() if filters.until else today)
    edges = list(_month_starts(first, last))[-MOST_MONTHS - 1 :]
    arrivals, closings = (_by_month(counts, edges) for counts in (arrived, closed))
    before = edges[0].toordinal() - _EPOCH
    start = sum(n for day, n in arrived.items() if day < before) - sum(
        n for day, n in closed.items() if day < before
    )
    ends = accumulate((a - c for a, c in zip(arrivals, closings, strict=True)), initial=start)
    next(ends)
    for edge, came, went, left in zip(edges, arrivals, closings, ends, strict=False):
        yield Month(f"{edge:%Y-%m}", came, went, left)


_EPOCH = date(1970, 1, 1).toordinal()


def _day(number: int) -> date:
    return date.fromordinal(number + _EPOCH)


def _month_starts(first: date, last: date) -> Iterator[date]:
    """The first days of the months from one day to another, and of the month after."""
    month = first.replace(day=1)
    while True:
        yield month
        if month > last:
            return
        month = (month + timedelta(days=32)).replace(day=1)


def _by_month(counts: Mapping[int, int], edges: Sequence[date]) -> list[int]:
    numbers = np.array([edge.toordinal() - _EPOCH for edge in edges])
    at = np.searchsorted(numbers, np.array(list(counts), dtype=np.int64), side="right") - 1
    inside = (at >= 0) & (at < len(edges) - 1)
    weights = np.array(list(counts.values()), dtype=np.float64)
    summed = np.bincount(at[inside], weights=weights[inside], minlength=len(edges) - 1)
    months: list[int] = summed.astype(np.int64).tolist()
    return months
