"""回答書: what a letter says, word by word, as it is kept when it is issued and as it is printed ever after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from gisapp.flows.desk.acting import Desk, NotAllowed
from gisapp.flows.desk.petition_intake import year_title
from gisapp.flows.desk.petition_table import consent_name
from gisapp.flows.desk.petitions import (
    ItemSeen,
    PetitionSeen,
    answer_words,
    in_history,
    petition_seen,
)
from gisapp.person import Right
from gisapp.words import DEFAULT, say, speaking
from reports_store.audit import RELEASE
from reports_store.errors import UnknownPetition
from reports_store.fiscal import JST
from reports_store.petition import NewLetter, Petition, PetitionAnswer
from reports_store.plaintext import LINE_LIMIT


@dataclass(frozen=True)
class LetterItem:
    """One answered wish of a letter; lon and lat (degrees) are None where its report is gone."""

    position: int
    priority: int
    title: str
    body: str
    place: str
    consents: str
    answer: str
    answer_words: str
    text: str
    department: str
    report: str
    lon: float | None
    lat: float | None
    photos: tuple[str, ...]


@dataclass(frozen=True)
class LetterContent:
    """A letter. mayor may be left empty, to be written or stamped by hand; edition 0 is a draft."""

    number: str
    title: str
    association: str
    role: str
    fiscal_year: int
    received_on: str
    document_number: str
    dated: str
    mayor: str
    edition: int
    items: tuple[LetterItem, ...]


def draft_of(
    seen: PetitionSeen, document_number: str = "", dated: str = "", mayor: str = ""
) -> LetterContent:
    """The letter as it would be issued now; hidden items are only numbered."""
    one = seen.petition
    return LetterContent(
        number=one.number, title=one.title, association=one.association, role=one.representative_role,
        fiscal_year=one.fiscal_year, received_on=one.received_at.astimezone(JST).date().isoformat(),
        document_number=document_number, dated=dated, mayor=mayor, edition=0,
        items=tuple(_item(each) for each in seen.items),
    )  # fmt: skip


def _item(seen: ItemSeen) -> LetterItem:
    item, report = seen.item, seen.report
    if seen.hidden:
        words = say("desk_petitions.hidden")
        return LetterItem(
            item.position, item.priority, words, "", "", "", "", words, "", "", "", None, None, ()
        )
    area = report.area.name if report and report.area else ""
    return LetterItem(
        position=item.position, priority=item.priority, title=item.title, body=item.body,
        place=item.place_text or area, consents="、".join(consent_name(one) for one in item.consents),
        answer=item.answer or "", answer_words=answer_words(item.answer, item.planned_year), text=item.answer_text,
        department=seen.department, report=item.report, lon=report.place.lon if report else None,
        lat=report.place.lat if report else None, photos=seen.photos,
    )  # fmt: skip


def issue(desk: Desk, number: str, document_number: str, dated: date, mayor: str, *, seen: int) -> Petition:
    """Issue the 回答書 as it stands. Raises NotAllowed, StaleVersion, PetitionRefused."""
    found = petition_seen(number, desk)
    if not found.may_issue:
        raise NotAllowed(Right.PETITION.value, found.departments)
    new = letter_to_issue(found, document_number, dated, mayor, desk.person.login, desk.now())
    issued = desk.reports.issue_petition_letter(found.petition.id, new, seen=seen)
    detail = {"edition": len(issued.letters)}
    desk.reports.note_audit(desk.person.login, RELEASE, number, detail, desk.now())
    return issued


def letter_to_issue(
    found: PetitionSeen, document_number: str, dated: date, mayor: str, by: str, at: datetime
) -> NewLetter:
    """The letter as it is kept for good, and what each report says from then on."""
    with speaking(DEFAULT):  # a letter of the town is in the town's language, whoever issues it
        content = draft_of(found, document_number.strip(), dated.isoformat(), mayor.strip()[:LINE_LIMIT])
    kept = replace(content, edition=len(found.petition.letters) + 1)
    replies = {one.item.id: _reply(one) for one in found.items}
    return NewLetter(document_number.strip(), dated, asdict(kept), by, at, replies)


def _reply(seen: ItemSeen) -> str:
    """What residents who follow the report read: the answer, without who asked."""
    item = seen.item
    return in_history("replied", planned=(item.answer, item.planned_year), text=item.answer_text)


def letter_of(desk: Desk, number: str, edition: int) -> LetterContent:
    """An issued letter, or the draft where edition is 0; what a person may not see is left out of it.

    Raises UnknownPetition for an edition that was never issued.
    """
    found = petition_seen(number, desk)
    if edition == 0:
        return draft_of(found)
    letter = next((one for one in found.petition.letters if one.edition == edition), None)
    if letter is None:
        raise UnknownPetition(f"{number} {edition}")
    content = content_of(letter.content)
    hidden = {one.item.position for one in found.items if one.hidden}
    items = tuple(_masked(one) if one.position in hidden else one for one in content.items)
    return replace(content, items=items)


def _masked(item: LetterItem) -> LetterItem:
    words = say("desk_petitions.hidden")
    return LetterItem(item.position, item.priority, words, "", "", "", "", words, "", "", "", None, None, ())


def content_of(kept: Mapping[str, Any]) -> LetterContent:
    """A letter from the words that were kept."""
    items = tuple(LetterItem(**{**one, "photos": tuple(one["photos"])}) for one in kept["items"])
    return LetterContent(**{**kept, "items": items})


def addressee(content: LetterContent) -> str:
    """本町自治会 会長 様: the association and the office, never the name."""
    name = content.association
    if not name.endswith(("会", "区", "町内")):
        name = say("desk_petitions.letter.association", name=name)
    return say(
        "desk_petitions.letter.to", association=name, role=content.role or say("desk_petitions.role_usual")
    )


def tally(content: LetterContent) -> list[tuple[str, int]]:
    """How many items have each answer, for the line under the greeting."""
    kinds = [one.answer for one in content.items if one.answer]
    return [(say(f"desk_petitions.answer.{one}"), kinds.count(one)) for one in PetitionAnswer if one in kinds]


def title_of(content: LetterContent) -> str:
    return say("desk_petitions.letter.title", title=content.title, year=year_title(content.fiscal_year))
