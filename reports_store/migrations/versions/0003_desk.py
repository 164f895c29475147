"""What the desk works with: whose turn and by when, the trail, saved views, and what retention leaves behind."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from reports_store.migrations.desk_finding import make_finding

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_PLAIN = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_OPEN = (
    "received", "triaged", "info_requested", "investigating", "scheduled", "in_progress", "referred", "reopened",
)  # fmt: skip


def upgrade() -> None:
    _widen_report()
    _mark_milestones()
    _make_audit()
    _index_what_is_to_be_dated()
    _make_saved_view()
    _make_tombstone()
    _make_hooks()
    _make_petitions()
    _index_looks()
    _let_events_go_with_a_tombstone()
    _index_links()
    make_finding()


def _widen_report() -> None:
    for column in (
        sa.Column("assignee", sa.Text),
        sa.Column("priority", sa.SmallInteger, nullable=False, server_default="1"),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("waiting_since", sa.BigInteger),
        sa.Column("referred_to", sa.Text),
        sa.Column("area_name", _PLAIN),
        sa.Column("photo_count", sa.Integer, nullable=False, server_default="0"),
        sa.Column("asset_layer", sa.Text),
        sa.Column("asset_id", sa.Text),
        sa.Column("parent", sa.Text),
        sa.Column("held", sa.Boolean(create_constraint=False), nullable=False, server_default=sa.false()),
        sa.Column("contact_removed_at", sa.BigInteger),
    ):
        op.add_column("report", column)
    report = sa.table("report", *map(sa.column, ("id", "photo_count", "area_name", "area")))
    photo = sa.table("photo", sa.column("report_id"))
    photos = sa.select(sa.func.count()).where(photo.c.report_id == report.c.id).scalar_subquery()
    name = sa.type_coerce(report.c.area, sa.JSON)["name"].as_string()
    op.execute(report.update().values(photo_count=photos, area_name=name))


def _index_links() -> None:
    for name, columns, where in (
        ("report_by_asset", ["asset_layer", "asset_id", "received_at"], "asset_layer IS NOT NULL"),
        ("report_by_parent", ["parent"], "parent IS NOT NULL"),
    ):
        only = sa.text(where)
        op.create_index(name, "report", columns, sqlite_where=only, postgresql_where=only)


def _mark_milestones() -> None:
    """Read from each report's history what is kept beside it from now on (reports_store.milestones)."""
    for column in (
        sa.Column("answered_at", sa.BigInteger),
        sa.Column("closed_at", sa.BigInteger),
        sa.Column("closed_by", sa.Text),
    ):
        op.add_column("report", column)
    report = sa.table("report", *map(sa.column, ("id", "status", "answered_at", "closed_at", "closed_by")))
    names = ("report_id", "seq", "kind", "at", "actor_type", "changes", "public_message")
    event = sa.table("report_event", *map(sa.column, names))
    status = sa.type_coerce(event.c.changes, sa.JSON)["to"]["status"].as_string()
    own = event.c.report_id == report.c.id
    answer = (
        sa.select(sa.func.min(event.c.at))
        .where(own, event.c.seq > 1, event.c.actor_type != "resident")
        .where(sa.or_(event.c.kind == "status", event.c.public_message != ""))
    )
    earlier = event.alias("earlier")
    then = sa.type_coerce(earlier.c.changes, sa.JSON)["to"]["status"].as_string()
    opened = sa.select(sa.func.max(earlier.c.seq)).where(earlier.c.report_id == report.c.id, then.in_(_OPEN))
    last_open = opened.correlate(report).scalar_subquery()

    def closing(wanted: sa.ColumnElement[object]) -> sa.ScalarSelect[object]:
        found = sa.select(wanted).where(
            own, event.c.seq > sa.func.coalesce(last_open, 0), status.is_not(None)
        )
        return found.order_by(event.c.seq).limit(1).scalar_subquery()

    op.execute(report.update().values(answered_at=answer.scalar_subquery()))
    over = report.update().where(report.c.status.not_in(_OPEN))
    op.execute(over.values(closed_at=closing(event.c.at), closed_by=closing(event.c.actor_type)))


def _make_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("prev_hash", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )
    op.create_index("audit_by_time", "audit", ["at", "id"])
    for statement in _AUDIT_IS_FINAL[op.get_bind().dialect.name]:
        op.execute(statement)


# As with report_event: even a mistake in our own code cannot rewrite what was written down.
_AUDIT_IS_FINAL = {
    "sqlite": [
        f"CREATE TRIGGER audit_no_{verb} BEFORE {verb} ON audit "
        "BEGIN SELECT RAISE(ABORT, 'lines of the trail are never edited or removed'); END"
        for verb in ("update", "delete")
    ],
    "postgresql": [
        "CREATE FUNCTION audit_is_final() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'lines of the trail are never edited or removed' "
        "USING ERRCODE = 'integrity_constraint_violation'; END $$",
        "CREATE TRIGGER audit_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_final()",
    ],
}


