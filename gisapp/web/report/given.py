"""What a resident has given, from the form or from its script, on the way to a draft; each fault by its field."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from gisapp.flows.desk.assets import asset_at, asset_of
from gisapp.flows.explain import explain
from gisapp.flows.place_text import PlaceFound, place_settled, places_meant
from gisapp.flows.submit import Draft
from gisapp.person import ANYONE
from gisapp.profile import TownProfile
from gisapp.words import say
from layers.versions import LayerShelf
from reports_store import Categories, Category, Contact, GeomSource, Place
from reports_store.errors import ReportsError
from reports_store.photo_raws import LIMIT_BYTES, LIMIT_MB
from reports_store.plaintext import BODY_LIMIT, LINE_LIMIT, check_text
from reports_store.report import DeclaredPhoto, canonical_uuid

PHOTOS = 5
SOURCES = {GeomSource.EXIF, GeomSource.GPS, GeomSource.MAP_TAP, GeomSource.LANDMARK, GeomSource.ADDRESS}
# A clock may be wrong by a day or by years; what cannot be a time of a telephone is not kept.
FIRST_TIME, LAST_TIME = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
T = TypeVar("T")


class Faults(Exception):
    """What has to be put right, a sentence for each field; candidates are places to choose from."""

    def __init__(self, by_field: Mapping[str, str], candidates: tuple[PlaceFound, ...] = ()) -> None:
        super().__init__(*by_field)
        self.by_field, self.candidates = dict(by_field), candidates

    @property
    def message(self) -> str:
        """All sentences as one."""
        return " ".join(dict.fromkeys(self.by_field.values()))


@dataclass(frozen=True, slots=True)
class Given:
    """As it was sent: text, nothing checked. place goes before place_text; photos_came says that this
    sender's photos lie on our disk already.
    """

    uuid: str
    category: str
    answers: Mapping[str, str] = field(default_factory=dict)
    place: Mapping[str, object] | None = None
    place_text: str = ""
    body: str = ""
    contact: Mapping[str, object] = field(default_factory=dict)
    photos: tuple[DeclaredPhoto, ...] = ()
    photos_came: bool = False
    lang: str = "ja"
    device_time: str = ""
    token: str = ""
    work: str = ""
    trap: str = ""
    asset: str = ""


def draft_of(given: Given, categories: Categories, layers: LayerShelf, profile: TownProfile) -> Draft:
    """What was given as a draft. Raises Faults with every field that has to be put right."""
    faults = _Collected({})
    uuid = faults.of("uuid", partial(canonical_uuid, "uuid", given.uuid), say("door.fault.uuid"))
    category = categories.get(given.category)
    if category is None:
        faults.by_field["category"] = say("door.fault.category")
    answers = faults.of("answers", partial(_answers, given.answers, category))
    body = faults.of("body", partial(check_text, "body", given.body, BODY_LIMIT))
    contact = _contact(given.contact, faults)
    place, candidates = _place(given, layers, profile, faults)
    if faults.by_field or uuid is None or category is None or place is None:
        raise Faults(faults.by_field, candidates)
    return Draft(
        uuid=uuid,
        category=category.code,
        place=place,
        body=body or "",
        answers=answers or {},
        contact=contact,
        lang=given.lang,
        declared=given.photos,
        device_time=time_of(given.device_time),
        asset=asset_at(asset_of(given.asset), place.lon, place.lat, ANYONE, layers),
    )


def fault_of(error: ReportsError) -> Faults:
    """An error that the store or a flow found later, at its field."""
    about = str(error.fields.get("field", "")).partition(".")
    places = {"outside_town": "place", "invalid_place": "place", "unknown_category": "category"}
    names = {"contact": f"contact.{about[2]}", "answers": "answers"}
    name = places.get(error.code) or names.get(about[0], "body")
    return Faults({name: explain(error)})


def time_of(text: str) -> datetime | None:
    """The telephone's own time, with its zone; None where there is none that can be one."""
    try:
        found = datetime.fromisoformat(text[:40])
        known = found.tzinfo is not None and FIRST_TIME <= found <= LAST_TIME
    except (ValueError, OverflowError):
        return None
    return found.astimezone(UTC) if known else None


