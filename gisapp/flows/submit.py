"""A resident's or a clerk's report: checked, located, its photos kept, then its row; a receipt comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from gisapp.flows.desk.routing import Facts, Routed, road_of
from gisapp.flows.locate import Located
from reports_store import (
    Asset,
    Categories,
    Channel,
    Contact,
    Mode,
    NewReport,
    PhotoStore,
    Place,
    Report,
    ReportStore,
    StoredPhoto,
)
from reports_store.errors import ReportsError
from reports_store.report import DeclaredPhoto
from reports_store.tracking import code_for, hash_of
from reports_store.vocabulary import PhotoState


class EmptyDraft(ReportsError):
    """Neither words nor a photo nor an answer: nothing a department could act on."""

    code = "empty_draft"


class OutsideTown(ReportsError):
    """The place lies in another town, farther off than a photo across the boundary would be."""

    code = "outside_town"


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person has entered. Its photos are on disk already: they were kept, or refused, when chosen;
    declared ones come later or have come as raw bytes. suspect is the code of a reason to look first.
    """

    uuid: str
    category: str
    place: Place
    body: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    contact: Contact | None = None
    photos: tuple[StoredPhoto, ...] = ()
    channel: Channel = Channel.WEB
    lang: str = "ja"
    declared: tuple[DeclaredPhoto, ...] = ()
    device_time: datetime | None = None
    suspect: str = ""
    asset: Asset | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the reporter takes away: 受付番号 to name the report, 照会番号 to follow it, and the report as kept."""

    number: str
    tracking_code: str
    new: bool
    report: Report


@dataclass(frozen=True, slots=True)
class Rules:
    """What a report is checked against: the categories, the place's findings, the department by the routing table,
    the key, the clock, the mode.
    """

    categories: Categories
    locate: Callable[[float, float], Located]
    route: Callable[[Facts], Routed]
    secret: bytes
    now: Callable[[], datetime]
    mode: Mode = Mode.NORMAL


def examined(draft: Draft, rules: Rules) -> NewReport:
    """A report as it would be kept. Raises EmptyDraft, OutsideTown and the store's InvalidReport errors."""
    rules.categories[draft.category]
    if not (draft.body.strip() or draft.photos or draft.declared or any(draft.answers.values())):
        raise EmptyDraft
    located = rules.locate(draft.place.lon, draft.place.lat)
    if not located.near:
        raise OutsideTown
    received_at = rules.now()
    facts = Facts(
        draft.category,
        received_at,
        area=located.area.name,
        road=road_of(located.road.name),
        asset="" if draft.asset is None else draft.asset.layer,
        mode=rules.mode,
        channel=draft.channel,
    )
    routed = rules.route(facts)
    return NewReport(
        uuid=draft.uuid,
        category=draft.category,
        place=draft.place,
        body=draft.body.strip(),
        answers=dict(draft.answers),
        photos=draft.photos,
        contact=draft.contact,
        channel=draft.channel,
        lang=draft.lang,
        received_at=received_at,
        device_time=draft.device_time,
        tracking_hash=hash_of(code_for(rules.secret, draft.uuid)),
        area=located.area,
        road=located.road,
        mode=rules.mode,
        declared=draft.declared,
        suspect=draft.suspect,
        department=routed.department,
        assignee=routed.assignee,
        routed_why=routed.why,
        priority=routed.priority,
        asset=draft.asset,
    )


def submit(draft: Draft, reports: ReportStore, rules: Rules) -> Receipt:
    """Keep a report. Sending the same draft again gives the same receipt.

    Raises EmptyDraft, OutsideTown and the other ReportsErrors, and then nothing but photos that no row
    names is kept (they are swept a day later).
    """
    added = reports.add(examined(draft, rules))
    return Receipt(added.report.public_id, code_for(rules.secret, draft.uuid), added.created, added.report)


def accept(draft: Draft, reports: ReportStore, photos: PhotoStore, rules: Rules) -> Receipt:
    """The same for a draft whose declared photos came before it: those that lie on the disk are noted as arrived.

    Only for a face that has itself taken in those bytes from this sender: who merely names a fingerprint must
    not get the photo. The answer waits for no decoding. Cut off between the two, it is made whole when the
    draft is sent again.
    """
    receipt = submit(draft, reports, rules)
    here = [
        one.original_sha256
        for one in receipt.report.coming
        if one.state is PhotoState.AWAITED and photos.has_raw(one.original_sha256)
    ]
    for sha256 in here:
        reports.photo_arrived(receipt.report.id, sha256, rules.now())
    return replace(receipt, report=reports.by_id(receipt.report.id)) if here else receipt
