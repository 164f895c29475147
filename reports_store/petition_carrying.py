"""What was not settled goes into the association's petition of the next year, with its report and its history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from reports_store.errors import PetitionRefused
from reports_store.petition import Item, Petition, PetitionState
from reports_store.petition_rows import BLANK_ANSWER, load_petition
from reports_store.petitions import Hand, Head, add_head, check_seen, grow, noted, tell_report
from reports_store.report import canonical_uuid
from reports_store.schema import petition, petition_item


@dataclass(frozen=True)
class Carrying:
    """What goes into the next year: the items by position (all that may where empty), when, by whom.

    note is what each report's history says of it; {number} in it becomes the new petition's number.
    """

    positions: tuple[int, ...]
    at: datetime
    by: str
    uuid: str
    note: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "uuid", canonical_uuid("uuid", self.uuid))


def carry_over(
    connection: sa.Connection, petition_id: int, what: Carrying, seen: int, hand: Hand
) -> Petition:
    """Carry items of a petition whose version was seen; the petition they went into comes back.

    They join one of the next fiscal year that is there and not answered by a letter yet, or begin one.
    Raises StaleVersion, and PetitionRefused where nothing may be carried.
    """
    made = connection.execute(
        sa.select(petition.c.id).where(petition.c.uuid == what.uuid)
    ).scalar_one_or_none()
    if made is not None:
        return load_petition(connection, made)  # the same form again
    old = load_petition(connection, petition_id)
    check_seen(petition_id, old.version, seen)
    wanted = [old.item(position) for position in what.positions] or [
        one for one in old.items if one.carryable
    ]
    if not wanted or not all(one.carryable for one in wanted):
        raise PetitionRefused("nothing_to_carry", old.number)
    target = _next_petition(connection, old, what)
    ordered = sorted(wanted, key=lambda one: one.priority)
    rows = [_row(target.id, at, one) for at, one in enumerate(ordered, start=len(target.items) + 1)]
    connection.execute(petition_item.insert(), rows)
    # What was carried stays as it was answered: the old petition, and a letter about it, are not changed by this.
    grow(connection, target.id)
    for one in wanted:
        tell_report(
            connection,
            hand,
            one.report,
            noted(what.note.replace("{number}", target.number), what.by, what.at),
        )
    return load_petition(connection, target.id)


def _next_petition(connection: sa.Connection, old: Petition, what: Carrying) -> Petition:
    year = old.fiscal_year + 1
    same = sa.select(petition.c.id).where(
        petition.c.fiscal_year == year,
        petition.c.association == old.association,
        petition.c.association_id == old.association_id,
        petition.c.state == PetitionState.OPEN.value,
    )
    found = connection.execute(same.order_by(petition.c.id).limit(1)).scalar_one_or_none()
    if found is None:
        # Who speaks for the association next year is not known yet: only the office is taken over.
        head = Head(
            what.uuid,
            old.association,
            old.association_id,
            year,
            old.title,
            what.at,
            what.by,
            old.representative_role,
        )
        found, _ = add_head(connection, head, b"")
    return load_petition(connection, found)


def _row(petition_id: int, position: int, old: Item) -> dict[str, object]:
    """The same wish with the same report, after what the petition already holds, and no answer yet."""
    return {
        "petition_id": petition_id,
        "position": position,
        "title": old.title,
        "body": old.body,
        "priority": position,
        "consents": list(old.consents),
        "report": old.report,
        "place_text": old.place_text,
        **BLANK_ANSWER,
        "carried_from": old.id,
        "version": 1,
    }
