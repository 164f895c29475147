"""A resident's or a clerk's report: checked, located, its photos kept, then its row; a receipt comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gisapp.flows.locate import Located
from reports_store import (
    Categories,
    Channel,
    Contact,
    NewReport,
    Place,
    ReportStore,
    StoredPhoto,
)
from reports_store.errors import ReportsError
from reports_store.tracking import code_for, hash_of


class EmptyDraft(ReportsError):
    """Neither words nor a photo nor an answer: nothing a department could act on."""

    code = "empty_draft"


class OutsideTown(ReportsError):
    """The place lies in another town, farther off than a photo across the boundary would be."""

    code = "outside_town"


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person has entered. Its photos are on disk already: they were kept, or refused, when chosen."""

    uuid: str
    category: str
    place: Place
    body: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    contact: Contact | None = None
    photos: tuple[StoredPhoto, ...] = ()
    channel: Channel = Channel.WEB
    lang: str = "ja"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the reporter takes away: 受付番号 to name the report, 照会番号 to follow it."""

    number: str
    tracking_code: str
    new: bool


@dataclass(frozen=True, slots=True)
class Rules:
    """What a report is checked against: the categories, the place's findings, the key and the clock."""

    categories: Categories
    locate: Callable[[float, float], Located]
    secret: bytes
    now: Callable[[], datetime]


def submit(draft: Draft, reports: ReportStore, rules: Rules) -> Receipt:
    """Keep a report. Sending the same draft again gives the same receipt.

    Raises EmptyDraft, OutsideTown and the other ReportsErrors, and then nothing but photos that no row
    names is kept (they are swept a day later).
    """
    rules.categories[draft.category]
    if not draft.body.strip() and not draft.photos and not any(draft.answers.values()):
        raise EmptyDraft
    located = rules.locate(draft.place.lon, draft.place.lat)
    if not located.near:
        raise OutsideTown
    code = code_for(rules.secret, draft.uuid)
    new = NewReport(
        uuid=draft.uuid,
        category=draft.category,
        place=draft.place,
        body=draft.body.strip(),
        answers=dict(draft.answers),
        photos=draft.photos,
        contact=draft.contact,
        channel=draft.channel,
        lang=draft.lang,
        received_at=rules.now(),
        device_time=None,
        tracking_hash=hash_of(code),
        area=located.area,
        road=located.road,
    )
    added = reports.add(new)
    return Receipt(number=added.report.public_id, tracking_code=code, new=added.created)
