"""Lines of the trail in words, for a page and for a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from gisapp.flows.publish import FORMULA_STARTS
from gisapp.words import say, sentences
from reports_store import ReportStore
from reports_store.audit import ACTIONS, AuditFilter, AuditLine
from reports_store.fiscal import JST

COLUMNS = ("id", "at", "actor", "action", "target", "detail")
PAGE = 50
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody wants to see of the trail; empty means everything. Days are those of Japan."""

    action: str = ""
    actor: str = ""
    since: str = ""
    until: str = ""

    def filter(self) -> AuditFilter:
        """The same for the store; what is no action and no day is passed over."""
        return AuditFilter(
            action=self.action if self.action in ACTIONS else None,
            actor=self.actor.strip()[:200] or None,
            since=_midnight(self.since, 0),
            until=_midnight(self.until, 1),
        )


def _midnight(text: str, later: int) -> datetime | None:
    try:
        day = date.fromisoformat(text) + timedelta(days=later)
    except (ValueError, OverflowError):
        return None
    return datetime.combine(day, time(), JST)


@dataclass(frozen=True, slots=True)
class Shown:
    """A line of the trail as a person reads it."""

    id: int
    at: str
    actor: str
    action: str
    target: str
    detail: tuple[str, ...]


def shown(line: AuditLine) -> Shown:
    at = line.at.astimezone(JST).strftime("%Y-%m-%d %H:%M:%S")
    detail = tuple(_detail(line.detail))
    return Shown(line.id, at, line.actor, action_words(line.action), line.target, detail)


def action_words(action: str) -> str:
    """An action as it is called on screen; one of a newer program by its code."""
    return sentences().get(f"desk_trail.action.{action}", action)


def _detail(detail: Mapping[str, object]) -> Iterator[str]:
    for name, value in detail.items():
        text = "、".join(map(str, value)) if isinstance(value, list) else str(value)
        told = sentences().get(f"desk_trail.detail.{name}", name)
        yield f"{told}: {text}" if text else told


def table(reports: ReportStore, wanted: AuditFilter) -> Iterator[bytes]:
    """All lines that fit as CSV (UTF-8 with BOM, CRLF), newest first, in parts."""
    yield b"\xef\xbb\xbf" + _rows([[say(f"desk_trail.column.{name}") for name in COLUMNS]])
    before: int | None = None
    while lines := reports.latest_audit(before, _AT_ONCE, wanted):
        yield _rows([_cells(shown(each)) for each in lines])
        before = lines[-1].id


def _cells(line: Shown) -> list[object]:
    return [line.id, line.at, line.actor, line.action, line.target, " / ".join(line.detail)]


def _rows(rows: list[list[object]] | list[list[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([[_harmless(value) for value in row] for row in rows])
    return text.getvalue().encode()


def _harmless(value: object) -> object:
    # what somebody typed must not run as a formula in a spreadsheet
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
