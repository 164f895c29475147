"""The first store: reports, contacts, photos, events that cannot be edited, and the count pyramid."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_PLAIN = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_E7 = "CAST(ROUND({row}.{axis} * 10000000) AS INTEGER)"
_AUDIENCES = ((0, "cell", "lon", "lat"), (1, "public_cell", "public_lon", "public_lat"))


def upgrade() -> None:
    _make_report()
    _make_what_hangs_on_reports()
    _make_counters()
    for statement in _TRIGGERS[op.get_bind().dialect.name]():
        op.execute(statement)


def _make_report() -> None:
    op.create_table(
        "report",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("public_id", _PLAIN, nullable=False, unique=True),
        sa.Column("uuid", sa.Text, nullable=False, unique=True),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("tracking_hash", sa.LargeBinary, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("state", sa.SmallInteger, nullable=False),
        sa.Column("visibility", sa.Text, nullable=False),
        sa.Column("lon", sa.Float, nullable=False),
        sa.Column("lat", sa.Float, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("accuracy_m", sa.Float),
        sa.Column("cell", sa.BigInteger, nullable=False),
        sa.Column("public_lon", sa.Float),
        sa.Column("public_lat", sa.Float),
        sa.Column("public_cell", sa.BigInteger),
        sa.Column("body", _PLAIN, nullable=False),
        sa.Column("body_public", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("answers", sa.JSON, nullable=False),
        sa.Column("area", sa.JSON),
        sa.Column("road", sa.JSON),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("lang", sa.Text, nullable=False),
        sa.Column("department", sa.Text),
        sa.Column("duplicate_of", sa.Text),
        sa.Column("contact_given", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("occurred_at", sa.BigInteger),
        sa.Column("device_time", sa.BigInteger),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_index(
        "report_by_cell", "report", ["cell", "state", "received_at", "id", "category", "lon", "lat"]
    )
    op.create_index("report_by_time", "report", ["received_at", "id", "state", "category", "lon", "lat"])
    op.create_index(
        "report_by_public_cell",
        "report",
        ["public_cell", "state", "received_at", "id", "category", "public_lon", "public_lat"],
        sqlite_where=sa.text("public_cell IS NOT NULL"),
        postgresql_where=sa.text("public_cell IS NOT NULL"),
    )
    op.create_index(
        "report_by_public_time",
        "report",
        ["received_at", "id", "state", "category", "public_lon", "public_lat"],
        sqlite_where=sa.text("visibility = 'public'"),
        postgresql_where=sa.text("visibility = 'public'"),
    )
    op.create_index("report_by_tracking", "report", ["tracking_hash"])
    op.create_index(
        "report_by_original",
        "report",
        ["duplicate_of"],
        sqlite_where=sa.text("duplicate_of IS NOT NULL"),
        postgresql_where=sa.text("duplicate_of IS NOT NULL"),
    )


def _make_what_hangs_on_reports() -> None:
    op.create_table(
        "contact",
        sa.Column("report_id", _NUMBER, sa.ForeignKey("report.id"), primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("phone", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("wants_reply", sa.Boolean(create_constraint=False), nullable=False),
    )
    op.create_table(
        "photo",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("report_id", _NUMBER, sa.ForeignKey("report.id"), nullable=False),
        sa.Column("event_seq", sa.Integer, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("original_sha256", sa.Text, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("bytes", sa.Integer, nullable=False),
        sa.Column("taken_at", sa.BigInteger),
        sa.Column("exif_lon", sa.Float),
        sa.Column("exif_lat", sa.Float),
        sa.Column("exif_accuracy_m", sa.Float),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("pii_state", sa.Text, nullable=False),
        sa.Column("shown_as", sa.Text),
        sa.UniqueConstraint("report_id", "sha256", name="photo_once_per_report"),
    )
    op.create_index("photo_by_sha256", "photo", ["sha256"])
    op.create_index(
        "photo_by_shown_as",
        "photo",
        ["shown_as"],
        sqlite_where=sa.text("shown_as IS NOT NULL"),
        postgresql_where=sa.text("shown_as IS NOT NULL"),
    )
    op.create_table(
        "report_event",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("report_id", _NUMBER, sa.ForeignKey("report.id"), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor_type", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("changes", sa.JSON, nullable=False),
        sa.Column("public_message", sa.Text, nullable=False),
        sa.Column("internal_message", sa.Text, nullable=False),
        sa.Column("client_uuid", sa.Text, unique=True),
        sa.UniqueConstraint("report_id", "seq", name="event_in_order"),
    )


def _make_counters() -> None:
    op.create_table(
        "receipt_number",
        sa.Column("fiscal_year", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("last", sa.Integer, nullable=False),
    )
    op.create_table(
        "pyramid",
        sa.Column("level", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("audience", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("cell", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("state", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("category", sa.Text, primary_key=True),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("sum_lon_e7", sa.BigInteger, nullable=False),
        sa.Column("sum_lat_e7", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    level = op.create_table(
        "pyramid_level",
        sa.Column("level", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("shift", sa.SmallInteger, nullable=False),
    )
    # Map zooms 5 to 16; a cell's number at a coarser level is that at level 18 without 2 bits per level.
    op.bulk_insert(level, [{"level": each, "shift": 2 * (18 - each)} for each in range(7, 19)])
    revision_table = op.create_table(
        "revision",
        sa.Column("only", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(revision_table, [{"only": 1, "number": 0}])
    op.create_table(
        "place_rule",
        sa.Column("category", sa.Text, primary_key=True),
        sa.Column("rule", sa.Text, nullable=False),
    )


def _sqlite_triggers() -> list[str]:
    return [*_append_only(), *_pyramid_triggers()]


def _append_only() -> list[str]:
    return [
        f"CREATE TRIGGER event_no_{verb} BEFORE {verb} ON report_event "
        "BEGIN SELECT RAISE(ABORT, 'events are never edited or removed'); END"
        for verb in ("update", "delete")
    ]


def _pyramid_triggers() -> list[str]:
    watched = "cell, public_cell, lon, lat, public_lon, public_lat, state, category"
    moved = " OR ".join(f"OLD.{each} IS NOT NEW.{each}" for each in watched.split(", "))
    adds, removes = _counts("NEW", "+"), _counts("OLD", "-")
    return [
        f"CREATE TRIGGER pyramid_insert AFTER INSERT ON report BEGIN {adds} END",
        f"CREATE TRIGGER pyramid_delete AFTER DELETE ON report BEGIN {removes} END",
        f"CREATE TRIGGER pyramid_update AFTER UPDATE OF {watched} ON report WHEN {moved} "
        f"BEGIN {removes} {adds} END",
    ]


def _counts(row: str, sign: str) -> str:
    return " ".join(
        "INSERT INTO pyramid (level, audience, cell, state, category, n, sum_lon_e7, sum_lat_e7) "
        f"SELECT l.level, {audience}, {row}.{cell} >> l.shift, {row}.state, {row}.category, {sign}1, "
        f"{sign}{_E7.format(row=row, axis=lon)}, {sign}{_E7.format(row=row, axis=lat)} "
        f"FROM pyramid_level AS l WHERE {row}.{cell} IS NOT NULL "
        "ON CONFLICT (level, audience, cell, state, category) DO UPDATE SET n = n + excluded.n, "
        "sum_lon_e7 = sum_lon_e7 + excluded.sum_lon_e7, sum_lat_e7 = sum_lat_e7 + excluded.sum_lat_e7;"
        for audience, cell, lon, lat in _AUDIENCES
    )


def _postgresql_triggers() -> list[str]:
    """The same rules for whole statements: a batch of reports changes each count once."""
    return [
        "CREATE FUNCTION event_is_final() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'events are never edited or removed' USING ERRCODE = 'integrity_constraint_violation'; "
        "END $$",
        "CREATE TRIGGER event_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON report_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION event_is_final()",
        *_counted("insert", _side("fresh", 1)),
        *_counted("delete", _side("gone", -1)),
        *_counted("update", [*_side("fresh", 1), *_side("gone", -1)]),
    ]


def _counted(verb: str, sides: list[str]) -> list[str]:
    tables = {"insert": "NEW TABLE AS fresh", "delete": "OLD TABLE AS gone"}
    seen = tables.get(verb, " ".join(tables.values()))
    # What an update left alone adds up to nothing and writes nothing.
    return [
        f"CREATE FUNCTION pyramid_{verb}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "INSERT INTO pyramid (level, audience, cell, state, category, n, sum_lon_e7, sum_lat_e7) "
        "SELECT l.level, s.audience, s.cell >> l.shift, s.state, s.category, "
        "SUM(s.n), SUM(s.n * s.lon_e7), SUM(s.n * s.lat_e7) "
        f"FROM ({' UNION ALL '.join(sides)}) AS s CROSS JOIN pyramid_level AS l "
        "GROUP BY 1, 2, 3, 4, 5 "
        "HAVING SUM(s.n) <> 0 OR SUM(s.n * s.lon_e7) <> 0 OR SUM(s.n * s.lat_e7) <> 0 "
        "ON CONFLICT (level, audience, cell, state, category) DO UPDATE SET n = pyramid.n + excluded.n, "
        "sum_lon_e7 = pyramid.sum_lon_e7 + excluded.sum_lon_e7, "
        "sum_lat_e7 = pyramid.sum_lat_e7 + excluded.sum_lat_e7; RETURN NULL; END $$",
        f"CREATE TRIGGER pyramid_{verb} AFTER {verb} ON report REFERENCING {seen} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION pyramid_{verb}()",
    ]


def _side(table: str, sign: int) -> list[str]:
    return [
        f"SELECT {audience} AS audience, {cell} AS cell, state, category, {sign} AS n, "
        f"CAST(ROUND({lon} * 10000000) AS BIGINT) AS lon_e7, CAST(ROUND({lat} * 10000000) AS BIGINT) AS lat_e7 "
        f"FROM {table} WHERE {cell} IS NOT NULL"
        for audience, cell, lon, lat in _AUDIENCES
    ]


_TRIGGERS = {"sqlite": _sqlite_triggers, "postgresql": _postgresql_triggers}
