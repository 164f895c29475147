"""Public reports as news: which stand in a feed, in what order, and their sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from gisapp.flows.category_words import category_name
from gisapp.flows.describe import history_words
from gisapp.words import say
from reports_store import Categories, Filters, ReportStore
from reports_store.cells import Box
from reports_store.privacy import PublicEvent, PublicReport, public
from reports_store.report import Report

ENTRIES = 50
LOOKED_AT = 2_000  # how far back an association's reports are searched for
PAGE = 200


@dataclass(frozen=True, slots=True)
class News:
    """One entry of a feed. key is unique and never changes; number leads to the report."""

    key: str
    number: str
    title: str
    text: str
    since: datetime
    updated: datetime
    category: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What a feed is about; what is empty does not restrict. box: west, south, east, north."""

    category: str | None = None
    association: str | None = None
    box: Box | None = None


def latest(choice: Choice, reports: ReportStore, categories: Categories) -> list[News]:
    """The newest public reports of a choice, what moved last first. Raises UnknownCategory."""
    only = () if choice.category is None else (categories[choice.category].code,)
    filters = Filters(public=True, categories=only, box=choice.box)
    found = [
        _of_report(public(report, categories[report.category], reports.events(report.id)), report, categories)
        for report in _chosen(choice, filters, reports)
    ]
    return sorted(found, key=lambda news: news.updated, reverse=True)


def life_of(public_id: str, reports: ReportStore, categories: Categories) -> list[News]:
    """The public steps of one report, the latest first. Raises UnknownReport, NotPublic."""
    report = reports.get(public_id)
    events = reports.events(report.id)
    shown = public(report, categories[report.category], events)
    steps = [
        (number, step, words) for number, step in enumerate(shown.history) if (words := history_words(step))
    ]
    return [_of_step(number, step, words, shown, categories) for number, step, words in reversed(steps)]


def title_of(report: PublicReport, categories: Categories) -> str:
    """A report in a line: kind, number and state."""
    name = category_name(categories[report.category])
    return say("feeds.entry", name=name, number=report.public_id, state=say(f"report.state.{report.state}"))


def _chosen(choice: Choice, filters: Filters, reports: ReportStore) -> list[Report]:
    if choice.association is None:
        return reports.newest(filters, limit=ENTRIES)
    found: list[Report] = []
    for report in _backwards(filters, reports):
        if report.area is not None and report.area.name == choice.association:
            found.append(report)
        if len(found) == ENTRIES:
            break
    return found


def _backwards(filters: Filters, reports: ReportStore) -> Iterator[Report]:
    before = None
    for _ in range(LOOKED_AT // PAGE):
        page = reports.newest(filters, limit=PAGE, before=before)
        yield from page
        if len(page) < PAGE:
            return
        before = page[-1].key


def _of_report(shown: PublicReport, report: Report, categories: Categories) -> News:
    steps = [words for step in shown.history if (words := history_words(step))]
    place = shown.area or say("report.unknown")
    return News(
        key=shown.public_id,
        number=shown.public_id,
        title=title_of(shown, categories),
        text="\n".join(filter(None, (say("feeds.area", name=place), shown.body, *reversed(steps)))),
        since=report.received_at,
        updated=max([report.received_at, *(step.at for step in shown.history)]),
        category=category_name(categories[shown.category]),
    )


def _of_step(number: int, step: PublicEvent, words: str, shown: PublicReport, categories: Categories) -> News:
    return News(
        key=f"{shown.public_id}:{number}",
        number=shown.public_id,
        title=title_of(shown, categories) if step.state is None else words.split("　")[0],
        text=words,
        since=step.at,
        updated=step.at,
        category=category_name(categories[shown.category]),
    )
