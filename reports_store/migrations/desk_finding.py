"""The part of step 0003 that lets the desk find reports: words, counts by department and area, orders of the inbox.

Frozen as it was when the step was made, like every migration.
"""

from __future__ import annotations

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_PLAIN = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_OPEN = (
    "status IN ('received', 'triaged', 'info_requested', 'investigating', 'scheduled', 'in_progress', 'referred',"
    " 'reopened')"
)
_RUNS = _OPEN + " AND waiting_since IS NULL AND due_at IS NOT NULL"
# What the inbox asks about, kept in an index so that rows that do not match are never fetched.
_ASKED = ("status", "category", "department", "area_name", "assignee", "priority", "photo_count", "channel")
_ALSO = ("status", *_ASKED[2:], "waiting_since", "due_at")
_FACETS = ("category", "department", "area_name", "status")
_INDEXES: tuple[tuple[str, tuple[str, ...], str | None], ...] = (
    ("report_by_cell", ("cell", "state", "received_at", "id", "category", "lon", "lat", *_ALSO), None),
    ("report_by_time", ("received_at", "id", "state", "category", "lon", "lat", "cell", *_ALSO), None),
    ("report_desk_by_update", ("updated_at", "id", *_ASKED, "received_at"), None),
    ("report_desk_by_facet", (*_FACETS, "received_at", "id", "cell", "state", "lon", "lat"), None),
    ("report_desk_open_by_time", ("received_at", "id", *_ASKED, "waiting_since", "due_at", "cell", "lon", "lat", "state"), _OPEN),
    ("report_desk_open_by_due", ("due_at", "id", *_ASKED), _RUNS),
    ("report_desk_open_by_priority", ("priority", "received_at", "id", *_ASKED[:5], *_ASKED[6:]), _OPEN),
    ("report_desk_open_by_update", ("updated_at", "id", *_ASKED), _OPEN),
    ("report_desk_urgent", ("priority", "received_at", "id", *_ASKED[:5], *_ASKED[6:]), "priority <> 1"),
    ("report_desk_by_assignee", ("assignee", "received_at", "id"), "assignee IS NOT NULL"),
)  # fmt: skip


def make_finding() -> None:
    _make_text()
    _make_tally()
    _count_by_department()
    for statement in _TRIGGERS[op.get_bind().dialect.name]():
        op.execute(statement)
    for name in ("report_by_cell", "report_by_time"):  # from the first step, now wider
        op.drop_index(name, "report")
    for name, columns, where in _INDEXES:
        only = None if where is None else sa.text(where)
        op.create_index(name, "report", list(columns), sqlite_where=only, postgresql_where=only)


