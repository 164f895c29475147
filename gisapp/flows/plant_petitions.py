"""Gives the sample town a few 要望書 of two fiscal years, over reports that it has already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import NAMESPACE_URL, uuid5

from gisapp.flows.desk.acting import Desk
from gisapp.flows.desk.petition_intake import year_title
from gisapp.flows.desk.petition_letter import letter_to_issue
from gisapp.flows.desk.petitions import SUGGESTED, answer_item, carry, in_history, petition_seen
from gisapp.person import Person, Role
from gisapp.words import DEFAULT, say, speaking
from reports_store import Categories, Filters, Report, ReportStore, Status
from reports_store.fiscal import JST, fiscal_year
from reports_store.petition import Consent, NewItem, NewPetition, Petition, PetitionAnswer

ASSOCIATIONS, ITEMS = 3, 4
# of the last fiscal year; this year's came in the day before yesterday and are answered in part
RECEIVED, ISSUED = (12, 1), (2, 16)
_NAMES = uuid5(NAMESPACE_URL, "https://mihon.example.jp/petitions")
_CONSENTS = ((Consent.BOARD,), (Consent.BOARD, Consent.NEIGHBOURS), (Consent.BLOCK_LEADER,), ())
_TEXTS = {
    PetitionAnswer.DONE: "現地を確認し、対応を終えました。",
    PetitionAnswer.PLANNED: "予算を確保し、順に進めます。",
    PetitionAnswer.CONSIDERED: "現地を確認しました。時期と方法を検討しています。",
    PetitionAnswer.DIFFICULT: "町の基準に当たらないため、今は難しいと考えています。",
    PetitionAnswer.OTHER_BODY: "管理している機関へ伝えました。",
}


@dataclass(frozen=True)
class Planting:
    """Into which town, and in whose name."""

    reports: ReportStore
    categories: Categories
    by: str

    def desk(self, at: datetime) -> Desk:
        person = Person(self.by, self.by, "", frozenset({Role.ADMIN}))
        return Desk(self.reports, self.categories, person, lambda: at)


def plant_petitions(planting: Planting, today: date) -> list[Petition]:
    """Three associations by two years: last year's are answered by letter, this year's in part.

    No report is added: each wish is one that there is. Everything happens before `today` begins in Japan.
    """
    known = [one for one in planting.reports.stream(Filters()) if one.area and one.area.name]
    counted = Counter(one.area.name for one in known if one.area)
    names = sorted(counted, key=lambda name: (-counted[name], name))[:ASSOCIATIONS]
    year = fiscal_year(_noon(today))
    made = []
    for name in names:
        own = [one for one in known if one.area and one.area.name == name]
        old = _last_year(planting, year - 1, own)
        new = _this_year(planting, year, own, today)
        made += [one for one in (old, new) if one is not None]
        if old is not None and any(one.carryable for one in old.items):
            key = str(uuid5(_NAMES, f"carry {old.number}"))
            open_ones = tuple(one.position for one in old.items if one.answer is PetitionAnswer.CONSIDERED)
            desk = planting.desk(_noon(today - timedelta(days=1)))
            carry(desk, old.number, open_ones, seen=old.version, client_uuid=key)
    return made


def _last_year(planting: Planting, year: int, own: Sequence[Report]) -> Petition | None:
    received, issued = _noon(date(year, *RECEIVED)), _noon(date(year + 1, *ISSUED))
    settled = [one for one in own if one.received_at < received and one.updated_at < issued]
    # What was turned down comes again as a wish, and stays under consideration into the next year.
    again = sorted((one for one in settled if one.status in SUGGESTED), key=_turned_down_first)[:ITEMS]
    petition = _filed(planting, year, again, received)
    if petition is None:
        return None
    for item, report in zip(petition.items, again, strict=True):
        answer = SUGGESTED[report.status]
        _say(
            planting,
            petition,
            item.position,
            PetitionAnswer.CONSIDERED if answer is PetitionAnswer.DIFFICULT else answer,
            issued,
        )
    found = petition_seen(petition.number, planting.desk(issued))
    with speaking(DEFAULT):
        number = f"見総第{petition.id + 40}号"
        letter = letter_to_issue(found, number, issued.date(), "", planting.by, issued)
    return planting.reports.issue_petition_letter(petition.id, letter, seen=found.petition.version)


def _turned_down_first(one: Report) -> tuple[bool, int]:
    return one.status is not Status.NO_ACTION, -one.id


def _this_year(planting: Planting, year: int, own: Sequence[Report], today: date) -> Petition | None:
    received = _noon(today - timedelta(days=2))
    recent = [one for one in own if one.updated_at < received and fiscal_year(one.received_at) == year]
    wanted = sorted((one for one in recent if one.duplicate_of is None), key=lambda one: -one.id)[:ITEMS]
    petition = _filed(planting, year, wanted, received)
    if petition is None:
        return None
    for item, report in zip(petition.items, wanted, strict=True):
        if item.position % 2 == 1 and report.status in SUGGESTED:
            _say(
                planting, petition, item.position, SUGGESTED[report.status], _noon(today - timedelta(days=1))
            )
    return planting.reports.petition(petition.number)


def _filed(planting: Planting, year: int, wanted: Sequence[Report], at: datetime) -> Petition | None:
    if not wanted or wanted[0].area is None:
        return None
    area = wanted[0].area
    items = tuple(
        NewItem(
            _title(one.body), one.body, n, one.public_id, _CONSENTS[n % len(_CONSENTS)],
            note=in_history("linked", number="{number}", position=n),
        )
        for n, one in enumerate(wanted, start=1)
    )  # fmt: skip
    with speaking(DEFAULT):
        title, role = (
            say("desk_petitions.first_title", year=year_title(year)),
            say("desk_petitions.role_usual"),
        )
    new = NewPetition(
        uuid=str(uuid5(_NAMES, f"{area.name} {year}")), association=area.name, association_id=area.feature_id,
        fiscal_year=year, title=title, received_at=at, received_by=planting.by, items=items,
        representative_role=role, representative_name="見本 太郎",
    )  # fmt: skip
    return planting.reports.add_petition(new)[0]


def _say(planting: Planting, petition: Petition, position: int, answer: PetitionAnswer, at: datetime) -> None:
    year = petition.fiscal_year + 1 if answer is PetitionAnswer.PLANNED else None
    answer_item(
        planting.desk(at), petition.number, position, answer, _TEXTS[answer], seen=1, planned_year=year
    )


def _title(body: str) -> str:
    first = body.split("。")[0].strip()
    return first[:40] or body[:40]


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), JST)
