"""Keeping 自治会の要望書: filed with their reports in one step, answered item by item, issued as letters, carried over."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime

import sqlalchemy as sa

from reports_store.errors import Conflict, PetitionRefused, StaleVersion, UnknownReport
from reports_store.petition import (
    NewAnswer,
    NewItem,
    NewLetter,
    NewPetition,
    Petition,
    PetitionState,
    Revised,
    check_priorities,
)
from reports_store.petition_rows import BLANK_ANSWER, load_petition, number_of
from reports_store.plaintext import check_number
from reports_store.report import ActorType, EventKind, NewEvent, NewReport
from reports_store.rows import to_micros
from reports_store.schema import petition, petition_item, petition_letter
from reports_store.schema import report as report_table

File = Callable[[sa.Connection, Sequence[NewReport]], Sequence[str]]
Tell = Callable[[sa.Connection, int, NewEvent], None]


@dataclass(frozen=True)
class Hand:
    """What a change of a petition changes besides: reports are filed (their numbers come back), events written."""

    file: File
    tell: Tell


@dataclass(frozen=True)
class Head:
    """A petition without its items."""

    uuid: str
    association: str
    association_id: str
    fiscal_year: int
    title: str
    received_at: datetime
    received_by: str
    representative_role: str
    representative_name: str = ""


def digest_of(new: NewPetition) -> bytes:
    """What makes two sendings the same petition: what the association wrote, not when we took it in."""
    items = [
        [one.title, one.body, one.priority, list(one.consents), one.place_text,
         one.report if isinstance(one.report, str) else one.report.uuid]
        for one in new.items
    ]  # fmt: skip
    parts = [new.association, new.association_id, new.fiscal_year, new.title, new.representative_role,
             new.representative_name, items]  # fmt: skip
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).digest()


def add_petition(connection: sa.Connection, new: NewPetition, hand: Hand) -> tuple[Petition, bool]:
    """File a petition and its reports: all of it or nothing. Whether it is new. Raises Conflict, UnknownReport."""
    digest = digest_of(new)
    known = connection.execute(sa.select(petition.c.id, petition.c.digest).where(petition.c.uuid == new.uuid))
    if (row := known.one_or_none()) is not None:
        if row.digest != digest:
            raise Conflict(new.uuid)
        return load_petition(connection, row.id), False
    head = Head(**{one.name: getattr(new, one.name) for one in fields(Head)})
    petition_id, number = add_head(connection, head, digest)
    filed = iter(hand.file(connection, [one.report for one in new.items if not isinstance(one.report, str)]))
    receipts = [one.report if isinstance(one.report, str) else next(filed) for one in new.items]
    rows = [
        _item_row(petition_id, position, item, receipt)
        for position, (item, receipt) in enumerate(zip(new.items, receipts, strict=True), start=1)
    ]
    connection.execute(petition_item.insert(), rows)
    for one in new.items:
        if isinstance(one.report, str):
            note = one.note.replace("{number}", number)
            if not tell_report(connection, hand, one.report, noted(note, new.received_by, new.received_at)):
                raise UnknownReport(one.report)
    return load_petition(connection, petition_id), True


def add_head(connection: sa.Connection, head: Head, digest: bytes) -> tuple[int, str]:
    """A petition without items, with the next number of its year."""
    # The one writer's turn makes this safe: nobody else writes between the question and the answer.
    last = sa.select(sa.func.coalesce(sa.func.max(petition.c.running), 0))
    running = int(connection.execute(last.where(petition.c.fiscal_year == head.fiscal_year)).scalar_one()) + 1
    number = number_of(head.fiscal_year, running)
    row = {**asdict(head), "received_at": to_micros(head.received_at)}
    first = {"state": PetitionState.OPEN.value, "version": 1}
    connection.execute(
        petition.insert(), {**row, **first, "digest": digest, "number": number, "running": running}
    )
    found = connection.execute(sa.select(petition.c.id).where(petition.c.number == number))
    return int(found.scalar_one()), number


def _item_row(petition_id: int, position: int, new: NewItem, receipt: str) -> dict[str, object]:
    return {
        "petition_id": petition_id, "position": position, "title": new.title, "body": new.body,
        "priority": new.priority, "consents": list(new.consents), "report": receipt,
        "place_text": new.place_text, **BLANK_ANSWER, "carried_from": None, "version": 1,
    }  # fmt: skip


def answer_item(
    connection: sa.Connection, petition_id: int, position: int, new: NewAnswer, seen: int, hand: Hand
) -> Petition:
    """Write the town's answer to an item whose version was seen. Raises StaleVersion, UnknownPetition."""
    found = load_petition(connection, petition_id)
    item = found.item(position)
    which = petition_item.c.id == item.id
    before = connection.execute(sa.select(petition_item.c.answer_uuid).where(which)).scalar_one()
    if new.client_uuid is not None and before == new.client_uuid:
        return found  # the same form again
    check_seen(item.id, item.version, seen)
    connection.execute(
        petition_item.update().where(which),
        {
            "answer": new.answer.value, "answer_text": new.text, "internal_note": new.internal_note,
            "planned_year": new.planned_year, "answered_by": new.by, "answered_at": to_micros(new.at),
            "answer_uuid": new.client_uuid, "version": item.version + 1,
        },
    )  # fmt: skip
    grow(connection, found.id)
    tell_report(connection, hand, item.report, noted(new.note, new.by, new.at))
    return load_petition(connection, petition_id)