def _make_text() -> None:
    text = op.create_table(
        "report_text",
        sa.Column(
            "report_id",
            _NUMBER,
            sa.ForeignKey("report.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("words", _PLAIN, nullable=False),
    )
    for statement in _SEARCHED[op.get_bind().dialect.name]:
        op.execute(statement)
    _fill_text(text)


_MARK = "\x1f"
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\ufeff\ufe00-\ufe0f\U000e0100-\U000e01ef]+")
_BREAK_IN_SENTENCE = re.compile(r"(?<=[^\x00-\x7f]) (?=[^\x00-\x7f])")


def _marked(text: str) -> str:
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return _MARK + _MARK.join(_BREAK_IN_SENTENCE.sub("", _UNSEEN.sub("", plain))) + _MARK


def _fill_text(text: sa.Table) -> None:
    connection = op.get_bind()
    report = sa.table("report", *map(sa.column, ("id", "public_id", "body", "area_name")))
    event = sa.table(
        "report_event", *map(sa.column, ("id", "report_id", "public_message", "internal_message"))
    )
    page = sa.select(report).where(report.c.id > sa.bindparam("after")).order_by(report.c.id).limit(500)
    after = 0
    while rows := connection.execute(page, {"after": after}).all():
        kept = {row.id: [row.public_id, row.body, row.area_name or ""] for row in rows}
        said = sa.select(event).where(
            event.c.report_id.in_(list(kept)),
            sa.or_(event.c.public_message != "", event.c.internal_message != ""),
        )
        for row in connection.execute(said.order_by(event.c.id)):
            kept[row.report_id] += [row.public_message, row.internal_message]
        connection.execute(
            text.insert(),
            [{"report_id": k, "words": _MARK.join(_marked(t) for t in v if t)} for k, v in kept.items()],
        )
        after = rows[-1].id


# Three signs of report_text.words are two neighbouring letters, or one between marks.
_SEARCHED = {
    "sqlite": [
        "CREATE VIRTUAL TABLE report_search USING fts5("
        "words, content='report_text', content_rowid='report_id', tokenize='trigram case_sensitive 1',"
        " detail='none', columnsize=0)",
        "CREATE TRIGGER search_insert AFTER INSERT ON report_text BEGIN "
        "INSERT INTO report_search (rowid, words) VALUES (NEW.report_id, NEW.words); END",
        "CREATE TRIGGER search_delete AFTER DELETE ON report_text BEGIN "
        "INSERT INTO report_search (report_search, rowid, words) VALUES ('delete', OLD.report_id, OLD.words); END",
        "CREATE TRIGGER search_update AFTER UPDATE ON report_text BEGIN "
        "INSERT INTO report_search (report_search, rowid, words) VALUES ('delete', OLD.report_id, OLD.words); "
        "INSERT INTO report_search (rowid, words) VALUES (NEW.report_id, NEW.words); END",
    ],
    # No extension, and no language set up for the server, has a say in what a letter is.
    "postgresql": [
        "CREATE FUNCTION report_grams(words text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ "
        "SELECT COALESCE(array_agg(DISTINCT gram), '{}') FROM ("
        "SELECT unnest(ARRAY[chr(31) || letter || chr(31), letter || chr(31) || NULLIF(following, '')]) AS gram FROM ("
        "SELECT letter, lead(letter) OVER (ORDER BY place) AS following "
        "FROM unnest(string_to_array(words, chr(31))) WITH ORDINALITY AS each (letter, place)) AS pair "
        "WHERE letter <> '') AS every WHERE gram IS NOT NULL $$",
        "CREATE INDEX report_search ON report_text USING gin (report_grams(words))",
    ],
}


def _make_tally() -> None:
    op.create_table(
        "tally",
        sa.Column("category", sa.Text, primary_key=True),
        sa.Column("department", sa.Text, primary_key=True),
        sa.Column("area_name", _PLAIN, primary_key=True),
        sa.Column("status", sa.Text, primary_key=True),
        sa.Column("state", sa.SmallInteger, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.execute(TALLY_AGAIN)


TALLY_AGAIN = (
    "INSERT INTO tally (category, department, area_name, status, state, n) "
    "SELECT category, COALESCE(department, ''), COALESCE(area_name, ''), status, MAX(state), COUNT(*) "
    "FROM report GROUP BY 1, 2, 3, 4"
)


def _count_by_department() -> None:
    """The pyramid once more, with a department for staff: some categories are for one department's eyes."""
    for statement in _OLD_TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)
    op.drop_table("pyramid")
    op.create_table(
        "pyramid",
        sa.Column("level", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("audience", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("cell", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("state", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("category", sa.Text, primary_key=True),
        sa.Column("department", sa.Text, primary_key=True),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("sum_lon_e7", sa.BigInteger, nullable=False),
        sa.Column("sum_lat_e7", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    for statement in count_again():
        op.execute(statement)


def count_again() -> list[str]:
    """Statements that fill an empty pyramid from the reports: the finest level, then each from the one below it."""
    finest = [
        f"INSERT INTO pyramid ({_COUNTED}) SELECT 18, {audience}, {cell}, state, category, "
        f"{department.format(row='report')}, COUNT(*), SUM({_E7.format(row='report', axis=lon)}), "
        f"SUM({_E7.format(row='report', axis=lat)}) FROM report WHERE {cell} IS NOT NULL GROUP BY 3, 4, 5, 6"
        for audience, cell, lon, lat, department in _AUDIENCES
    ]
    return finest + [
        f"INSERT INTO pyramid ({_COUNTED}) SELECT {level}, audience, cell >> 2, state, category, department, "
        f"SUM(n), SUM(sum_lon_e7), SUM(sum_lat_e7) FROM pyramid WHERE level = {level + 1} GROUP BY 2, 3, 4, 5, 6"
        for level in range(17, 6, -1)
    ]


_COUNTED = "level, audience, cell, state, category, department, n, sum_lon_e7, sum_lat_e7"
_E7 = "CAST(ROUND({row}.{axis} * 10000000) AS BIGINT)"
# Residents' counts know no department.
_AUDIENCES = (
    (0, "cell", "lon", "lat", "COALESCE({row}.department, '')"),
    (1, "public_cell", "public_lon", "public_lat", "CAST('' AS TEXT)"),
)
_OLD_TRIGGERS = {
    "sqlite": [f"DROP TRIGGER pyramid_{verb}" for verb in ("insert", "delete", "update")],
    "postgresql": [],
}


def _sqlite_triggers() -> list[str]:
    watched = (
        "cell", "public_cell", "lon", "lat", "public_lon", "public_lat", "state", "category", "department",
    )  # fmt: skip
    placed = " OR ".join(f"OLD.{each} IS NOT NEW.{each}" for each in watched)
    told = " OR ".join(f"OLD.{each} IS NOT NEW.{each}" for each in _FACETS)
    adds, removes = _sqlite_cells("NEW", "+"), _sqlite_cells("OLD", "-")
    more, less = _sqlite_tally("NEW", "+"), _sqlite_tally("OLD", "-")
    return [
        f"CREATE TRIGGER pyramid_insert AFTER INSERT ON report BEGIN {adds} {more} END",
        f"CREATE TRIGGER pyramid_delete AFTER DELETE ON report BEGIN {removes} {less} END",
        f"CREATE TRIGGER pyramid_update AFTER UPDATE OF {', '.join(watched)} ON report WHEN {placed} "
        f"BEGIN {removes} {adds} END",
        f"CREATE TRIGGER tally_update AFTER UPDATE OF {', '.join(_FACETS)} ON report WHEN {told} "
        f"BEGIN {less} {more} END",
    ]


def _sqlite_cells(row: str, sign: str) -> str:
    return " ".join(
        f"INSERT INTO pyramid ({_COUNTED}) SELECT l.level, {audience}, {row}.{cell} >> l.shift, {row}.state, "
        f"{row}.category, {department.format(row=row)}, {sign}1, {sign}{_E7.format(row=row, axis=lon)}, "
        f"{sign}{_E7.format(row=row, axis=lat)} FROM pyramid_level AS l WHERE {row}.{cell} IS NOT NULL "
        "ON CONFLICT (level, audience, cell, state, category, department) DO UPDATE SET n = n + excluded.n, "
        "sum_lon_e7 = sum_lon_e7 + excluded.sum_lon_e7, sum_lat_e7 = sum_lat_e7 + excluded.sum_lat_e7;"
        for audience, cell, lon, lat, department in _AUDIENCES
    )


def _sqlite_tally(row: str, sign: str) -> str:
    facets = f"{row}.category, COALESCE({row}.department, ''), COALESCE({row}.area_name, ''), {row}.status"
    kept = (
        f"INSERT INTO tally (category, department, area_name, status, state, n) "
        f"VALUES ({facets}, {row}.state, {sign}1) "
        "ON CONFLICT (category, department, area_name, status) DO UPDATE SET n = n + excluded.n;"
    )
    if sign == "-":
        kept += f" DELETE FROM tally WHERE ({', '.join(_FACETS)}) = ({facets}) AND n = 0;"
    return kept


def _postgresql_triggers() -> list[str]:
    """For whole statements, as before: a batch of reports changes each count once."""
    fresh, gone = _cells("fresh", 1), _cells("gone", -1)
    more, less = _facets("fresh", 1), _facets("gone", -1)
    return [
        _counting("insert", fresh, [more], emptied=False),
        _counting("delete", gone, [less], emptied=True),
        _counting("update", [*fresh, *gone], [more, less], emptied=True),
    ]


def _counting(verb: str, cells: list[str], facets: list[str], *, emptied: bool) -> str:
    # What an update left alone adds up to nothing and writes nothing.
    sums = "SUM(s.n), SUM(s.n * s.lon_e7), SUM(s.n * s.lat_e7)"
    body = (
        f"INSERT INTO pyramid ({_COUNTED}) SELECT l.level, s.audience, s.cell >> l.shift, s.state, s.category, "
        f"s.department, {sums} FROM ({' UNION ALL '.join(cells)}) AS s CROSS JOIN pyramid_level AS l "
        f"GROUP BY 1, 2, 3, 4, 5, 6 HAVING ({sums}) <> (0, 0, 0) "
        "ON CONFLICT (level, audience, cell, state, category, department) DO UPDATE SET "
        "n = pyramid.n + excluded.n, sum_lon_e7 = pyramid.sum_lon_e7 + excluded.sum_lon_e7, "
        "sum_lat_e7 = pyramid.sum_lat_e7 + excluded.sum_lat_e7; "
        "INSERT INTO tally (category, department, area_name, status, state, n) "
        "SELECT category, department, area_name, status, MAX(state), SUM(n) "
        f"FROM ({' UNION ALL '.join(facets)}) AS s GROUP BY 1, 2, 3, 4 HAVING SUM(n) <> 0 "
        "ON CONFLICT (category, department, area_name, status) DO UPDATE SET n = tally.n + excluded.n; "
    )
    if emptied:
        body += (
            "DELETE FROM tally USING gone WHERE tally.n = 0 AND tally.category = gone.category "
            "AND tally.department = COALESCE(gone.department, '') "
            "AND tally.area_name = COALESCE(gone.area_name, '') AND tally.status = gone.status; "
        )
    return (
        f"CREATE OR REPLACE FUNCTION pyramid_{verb}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}"
        "RETURN NULL; END $$"
    )


def _cells(table: str, sign: int) -> list[str]:
    return [
        f"SELECT {audience} AS audience, {cell} AS cell, state, category, {department.format(row=table)} AS department, "
        f"{sign} AS n, {_E7.format(row=table, axis=lon)} AS lon_e7, {_E7.format(row=table, axis=lat)} AS lat_e7 "
        f"FROM {table} WHERE {cell} IS NOT NULL"
        for audience, cell, lon, lat, department in _AUDIENCES
    ]


def _facets(table: str, sign: int) -> str:
    return (
        "SELECT category, COALESCE(department, '') AS department, COALESCE(area_name, '') AS area_name, status, state, "
        f"{sign} AS n FROM {table}"
    )


_TRIGGERS = {"sqlite": _sqlite_triggers, "postgresql": _postgresql_triggers}
