"""A 要望書 on its way in: the association, its wishes with their places, and every fault of the form at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

import shapely

from gisapp.flows.desk.acting import has
from gisapp.flows.desk.petitions import in_history
from gisapp.flows.desk.reading import report_for
from gisapp.flows.explain import explain
from gisapp.flows.place_text import place_settled, places_meant
from gisapp.flows.submit import Draft, OutsideTown, Rules, examined
from gisapp.person import Person, Right
from gisapp.profile import TownProfile
from gisapp.words import say
from layers.errors import LayersError
from layers.versions import LayerShelf
from reports_store import Channel, DeclaredPhoto, GeomSource, NewReport, Place, ReportsError, ReportStore
from reports_store.errors import InvalidPlace, UnknownReport
from reports_store.petition import MOST_ITEMS, TITLE_LIMIT, Consent, NewItem, NewPetition, Petition
from reports_store.plaintext import BODY_LIMIT, LINE_LIMIT

LAYER = "neighbourhood_association"
_YEAR = re.compile(r"\d{4}", re.ASCII)


@dataclass(frozen=True)
class Association:
    """An association of the layer: its feature id, its name, and the place that stands for all of its area.

    reach_m is how far from that place the area goes, in metres.
    """

    id: str
    name: str
    lon: float
    lat: float
    reach_m: float


@dataclass(frozen=True)
class Wish:
    """One row of the form, as it was typed. lon and lat come from a tap on the map; photos are on the disk.

    report is the receipt number of a report that there is already.
    """

    title: str = ""
    body: str = ""
    category: str = ""
    place_text: str = ""
    lon: str = ""
    lat: str = ""
    priority: str = ""
    consents: tuple[str, ...] = ()
    report: str = ""
    photos: tuple[DeclaredPhoto, ...] = ()

    @property
    def blank(self) -> bool:
        """Whether nothing was written into the row."""
        return not any((self.title, self.body, self.place_text, self.lon, self.report, self.photos))


@dataclass(frozen=True)
class PetitionDraft:
    """The form of a new 要望書 as it was sent. association is a feature id of the layer, or "" with other_name."""

    uuid: str
    association: str = ""
    other_name: str = ""
    fiscal_year: str = ""
    title: str = ""
    role: str = ""
    name: str = ""
    wishes: tuple[Wish, ...] = ()


@dataclass(frozen=True)
class Fault:
    """What is wrong with the form: the row it is about (1 is the first; 0 is the head) and the field."""

    row: int
    field: str
    text: str


class PetitionFaults(Exception):
    """Everything that is wrong with a form, in its order."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = tuple(faults)


@dataclass(frozen=True)
class Intake:
    """What a form is checked against."""

    reports: ReportStore
    layers: LayerShelf
    profile: TownProfile
    rules: Rules
    person: Person


def associations(layers: LayerShelf) -> list[Association]:
    """Every association of the layer by its name; none where the layer cannot be read."""
    try:
        version = layers.current(LAYER)
    except LayersError:
        return []
    points = shapely.point_on_surface(version.index.plane)
    frame = version.frame
    marks = shapely.point_on_surface(frame.geometry.values)
    reach = shapely.hausdorff_distance(points, version.index.plane)
    found = [
        Association(str(row["feature_id"]), str(row["name"] or ""), float(mark.x), float(mark.y), float(far))
        for row, mark, far in zip(version.index.records, marks, reach, strict=True)
    ]
    return sorted((one for one in found if one.name), key=lambda one: one.name)


def file_petition(draft: PetitionDraft, intake: Intake, known: Sequence[Fault] = ()) -> tuple[Petition, bool]:
    """File a 要望書 with its reports, all of it or nothing; the same form again is the same petition.

    known are faults that were found before, of photos. Raises PetitionFaults with everything that is wrong, and
    the store's errors.
    """
    new = checked(draft, intake, known)
    petition, fresh = intake.reports.add_petition(new)
    # The photos came with the form: work on them may begin.
    for item, wish in zip(petition.items, draft.wishes, strict=True):
        if wish.photos and not wish.report:
            report = intake.reports.get(item.report)
            for one in wish.photos:
                intake.reports.photo_arrived(report.id, one.sha256, intake.rules.now())
    return petition, fresh


