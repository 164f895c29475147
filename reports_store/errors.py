"""Everything that can go wrong with a report or its photos, by name, with the values to say it in words.

ReportsError
├── InvalidReport      TextTooLong, BadCharacter, NumberTooLarge, InvalidPlace, InvalidTime, InvalidValue
├── CategoryError      UnknownCategory, CategoryFaults
├── TrackingError      InvalidCode
├── WorkflowError      TransitionRefused, ReasonRequired, EvidenceRequired, ActorRefused, DuplicateRefused,
│                      ChangeRefused, NotMerged, PetitionRefused, ReferralRequired
├── StoreError         UnknownReport, Conflict, StaleVersion, NotPublic, InvalidFilter, StoreBusy, StoreFull,
│                      StoreUnwritable, StoreDamaged, StoreClosed, SchemaTooNew, UnsupportedStore,
│                      UnknownSubscription, UnknownPetition
└── PhotoError         EmptyPhoto, NotAnImage, TruncatedPhoto, TooManyPixels, TooManyBytes, UnknownPhoto,
                       PhotoNotStored

An error carries `code` and `fields`; the sentence a person reads is written elsewhere, once per language.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar


@dataclass(eq=False)
class ReportsError(Exception):
    """The root: catch this at a face and say its code in words."""

    code: ClassVar[str] = "reports_error"

    def __post_init__(self) -> None:
        super().__init__(*(getattr(self, each.name) for each in fields(self)))

    @property
    def fields(self) -> dict[str, object]:
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def __str__(self) -> str:
        return ", ".join([self.code, *(f"{name}={value!r}" for name, value in self.fields.items())])


class InvalidReport(ReportsError):
    code = "invalid_report"


@dataclass(eq=False)
class TextTooLong(InvalidReport):
    code = "text_too_long"
    field: str
    length: int
    limit: int


@dataclass(eq=False)
class BadCharacter(InvalidReport):
    """NUL or half of a surrogate pair: no database and no file can keep it faithfully."""

    code = "bad_character"
    field: str
    codepoint: str


@dataclass(eq=False)
class NumberTooLarge(InvalidReport):
    code = "number_too_large"
    field: str
    limit: int


@dataclass(eq=False)
class InvalidPlace(InvalidReport):
    code = "invalid_place"
    field: str
    found: str
    expected: str


@dataclass(eq=False)
class InvalidTime(InvalidReport):
    code = "invalid_time"
    field: str
    found: str
    expected: str


@dataclass(eq=False)
class InvalidValue(InvalidReport):
    code = "invalid_value"
    field: str
    found: str
    expected: str


class CategoryError(ReportsError):
    code = "category_error"


@dataclass(eq=False)
class UnknownCategory(CategoryError, KeyError):
    code = "unknown_category"
    category: str
    expected: tuple[str, ...]


@dataclass(frozen=True)
class CategoryFault:
    category: str
    field: str
    found: str
    expected: str


@dataclass(eq=False)
class CategoryFaults(CategoryError):
    """Every fault of a categories file in one answer."""

    code = "category_faults"
    file: str
    faults: tuple[CategoryFault, ...]


class TrackingError(ReportsError):
    code = "tracking_error"


@dataclass(eq=False)
class InvalidCode(TrackingError):
    """`why` is length, letter or check; the code itself is a secret and is not carried."""

    code = "invalid_code"
    why: str


class WorkflowError(ReportsError):
    code = "workflow_error"


@dataclass(eq=False)
class TransitionRefused(WorkflowError):
    code = "transition_refused"
    frm: str
    to: str
    allowed: tuple[str, ...]


@dataclass(eq=False)
class ReasonRequired(WorkflowError):
    code = "reason_required"
    to: str


@dataclass(eq=False)
class EvidenceRequired(WorkflowError):
    code = "evidence_required"
    to: str


@dataclass(eq=False)
class ActorRefused(WorkflowError):
    code = "actor_refused"
    actor_type: str
    wanted: str


@dataclass(eq=False)
class DuplicateRefused(WorkflowError):
    """`why` is missing, unknown, self, target_is_duplicate or has_duplicates."""

    code = "duplicate_refused"
    target: str
    why: str


@dataclass(eq=False)
class ChangeRefused(WorkflowError):
    code = "change_refused"
    kind: str
    field: str
    expected: str


@dataclass(eq=False)
class ReferralRequired(WorkflowError):
    """A report is passed on to somebody with a name."""

    code = "referral_required"
    status: str


@dataclass(eq=False)
class NotMerged(WorkflowError):
    """A report that is no duplicate cannot be taken apart from one."""

    code = "not_merged"
    public_id: str


@dataclass(eq=False)
class PetitionRefused(WorkflowError):
    """`why` is priorities, text_needed, year_needed, unanswered, nothing_to_carry, linked_report or changed_report.

    which names the items or the report that it is about.
    """

    code = "petition_refused"
    why: str
    which: str


class StoreError(ReportsError):
    code = "store_error"


@dataclass(eq=False)
class UnknownReport(StoreError):
    code = "unknown_report"
    report: str


@dataclass(eq=False)
class UnknownPetition(StoreError):
    code = "unknown_petition"
    petition: str


@dataclass(eq=False)
class Conflict(StoreError):
    """The same key was sent before with other content."""

    code = "conflict"
    uuid: str


@dataclass(eq=False)
class StaleVersion(StoreError):
    code = "stale_version"
    report_id: int
    seen: int
    current: int


@dataclass(eq=False)
class NotPublic(StoreError):
    code = "not_public"
    public_id: str


@dataclass(eq=False)
class InvalidFilter(StoreError):
    code = "invalid_filter"
    field: str
    found: str
    expected: str


@dataclass(eq=False)
class StoreBusy(StoreError):
    code = "store_busy"
    waited_s: float


@dataclass(eq=False)
class StoreFull(StoreError):
    code = "store_full"
    detail: str


@dataclass(eq=False)
class StoreUnwritable(StoreError):
    """The folder or file cannot be opened or written: permissions, a missing folder, a failing disk."""

    code = "store_unwritable"
    detail: str


@dataclass(eq=False)
class StoreDamaged(StoreError):
    code = "store_damaged"
    detail: str


class StoreClosed(StoreError):
    code = "store_closed"


@dataclass(eq=False)
class SchemaTooNew(StoreError):
    code = "schema_too_new"
    found: str
    known: str


@dataclass(eq=False)
class UnsupportedStore(StoreError):
    code = "unsupported_store"
    scheme: str
    expected: str


class UnknownSubscription(StoreError):
    """The token leads to nothing, or was not used in time; it is a secret and is not carried."""

    code = "unknown_subscription"


class PhotoError(ReportsError):
    code = "photo_error"


class EmptyPhoto(PhotoError):
    code = "empty_photo"


@dataclass(eq=False)
class NotAnImage(PhotoError):
    code = "not_an_image"
    accepted: tuple[str, ...]


@dataclass(eq=False)
class TruncatedPhoto(PhotoError):
    code = "truncated_photo"
    bytes: int


@dataclass(eq=False)
class TooManyPixels(PhotoError):
    """width_px and height_px are 0 where the decoder refused before telling them."""

    code = "too_many_pixels"
    width_px: int
    height_px: int
    limit_mpx: int


@dataclass(eq=False)
class TooManyBytes(PhotoError):
    code = "too_many_bytes"
    bytes: int
    limit_mb: int


@dataclass(eq=False)
class UnknownPhoto(PhotoError):
    code = "unknown_photo"
    sha256: str
    size_px: int


@dataclass(eq=False)
class PhotoNotStored(PhotoError):
    code = "photo_not_stored"
    detail: str


PHOTO_ERRORS: tuple[type[PhotoError], ...] = (
    EmptyPhoto, NotAnImage, TruncatedPhoto, TooManyPixels, TooManyBytes, UnknownPhoto, PhotoNotStored,
)  # fmt: skip
