"""From rows to petitions: one with everything in it, or lines for an overview."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from reports_store.errors import UnknownPetition
from reports_store.fiscal import era_year
from reports_store.petition import (
    Consent,
    Item,
    ItemLink,
    Letter,
    Petition,
    PetitionAnswer,
    PetitionLine,
    PetitionState,
)
from reports_store.rows import from_micros, maybe_moment
from reports_store.schema import petition, petition_item, petition_letter

BLANK_ANSWER: Mapping[str, object] = {
    "answer": None, "answer_text": "", "internal_note": "", "planned_year": None, "answered_by": "",
    "answered_at": None, "answer_uuid": None,
}  # fmt: skip


def number_of(fiscal_year: int, running: int) -> str:
    """How a petition is called: 要R8-012."""
    return f"要{era_year(fiscal_year)}-{running:03d}"


def petition_id_of(connection: sa.Connection, number: str) -> int:
    """Raises UnknownPetition."""
    found = connection.execute(
        sa.select(petition.c.id).where(petition.c.number == number)
    ).scalar_one_or_none()
    if found is None:
        raise UnknownPetition(number)
    return int(found)


def load_petition(connection: sa.Connection, petition_id: int) -> Petition:
    """Raises UnknownPetition."""
    row = connection.execute(sa.select(*_HEAD).where(petition.c.id == petition_id)).one_or_none()
    if row is None:
        raise UnknownPetition(str(petition_id))
    chosen = sa.select(petition_item).where(petition_item.c.petition_id == petition_id)
    items = connection.execute(chosen.order_by(petition_item.c.position)).all()
    came = _links(connection, petition_item.c.id, [one.carried_from for one in items if one.carried_from])
    went = _links(connection, petition_item.c.carried_from, [one.id for one in items])
    return Petition(
        **{name: getattr(row, name) for name in _PLAIN},
        representative_given=bool(row.given),
        received_at=from_micros(row.received_at),
        state=PetitionState(row.state),
        items=tuple(_item(one, came.get(one.carried_from), went.get(one.id)) for one in items),
        letters=_letters(connection, petition_id),
    )


def petition_lines(
    connection: sa.Connection, years: tuple[int, ...] = (), association: str = ""
) -> list[PetitionLine]:
    """Every petition, or those of some years or of one association, in the order of their numbers."""
    wanted = sa.select(petition)
    if years:
        wanted = wanted.where(petition.c.fiscal_year.in_(years))
    if association:
        wanted = wanted.where(petition.c.association == association)
    rows = connection.execute(wanted.order_by(petition.c.fiscal_year, petition.c.running)).all()
    counted: dict[int, dict[PetitionAnswer | None, int]] = defaultdict(dict)
    by_answer = sa.select(petition_item.c.petition_id, petition_item.c.answer, sa.func.count())
    for number, answer, n in connection.execute(
        by_answer.group_by(petition_item.c.petition_id, petition_item.c.answer)
    ):
        counted[number][PetitionAnswer(answer) if answer else None] = int(n)
    return [
        PetitionLine(
            number=row.number, association=row.association, association_id=row.association_id,
            fiscal_year=row.fiscal_year, title=row.title, state=PetitionState(row.state),
            received_at=from_micros(row.received_at), counts=counted.get(row.id, {}),
        )
        for row in rows
    ]  # fmt: skip


def items_of_report(connection: sa.Connection, receipt: str) -> list[ItemLink]:
    """Which items of which petitions a report is worked on for, oldest first."""
    found = _LINK.where(petition_item.c.report == receipt).order_by(
        petition.c.fiscal_year, petition_item.c.id
    )
    return [ItemLink(number, year, position) for number, year, position in connection.execute(found)]


_PLAIN = ("id", "uuid", "number", "association", "association_id", "fiscal_year", "title", "representative_role",
          "received_by", "version")  # fmt: skip
_HEAD = (
    *(petition.c[name] for name in _PLAIN), petition.c.received_at, petition.c.state,
    (petition.c.representative_name != "").label("given"),
)  # fmt: skip
_LINK = sa.select(petition.c.number, petition.c.fiscal_year, petition_item.c.position).join_from(
    petition_item, petition
)


def _links(connection: sa.Connection, by: sa.Column[Any], ids: Iterable[int]) -> dict[int, ItemLink]:
    """Items found by their own id or by the id they came from, each under that id."""
    rows = connection.execute(_LINK.add_columns(by.label("known_by")).where(by.in_(list(ids))))
    return {row.known_by: ItemLink(row.number, row.fiscal_year, row.position) for row in rows}


def _item(row: sa.Row[Any], came: ItemLink | None, went: ItemLink | None) -> Item:
    return Item(
        id=row.id, position=row.position, title=row.title, body=row.body, priority=row.priority,
        consents=tuple(Consent(one) for one in row.consents), report=row.report, place_text=row.place_text,
        answer=None if row.answer is None else PetitionAnswer(row.answer), answer_text=row.answer_text,
        internal_note=row.internal_note, planned_year=row.planned_year, answered_by=row.answered_by,
        answered_at=maybe_moment(row.answered_at), version=row.version, carried_from=came, carried_to=went,
    )  # fmt: skip


def _letters(connection: sa.Connection, petition_id: int) -> tuple[Letter, ...]:
    chosen = sa.select(petition_letter).where(petition_letter.c.petition_id == petition_id)
    return tuple(
        Letter(
            edition=row.edition, document_number=row.document_number, dated=date.fromisoformat(row.dated),
            issued_at=from_micros(row.issued_at), issued_by=row.issued_by,
            petition_version=row.petition_version, content=row.content,
        )
        for row in connection.execute(chosen.order_by(petition_letter.c.edition))
    )  # fmt: skip
