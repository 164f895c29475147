"""Where accounts and sessions are kept: one SQLite file of their own, readable by the app's user alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa

_tables = sa.MetaData()
users = sa.Table(
    "users", _tables,
    sa.Column("login", sa.String(60), primary_key=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("department", sa.String(100), nullable=False),
    sa.Column("roles", sa.String(100), nullable=False),
    # empty: this account has no password, its person comes by another way
    sa.Column("password_hash", sa.String(200), nullable=False),
    sa.Column("disabled", sa.Boolean, nullable=False, default=False),
    sa.Column("demo", sa.Boolean, nullable=False, default=False),
    sa.Column("created_at", sa.String(40), nullable=False),
    # somebody else chose the password: it opens nothing but the page that changes it
    sa.Column("must_change", sa.Boolean, nullable=False, default=False, server_default=sa.text("0")),
    # whose account this is at the provider of the single sign-on: its issuer and the subject there
    sa.Column("subject", sa.String(300)),
)  # fmt: skip
sa.Index("users_by_subject", users.c.subject, unique=True)
sessions = sa.Table(
    "sessions", _tables,
    sa.Column("token_sha256", sa.String(64), primary_key=True),
    sa.Column("login", sa.String(60), sa.ForeignKey("users.login"), nullable=False, index=True),
    sa.Column("created_at", sa.String(40), nullable=False),
    sa.Column("seen_at", sa.String(40), nullable=False),
    sa.Column("source", sa.String(10), nullable=False, default="password", server_default="password"),
    # what the provider wants to see when its session is to end, too
    sa.Column("id_token", sa.Text, nullable=False, default="", server_default=""),
)  # fmt: skip


def open_database(path: Path) -> sa.Engine:
    """The file, made if need be; columns that an older version of the app did not know are added."""
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": 10})
    sa.event.listen(engine, "connect", _careful)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as database:
        database.exec_driver_sql("BEGIN IMMEDIATE")  # two processes may start at once
        for table in _tables.sorted_tables:
            _grown(database, table)
        database.exec_driver_sql("COMMIT")
    path.chmod(0o600)
    return engine


def _grown(database: sa.Connection, table: sa.Table) -> None:
    known = {row[1] for row in database.exec_driver_sql(f"PRAGMA table_info({table.name})")}
    if not known:
        database.execute(sa.schema.CreateTable(table))
    for column in table.columns:
        if known and column.name not in known:
            described = sa.schema.CreateColumn(column).compile(database)
            database.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {described}")
    for index in table.indexes:
        database.execute(sa.schema.CreateIndex(index, if_not_exists=True))


def _careful(connection: Any, _record: object) -> None:
    for line in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {line}")
