"""A store of the first version, as it lies in a town hall, is brought up to date with nothing lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.exc import IntegrityError

from reports_store import Categories, EventKind, Filters, ReportStore, Status, database
from tests.conftest import ROOT
from tests.contract.conftest import ByHand
from tests.report_makers import LAT, LON, moved, photo, pothole, promised, step

BARE = True  # these begin with no tables at all

# A real one, written by the first version's own code and told as SQL.
FIRST = Path(__file__).with_name("town_0001.sql")
KINDS = Categories.load()
CONTENT = ("report", "contact", "report_event", "receipt_number", "place_rule")
# Staff's counts are kept by department since; together they are what they were.
COUNTS = (
    "SELECT level, audience, cell, state, category, SUM(n), SUM(sum_lon_e7), SUM(sum_lat_e7) FROM pyramid"
    " GROUP BY 1, 2, 3, 4, 5 HAVING SUM(n) <> 0 ORDER BY 1, 2, 3, 4, 5"
)
EVERYWHERE = (136.0, 35.0, 137.0, 36.0)


@pytest.fixture
def first_version(tmp_path: Path) -> sa.Engine:
    """The store as its own version left it."""
    file = tmp_path / "first.sqlite"
    with closing(sqlite3.connect(file)) as raw:
        raw.executescript(FIRST.read_text(encoding="utf-8"))
    return sa.create_engine(f"sqlite:///{file}", poolclass=sa.NullPool)


def rows(connection: sa.Connection, name: str) -> list[dict[str, Any]]:
    table = sa.Table(name, sa.MetaData(), autoload_with=connection)
    order = [table.c.id] if "id" in table.c else list(table.primary_key)
    return [dict(row) for row in connection.execute(sa.select(table).order_by(*order)).mappings()]


@pytest.fixture
def address(address: str, first_version: sa.Engine) -> str:
    """The same store, in whichever database."""
    if not address.startswith("postgresql://"):
        Path(address).parent.mkdir(parents=True, exist_ok=True)
        Path(address).write_bytes(Path(str(first_version.url.database)).read_bytes())
        return address
    server = sa.create_engine(
        sa.make_url(address).set(drivername="postgresql+psycopg"), poolclass=sa.NullPool
    )
    config = Config()
    config.set_main_option("script_location", str(ROOT / "reports_store" / "migrations"))
    with server.begin() as connection, first_version.connect() as source:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for name in (*CONTENT, "photo"):
            table = sa.Table(name, sa.MetaData(), autoload_with=connection)
            if kept := rows(source, name):
                connection.execute(table.insert(), kept)
            if "id" in table.c:
                number = sa.text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), {len(kept)})")
                connection.execute(number)
    return address


@pytest.fixture
def store(address: str) -> Iterator[ReportStore]:
    with ReportStore.open(address) as opened:
        yield opened


def test_every_row_is_as_it_was(address: str, by_hand: ByHand, first_version: sa.Engine) -> None:
    with first_version.connect() as old:
        before = {name: rows(old, name) for name in (*CONTENT, "photo")}
        counts = [tuple(row) for row in old.execute(sa.text(COUNTS))]

    # Nobody's reports become their kind's department's: that is what the desk asks first.
    for row in before["report"]:
        row["department"] = row["department"] or KINDS[str(row["category"])].department

    ReportStore.open(address).close()

    with by_hand() as new:
        for name in CONTENT:
            kept = [{field: row[field] for field in before[name][0]} for row in rows(new, name)]
            assert kept == before[name], name
        photos = rows(new, "photo")
        assert [tuple(row) for row in new.execute(sa.text(COUNTS))] == counts
    assert len(before["report"]) == 4
    for was, now in zip(before["photo"], photos, strict=True):
        same = set(was) - {"original_sha256"}
        assert {field: now[field] for field in same} == {field: was[field] for field in same}
        assert (now["state"], now["fault"], now["attempts"], now["lease_until"]) == ("ready", "", 0, None)
    originals = [(each["report_id"], each["original_sha256"]) for each in before["photo"]]
    assert len(originals) == 1 + len(set(originals))  # one file had become two pictures
    assert len({(each["report_id"], each["original_sha256"]) for each in photos}) == len(photos)


def test_reports_and_photos_are_seen_as_before(store: ReportStore) -> None:
    first, other, duplicate, moved_on = store.stream(Filters())

    assert [each.sha256 for each in first.photos] == [
        photo(name).sha256 for name in ("a", "b", "c", "c newer")
    ]
    assert [each.released_sha256 for each in first.photos] == [
        photo("a").sha256, photo("b in black").sha256, None, None,
    ]  # fmt: skip
    assert first.photos[2].original_sha256 == photo("c").original_sha256
    assert all(each.complete and each.coming == () for each in (first, other, duplicate, moved_on))
    assert (duplicate.status, duplicate.duplicate_of) == (Status.DUPLICATE, first.public_id)
    assert (moved_on.status, moved_on.version) == (Status.TRIAGED, 3)
    assert store.photo_sha256s() >= {photo("b in black").sha256, photo("c newer").sha256}
    assert store.raw_sha256s() == frozenset()
    assert (first.support, first.suspect) == (0, "")


def test_a_report_sent_again_after_the_change_is_still_the_same(store: ReportStore) -> None:
    again = store.add(pothole(key="b", photos=(photo("a"),), lon=LON + 0.001, category="illegal_dumping"))
    late = store.add(pothole(key="b", declared=(promised("a"),), lon=LON + 0.001, category="illegal_dumping"))

    assert not again.created and not late.created
    assert store.count(Filters()) == 4


def test_counts_numbers_and_history_go_on_from_where_they_were(store: ReportStore, by_hand: ByHand) -> None:
    added = store.add(pothole(declared=(promised("new"),))).report
    store.append(added.id, step(EventKind.LOCATION, {"lon": LON, "lat": LAT + 0.01}), seen=1)
    store.append(added.id, moved(Status.TRIAGED), seen=2)

    assert added.public_id == "R8-000005"
    assert store.count(Filters()) == 5
    for level in (7, 12, 18):
        counted = store.cell_counts(EVERYWHERE, level, Filters())
        assert sum(cell.n for cell in counted) == 5
    with by_hand() as raw, pytest.raises(IntegrityError, match="never edited"):
        raw.execute(sa.text("DELETE FROM report_event"))


def test_the_old_file_is_kept_beside_the_new_one(tmp_path: Path) -> None:
    file = tmp_path / "town.sqlite"
    with closing(sqlite3.connect(file)) as raw:
        raw.executescript(FIRST.read_text(encoding="utf-8"))

    ReportStore.open(file).close()

    with closing(sqlite3.connect(tmp_path / "town.sqlite.before-0003")) as copy:
        assert copy.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
        assert copy.execute("SELECT COUNT(*) FROM photo").fetchone() == (5,)


def test_a_step_that_dies_midway_leaves_the_old_file_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "town.sqlite"
    with closing(sqlite3.connect(file)) as raw:
        raw.executescript(FIRST.read_text(encoding="utf-8"))
        raw.execute("CREATE TABLE outbox (in_the_way TEXT)")
        before = list(raw.iterdump())

    with pytest.raises(database.StoreDamaged):
        ReportStore.open(file)

    with closing(sqlite3.connect(file)) as raw:
        assert list(raw.iterdump()) == before
        raw.execute("DROP TABLE outbox")
    with ReportStore.open(file) as store:
        assert store.count(Filters()) == 4
