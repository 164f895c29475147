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
HEAD = "0001"

metadata = MetaData()

report = Table(
    "report",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("public_id", Text, nullable=False, unique=True),
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
    Column("body", Text, nullable=False),
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
)
# Covering: the newest of a viewport are found without touching the rows themselves.
_BEHIND_CELL = ("state", "received_at", "id", "category")
Index("report_by_cell", *(report.c[n] for n in ("cell", *_BEHIND_CELL, "lon", "lat")))
Index("report_by_time", *(report.c[n] for n in ("received_at", "id", "state", "category", "lon", "lat")))
Index(
    "report_by_public_cell",
    *(report.c[n] for n in ("public_cell", *_BEHIND_CELL, "public_lon", "public_lat")),
    sqlite_where=text("public_cell IS NOT NULL"),
)
Index(
    "report_by_public_time",
    *(report.c[n] for n in ("received_at", "id", "state", "category", "public_lon", "public_lat")),
    sqlite_where=text("visibility = 'public'"),
)
Index("report_by_tracking", report.c.tracking_hash)
Index("report_by_original", report.c.duplicate_of, sqlite_where=text("duplicate_of IS NOT NULL"))

contact = Table(
    "contact",
    metadata,
    Column("report_id", Integer, ForeignKey("report.id"), primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("wants_reply", Boolean(create_constraint=False), nullable=False),
)

photo = Table(
    "photo",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("report_id", Integer, ForeignKey("report.id"), nullable=False),
    Column("event_seq", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("original_sha256", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("taken_at", BigInteger),
    Column("exif_lon", Float),
    Column("exif_lat", Float),
    Column("exif_accuracy_m", Float),
    Column("role", Text, nullable=False),
    Column("pii_state", Text, nullable=False),
    Column("shown_as", Text),
    UniqueConstraint("report_id", "sha256", name="photo_once_per_report"),
)
Index("photo_by_sha256", photo.c.sha256)
Index("photo_by_shown_as", photo.c.shown_as, sqlite_where=text("shown_as IS NOT NULL"))

event = Table(
    "report_event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("report_id", Integer, ForeignKey("report.id"), nullable=False),
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