def number_of(value: object) -> float | None:
    """A number as it was typed, in full-width digits too; None for what is no finite number."""
    if isinstance(value, str):
        text = unicodedata.normalize("NFKC", value).strip()[:40]
        try:
            value = float(text)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


@dataclass(frozen=True)
class _Collected:
    """Faults as they are met, so that a person hears of all at once."""

    by_field: dict[str, str]

    def of(self, name: str, work: Callable[[], T], sentence: str = "") -> T | None:
        try:
            return work()
        except ReportsError as error:
            self.by_field[name] = sentence or explain(error)
        except Faults as found:
            self.by_field.update(found.by_field)
        return None


def _answers(given: Mapping[str, str], category: Category | None) -> dict[str, str]:
    """The answers to the category's own questions; those to another's, left from an earlier choice, are not kept."""
    found = {}
    for question in () if category is None else category.questions:
        answer = given.get(question.id, "")
        if not isinstance(answer, str) or (
            question.choices_ja and answer and answer not in question.choices_ja
        ):
            raise Faults({f"answers.{question.id}": say("door.fault.answer")})
        if answer.strip():
            found[question.id] = check_text("answers", answer.strip(), LINE_LIMIT)
    return found


def _contact(given: Mapping[str, object], faults: _Collected) -> Contact | None:
    lines = {}
    for name in ("name", "phone", "email"):
        value = given.get(name) or ""
        checked = faults.of(f"contact.{name}", partial(_line, f"contact.{name}", value))
        lines[name] = (checked or "").strip()
    if faults.by_field or not any(lines.values()):
        return None
    return Contact(**lines, wants_reply=given.get("wants_reply") is True)


def _line(name: str, value: object) -> str:
    return check_text(name, value, LINE_LIMIT)  # type: ignore[arg-type]  # it refuses what is no text


def _place(
    given: Given, layers: LayerShelf, profile: TownProfile, faults: _Collected
) -> tuple[Place | None, tuple[PlaceFound, ...]]:
    if given.place is not None:
        return faults.of("place", partial(_point, given.place), say("door.fault.place")), ()
    text = given.place_text.strip()
    if not text:
        faults.by_field["place"] = say("door.fault.place")
        return None, ()
    if faults.of("place", partial(check_text, "place", text, LINE_LIMIT)) is None:
        return None, ()
    found = places_meant(text, layers, profile)
    settled = place_settled(text, found)
    if settled is not None:
        return settled.place, ()
    faults.by_field["place"] = say(
        "door.fault.place_many" if found else "door.fault.place_unknown", text=text
    )
    return None, tuple(found)


def _point(given: Mapping[str, object]) -> Place:
    lon, lat = number_of(given.get("lon")), number_of(given.get("lat"))
    if lon is None or lat is None:
        raise Faults({"place": say("door.fault.place")})
    accuracy_m = number_of(given.get("accuracy_m"))
    source = str(given.get("source") or "")
    known = GeomSource(source) if source in SOURCES else GeomSource.MAP_TAP
    return Place(lon, lat, known, accuracy_m if accuracy_m is not None and accuracy_m >= 0 else None)


def declared(raw: object) -> tuple[DeclaredPhoto, ...]:
    """The photos that a script says will come. Raises Faults."""
    photos = raw if isinstance(raw, list) else []
    if len(photos) > PHOTOS:
        raise Faults({"photos": say("report.form.too_many_photos")})
    found = []
    for one in photos:
        told = one if isinstance(one, dict) else {}
        sha256, size = told.get("sha256"), told.get("bytes")
        if type(size) is int and size > LIMIT_BYTES:
            raise Faults({"photos": say("errors.too_many_bytes", limit_mb=LIMIT_MB)})
        try:
            found.append(DeclaredPhoto(sha256, size))  # type: ignore[arg-type]  # it refuses what is neither
        except ReportsError:
            raise Faults({"photos": say("door.fault.value")}) from None
    return tuple(found)
