"""The words a report's state, channel, place and history are written in: each list is closed."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    RECEIVED = "received"
    TRIAGED = "triaged"
    INFO_REQUESTED = "info_requested"
    INVESTIGATING = "investigating"
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    REFERRED = "referred"
    RESOLVED = "resolved"
    NO_ACTION = "no_action"
    OUT_OF_SCOPE = "out_of_scope"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    CLOSED_NO_REPLY = "closed_no_reply"
    REFERRED_CLOSED = "referred_closed"
    REOPENED = "reopened"
    WITHDRAWN = "withdrawn"
    ARCHIVED = "archived"


class PublicState(StrEnum):
    """対応前, 対応中, 対応後, その他終了: the four states residents see."""

    OPEN = "open"
    WORKING = "working"
    DONE = "done"
    CLOSED = "closed"


class Channel(StrEnum):
    WEB = "web"
    LINE = "line"
    PHONE = "phone"
    COUNTER = "counter"
    FAX = "fax"
    PATROL = "patrol"
    JICHIKAI = "jichikai"
    OPEN311 = "open311"
    IMPORT = "import"


class Priority(StrEnum):
    """In the order of urgency: the database keeps the position in this list."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    EMERGENCY = "emergency"


class Mode(StrEnum):
    NORMAL = "normal"
    DISASTER = "disaster"


class GeomSource(StrEnum):
    EXIF = "exif"
    GPS = "gps"
    MAP_TAP = "map_tap"
    ADDRESS = "address"
    LANDMARK = "landmark"
    STAFF = "staff"


class Visibility(StrEnum):
    PENDING = "pending"
    PUBLIC = "public"
    PRIVATE = "private"
    HIDDEN = "hidden"


class EventKind(StrEnum):
    CREATED = "created"
    STATUS = "status"
    CATEGORY = "category"
    LOCATION = "location"
    ASSIGN = "assign"
    PRIORITY = "priority"
    NOTE = "note"
    PUBLIC_REPLY = "public_reply"
    PHOTO = "photo"
    MERGE = "merge"
    SPLIT = "split"
    VISIBILITY = "visibility"
    SLA = "sla"
    REDACT = "redact"
    SYNC = "sync"
    RETENTION = "retention"


class ActorType(StrEnum):
    RESIDENT = "resident"
    STAFF = "staff"
    CONTRACTOR = "contractor"
    SYSTEM = "system"


class PiiState(StrEnum):
    """Whether eyes have looked at a photo for faces, plates and names."""

    UNCHECKED = "unchecked"
    CLEAR = "clear"
    REDACTED = "redacted"
    BLOCKED = "blocked"


class PhotoRole(StrEnum):
    BEFORE = "before"
    AFTER = "after"
    DAMAGE = "damage"
    DOCUMENT = "document"


class PhotoState(StrEnum):
    """How far a photo that was promised has come. Only a ready one is ever shown."""

    AWAITED = "awaited"
    ARRIVED = "arrived"
    READY = "ready"
    REFUSED = "refused"


class SubscriptionKind(StrEnum):
    REPORT = "report"
    AREA = "area"
    ASSOCIATION = "association"
    CATEGORY = "category"
    PLACE = "place"


class MailState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class BlockKind(StrEnum):
    DEVICE = "device"
    ADDRESS = "address"
    EMAIL = "email"
