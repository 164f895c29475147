"""The town's reports and their photos: taken in, kept, moved along, and shown as far as they may be."""

from reports_store import errors, tracking, workflow
from reports_store.adding import Added
from reports_store.categories import Categories, Category, Publish, Question
from reports_store.cells import FIRST_LEVEL, LAST_LEVEL, Box
from reports_store.counting import CellCount
from reports_store.errors import (
    PHOTO_ERRORS,
    ActorRefused,
    BadCharacter,
    CategoryFault,
    CategoryFaults,
    ChangeRefused,
    Conflict,
    DuplicateRefused,
    EmptyPhoto,
    EvidenceRequired,
    InvalidCode,
    InvalidFilter,
    InvalidPlace,
    InvalidReport,
    InvalidTime,
    InvalidValue,
    NotAnImage,
    NotMerged,
    NotPublic,
    NumberTooLarge,
    PhotoError,
    PhotoNotStored,
    ReasonRequired,
    ReportsError,
    SchemaTooNew,
    StaleVersion,
    StoreBusy,
    StoreClosed,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreUnwritable,
    TextTooLong,
    TooManyBytes,
    TooManyPixels,
    TrackingError,
    TransitionRefused,
    TruncatedPhoto,
    UnknownCategory,
    UnknownPhoto,
    UnknownReport,
    UnknownSubscription,
    UnsupportedStore,
    WorkflowError,
)
from reports_store.exif import ExifPlace, read_exif_place
from reports_store.filters import Filters
from reports_store.finding import Near
from reports_store.fiscal import fiscal_year
from reports_store.ground import PublicPlace, ShownPlace, distance_m
from reports_store.outbox import Mail, NewMail
from reports_store.photo_queue import PhotoJob
from reports_store.photos import PhotoStore, Swept
from reports_store.privacy import (
    PublicEvent,
    PublicReport,
    for_reporter,
    public,
    public_events,
    public_properties,
)
from reports_store.report import (
    ActorType,
    Channel,
    ComingPhoto,
    Contact,
    DeclaredPhoto,
    Event,
    EventKind,
    Finding,
    GeomSource,
    Mode,
    NewEvent,
    NewReport,
    PhotoRole,
    PhotoState,
    PiiState,
    Place,
    PublicState,
    Report,
    ReportPhoto,
    Status,
    StoredPhoto,
    Visibility,
)
from reports_store.store import ReportStore
from reports_store.subscriptions import NewSubscription, Subscription
from reports_store.vocabulary import BlockKind, MailState, SubscriptionKind

__all__ = [
    "FIRST_LEVEL", "LAST_LEVEL", "PHOTO_ERRORS", "ActorRefused", "ActorType", "Added", "BadCharacter",
    "BlockKind", "Box", "Categories", "Category", "CategoryFault", "CategoryFaults", "CellCount",
    "ChangeRefused", "Channel", "ComingPhoto", "Conflict", "Contact", "DeclaredPhoto", "DuplicateRefused",
    "EmptyPhoto", "Event", "EventKind", "EvidenceRequired", "ExifPlace", "Filters", "Finding", "GeomSource",
    "InvalidCode", "InvalidFilter", "InvalidPlace", "InvalidReport", "InvalidTime", "InvalidValue", "Mail",
    "MailState", "Mode", "Near", "NewEvent", "NewMail", "NewReport", "NewSubscription", "NotAnImage",
    "NotMerged", "NotPublic", "NumberTooLarge", "PhotoError", "PhotoJob", "PhotoNotStored", "PhotoRole",
    "PhotoState", "PhotoStore", "PiiState", "Place", "PublicEvent", "PublicPlace", "PublicReport",
    "PublicState", "Publish", "Question", "ReasonRequired", "Report", "ReportPhoto", "ReportStore",
    "ReportsError", "SchemaTooNew", "ShownPlace", "StaleVersion", "Status", "StoreBusy", "StoreClosed",
    "StoreDamaged", "StoreError", "StoreFull", "StoreUnwritable", "StoredPhoto", "Subscription",
    "SubscriptionKind", "Swept", "TextTooLong", "TooManyBytes", "TooManyPixels", "TrackingError",
    "TransitionRefused", "TruncatedPhoto", "UnknownCategory", "UnknownPhoto", "UnknownReport",
    "UnknownSubscription", "UnsupportedStore", "Visibility", "WorkflowError", "distance_m", "errors",
    "fiscal_year", "for_reporter", "public", "public_events", "public_properties", "read_exif_place",
    "tracking", "workflow",
]  # fmt: skip
