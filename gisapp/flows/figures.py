"""Fair figures of the public reports: medians with how many they are made of, and no word where that is too few."""

from __future__ import annotations

import csv
import io
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from time import monotonic

from gisapp.flows.category_words import category_name as named
from gisapp.words import say
from reports_store import Categories, Channel, PublicState, ReportStore
from reports_store.fiscal import JST
from reports_store.lives import Life

FEWEST = 5  # of fewer reports a median says nothing, and a share of the ways in tells of single people
MONTHS = 12
DAY_S = 86400.0
REST = 20  # of the time it took to count, so that counting never takes more than a twentieth of a core


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many days it took: the middle of all, and of how many. median_d is None for fewer than FEWEST."""

    n: int
    median_d: float | None


@dataclass(frozen=True, slots=True)
class Line:
    """The figures of one category, or of one month of it. month is None for all months together, else
    "2026-11" (the month of arrival in Japan); received = open_now + closed.
    """

    category: str
    month: str | None
    received: int
    open_now: int
    closed: int
    answered: Waiting
    done: Waiting


@dataclass(frozen=True, slots=True)
class Figures:
    """All lines, and per category how its reports came in; None where they are too few to say."""

    at: datetime
    total: int
    lines: tuple[Line, ...]
    ways: dict[str, dict[Channel, int] | None]

    def whole(self) -> list[Line]:
        """One line for each category."""
        return [line for line in self.lines if line.month is None]

    def months(self, category: str) -> list[Line]:
        """The latest months of a category, the newest first."""
        found = [line for line in self.lines if line.category == category and line.month is not None]
        return sorted(found, key=lambda line: str(line.month), reverse=True)[:MONTHS]


@dataclass(slots=True)
class _Sum:
    received: int = 0
    closed: int = 0
    answered_d: list[float] = field(default_factory=list)
    done_d: list[float] = field(default_factory=list)

    def add(self, life: Life) -> None:
        self.received += 1
        self.closed += life.state in (PublicState.DONE, PublicState.CLOSED)
        if life.answered_at is not None:
            self.answered_d.append(days(life.received_at, life.answered_at))
        if life.closed_at is not None:
            self.done_d.append(days(life.received_at, life.closed_at))

    def line(self, category: str, month: str | None) -> Line:
        return Line(
            category=category,
            month=month,
            received=self.received,
            open_now=self.received - self.closed,
            closed=self.closed,
            answered=_waiting(self.answered_d),
            done=_waiting(self.done_d),
        )


def figures(lives: Iterable[Life], categories: Categories, now: datetime) -> Figures:
    """Count the public reports by category and month of arrival. Categories come in the order of the file."""
    sums: dict[tuple[str, str | None], _Sum] = defaultdict(_Sum)
    ways: dict[str, Counter[Channel]] = defaultdict(Counter)
    total = 0
    for life in lives:
        total += 1
        ways[life.category][life.channel] += 1
        for month in (None, f"{life.received_at.astimezone(JST):%Y-%m}"):
            sums[life.category, month].add(life)
    order = {code: number for number, code in enumerate(categories)}
    keys = sorted(sums, key=lambda key: (order.get(key[0], len(order)), key[0], key[1] or ""))
    mixed = {code: dict(mix.most_common()) if mix.total() >= FEWEST else None for code, mix in ways.items()}
    return Figures(now, total, tuple(sums[key].line(*key) for key in keys), mixed)


def days(since: datetime, until: datetime) -> float:
    """Days between two moments; a clock that was off makes no negative waiting."""
    return max(0.0, (until - since).total_seconds() / DAY_S)


def _waiting(waited_d: list[float]) -> Waiting:
    return Waiting(len(waited_d), median(waited_d) if len(waited_d) >= FEWEST else None)


class KeptFigures:
    """The figures as last counted: counted anew when the store has changed, and not more often than is fair
    to those who are waiting for something else.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._kept: tuple[int, float, float, Figures] | None = None

    def get(self, reports: ReportStore, categories: Categories, now: Callable[[], datetime]) -> Figures:
        """The figures of the present revision, or of one that is younger than REST times the counting took."""
        before = self._kept
        if not self._turn.acquire(blocking=before is None) and before is not None:
            return before[3]  # somebody is counting already; those who look need not wait
        try:
            revision, started = reports.revision(), monotonic()
            if self._kept is not None:
                seen, counted, took_s, found = self._kept
                if seen == revision or started - counted < REST * took_s:
                    return found
            found = figures(reports.lives(), categories, now())
            self._kept = (revision, monotonic(), monotonic() - started, found)
            return found
        finally:
            self._turn.release()


def figures_csv(found: Figures, categories: Categories) -> Iterator[bytes]:
    """Every line as CSV: UTF-8 with BOM so that Excel opens it. What is too few to say is an empty cell."""
    yield b"\xef\xbb\xbf"
    names = ("category", "month", "received", "open", "closed", "answered_n", "answered", "done_n", "done")
    rows: list[list[object]] = [[say(f"public_map.figures.head.{name}") for name in names]]
    for line in found.lines:
        rows.append(
            [
                category_name(line.category, categories),
                line.month or say("public_map.figures.all_months"),
                line.received,
                line.open_now,
                line.closed,
                line.answered.n,
                _rounded(line.answered.median_d),
                line.done.n,
                _rounded(line.done.median_d),
            ]
        )
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    yield text.getvalue().encode()


def category_name(code: str, categories: Categories) -> str:
    """A category's name; its code once it has left the file."""
    return named(categories[code]) if code in categories else code


def _rounded(days_: float | None) -> str:
    return "" if days_ is None else f"{days_:.1f}"