def checked(draft: PetitionDraft, intake: Intake, known_faults: Sequence[Fault] = ()) -> NewPetition:
    """The petition that a form says. Raises PetitionFaults."""
    faults: list[Fault] = list(known_faults)
    known = {one.id: one for one in associations(intake.layers)}
    chosen = known.get(draft.association)
    name = chosen.name if chosen else draft.other_name.strip()
    if not name:
        faults.append(_fault(0, "association"))
    year = int(draft.fiscal_year) if _YEAR.fullmatch(draft.fiscal_year) else 0
    if not 1989 <= year <= 2200:
        faults.append(_fault(0, "fiscal_year"))
    for field_name, words, limit in (("title", draft.title, TITLE_LIMIT), ("other_name", name, LINE_LIMIT),
                                     ("role", draft.role, LINE_LIMIT), ("name", draft.name, LINE_LIMIT)):  # fmt: skip
        if len(words) > limit:
            faults.append(_fault(0, field_name, "too_long", limit=limit))
    wishes = draft.wishes
    if not 1 <= len(wishes) <= MOST_ITEMS:
        faults.append(_fault(0, "wishes", most=MOST_ITEMS))
    priorities = _priorities(wishes, faults)
    now = intake.rules.now()
    items = [
        _item(row, wish, priority, draft.uuid, chosen, intake, faults)
        for row, (wish, priority) in enumerate(zip(wishes, priorities, strict=True), start=1)
    ]
    if faults:
        raise PetitionFaults(faults)
    return NewPetition(
        uuid=draft.uuid, association=name, association_id=chosen.id if chosen else "", fiscal_year=year,
        title=draft.title.strip() or say("desk_petitions.first_title", year=year_title(year)), received_at=now,
        received_by=intake.person.login, items=tuple(one for one in items if one is not None),
        representative_role=draft.role.strip(), representative_name=draft.name.strip(),
    )  # fmt: skip


def year_title(year: int) -> str:
    """A fiscal year in full, as letters have it: 令和8年度."""
    return say("desk_petitions.year_long", n=reiwa(year)) if year >= 2019 else str(year)


def reiwa(year: int) -> str:
    """The number of a year of 令和, whose first is written 元."""
    return "元" if year == 2019 else str(year - 2018)


def _fault(row: int, name: str, kind: str = "", **values: object) -> Fault:
    key = f"desk_petitions.fault.{kind or name}"
    label = say(f"desk_petitions.label.{name}")
    return Fault(row, name, say(key, field=label, **values))


def _priorities(wishes: Sequence[Wish], faults: list[Fault]) -> list[int]:
    """As they were written; in the order of the rows where none was."""
    if not any(one.priority.strip() for one in wishes):
        return list(range(1, len(wishes) + 1))
    found = [
        int(one.priority) if re.fullmatch(r"\d{1,4}", one.priority.strip(), re.ASCII) else 0 for one in wishes
    ]
    for row, (number, wish) in enumerate(zip(found, wishes, strict=True), start=1):
        if not 1 <= number <= len(wishes) or found.count(number) > 1:
            faults.append(
                _fault(
                    row,
                    "priority",
                    found=wish.priority.strip() or say("desk_petitions.fault.nothing"),
                    most=len(wishes),
                )
            )
    return found


