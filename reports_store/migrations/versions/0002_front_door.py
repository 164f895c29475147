"""Photos that are promised before they come, supporters, subscriptions, mail on its way out, and blocks."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("report", sa.Column("suspect", sa.Text, nullable=False, server_default=""))
    op.add_column("report", sa.Column("support", sa.Integer, nullable=False, server_default="0"))
    _reshape_photo()
    _make_following()
    _make_block()


def _reshape_photo() -> None:
    _tell_same_originals_apart()
    op.drop_index("photo_by_sha256", "photo")
    op.drop_index("photo_by_shown_as", "photo")
    with op.batch_alter_table("photo") as photo:
        for name, kind in (
            ("sha256", sa.Text()),
            ("width", sa.Integer()),
            ("height", sa.Integer()),
            ("bytes", sa.Integer()),
        ):
            photo.alter_column(name, existing_type=kind, nullable=True)
        photo.add_column(sa.Column("declared_bytes", sa.BigInteger))
        photo.add_column(sa.Column("state", sa.Text, nullable=False, server_default="ready"))
        photo.add_column(sa.Column("fault", sa.Text, nullable=False, server_default=""))
        photo.add_column(sa.Column("attempts", sa.Integer, nullable=False, server_default="0"))
        photo.add_column(sa.Column("lease_until", sa.BigInteger))
        photo.add_column(sa.Column("arrived_at", sa.BigInteger))
        photo.drop_constraint("photo_once_per_report", type_="unique")
        photo.create_unique_constraint("photo_once_per_report", ["report_id", "original_sha256"])
    op.create_index("photo_by_sha256", "photo", ["sha256"])
    _index_where("photo_by_shown_as", ["shown_as"], "shown_as IS NOT NULL")
    op.create_index("photo_by_original", "photo", ["original_sha256"])
    _index_where("photo_by_arrival", ["arrived_at", "id"], "state = 'arrived'")


def _index_where(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "photo", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _tell_same_originals_apart() -> None:
    """One file may have become two pictures of a report, under two versions of a library: keep both.

    The first keeps the original's name; the others are named after their original and their picture.
    """
    photo = sa.table(
        "photo", sa.column("id"), sa.column("report_id"), sa.column("sha256"), sa.column("original_sha256")
    )
    first = photo.alias("first")
    earlier = sa.exists().where(
        first.c.report_id == photo.c.report_id,
        first.c.original_sha256 == photo.c.original_sha256,
        first.c.id < photo.c.id,
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(photo).where(earlier)).all():
        name = hashlib.sha256(f"{row.original_sha256} {row.sha256}".encode()).hexdigest()
        connection.execute(photo.update().where(photo.c.id == row.id).values(original_sha256=name))


def _make_following() -> None:
    op.create_table(
        "supporter",
        sa.Column("report_id", _NUMBER, sa.ForeignKey("report.id"), primary_key=True, autoincrement=False),
        sa.Column("supporter", sa.LargeBinary, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "subscription",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("lang", sa.Text, nullable=False),
        sa.Column("token_hash", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("confirmed_at", sa.BigInteger),
    )
    op.create_index("subscription_by_target", "subscription", ["kind", "target"])
    op.create_table(
        "outbox",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_try", sa.BigInteger, nullable=False),
        sa.Column("last_error", sa.Text, nullable=False),
        sa.Column("sent_at", sa.BigInteger),
    )
    op.create_index("outbox_by_turn", "outbox", ["state", "next_try", "id"])


def _make_block() -> None:
    op.create_table(
        "block",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("value_hash", sa.LargeBinary, primary_key=True),
        sa.Column("until", sa.BigInteger),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
