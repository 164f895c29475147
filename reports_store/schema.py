"""The tables in which reports, contacts, photos and events are kept, as the code reads and writes them.

Times are whole microseconds since 1970 UTC: they sort, compare and survive every database unchanged.
The migrations make these tables; a test proves that both describe the same thing.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

# The newest migration. A store at this revision opens without Alembic, which is slow to import.
HEAD = "0003"

metadata = MetaData()

# SQLite numbers rows by itself only where the type is called INTEGER; it holds 64 bits there, too.
NUMBER = BigInteger().with_variant(Integer, "sqlite")
# What is searched for words: letters compare as in SQLite, whatever language the server was set up for.
PLAIN = Text().with_variant(Text(collation="C"), "postgresql")

report = Table(
    "report",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("public_id", PLAIN, nullable=False, unique=True),
    Column("uuid", Text, nullable=False, unique=True),
    Column("digest", LargeBinary, nullable=False),
    Column("tracking_hash", LargeBinary, nullable=False),
    Column("category", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("visibility", Text, nullable=False),
    Column("lon", Float, nullable=False),
    Column("lat", Float, nullable=False),
    Column("source", Text, nullable=False),
    Column("accuracy_m", Float),
    Column("cell", BigInteger, nullable=False),
    # Set only while the report is public and its category lets it be placed: for residents' maps.
    Column("public_lon", Float),
    Column("public_lat", Float),
    Column("public_cell", BigInteger),
    Column("body", PLAIN, nullable=False),
    Column("body_public", Boolean(create_constraint=False), nullable=False),
    Column("answers", JSON, nullable=False),
    Column("area", JSON(none_as_null=True)),
    Column("road", JSON(none_as_null=True)),
    Column("channel", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("lang", Text, nullable=False),
    Column("department", Text),
    Column("duplicate_of", Text),
    Column("contact_given", Boolean(create_constraint=False), nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("occurred_at", BigInteger),
    Column("device_time", BigInteger),
    Column("version", Integer, nullable=False),
    # Why the report is held back for a look at who sent it; empty where nothing is suspected.
    Column("suspect", Text, nullable=False, server_default=""),
    # Supporters of this report and of those merged into it, each counted once.
    Column("support", Integer, nullable=False, server_default="0"),
    # Whose turn it is, and by when. waiting_since is set while somebody outside is waited for: the clock stands.
    Column("assignee", Text),
    Column("priority", SmallInteger, nullable=False, server_default="1"),
    Column("due_at", BigInteger),
    Column("waiting_since", BigInteger),
    Column("referred_to", Text),
    # area's name once more, where it can be indexed; how many photos the report has, merged ones aside.
    Column("area_name", PLAIN),
    Column("photo_count", Integer, nullable=False, server_default="0"),
    # The feature of a layer that the report is about, and the report that this one was split from.
    Column("asset_layer", Text),
    Column("asset_id", Text),
    Column("parent", Text),
    # held: kept whatever its time (a dispute, an audit). contact_removed_at: when the contact data went.
    Column("held", Boolean(create_constraint=False), nullable=False, server_default=false()),
    Column("contact_removed_at", BigInteger),
    # The town's first word that residents can read; when it was closed for the last time, and who did (milestones).
    Column("answered_at", BigInteger),
    Column("closed_at", BigInteger),
    Column("closed_by", Text),
)
# Covering: the newest of a viewport are found without touching the rows themselves.
_BEHIND_CELL = ("state", "received_at", "id", "category")
Index(
    "report_by_public_cell",
    *(report.c[n] for n in ("public_cell", *_BEHIND_CELL, "public_lon", "public_lat")),
    sqlite_where=text("public_cell IS NOT NULL"),
    postgresql_where=text("public_cell IS NOT NULL"),
)
Index(
    "report_by_public_time",
    *(report.c[n] for n in ("received_at", "id", "state", "category", "public_lon", "public_lat")),
    sqlite_where=text("visibility = 'public'"),
    postgresql_where=text("visibility = 'public'"),
)
Index("report_by_tracking", report.c.tracking_hash)
# Few reports point at a feature, and fewer were split.
Index(
    "report_by_asset",
    report.c.asset_layer,
    report.c.asset_id,
    report.c.received_at,
    sqlite_where=text("asset_layer IS NOT NULL"),
    postgresql_where=text("asset_layer IS NOT NULL"),
)
Index(
    "report_by_parent",
    report.c.parent,
    sqlite_where=text("parent IS NOT NULL"),
    postgresql_where=text("parent IS NOT NULL"),
)
Index(
    "report_by_original",
    report.c.duplicate_of,
    sqlite_where=text("duplicate_of IS NOT NULL"),
    postgresql_where=text("duplicate_of IS NOT NULL"),
)

# The desk's orders. Constants as in reports_store.filters: only so can a database prove that a part applies.
OPEN = (
    "status IN ('received', 'triaged', 'info_requested', 'investigating', 'scheduled', 'in_progress', 'referred',"
    " 'reopened')"
)
RUNS = OPEN + " AND waiting_since IS NULL AND due_at IS NOT NULL"
# What the inbox asks about, kept in an index so that rows that do not match are never fetched.
ASKED = ("status", "category", "department", "area_name", "assignee", "priority", "photo_count", "channel")
_ALSO_ASKED = [*(each for each in ASKED if each != "category"), "waiting_since", "due_at"]
Index(
    "report_by_cell",
    *(report.c[n] for n in ("cell", *_BEHIND_CELL, "lon", "lat", *_ALSO_ASKED)),
)
_BEHIND_TIME = ("id", "state", "category", "lon", "lat", "cell")
Index("report_by_time", *(report.c[n] for n in ("received_at", *_BEHIND_TIME, *_ALSO_ASKED)))


def _desk_index(name: str, *columns: str, where: str | None = None) -> None:
    only = None if where is None else text(where)
    Index(
        "report_desk_" + name, *(report.c[each] for each in columns), sqlite_where=only, postgresql_where=only
    )


_desk_index("by_update", "updated_at", "id", *ASKED, "received_at")
_FACETS = ("category", "department", "area_name", "status")
_desk_index("by_facet", *_FACETS, "received_at", "id", "cell", "state", "lon", "lat")
_desk_index(
    "open_by_time",
    "received_at",
    "id",
    *ASKED,
    "waiting_since",
    "due_at",
    "cell",
    "lon",
    "lat",
    "state",
    where=OPEN,
)
_desk_index("open_by_due", "due_at", "id", *ASKED, where=RUNS)
_desk_index(
    "open_by_priority",
    "priority",
    "received_at",
    "id",
    *(each for each in ASKED if each != "priority"),
    where=OPEN,
)
_desk_index("open_by_update", "updated_at", "id", *ASKED, where=OPEN)
_desk_index(
    "urgent",
    "priority",
    "received_at",
    "id",
    *(each for each in ASKED if each != "priority"),
    where="priority <> 1",
)
_desk_index("by_assignee", "assignee", "received_at", "id", where="assignee IS NOT NULL")

# What the desk searches a report for, folded and marked (reports_store.searching).
report_text = Table(
    "report_text",
    metadata,
    Column(
        "report_id",
        NUMBER,
        ForeignKey("report.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("words", PLAIN, nullable=False),
)

contact = Table(
    "contact",
    metadata,
    Column("report_id", NUMBER, ForeignKey("report.id"), primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("wants_reply", Boolean(create_constraint=False), nullable=False),
)

# A photo is known by the fingerprint of the file as sent; all about its picture is set once it is ready.
photo = Table(
    "photo",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("report_id", NUMBER, ForeignKey("report.id"), nullable=False),
    Column("event_seq", Integer, nullable=False),
    Column("sha256", Text),
    Column("original_sha256", Text, nullable=False),
    Column("width", Integer),
    Column("height", Integer),
    Column("bytes", Integer),
    Column("taken_at", BigInteger),
    Column("exif_lon", Float),
    Column("exif_lat", Float),
    Column("exif_accuracy_m", Float),
    Column("role", Text, nullable=False),
    Column("pii_state", Text, nullable=False),
    Column("shown_as", Text),
    Column("declared_bytes", BigInteger),
    Column("state", Text, nullable=False, server_default="ready"),
    Column("fault", Text, nullable=False, server_default=""),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("lease_until", BigInteger),
    Column("arrived_at", BigInteger),
    UniqueConstraint("report_id", "original_sha256", name="photo_once_per_report"),
)
Index("photo_by_sha256", photo.c.sha256)
Index(
    "photo_by_shown_as",
    photo.c.shown_as,
    sqlite_where=text("shown_as IS NOT NULL"),
    postgresql_where=text("shown_as IS NOT NULL"),
)
Index("photo_by_original", photo.c.original_sha256)
Index(
    "photo_unlooked",
    photo.c.id,
    sqlite_where=text("pii_state = 'unchecked' AND state = 'ready'"),
    postgresql_where=text("pii_state = 'unchecked' AND state = 'ready'"),
)
Index(
    "photo_by_arrival",
    photo.c.arrived_at,
    photo.c.id,
    sqlite_where=text("state = 'arrived'"),
    postgresql_where=text("state = 'arrived'"),
)

event = Table(
    "report_event",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("report_id", NUMBER, ForeignKey("report.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("actor_type", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("changes", JSON, nullable=False),
    Column("public_message", Text, nullable=False),
    Column("internal_message", Text, nullable=False),
    Column("client_uuid", Text, unique=True),
    UniqueConstraint("report_id", "seq", name="event_in_order"),
)
Index(
    "event_of_looks",
    event.c.id,
    sqlite_where=text("kind = 'redact'"),
    postgresql_where=text("kind = 'redact'"),
)

receipt_number = Table(
    "receipt_number",
    metadata,
    Column("fiscal_year", Integer, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
)

# Counts per map cell, zoom, audience (0 staff, 1 residents), state, category and (for staff) department,
# kept by triggers; '' is no department.
pyramid = Table(
    "pyramid",
    metadata,
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("audience", SmallInteger, primary_key=True, autoincrement=False),
    Column("cell", BigInteger, primary_key=True, autoincrement=False),
    Column("state", SmallInteger, primary_key=True, autoincrement=False),
    Column("category", Text, primary_key=True),
    Column("department", Text, primary_key=True),
    Column("n", Integer, nullable=False),
    Column("sum_lon_e7", BigInteger, nullable=False),
    Column("sum_lat_e7", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
# How many reports there are of each kind that the inbox asks for, kept by triggers; '' is none.
tally = Table(
    "tally",
    metadata,
    Column("category", Text, primary_key=True),
    Column("department", Text, primary_key=True),
    Column("area_name", PLAIN, primary_key=True),
    Column("status", Text, primary_key=True),
    Column("state", SmallInteger, nullable=False),
    Column("n", Integer, nullable=False),
    sqlite_with_rowid=False,
)
pyramid_level = Table(
    "pyramid_level",
    metadata,
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("shift", SmallInteger, nullable=False),
)

revision = Table(
    "revision",
    metadata,
    Column("only", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
)

# What the stored public places were made from: category code -> place rule.
place_rule = Table(
    "place_rule",
    metadata,
    Column("category", Text, primary_key=True),
    Column("rule", Text, nullable=False),
)

# Who stands behind a report besides its reporter: one row a person or device, known by a keyed hash only.
supporter = Table(
    "supporter",
    metadata,
    Column("report_id", NUMBER, ForeignKey("report.id"), primary_key=True, autoincrement=False),
    Column("supporter", LargeBinary, primary_key=True),
    Column("at", BigInteger, nullable=False),
)

# Who is told of news by mail, and of what. Nobody is before confirming.
subscription = Table(
    "subscription",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("lang", Text, nullable=False),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("at", BigInteger, nullable=False),
    Column("confirmed_at", BigInteger),
)
Index("subscription_by_target", subscription.c.kind, subscription.c.target)

# Mail on its way out. `key` names what is told to whom, so that nothing is told twice.
outbox = Table(
    "outbox",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("recipient", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try", BigInteger, nullable=False),
    Column("last_error", Text, nullable=False),
    Column("sent_at", BigInteger),
)
Index("outbox_by_turn", outbox.c.state, outbox.c.next_try, outbox.c.id)

# Whose reports are held back, known by a keyed hash of the device, network address or e-mail address.
block = Table(
    "block",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("value_hash", LargeBinary, primary_key=True),
    Column("until", BigInteger),
    Column("why", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

# What was done that must be answerable: views of contact data, exports, releases, changes of rights. Append-only;
# each line carries the hash of the one before (reports_store.audit).
audit = Table(
    "audit",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("target", Text, nullable=False),
    # JSON as it was sealed, letter for letter.
    Column("detail", Text, nullable=False),
    Column("prev_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)
Index("audit_by_time", audit.c.at, audit.c.id)
# Reports of an older store that have no department or deadline yet: none once it has been opened.
Index(
    "report_without_department",
    report.c.id,
    sqlite_where=text("department IS NULL"),
    postgresql_where=text("department IS NULL"),
)
Index(
    "report_without_deadline",
    report.c.id,
    sqlite_where=text("due_at IS NULL AND state < 2"),
    postgresql_where=text("due_at IS NULL AND state < 2"),
)

# A filter of the inbox that somebody keeps under a name; shared with the department where it says so.
saved_view = Table(
    "saved_view",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("login", Text, nullable=False),
    Column("department", Text),
    Column("name", Text, nullable=False),
    Column("query", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)
Index("saved_view_by_login", saved_view.c.login)

# What is left of a report that was removed after its time: that it was, never what it said.
tombstone = Table(
    "tombstone",
    metadata,
    Column("public_id", Text, primary_key=True),
    Column("category", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
    Column("removed_at", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
)

# 自治会の要望書 and their items. An item is worked on as a report, which it names by its receipt number;
# representative_name is personal data and read by nothing but the look that is written in the audit.
petition = Table(
    "petition",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("uuid", Text, nullable=False, unique=True),
    Column("digest", LargeBinary, nullable=False),
    Column("number", Text, nullable=False, unique=True),
    Column("fiscal_year", Integer, nullable=False),
    Column("running", Integer, nullable=False),
    Column("association", Text, nullable=False),
    Column("association_id", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("representative_role", Text, nullable=False),
    Column("representative_name", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("received_by", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    UniqueConstraint("fiscal_year", "running", name="petition_in_order"),
)
petition_item = Table(
    "petition_item",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("petition_id", NUMBER, ForeignKey("petition.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("consents", JSON, nullable=False),
    Column("report", Text, nullable=False),
    Column("place_text", Text, nullable=False),
    Column("answer", Text),
    Column("answer_text", Text, nullable=False),
    Column("internal_note", Text, nullable=False),
    Column("planned_year", Integer),
    Column("answered_by", Text, nullable=False),
    Column("answered_at", BigInteger),
    Column("answer_uuid", Text),
    Column("carried_from", NUMBER, ForeignKey("petition_item.id"), unique=True),
    Column("version", Integer, nullable=False),
    UniqueConstraint("petition_id", "position", name="petition_item_in_order"),
)
Index("petition_item_by_report", petition_item.c.report)

# 回答書 as they were issued, word by word: one issued again is another edition, and the first stays.
petition_letter = Table(
    "petition_letter",
    metadata,
    Column("petition_id", NUMBER, ForeignKey("petition.id"), primary_key=True, autoincrement=False),
    Column("edition", Integer, primary_key=True, autoincrement=False),
    Column("document_number", Text, nullable=False),
    Column("dated", Text, nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("issued_by", Text, nullable=False),
    Column("petition_version", Integer, nullable=False),
    Column("content", JSON, nullable=False),
)

# Who outside is told of what happens, by a request to their server. Its signing key is made from salt and the
# town's own key, which is not in the database. after_event: only what happens later is told.
hook = Table(
    "hook",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("name", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("events", JSON, nullable=False),
    Column("internal", Boolean(create_constraint=False), nullable=False),
    Column("salt", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("after_event", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
    Column("disabled_why", Text, nullable=False),
    UniqueConstraint("name", name="hook_by_name"),
)

# One request on its way to one of them. What it says is written when it goes, from what is public then.
hook_delivery = Table(
    "hook_delivery",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("hook_id", NUMBER, ForeignKey("hook.id"), nullable=False),
    Column("event", Text, nullable=False),
    Column("report_id", BigInteger),
    Column("seq", Integer),
    Column("at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try", BigInteger, nullable=False),
    Column("last_error", Text, nullable=False),
    Column("sent_at", BigInteger),
)
Index("hook_delivery_by_turn", *(hook_delivery.c[n] for n in ("state", "next_try", "id")))

# Who outside may tell us of the reports that were referred to them; body is who they are as reports name it.
hook_sender = Table(
    "hook_sender",
    metadata,
    Column("name", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("salt", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("disabled_at", BigInteger),
)
