"""自治会の要望書: many wishes in one letter, each answered by the town, and the letters that carried the answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from reports_store.errors import InvalidValue, PetitionRefused, UnknownPetition
from reports_store.plaintext import BODY_LIMIT, LINE_LIMIT, MESSAGE_LIMIT, check_json, check_text, check_time
from reports_store.report import NewReport, canonical_uuid

MOST_ITEMS = 100
TITLE_LIMIT = 100
YEARS = (1989, 2200)


class PetitionAnswer(StrEnum):
    """実施済, 実施予定, 検討, 困難, 他機関: what the town says to one wish."""

    DONE = "done"
    PLANNED = "planned"
    CONSIDERED = "considered"
    DIFFICULT = "difficult"
    OTHER_BODY = "other_body"


class PetitionState(StrEnum):
    OPEN = "open"
    ISSUED = "issued"


class Consent(StrEnum):
    """Who has agreed to a wish: 隣接地権者, 班長, 役員会, 周辺住民, 水利組合・土地改良区."""

    LANDOWNER = "landowner"
    BLOCK_LEADER = "block_leader"
    BOARD = "board"
    NEIGHBOURS = "neighbours"
    WATER_USERS = "water_users"


# 検討, 困難 and 他機関 say little by themselves: why, or which body, has to be written.
NEEDS_TEXT = frozenset({PetitionAnswer.CONSIDERED, PetitionAnswer.DIFFICULT, PetitionAnswer.OTHER_BODY})
# What is not settled when the year ends may go into the next year's petition.
CARRYABLE = frozenset({None, PetitionAnswer.PLANNED, PetitionAnswer.CONSIDERED})


def check_year(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not YEARS[0] <= value <= YEARS[1]:
        raise InvalidValue("fiscal_year", repr(value)[:60], f"a year from {YEARS[0]} to {YEARS[1]}")
    return value


def checked_consents(values: object) -> tuple[Consent, ...]:
    """The consents in the order of the list, each once."""
    given = values if isinstance(values, (list, tuple)) else [values]
    if stray := [one for one in given if one not in list(Consent)]:
        raise InvalidValue("consents", repr(stray[0])[:60], ", ".join(Consent))
    return tuple(one for one in Consent if one in given)


@dataclass(frozen=True)
class NewItem:
    """One wish. report is a report to be filed with it, or the receipt number of one that there is.

    note is what the history of a report that there is says of the petition; {number} in it becomes the petition's.
    """

    title: str
    body: str
    priority: int
    report: NewReport | str
    consents: tuple[Consent, ...] = ()
    place_text: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        check_text("title", self.title, TITLE_LIMIT)
        check_text("body", self.body, BODY_LIMIT)
        check_text("place_text", self.place_text, LINE_LIMIT)
        check_text("note", self.note, MESSAGE_LIMIT)
        if not self.title.strip():
            raise InvalidValue("title", "''", "a title")
        object.__setattr__(self, "consents", checked_consents(self.consents))


@dataclass(frozen=True)
class NewPetition:
    """A 要望書 as it came in. The priorities of its items are 1 to their number, each once.

    representative_name is personal data: it has a column of its own and is never part of a Petition.
    """

    uuid: str
    association: str
    association_id: str
    fiscal_year: int
    title: str
    received_at: datetime
    received_by: str
    items: tuple[NewItem, ...]
    representative_role: str = ""
    representative_name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "uuid", canonical_uuid("uuid", self.uuid))
        check_year(self.fiscal_year)
        check_text("title", self.title, TITLE_LIMIT)
        for name in (
            "association",
            "association_id",
            "received_by",
            "representative_role",
            "representative_name",
        ):
            check_text(name, getattr(self, name), LINE_LIMIT)
        check_time("received_at", self.received_at)
        if not self.association.strip():
            raise InvalidValue("association", "''", "the name of an association")
        if not 1 <= len(self.items) <= MOST_ITEMS:
            raise InvalidValue("items", str(len(self.items)), f"1 to {MOST_ITEMS} items")
        check_priorities([one.priority for one in self.items])


def check_priorities(found: list[int]) -> None:
    if sorted(found) != list(range(1, len(found) + 1)):
        raise PetitionRefused("priorities", "")


@dataclass(frozen=True)
class NewAnswer:
    """The town's answer to one wish. text is for the association, internal_note for the town hall.

    note is what the history of the item's report says of it.
    """

    answer: PetitionAnswer
    text: str
    by: str
    at: datetime
    planned_year: int | None = None
    internal_note: str = ""
    note: str = ""
    client_uuid: str | None = None

    def __post_init__(self) -> None:
        if self.answer not in list(PetitionAnswer):
            raise InvalidValue("answer", repr(self.answer)[:60], ", ".join(PetitionAnswer))
        object.__setattr__(self, "answer", PetitionAnswer(self.answer))
        for name in ("text", "internal_note", "note"):
            check_text(name, getattr(self, name), MESSAGE_LIMIT)
        check_text("by", self.by, LINE_LIMIT)
        check_time("at", self.at)
        if self.client_uuid is not None:
            object.__setattr__(self, "client_uuid", canonical_uuid("client_uuid", self.client_uuid))
        if self.answer in NEEDS_TEXT and not self.text.strip():
            raise PetitionRefused("text_needed", "")
        if (self.answer is PetitionAnswer.PLANNED) != (self.planned_year is not None):
            raise PetitionRefused("year_needed", "")
        if self.planned_year is not None:
            check_year(self.planned_year)


@dataclass(frozen=True)
class Revised:
    """How the words, priority and consents of an item were written wrongly and should be."""

    title: str
    body: str
    priority: int
    consents: tuple[Consent, ...] = ()

    def __post_init__(self) -> None:
        check_text("title", self.title, TITLE_LIMIT)
        check_text("body", self.body, BODY_LIMIT)
        if not self.title.strip():
            raise InvalidValue("title", "''", "a title")
        object.__setattr__(self, "consents", checked_consents(self.consents))


@dataclass(frozen=True)
class NewLetter:
    """A 回答書 to be issued: its number and day, and its contents as they stand, kept word by word.

    replies are what the reports of the items say to residents from now on, by the item's id.
    """

    document_number: str
    dated: date
    content: Mapping[str, object]
    by: str
    at: datetime
    replies: Mapping[int, str]

    def __post_init__(self) -> None:
        check_text("document_number", self.document_number, LINE_LIMIT)
        check_text("by", self.by, LINE_LIMIT)
        check_time("at", self.at)
        check_json("content", self.content)


@dataclass(frozen=True)
class ItemLink:
    """An item of another year's petition, by the petition's number and its own."""

    number: str
    fiscal_year: int
    position: int


@dataclass(frozen=True)
class Item:
    """A wish as it stands. report is the receipt number of the report that it is worked on as."""

    id: int
    position: int
    title: str
    body: str
    priority: int
    consents: tuple[Consent, ...]
    report: str
    place_text: str
    answer: PetitionAnswer | None
    answer_text: str
    internal_note: str
    planned_year: int | None
    answered_by: str
    answered_at: datetime | None
    version: int
    carried_from: ItemLink | None = None
    carried_to: ItemLink | None = None

    @property
    def carryable(self) -> bool:
        return self.answer in CARRYABLE and self.carried_to is None


@dataclass(frozen=True)
class Letter:
    """A 回答書 that was issued; edition 1 is the first. petition_version is what it answered."""

    edition: int
    document_number: str
    dated: date
    issued_at: datetime
    issued_by: str
    petition_version: int
    content: Mapping[str, object]


@dataclass(frozen=True)
class Petition:
    """A 要望書 with its items in their order and the letters that were issued, oldest first."""

    id: int
    uuid: str
    number: str
    association: str
    association_id: str
    fiscal_year: int
    title: str
    representative_role: str
    representative_given: bool
    received_at: datetime
    received_by: str
    state: PetitionState
    version: int
    items: tuple[Item, ...]
    letters: tuple[Letter, ...] = ()

    @property
    def unanswered(self) -> tuple[Item, ...]:
        return tuple(one for one in self.items if one.answer is None)

    @property
    def changed_since_letter(self) -> bool:
        """Whether something was answered or corrected after the latest letter."""
        return bool(self.letters) and self.letters[-1].petition_version != self.version

    def item(self, position: int) -> Item:
        """Raises UnknownPetition for a number that the petition does not have."""
        found = [one for one in self.items if one.position == position]
        if not found:
            raise UnknownPetition(f"{self.number} {position}")
        return found[0]


@dataclass(frozen=True)
class PetitionLine:
    """A petition in an overview. counts says how many items have each answer; None stands for unanswered."""

    number: str
    association: str
    association_id: str
    fiscal_year: int
    title: str
    state: PetitionState
    received_at: datetime
    counts: Mapping[PetitionAnswer | None, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())
