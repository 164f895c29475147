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
    UnsupportedStore,
    WorkflowError,
)
from reports_store.exif import ExifPlace, read_exif_place
from reports_store.filters import Filters
from reports_store.finding import Near
from reports_store.fiscal import fiscal_year
from reports_store.ground import PublicPlace, ShownPlace, distance_m
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
    Contact,
    Event,
    EventKind,
    Finding,
    GeomSource,
    Mode,
    NewEvent,
    NewReport,
    PhotoRole,
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

__all__ = [
    "FIRST_LEVEL", "LAST_LEVEL", "PHOTO_ERRORS", "ActorRefused", "ActorType", "Added", "BadCharacter", "Box",
    "Categories", "Category", "CategoryFault", "CategoryFaults", "CellCount", "ChangeRefused", "Channel",
    "Conflict", "Contact", "DuplicateRefused", "EmptyPhoto", "Event", "EventKind", "EvidenceRequired",
    "ExifPlace", "Filters", "Finding", "GeomSource", "InvalidCode", "InvalidFilter", "InvalidPlace",
    "InvalidReport", "InvalidTime", "InvalidValue", "Mode", "Near", "NewEvent", "NewReport", "NotAnImage",
    "NotPublic", "NumberTooLarge", "PhotoError", "PhotoNotStored", "PhotoRole", "PhotoStore", "PiiState",
    "Place", "PublicEvent", "PublicPlace", "PublicReport", "PublicState", "Publish", "Question",
    "ReasonRequired", "Report", "ReportPhoto", "ReportStore", "ReportsError", "SchemaTooNew", "ShownPlace",
    "StaleVersion", "Status", "StoreBusy", "StoreClosed", "StoreDamaged", "StoreError", "StoreFull", "StoreUnwritable",
    "StoredPhoto", "Swept", "TextTooLong", "TooManyBytes", "TooManyPixels", "TrackingError",
    "TransitionRefused", "TruncatedPhoto", "UnknownCategory", "UnknownPhoto", "UnknownReport",
    "UnsupportedStore", "Visibility", "WorkflowError", "distance_m", "errors", "fiscal_year", "for_reporter",
    "public", "public_events", "public_properties", "read_exif_place", "tracking", "workflow",
]  # fmt: skip
