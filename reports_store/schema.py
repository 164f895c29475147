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
    text,
)

# The newest migration. A store at this revision opens without Alembic, which is slow to import.
HEAD = "0002"

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
)
# Covering: the newest of a viewport are found without touching the rows themselves.
_BEHIND_CELL = ("state", "received_at", "id", "category")
Index("report_by_cell", *(report.c[n] for n in ("cell", *_BEHIND_CELL, "lon", "lat")))
Index("report_by_time", *(report.c[n] for n in ("received_at", "id", "state", "category", "lon", "lat")))
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
Index(
    "report_by_original",
    report.c.duplicate_of,
    sqlite_where=text("duplicate_of IS NOT NULL"),
    postgresql_where=text("duplicate_of IS NOT NULL"),
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

receipt_number = Table(
    "receipt_number",
    metadata,
    Column("fiscal_year", Integer, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
)

# Counts per map cell, zoom, audience (0 staff, 1 residents), state and category, kept by triggers.
pyramid = Table(
    "pyramid",
    metadata,
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("audience", SmallInteger, primary_key=True, autoincrement=False),
    Column("cell", BigInteger, primary_key=True, autoincrement=False),
    Column("state", SmallInteger, primary_key=True, autoincrement=False),
    Column("category", Text, primary_key=True),
    Column("n", Integer, nullable=False),
    Column("sum_lon_e7", BigInteger, nullable=False),
    Column("sum_lat_e7", BigInteger, nullable=False),
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
