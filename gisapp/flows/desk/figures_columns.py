"""Reports as columns of numbers: counted and put in order by the column, because one by one is several times slower."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import orjson
from numpy.typing import NDArray

from reports_store.tallies import NEVER, Tallied

FEWEST = 5  # of fewer reports a median says nothing
DAY_US = 86_400_000_000
_JAPAN_US = 32_400_000_000
_TEXTS = 4
_QUARTERS = (0.25, 0.5, 0.75)
Numbers = NDArray[np.int64]
Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many days it took, of n reports: a quarter of them at most low_d, half at most median_d, three quarters
    at most high_d. All three are None for fewer than FEWEST.
    """

    n: int
    low_d: float | None = None
    median_d: float | None = None
    high_d: float | None = None


class Columns:
    """A tally. Texts are numbered in the order they come; names has their numbers. Times are microseconds since 1970
    or NEVER.
    """

    def __init__(self, pages: Iterable[Sequence[Tallied]]) -> None:
        self.names: tuple[dict[str, int], ...] = ({}, {}, {}, {})  # category, department, area, channel
        parts = [self._part(page) for page in pages]
        joined: list[Numbers] = (
            [np.concatenate(one) for one in zip(*parts, strict=True)] if parts else _NOTHING
        )
        self.category, self.department, self.area, self.channel = joined[:_TEXTS]
        self.received, self.answered, self.closed, self.due = joined[_TEXTS : _TEXTS + 4]
        self.open, self.withdrawn = (one.astype(bool) for one in joined[_TEXTS + 4 :])

    def _part(self, page: Sequence[Tallied]) -> list[Numbers]:
        texts = [
            _numbered(orjson.loads(column), known)
            for column, known in zip(page[:_TEXTS], self.names, strict=True)
        ]
        # read as they are written: a list of Python's own numbers on the way would take ten times as long
        return [*texts, *(np.fromstring(column[1:-1], dtype=np.int64, sep=",") for column in page[_TEXTS:])]

    def __len__(self) -> int:
        return len(self.received)

    def late(self, now_us: int) -> Flags:
        """Which are open, wait for nobody outside and should have been done."""
        late: Flags = self.due < now_us
        return late

    def answers(self) -> Waits:
        return Waits(self.received, self.answered)

    def closings(self) -> Waits:
        """Those of the town: what a reporter took back says nothing of how fast it is."""
        return Waits(self.received, np.where(self.withdrawn, NEVER, self.closed))

    def months(self) -> tuple[list[str], Numbers]:
        """The months in which something arrived in Japan ("2026-11"), and the position in them of each report's."""
        months = _days(self.received).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        first = int(months.min()) if len(months) else 0
        seen = np.bincount(months - first) > 0
        names = (np.flatnonzero(seen) + first).astype("datetime64[M]")
        return [f"{name}" for name in names], (np.cumsum(seen) - 1)[months - first]

    def by_day(self) -> tuple[dict[int, int], dict[int, int]]:
        """How many arrived and how many were closed for good, by day in Japan (days since 1970)."""
        return _counted(_days(self.received)), _counted(_days(self.closed[self.closed < NEVER]))


_NOTHING: list[Numbers] = [np.zeros(0, dtype=np.int64)] * 10


def _numbered(texts: list[str], known: dict[str, int]) -> Numbers:
    for text in dict.fromkeys(texts):
        known.setdefault(text, len(known))
    return np.fromiter(map(known.__getitem__, texts), dtype=np.int64, count=len(texts))


def _days(moments: Numbers) -> Numbers:
    days: Numbers = (moments + _JAPAN_US) // DAY_US
    return days


def _counted(days: Numbers) -> dict[int, int]:
    if not len(days):
        return {}
    first = int(days.min())
    counts: Mapping[int, int] = dict(enumerate(np.bincount(days - first).tolist(), start=first))
    return {day: n for day, n in counts.items() if n}


class Waits:
    """How long reports waited from one moment to another, as far as the other came; sorted once for all groupings."""

    def __init__(self, start: Numbers, end: Numbers) -> None:
        came = np.flatnonzero(end < NEVER)
        # a clock that was off makes no negative waiting
        days: Reals = np.maximum(end[came] - start[came], 0) / float(DAY_US)
        order = np.argsort(days)
        self._days, self._report = days[order], came[order]

    def of(self, group: Numbers, groups: int) -> list[Waiting]:
        """Median and quartiles of each group, as numpy and SQL's percentile_cont interpolate them."""
        # numbers of two bytes are sorted without being compared
        whose = group[self._report].astype(np.min_scalar_type(groups))
        days = self._days[np.argsort(whose, kind="stable")]
        n = np.bincount(whose, minlength=groups)
        starts, enough = np.cumsum(n) - n, n >= FEWEST
        found = iter(_quartiles(days, starts[enough], n[enough]))
        return [
            Waiting(many, *next(found)) if so else Waiting(many)
            for many, so in zip(n.tolist(), enough.tolist(), strict=True)
        ]


def _quartiles(days: Reals, starts: Numbers, n: Numbers) -> list[list[float]]:
    at = (n - 1)[:, None] * np.array(_QUARTERS)
    below = np.floor(at).astype(np.int64)
    low, high = (days[starts[:, None] + np.minimum(each, (n - 1)[:, None])] for each in (below, below + 1))
    found: list[list[float]] = (low + (high - low) * (at - below)).tolist()
    return found
