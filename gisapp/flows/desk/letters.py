"""A ready letter that refers a report to another body: what stands in it, before it is set on paper."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from gisapp.flows.desk.one import answers_of, name_of
from gisapp.person import Person
from gisapp.profile import TownProfile
from gisapp.words import say
from reports_store import Categories, Contact, PiiState, Report
from reports_store.fiscal import JST

SUBJECT_LIMIT, TO_LIMIT, TEXT_LIMIT = 120, 120, 2000
PHOTOS = 4


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter. contact holds the reporter's data only where a clerk has deliberately put it in."""

    number: str
    day: date
    to: str
    subject: str
    text: str
    facts: tuple[tuple[str, str], ...]
    body: str
    lon: float
    lat: float
    photos: tuple[str, ...]
    department: str
    writer: str
    contact: Contact | None = None

    @property
    def addressee(self) -> str:
        """宛先 with its word of respect; room to write it by hand where none was given."""
        return addressed(self.to or "　" * 12)


# An office is written to with 御中, somebody with 様; what has its word of respect already stays as it is.
_OFFICES = (
    "所", "局", "課", "会社", "社", "部", "署", "室", "係", "庁", "省", "店", "組合", "団", "協会", "機構", "センター",
    "役場", "NTT", "（株）", "(株)", "㈱",
)  # fmt: skip
_RESPECTED = ("様", "御中", "殿", "各位")
_ASIDE = re.compile(r"(?:（[^（）]*）|\([^()]*\))\s*$")


def addressed(name: str) -> str:
    """国道事務所 御中, 土木事務所長 様. What stands in brackets at the end says nothing of who it is."""
    plain = _ASIDE.sub("", name).rstrip() or name
    if plain.endswith(_RESPECTED):
        return name
    office = name.endswith(_OFFICES) or plain.endswith(_OFFICES)
    return say("desk_report.letter.to_office" if office else "desk_report.letter.to", name=name)


def default_subject(report: Report, categories: Categories) -> str:
    """件名 as it is offered."""
    return say("desk_report.letter.subject_of", category=name_of(report.category, categories))


def default_text(profile: TownProfile) -> str:
    """The letter's own words as they are offered."""
    return say("desk_report.letter.text_of", town=profile.name)


def letter_of(
    report: Report,
    given: Mapping[str, str],
    person: Person,
    categories: Categories,
    profile: TownProfile,
    now: datetime,
    contact: Contact | None = None,
    *,
    originals: bool = False,
) -> Letter:
    """A letter with what a clerk has written (to, subject, text); what was left empty is as offered.

    The photos are the reporter's first four that may leave the town hall: the blackened copy where there is one,
    and none that was kept inside. originals: as they came, where the body outside needs to see.
    """
    asset_area = report.area.name if report.area and report.area.name else say("report.unknown")
    road = report.road.name if report.road and report.road.name else say("report.unknown")
    return Letter(
        number=report.public_id,
        day=now.astimezone(JST).date(),
        to=given.get("to", "").strip()[:TO_LIMIT],
        subject=given.get("subject", "").strip()[:SUBJECT_LIMIT] or default_subject(report, categories),
        text=given.get("text", "").strip()[:TEXT_LIMIT] or default_text(profile),
        facts=(
            (say("desk_report.letter.number"), report.public_id),
            (say("desk_report.letter.received"), day_words(report.received_at.astimezone(JST).date())),
            (say("desk_report.letter.category"), name_of(report.category, categories)),
            *answers_of(report, categories),
            (say("desk_report.letter.area"), asset_area),
            (say("desk_report.letter.road"), road),
            (say("desk_report.letter.position"), f"{report.place.lat:.6f}, {report.place.lon:.6f}"),
        ),
        body=report.body,
        lon=report.place.lon,
        lat=report.place.lat,
        photos=_photos(report, originals)[:PHOTOS],
        department=report.department or person.department,
        writer=person.name,
        contact=contact,
    )


def _photos(report: Report, originals: bool) -> tuple[str, ...]:
    if originals:
        return tuple(one.sha256 for one in report.own_photos)
    return tuple(
        one.shown_as if one.shown_as and one.pii_state is PiiState.REDACTED else one.sha256
        for one in report.own_photos
        if one.pii_state is not PiiState.BLOCKED
    )


def day_words(day: date) -> str:
    """A date as a letter of a town hall bears it: 令和8年11月21日."""
    if day < date(2019, 5, 1):
        return day.isoformat()
    year = day.year - 2018
    return say("desk_report.letter.day", year="元" if year == 1 else year, month=day.month, day=day.day)
