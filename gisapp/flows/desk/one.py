"""One report as the town hall sees it: what was said, photos, equipment, reports nearby, and its whole history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gisapp.flows.category_words import category_name, told_answers
from gisapp.flows.desk.assets import AssetReport, AssetShown, asset_shown, desk_history, near_assets
from gisapp.flows.desk.duplicates import Duplicate, possible_duplicates
from gisapp.flows.desk.reading import may_read
from gisapp.flows.desk.telling import Line, clock, history
from gisapp.person import Person, hidden_from
from gisapp.words import LANGUAGES, UnknownSentence, say
from layers.versions import LayerShelf
from reports_store import (
    Asset,
    Categories,
    Event,
    PhotoRole,
    PhotoState,
    Report,
    ReportPhoto,
    ReportStore,
)

AFTER = frozenset({PhotoRole.AFTER})


@dataclass(frozen=True, slots=True)
class Coming:
    """A photo that is not ready, in words."""

    state: str
    words: str


@dataclass(frozen=True, slots=True)
class Related:
    """Reports that belong to this one, as far as the person may see them."""

    original: Report | None
    merged: tuple[Report, ...]
    parent: Report | None
    parts: tuple[Report, ...]


@dataclass(frozen=True, slots=True)
class OneReport:
    """Everything the page of a report shows. names are those of people by login."""

    report: Report
    category: str
    answers: tuple[tuple[str, str], ...]
    before: tuple[ReportPhoto, ...]
    after: tuple[ReportPhoto, ...]
    coming: tuple[Coming, ...]
    lines: tuple[Line, ...]
    near: tuple[Duplicate, ...]
    related: Related
    asset: AssetShown | None
    asset_reports: tuple[AssetReport, ...]
    assets_near: tuple[AssetShown, ...]
    subscribers: int
    names: Mapping[str, str]

    @property
    def assignee(self) -> str:
        """The name of whoever works on it; empty for nobody."""
        login = self.report.assignee or ""
        return self.names.get(login, login)


def one_report(
    report: Report,
    person: Person,
    reports: ReportStore,
    categories: Categories,
    layers: LayerShelf,
    people: Mapping[str, str],
) -> OneReport:
    """What the page of a report shows to a person who may see it; people are names by login."""
    events = reports.events(report.id)
    names = names_in(events, people, person, layers)
    return OneReport(
        report=report,
        category=name_of(report.category, categories),
        answers=answers_of(report, categories),
        before=tuple(one for one in report.photos if one.role not in AFTER),
        after=tuple(one for one in report.photos if one.role in AFTER),
        coming=tuple(
            Coming(one.state.value, fault_words(one.fault) if one.state is PhotoState.REFUSED else "")
            for one in report.coming
        ),
        lines=history(events, categories, names),
        near=tuple(
            each
            for each in possible_duplicates(
                report, reports, categories, hidden_from(person, categories), person.department
            )
            if may_read(person, each.report, categories)
        ),
        related=related(report, person, reports, categories),
        asset=None if report.asset is None else asset_shown(report.asset, person, layers),
        asset_reports=_asset_reports(report, person, reports, categories),
        assets_near=tuple(near_assets(report.place.lon, report.place.lat, report.category, person, layers)),
        subscribers=len(reports.subscriptions_for(report)),
        names=names,
    )


def names_in(
    events: Sequence[Event], people: Mapping[str, str], person: Person, layers: LayerShelf
) -> dict[str, str]:
    """The names of people by login, and of the equipment that a history names by layer:feature."""
    names = dict(people)
    for event in events:
        for side in event.changes.values():
            told = side.get("asset")
            if isinstance(told, Mapping):
                shown = asset_shown(Asset(**told), person, layers)
                if shown is not None:
                    names[shown.key] = f"{shown.layer} {shown.title}"
    return names


def name_of(code: str, categories: Categories) -> str:
    """The name of a kind of report; its code where the town has dropped it."""
    return category_name(categories[code]) if code in categories else code


def answers_of(report: Report, categories: Categories) -> tuple[tuple[str, str], ...]:
    """The questions that were answered, and the answers."""
    return told_answers(report.answers, report.category, categories)


def fault_words(fault: str) -> str:
    """Why a photo could not be used."""
    try:
        return say(f"door.photo_fault.{fault}")
    except UnknownSentence:
        return say("door.photo_fault.other")


def related(report: Report, person: Person, reports: ReportStore, categories: Categories) -> Related:
    """The report it repeats, those that repeat it, the one it was split from, and its parts."""
    return Related(
        original=_readable(report.duplicate_of, person, reports, categories),
        merged=tuple(_seen(reports.merged_into(report.public_id), person, categories)),
        parent=_readable(report.parent, person, reports, categories),
        parts=tuple(_seen(reports.split_from(report.public_id), person, categories)),
    )


def _asset_reports(
    report: Report, person: Person, reports: ReportStore, categories: Categories
) -> tuple[AssetReport, ...]:
    found = [] if report.asset is None else desk_history(report.asset, person, reports, categories)
    return tuple(one for one in found if one.number != report.public_id)


def _seen(found: Sequence[Report], person: Person, categories: Categories) -> list[Report]:
    return [one for one in found if may_read(person, one, categories)]


def _readable(
    public_id: str | None, person: Person, reports: ReportStore, categories: Categories
) -> Report | None:
    if not public_id:
        return None
    return next(iter(_seen([reports.get(public_id)], person, categories)), None)


def facts(report: Report, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """How a report came: channel, language, the clock of the telephone beside the town's."""
    rows = [
        (say("desk_report.fact.channel"), say(f"desk_report.channel.{report.channel}")),
        (say("desk_report.fact.received"), clock(report.received_at)),
    ]
    if report.device_time is not None:
        rows.append((say("desk_report.fact.device_time"), clock(report.device_time)))
    if report.occurred_at is not None:
        rows.append((say("desk_report.fact.occurred"), clock(report.occurred_at)))
    rows.append((say("desk_report.fact.lang"), language_name(report.lang)))
    return rows


def language_name(lang: str) -> str:
    """The name of a language in itself; its tag where we do not speak it."""
    return LANGUAGES.get(lang, lang)
