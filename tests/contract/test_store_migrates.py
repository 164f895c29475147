"""An older store is brought up to date in one step or not at all, and a newer one is left alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from reports_store import Filters, ReportStore, SchemaTooNew, StoreDamaged, on_sqlite, schema
from tests.conftest import ROOT
from tests.contract.conftest import ByHand
from tests.report_makers import pothole

BARE = True  # these begin with no tables at all

# PostGIS keeps a table of its own beside ours, and so does the search of SQLite; its index on a server is an expression.
OURS = {
    "include_object": lambda made, name, *_: (
        name != "spatial_ref_sys" and not str(name).startswith("report_search")
    )
}


def steps() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "reports_store" / "migrations"))
    return ScriptDirectory.from_config(config)


def test_the_newest_step_is_the_one_the_code_asks_for() -> None:
    assert steps().get_current_head() == schema.HEAD


def test_the_steps_make_exactly_the_tables_the_code_uses(address: str, by_hand: ByHand) -> None:
    ReportStore.open(address).close()

    with by_hand() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts=OURS), schema.metadata)
        made = sa.inspect(connection)
        columns = {t: [c["name"] for c in made.get_columns(t)] for t in schema.metadata.tables}

    assert differences == []
    assert columns == {name: [c.name for c in t.columns] for name, t in schema.metadata.tables.items()}


def test_opening_again_changes_nothing(address: str) -> None:
    with ReportStore.open(address) as store:
        store.add(pothole(key="a"))
    with ReportStore.open(address) as store:
        assert store.count(Filters()) == 1
        assert not store.add(pothole(key="a")).created
    assert list(Path(address).parent.glob("*.before-*")) == []


def test_a_store_from_a_newer_version_is_refused_and_left_alone(address: str, by_hand: ByHand) -> None:
    ReportStore.open(address).close()
    with by_hand() as raw:
        raw.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(SchemaTooNew) as refused:
        ReportStore.open(address)

    assert refused.value.fields == {"found": "9999", "known": schema.HEAD}


def test_an_older_store_is_copied_before_it_is_touched(tmp_path: Path) -> None:
    """Seen from the outside: an old version in the file, and a copy of it beside it even if the step then fails."""
    file = tmp_path / "town.sqlite"
    with ReportStore.open(file) as store:
        store.add(pothole())
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '0000'")
        raw.commit()

    with pytest.raises(StoreDamaged):  # there is no step 0000: the copy has been made, the file is as it was
        ReportStore.open(file)

    copy = tmp_path / f"town.sqlite.before-{schema.HEAD}"
    for kept in (file, copy):
        with closing(sqlite3.connect(kept)) as raw:
            assert raw.execute("SELECT COUNT(*) FROM report").fetchone() == (1,)
            assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == ("0000",)


def test_a_step_that_dies_midway_leaves_the_database_as_it_was(address: str, by_hand: ByHand) -> None:
    with by_hand() as raw:
        # The first step makes five tables, then meets this one.
        raw.execute(sa.text("CREATE TABLE pyramid (in_the_way TEXT)"))
        before = sa.inspect(raw).get_table_names()

    with pytest.raises(StoreDamaged):
        ReportStore.open(address)

    with by_hand() as raw:
        assert sa.inspect(raw).get_table_names() == before
        raw.execute(sa.text("DROP TABLE pyramid"))
    with ReportStore.open(address) as store:
        assert store.add(pothole()).created


@pytest.mark.parametrize("offset", [0, 6 * 4096 + 10])
def test_a_damaged_file_is_told_and_not_written_to(tmp_path: Path, offset: int) -> None:
    file = tmp_path / "town.sqlite"
    with ReportStore.open(file) as store:
        store.add_many(pothole() for _ in range(300))
    broken = bytearray(file.read_bytes())
    broken[offset : offset + 600] = b"\xa5" * 600
    file.write_bytes(broken)

    with pytest.raises(StoreDamaged):
        if offset == 0:
            ReportStore.open(file)
        else:
            on_sqlite.check_sound(file)