def _index_what_is_to_be_dated() -> None:
    for name, where in (
        ("report_without_department", "department IS NULL"),
        ("report_without_deadline", "due_at IS NULL AND state < 2"),
    ):
        op.create_index(name, "report", ["id"], sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _make_saved_view() -> None:
    op.create_table(
        "saved_view",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("login", sa.Text, nullable=False),
        sa.Column("department", sa.Text),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("saved_view_by_login", "saved_view", ["login"])


def _make_tombstone() -> None:
    op.create_table(
        "tombstone",
        sa.Column("public_id", sa.Text, primary_key=True),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("closed_at", sa.BigInteger),
        sa.Column("removed_at", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
    )


def _index_looks() -> None:
    for name, table, where in (
        ("photo_unlooked", "photo", "pii_state = 'unchecked' AND state = 'ready'"),
        ("event_of_looks", "report_event", "kind = 'redact'"),
    ):
        op.create_index(name, table, ["id"], sqlite_where=sa.text(where), postgresql_where=sa.text(where))


# The events of a report may go with it, and only where a tombstone stands for it.
_STANDS = (
    "EXISTS (SELECT 1 FROM tombstone JOIN report ON report.public_id = tombstone.public_id"
    " WHERE report.id = OLD.report_id)"
)
_LET_GO = {
    "sqlite": (
        "DROP TRIGGER event_no_delete",
        f"CREATE TRIGGER event_no_delete BEFORE DELETE ON report_event WHEN NOT {_STANDS} "
        "BEGIN SELECT RAISE(ABORT, 'events are never edited or removed'); END",
    ),
    "postgresql": (
        "DROP TRIGGER event_is_final ON report_event",
        "CREATE TRIGGER event_is_final BEFORE UPDATE OR TRUNCATE ON report_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION event_is_final()",
        "CREATE FUNCTION event_goes_with_its_report() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {_STANDS} THEN RETURN OLD; END IF; "
        "RAISE EXCEPTION 'events are never edited or removed' USING ERRCODE = 'integrity_constraint_violation'; "
        "END $$",
        "CREATE TRIGGER event_goes_with_its_report BEFORE DELETE ON report_event "
        "FOR EACH ROW EXECUTE FUNCTION event_goes_with_its_report()",
    ),
}


def _let_events_go_with_a_tombstone() -> None:
    for statement in _LET_GO[op.get_bind().dialect.name]:
        op.execute(statement)


def _make_petitions() -> None:
    op.create_table(
        "petition",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("uuid", sa.Text, nullable=False, unique=True),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("number", sa.Text, nullable=False, unique=True),
        sa.Column("fiscal_year", sa.Integer, nullable=False),
        sa.Column("running", sa.Integer, nullable=False),
        *(_words(name) for name in ("association", "association_id", "title")),
        *(_words(name) for name in ("representative_role", "representative_name")),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("received_by", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.UniqueConstraint("fiscal_year", "running", name="petition_in_order"),
    )
    op.create_table(
        "petition_item",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("petition_id", _NUMBER, sa.ForeignKey("petition.id"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        *(_words(name) for name in ("title", "body")),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("consents", sa.JSON, nullable=False),
        *(_words(name) for name in ("report", "place_text")),
        sa.Column("answer", sa.Text),
        *(_words(name) for name in ("answer_text", "internal_note")),
        sa.Column("planned_year", sa.Integer),
        sa.Column("answered_by", sa.Text, nullable=False),
        sa.Column("answered_at", sa.BigInteger),
        sa.Column("answer_uuid", sa.Text),
        sa.Column("carried_from", _NUMBER, sa.ForeignKey("petition_item.id"), unique=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.UniqueConstraint("petition_id", "position", name="petition_item_in_order"),
    )
    op.create_index("petition_item_by_report", "petition_item", ["report"])
    op.create_table(
        "petition_letter",
        sa.Column(
            "petition_id", _NUMBER, sa.ForeignKey("petition.id"), primary_key=True, autoincrement=False
        ),
        sa.Column("edition", sa.Integer, primary_key=True, autoincrement=False),
        *(_words(name) for name in ("document_number", "dated")),
        sa.Column("issued_at", sa.BigInteger, nullable=False),
        sa.Column("issued_by", sa.Text, nullable=False),
        sa.Column("petition_version", sa.Integer, nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
    )


def _words(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _make_hooks() -> None:
    op.create_table(
        "hook",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("events", sa.JSON, nullable=False),
        sa.Column("internal", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("salt", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("after_event", sa.BigInteger, nullable=False),
        sa.Column("disabled_at", sa.BigInteger),
        sa.Column("disabled_why", sa.Text, nullable=False),
        sa.UniqueConstraint("name", name="hook_by_name"),
    )
    op.create_table(
        "hook_delivery",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        sa.Column("hook_id", _NUMBER, sa.ForeignKey("hook.id"), nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("report_id", sa.BigInteger),
        sa.Column("seq", sa.Integer),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_try", sa.BigInteger, nullable=False),
        sa.Column("last_error", sa.Text, nullable=False),
        sa.Column("sent_at", sa.BigInteger),
    )
    op.create_index("hook_delivery_by_turn", "hook_delivery", ["state", "next_try", "id"])
    op.create_table(
        "hook_sender",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("salt", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("disabled_at", sa.BigInteger),
    )