def _item(
    row: int, wish: Wish, priority: int, uuid: str, chosen: Association | None, intake: Intake, faults: list[Fault]
) -> NewItem | None:  # fmt: skip
    """One item; what is wrong with it is added to the faults."""
    before = len(faults)
    if not wish.title.strip():
        faults.append(_fault(row, "wish_title"))
    for name, words, limit in (("wish_title", wish.title, TITLE_LIMIT), ("body", wish.body, BODY_LIMIT - TITLE_LIMIT - 1),
                               ("place_text", wish.place_text, LINE_LIMIT)):  # fmt: skip
        if len(words) > limit:
            faults.append(_fault(row, name, "too_long", limit=limit))
    if stray := [one for one in wish.consents if one not in list(Consent)]:
        faults.append(_fault(row, "consents", found=stray[0][:40]))
    report = (
        _known_report(row, wish, intake, faults)
        if wish.report.strip()
        else _new_report(row, wish, uuid, chosen, intake, faults)
    )
    if report is None or len(faults) > before:
        return None
    note = in_history("linked", number="{number}", position=row) if isinstance(report, str) else ""
    consents = tuple(Consent(one) for one in wish.consents)
    return NewItem(
        wish.title.strip(),
        wish.body.strip(),
        max(priority, 1),
        report,
        consents,
        wish.place_text.strip(),
        note,
    )


def _known_report(row: int, wish: Wish, intake: Intake, faults: list[Fault]) -> str | None:
    """A report that there is. Linking writes into its history: whoever files must be of its department, or a clerk."""
    number = wish.report.strip().upper()
    try:
        report = report_for(intake.person, number, intake.reports, intake.rules.categories)
    except UnknownReport:
        faults.append(_fault(row, "report", found=number[:40]))
        return None
    if not has(intake.person, Right.PETITION, report):
        whose = report.department or say("desk_inbox.line.no_department")
        faults.append(_fault(row, "report", "others_report", found=number[:40], department=whose))
        return None
    return report.public_id


def _new_report(
    row: int, wish: Wish, uuid: str, chosen: Association | None, intake: Intake, faults: list[Fault]
) -> NewReport | None:
    if wish.category not in intake.rules.categories:
        faults.append(
            _fault(row, "category", found=wish.category[:40] or say("desk_petitions.fault.nothing"))
        )
    place = _place(row, wish, chosen, intake, faults)
    if place is None or wish.category not in intake.rules.categories:
        return None
    words = "\n".join(part for part in (wish.title.strip(), wish.body.strip()) if part)
    draft = Draft(
        uuid=str(uuid5(UUID(uuid), f"item {row}")), category=wish.category, place=place, body=words[:BODY_LIMIT],
        channel=Channel.JICHIKAI, declared=wish.photos,
    )  # fmt: skip
    try:
        return examined(draft, intake.rules)
    except OutsideTown:
        faults.append(_fault(row, "place_text", "outside"))
    except ReportsError as error:
        faults.append(Fault(row, "wish_title", explain(error)))
    return None


def _place(
    row: int, wish: Wish, chosen: Association | None, intake: Intake, faults: list[Fault]
) -> Place | None:
    """By the tap on the map, by the words, or else the association's whole area."""
    if wish.lon.strip() or wish.lat.strip():
        try:
            return Place(float(wish.lon), float(wish.lat), GeomSource.MAP_TAP)
        except (ValueError, InvalidPlace):
            faults.append(_fault(row, "place_text", "degrees", found=f"{wish.lat} {wish.lon}"[:60]))
            return None
    text = wish.place_text.strip()
    if text:
        found = places_meant(text, intake.layers, intake.profile)
        settled = place_settled(text, found)
        if settled is not None:
            return settled.place
        names = "、".join(one.matched for one in found[:3])
        faults.append(
            _fault(row, "place_text", "unsettled" if names else "unknown_place", found=text[:40], names=names)
        )
        return None
    if chosen is None:
        faults.append(_fault(row, "place_text", "no_area"))
        return None
    return Place(chosen.lon, chosen.lat, GeomSource.STAFF, round(chosen.reach_m, 1))