def revise_items(
    connection: sa.Connection, petition_id: int, revised: Mapping[int, Revised], seen: int
) -> Petition:
    """Correct the words, priorities and consents of items, by position. The petition's version was seen."""
    found = load_petition(connection, petition_id)
    check_seen(petition_id, found.version, seen)
    for position in revised:
        found.item(position)
    check_priorities(
        [revised[one.position].priority if one.position in revised else one.priority for one in found.items]
    )
    for position, one in revised.items():
        item = found.item(position)
        connection.execute(
            petition_item.update().where(petition_item.c.id == item.id),
            {"title": one.title, "body": one.body, "priority": one.priority, "consents": list(one.consents),
             "version": item.version + 1},
        )  # fmt: skip
    grow(connection, found.id)
    return load_petition(connection, petition_id)


def issue_letter(
    connection: sa.Connection, petition_id: int, new: NewLetter, seen: int, hand: Hand
) -> Petition:
    """Issue the 回答書 of a petition whose version was seen; each item's report says the answer to residents.

    Raises StaleVersion, and PetitionRefused while an item has no answer.
    """
    found = load_petition(connection, petition_id)
    check_seen(petition_id, found.version, seen)
    if found.unanswered:
        raise PetitionRefused("unanswered", ", ".join(str(one.position) for one in found.unanswered))
    connection.execute(
        petition_letter.insert(),
        {
            "petition_id": petition_id, "edition": len(found.letters) + 1,
            "document_number": new.document_number, "dated": new.dated.isoformat(),
            "issued_at": to_micros(new.at), "issued_by": new.by, "petition_version": found.version,
            "content": dict(new.content),
        },
    )  # fmt: skip
    connection.execute(
        petition.update().where(petition.c.id == petition_id), {"state": PetitionState.ISSUED.value}
    )
    for item in found.items:
        if words := new.replies.get(item.id, ""):
            event = NewEvent(EventKind.PUBLIC_REPLY, new.at, ActorType.STAFF, new.by, public_message=words)
            tell_report(connection, hand, item.report, event)
    return load_petition(connection, petition_id)


def check_seen(row_id: int, current: int, seen: int) -> None:
    if check_number("seen", seen) != current:
        raise StaleVersion(row_id, seen, current)


def grow(connection: sa.Connection, petition_id: int) -> None:
    """One more change of a petition."""
    more = petition.update().where(petition.c.id == petition_id)
    connection.execute(more.values(version=petition.c.version + 1))


def noted(words: str, by: str, at: datetime) -> NewEvent:
    """What the history of a report says to the town hall."""
    return NewEvent(EventKind.NOTE, at, ActorType.STAFF, by, internal_message=words)


def tell_report(connection: sa.Connection, hand: Hand, receipt: str, event: NewEvent) -> bool:
    """Write an event on an item's report. Whether there is one: its time may be over, the petition stays."""
    found = sa.select(report_table.c.id).where(report_table.c.public_id == receipt)
    report_id = connection.execute(found).scalar_one_or_none()
    if report_id is None:
        return False
    if event.public_message or event.internal_message:
        hand.tell(connection, report_id, event)
    return True
