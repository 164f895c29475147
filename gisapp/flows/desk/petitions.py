"""自治会の要望書 on the desk: the overview by association and year, one petition, its answers, its next year.

An answer is what the town promises by letter, a report's state is the work itself (ADR 0028): answering writes a
note into the report's history, the letter writes the public reply, and where the two differ the page says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gisapp.flows.desk.acting import Desk, NotAllowed, WhyRequired
from gisapp.flows.desk.reading import may_read
from gisapp.person import Person, Right, Scope, hidden_from, may, reach
from gisapp.words import DEFAULT, say, speaking
from reports_store import PiiState, Report, ReportStore, Status
from reports_store.audit import VIEW_CONTACT
from reports_store.errors import UnknownReport
from reports_store.fiscal import era_year
from reports_store.petition import Item, NewAnswer, Petition, PetitionAnswer, PetitionLine, Revised
from reports_store.petition_carrying import Carrying

A = PetitionAnswer
# What the work on a report says the answer is; a state that is not here says nothing yet.
SUGGESTED: Mapping[Status, PetitionAnswer] = {
    Status.RESOLVED: A.DONE,
    Status.SCHEDULED: A.PLANNED,
    Status.IN_PROGRESS: A.PLANNED,
    Status.INVESTIGATING: A.CONSIDERED,
    Status.NO_ACTION: A.DIFFICULT,
    Status.REJECTED: A.DIFFICULT,
    Status.OUT_OF_SCOPE: A.OTHER_BODY,
    Status.REFERRED: A.OTHER_BODY,
    Status.REFERRED_CLOSED: A.OTHER_BODY,
}
# Only where the work is over can an answer be plainly untrue.
OVER = frozenset({
    Status.RESOLVED, Status.NO_ACTION, Status.REJECTED, Status.OUT_OF_SCOPE, Status.REFERRED_CLOSED,
})  # fmt: skip
LOOKED_AT = {PiiState.CLEAR: "sha256", PiiState.REDACTED: "shown_as"}


@dataclass(frozen=True)
class ItemSeen:
    """An item as a person sees it; report is None where its time is over. hidden: another department's matter."""

    item: Item
    report: Report | None
    hidden: bool
    may_answer: bool

    @property
    def department(self) -> str:
        return (self.report.department or "") if self.report else ""

    @property
    def suggested(self) -> PetitionAnswer | None:
        """What the work on the report says the answer is."""
        return SUGGESTED.get(self.report.status) if self.report else None

    @property
    def differs(self) -> bool:
        """Whether the work is over and ended otherwise than was answered."""
        over = self.report is not None and self.report.status in OVER
        return over and self.item.answer is not None and self.item.answer is not self.suggested

    @property
    def photos(self) -> tuple[str, ...]:
        """The pictures that may leave the town hall: only those that eyes have looked at."""
        if self.report is None:
            return ()
        looked = [(one, LOOKED_AT.get(one.pii_state)) for one in self.report.own_photos]
        return tuple(getattr(one, name) for one, name in looked if name)


@dataclass(frozen=True)
class PetitionSeen:
    """A petition as a person sees it, and what they may do with it."""

    petition: Petition
    items: tuple[ItemSeen, ...]
    may_issue: bool
    may_contact: bool
    earlier: tuple[PetitionLine, ...] = ()

    @property
    def departments(self) -> str:
        """The departments of its items, as they are named in a sentence."""
        return "、".join(
            dict.fromkeys(one.department for one in self.items if one.department and not one.hidden)
        )


def petition_seen(number: str, desk: Desk) -> PetitionSeen:
    """One petition with the reports of its items. Raises UnknownPetition."""
    petition = desk.reports.petition(number)
    items = tuple(_item_seen(one, desk) for one in petition.items)
    every = [one for one in desk.reports.petitions(association=petition.association) if one.number != number]
    return PetitionSeen(
        petition,
        items,
        _over_all(Right.PETITION, items, desk.person),
        _may_contact(items, desk.person),
        tuple(every),
    )


def _item_seen(item: Item, desk: Desk) -> ItemSeen:
    try:
        report = desk.reports.get(item.report)
    except UnknownReport:
        hidden = _was_hidden(item.report, desk)
        return ItemSeen(item, None, hidden, not hidden and reach(desk.person, Right.PETITION) is Scope.ALL)
    hidden = not may_read(desk.person, report, desk.categories)
    return ItemSeen(
        item, report, hidden, not hidden and may(desk.person, Right.PETITION, report.department or "")
    )


def _was_hidden(public_id: str, desk: Desk) -> bool:
    """Whether a report whose time is over was another department's matter; a kind nobody knows any more may have been."""
    kept_from, stone = hidden_from(desk.person, desk.categories), desk.reports.tombstone(public_id)
    return bool(kept_from) and (stone is None or stone.category in kept_from)


def _over_all(right: Right, items: Sequence[ItemSeen], person: Person) -> bool:
    """Whether a right reaches every item: the whole petition is a person's only if each of its items is."""
    return reach(person, right) is not None and all(
        not one.hidden and may(person, right, one.department) for one in items
    )


def _may_contact(items: Sequence[ItemSeen], person: Person) -> bool:
    return any(may(person, Right.CONTACT, one.department) for one in items)


def answer_item(
    desk: Desk, number: str, position: int, answer: PetitionAnswer, text: str, *, seen: int,
    planned_year: int | None = None, internal_note: str = "", client_uuid: str | None = None,
) -> Petition:  # fmt: skip
    """Answer one item, of one's own department's. Raises NotAllowed, StaleVersion, PetitionRefused."""
    found = petition_seen(number, desk)
    item = next((one for one in found.items if one.item.position == position), None)
    if item is not None and not item.may_answer:
        raise NotAllowed(Right.PETITION.value, item.department)
    year = planned_year if answer is PetitionAnswer.PLANNED else None
    words = in_history(
        "answered",
        number=number,
        position=position,
        planned=(answer, year),
        text=text,
    )
    new = NewAnswer(answer, text, desk.person.login, desk.now(), year, internal_note, words, client_uuid)
    return desk.reports.answer_petition(found.petition.id, position, new, seen=seen)


def revise(desk: Desk, number: str, revised: Mapping[int, Revised], *, seen: int) -> Petition:
    """Correct what was typed of a petition. Raises NotAllowed, StaleVersion, PetitionRefused."""
    found = petition_seen(number, desk)
    if not found.may_issue:
        raise NotAllowed(Right.PETITION.value, found.departments)
    return desk.reports.revise_petition(found.petition.id, revised, seen=seen)


def carry(desk: Desk, number: str, positions: tuple[int, ...], *, seen: int, client_uuid: str) -> Petition:
    """Carry items into the next fiscal year. Raises NotAllowed, StaleVersion, PetitionRefused."""
    found = petition_seen(number, desk)
    if not found.may_issue:
        raise NotAllowed(Right.PETITION.value, found.departments)
    note = in_history("carried", number=number, to="{number}")
    what = Carrying(positions, desk.now(), desk.person.login, client_uuid, note)
    return desk.reports.carry_petition(found.petition.id, what, seen=seen)


def look_at_representative(desk: Desk, number: str, why: str) -> str:
    """Who speaks for the association; the look is written in the audit first. Raises NotAllowed, WhyRequired."""
    if not why.strip():
        raise WhyRequired
    found = petition_seen(number, desk)
    if not found.may_contact:
        raise NotAllowed(Right.CONTACT.value, found.departments)
    desk.reports.note_audit(desk.person.login, VIEW_CONTACT, number, {"why": why}, desk.now())
    return desk.reports.petition_representative(found.petition.id)


def in_history(
    key: str, planned: tuple[PetitionAnswer | None, int | None] = (None, None), **values: object
) -> str:
    """What a report's history says, in the one language in which departments read it."""
    with speaking(DEFAULT):
        return say(f"desk_petitions.note.{key}", answer=answer_words(*planned), **values).strip()


def answer_words(answer: PetitionAnswer | None, planned_year: int | None = None) -> str:
    """An answer as people read it, with the year it is planned for."""
    if answer is None:
        return say("desk_petitions.answer.none")
    words = say(f"desk_petitions.answer.{answer}")
    return (
        words
        if planned_year is None
        else say("desk_petitions.answer.in_year", answer=words, year=year_words(planned_year))
    )


def year_words(year: int) -> str:
    """A fiscal year as the town writes it: R8年度."""
    return say("desk_petitions.year", era=era_year(year))


# --- the overview


@dataclass(frozen=True)
class Cell:
    """What one association asked for in one year."""

    petitions: tuple[PetitionLine, ...]

    @property
    def counts(self) -> dict[PetitionAnswer | None, int]:
        return summed(self.petitions)

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class Overview:
    """Associations by years: years is newest first, rows are in the order of the names' first petition."""

    years: tuple[int, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    lines: tuple[PetitionLine, ...]

    @property
    def counts(self) -> dict[PetitionAnswer | None, int]:
        return summed(self.lines)


def overview(
    reports: ReportStore, association: str = "", year: int | None = None, only: str = ""
) -> Overview:
    """Every petition that the filters leave; only: "unanswered", or an answer that an item must have."""
    found = reports.petitions(years=() if year is None else (year,), association=association)
    if only:
        wanted = None if only == "unanswered" else PetitionAnswer(only)
        found = [one for one in found if one.counts.get(wanted)]
    years = tuple(sorted({one.fiscal_year for one in found}, reverse=True))
    names = sorted({one.association for one in found})
    rows = tuple((name, tuple(_cell(found, name, one) for one in years)) for name in names)
    return Overview(years, rows, tuple(reversed(found)))


def _cell(found: Sequence[PetitionLine], association: str, year: int) -> Cell:
    return Cell(tuple(one for one in found if one.association == association and one.fiscal_year == year))


def summed(lines: Sequence[PetitionLine]) -> dict[PetitionAnswer | None, int]:
    """How many items have each answer over all these petitions, in the order of the answers, unanswered last."""
    order = (*PetitionAnswer, None)
    every = {answer: sum(line.counts.get(answer, 0) for line in lines) for answer in order}
    return {answer: n for answer, n in every.items() if n}
