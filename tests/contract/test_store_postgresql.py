"""What only a server can do to a store: go away and come back, be shared, be asked by others, lose a page."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from gisapp.settings import Settings
from gisapp.town import open_town
from gisapp.words import say
from reports_store import (
    CellCount,
    EventKind,
    Filters,
    ReportStore,
    StaleVersion,
    Status,
    StoreBusy,
    StoreDamaged,
    StoreFull,
    StoreUnwritable,
    UnsupportedStore,
)
from reports_store.ground import distance_m
from tests.conftest import ROOT
from tests.contract.conftest import ByHand
from tests.postgres_server import Server, at, server
from tests.report_makers import LAT, LON, moved, photo, pothole, step
from tests.serving import command

BARE = True  # these begin with no tables at all

pytestmark = pytest.mark.parametrize("new_address", ["postgresql"], indirect=True)


@pytest.fixture
def store(address: str) -> Iterator[ReportStore]:
    with ReportStore.open(address) as opened:
        yield opened


@pytest.fixture
def own(new_address: object) -> Iterator[Server]:
    """A server that a test may stop and start."""
    with server() as running:
        yield running


def test_the_server_is_postgresql_15_or_newer_with_postgis_3(by_hand: ByHand) -> None:
    with by_hand() as connection:
        assert connection.execute(sa.text("SHOW server_version_num")).scalar_one() >= "150000"
        assert connection.execute(sa.text("SELECT postgis_version()")).scalar_one().startswith("3.")
        assert connection.execute(sa.text("SHOW fsync")).scalar_one() == "on"


def test_what_is_near_is_what_postgis_says_is_near(store: ReportStore, by_hand: ByHand) -> None:
    store.add_many(pothole(lon=LON + n % 41 * 0.0004, lat=LAT + n % 37 * 0.0003) for n in range(1500))
    spot = (LON + 0.006, LAT + 0.005)

    found = {hit.report.id: hit.distance_m for hit in store.near(*spot, 300, limit=2000)}

    with by_hand() as connection:
        asked = connection.execute(WITHIN, {"lon": spot[0], "lat": spot[1], "m": 300.0})
        wanted: dict[int, float] = {number: metres for number, metres in asked}
    assert len(wanted) > 100
    assert found.keys() == wanted.keys()
    assert all(found[number] == pytest.approx(wanted[number], abs=0.1) for number in wanted)
    assert distance_m(*spot, *spot) == 0


WITHIN = sa.text(
    "SELECT id, ST_Distance(geography(ST_MakePoint(lon, lat)), geography(ST_MakePoint(:lon, :lat))) FROM report "
    "WHERE ST_DWithin(geography(ST_MakePoint(lon, lat)), geography(ST_MakePoint(:lon, :lat)), :m)"
)


def test_the_view_for_other_gis_programs_shows_residents_places_only(
    store: ReportStore, by_hand: ByHand
) -> None:
    """The statements are those of the operator's guide."""
    shown, hidden = (store.add(pothole(lon=LON + n * 0.01)).report for n in range(2))
    store.append(hidden.id, step(EventKind.VISIBILITY, {"visibility": "hidden"}), seen=1)
    guide = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    (statements,) = re.findall(r"```sql\n(.*?)```", guide, re.DOTALL)

    with by_hand() as connection:
        connection.exec_driver_sql(statements)
        rows = connection.execute(
            sa.text("SELECT public_id, ST_SRID(geom), ST_X(geom), ST_Y(geom) FROM report_point")
        ).all()

        assert [row[0] for row in rows] == [shown.public_id]
        assert rows[0][1:] == (4326, pytest.approx(LON, abs=0.001), pytest.approx(LAT, abs=0.001))
        connection.execute(sa.text("SET ROLE qgis"))
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
            connection.execute(sa.text("SELECT * FROM contact"))
        assert connection.execute(sa.text("SELECT count(*) FROM report_point")).scalar_one() == 1


def test_the_whole_app_may_keep_its_reports_in_a_server_and_a_file_gives_the_same_answers(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GISAPP_DATABASE", address)
    made = command(tmp_path / "var", "sample", check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    assert not (tmp_path / "var" / "reports.sqlite").exists()

    town = open_town(Settings.from_env({"GISAPP_DATA": str(tmp_path / "var"), "GISAPP_DATABASE": address}))
    server = town.reports
    server.backup(tmp_path / "copy.sqlite")
    try:
        with ReportStore.open(tmp_path / "copy.sqlite") as file:
            for filters in (Filters(), Filters(public=True)):
                assert list(server.stream(filters)) == list(file.stream(filters))
                for level in (12, 16):
                    assert counts(server, level, filters) == counts(file, level, filters)
            assert sorted(map(repr, server.lives())) == sorted(map(repr, file.lives()))
            assert server.photo_sha256s() == file.photo_sha256s()
            assert file.count(Filters()) == 300
    finally:
        town.close()

    # What a server holds is never taken for a sample that was cut off, and never cleared away.
    (tmp_path / "var" / "town.toml").rename(tmp_path / "var" / "town.unfinished.toml")
    assert command(tmp_path / "var", "sample", check=False).returncode == 1


def counts(store: ReportStore, level: int, filters: Filters) -> list[CellCount]:
    everywhere = store.cell_counts((122.0, 20.0, 154.0, 46.0), level, filters)
    return sorted(everywhere, key=lambda cell: (cell.cell_x, cell.cell_y))


# --- several processes


def test_many_processes_may_open_an_empty_database_at_once(address: str) -> None:
    with ThreadPoolExecutor(8) as processes:
        stores = list(processes.map(lambda _: ReportStore.open(address), range(8)))
    try:
        for number, each in enumerate(stores):
            assert each.add(pothole()).report.public_id == f"R8-{number + 1:06d}"
    finally:
        for each in stores:
            each.close()


CROSSWISE = """
import sys
from reports_store import *
from tests.report_makers import *
ids = [int(each) for each in sys.argv[2].split(",")]
with ReportStore.open(sys.argv[1]) as store:
    for n in range(20):
        for number in ids:
            while True:
                try:
                    store.append(number, step(noted=str(n)), seen=store.by_id(number).version)
                    break
                except StaleVersion:
                    pass
        store.add(pothole())
"""


def test_processes_that_work_crosswise_on_the_same_reports_neither_lock_up_nor_lose_a_step(
    store: ReportStore, address: str
) -> None:
    ids = [store.add(pothole()).report.id for _ in range(3)]
    before = store.revision()

    orders = [",".join(map(str, order)) for order in (ids, ids[::-1], ids[1:] + ids[:1])]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", CROSSWISE, address, order], cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
        for order in orders
    ]
    told = [each.communicate(timeout=120)[1] for each in running]

    assert [each.returncode for each in running] == [0, 0, 0], told
    assert [store.by_id(number).version for number in ids] == [61, 61, 61]
    assert [len(store.events(number)) for number in ids] == [61, 61, 61]
    assert sorted(each.public_id for each in store.stream(Filters())) == [f"R8-{n:06d}" for n in range(1, 64)]
    assert store.revision() >= before + 3 * 20 * 4


def test_two_processes_cannot_both_take_the_next_step(store: ReportStore, address: str) -> None:
    report = store.add(pothole()).report
    with ReportStore.open(address) as other, ThreadPoolExecutor(16) as desks:

        def triage(desk: int) -> str:
            try:
                (store, other)[desk % 2].append(report.id, moved(Status.TRIAGED), seen=1)
            except StaleVersion:
                return "stale"
            return "won"

        outcomes = list(desks.map(triage, range(16)))

    assert sorted(outcomes) == ["stale"] * 15 + ["won"]


FILING = """
import sys
from reports_store import *
from tests.report_makers import *
with ReportStore.open(sys.argv[1]) as store:
    while True:
        print(store.add(pothole()).report.uuid, flush=True)
"""


def test_a_process_that_is_killed_leaves_no_gap_and_holds_nobody_up(store: ReportStore, address: str) -> None:
    acknowledged = set()
    for number in range(5):
        with subprocess.Popen(
            [sys.executable, "-c", FILING, address], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            acknowledged |= {child.stdout.readline().strip() for _ in range(3 + 4 * number)}
            child.kill()
            acknowledged |= {line.strip() for line in child.stdout if line.endswith("\n")}
        acknowledged.add(store.add(pothole()).report.uuid)

    reports = list(store.stream(Filters()))
    assert {each.uuid for each in reports} >= acknowledged
    assert sorted(each.public_id for each in reports) == [f"R8-{n:06d}" for n in range(1, len(reports) + 1)]


# --- the server goes away and comes back


def test_a_server_that_stops_is_told_in_words_and_the_store_recovers_by_itself(own: Server) -> None:
    with ReportStore.open(own.new_database()) as store:
        kept = store.add(pothole()).report
        own.stop()

        for ask in (lambda: store.add(pothole(key="late")), lambda: store.get(kept.public_id)):
            with pytest.raises(StoreUnwritable) as refused:
                ask()
            words = say(f"errors.{refused.value.code}", **refused.value.fields)
            assert "もう一度" in words and "127.0.0.1" not in words and str(own.port) not in words

        own.start()
        assert store.get(kept.public_id) == kept
        assert store.add(pothole(key="late")).report.public_id == "R8-000002"


def test_a_power_cut_of_the_server_loses_nothing_that_was_acknowledged(own: Server) -> None:
    survive_power_cuts(own, 3)


@pytest.mark.torture
def test_thirty_power_cuts_of_the_server_lose_nothing_that_was_acknowledged(own: Server) -> None:
    survive_power_cuts(own, 30)


def survive_power_cuts(own: Server, times: int) -> None:
    """People go on filing while the server is cut off and started; each sends again what was refused."""
    acknowledged: list[str] = []
    refused: list[StoreUnwritable | StoreBusy] = []
    stopping, enough = threading.Event(), threading.Semaphore(0)

    def file_reports(store: ReportStore, person: int) -> None:
        number = 0
        while not stopping.is_set():
            try:
                acknowledged.append(store.add(pothole(key=f"{person} {number}")).report.uuid)
            except (StoreUnwritable, StoreBusy) as error:
                refused.append(error)
                stopping.wait(0.02)
                continue
            number += 1
            enough.release()

    with ReportStore.open(own.new_database()) as store:
        people = [threading.Thread(target=file_reports, args=(store, person)) for person in range(8)]
        for each in people:
            each.start()
        try:
            for _ in range(times):
                for _ in range(40):
                    assert enough.acquire(timeout=60)
                own.stop("immediate")
                own.start()
            for _ in range(40):
                assert enough.acquire(timeout=60)
        finally:
            stopping.set()
            for each in people:
                each.join()

        reports = list(store.stream(Filters()))
        assert refused
        assert {each.uuid for each in reports} == set(acknowledged)
        assert sorted(each.public_id for each in reports) == [
            f"R8-{n:06d}" for n in range(1, len(reports) + 1)
        ]
        assert sum(cell.n for cell in store.cell_counts((136, 35, 137, 36), 12, Filters())) == len(reports)
        store.check()


@pytest.mark.parametrize(
    "wrong",
    [
        "postgresql://postgres@127.0.0.1:1/town",
        "postgresql://postgres:secret@127.0.0.1:{port}/no_such_town",
        "postgresql://nobody_here:secret@127.0.0.1:{port}/postgres",
    ],
)
def test_a_server_that_cannot_be_reached_is_told_without_its_address(
    postgres: Server, new_address: object, wrong: str
) -> None:
    with pytest.raises(StoreUnwritable) as refused:
        ReportStore.open(wrong.format(port=postgres.port))

    assert refused.value.detail
    assert "127.0.0.1" not in str(refused.value) and "secret" not in str(refused.value)


def test_an_address_that_is_none_is_refused_without_its_password(new_address: object) -> None:
    with pytest.raises(UnsupportedStore) as refused:
        ReportStore.open("postgresql://town:secret@host:port/town")

    assert "secret" not in str(refused.value)


# --- what goes wrong inside the server


@pytest.mark.parametrize(
    ("state", "error"),
    [("53100", StoreFull), ("25006", StoreUnwritable), ("53300", StoreBusy), ("XX001", StoreDamaged)],
)
def test_faults_of_the_server_have_the_stores_names(
    store: ReportStore, by_hand: ByHand, state: str, error: type[Exception]
) -> None:
    """A trigger stands for the full disk: it raises what the server would raise."""
    kept = store.add(pothole()).report
    with by_hand() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$; "
            "CREATE TRIGGER fail BEFORE INSERT ON report EXECUTE FUNCTION fail()"
        )

        with pytest.raises(error):
            store.add(pothole(key="refused"))

        assert store.get(kept.public_id) == kept
        connection.exec_driver_sql("DROP TRIGGER fail ON report")
    assert store.add(pothole(key="refused")).report.public_id == "R8-000002"


def test_whoever_waits_too_long_for_the_store_is_told_and_may_try_again(
    address: str, by_hand: ByHand
) -> None:
    with ReportStore.open(address + "?options=-c%20lock_timeout%3D200") as impatient:
        with by_hand() as connection:
            connection.execute(sa.text("BEGIN"))
            connection.execute(sa.text("UPDATE revision SET number = number"))

            with pytest.raises(StoreBusy):
                impatient.add(pothole())

            connection.execute(sa.text("ROLLBACK"))
        assert impatient.add(pothole()).report.public_id == "R8-000001"


def test_a_damaged_page_is_told(own: Server) -> None:
    address = own.new_database()
    with ReportStore.open(address) as store:
        store.add_many(pothole() for _ in range(300))
        store.check()
    with at(address) as connection:
        connection.execute(sa.text("CHECKPOINT"))
        path = connection.execute(sa.text("SELECT pg_relation_filepath('report')")).scalar_one()
    own.stop()
    with (own.folder / "data" / path).open("r+b") as file:
        file.seek(2 * 8192 + 5000)
        file.write(b"\xa5" * 64)
    own.start()

    with ReportStore.open(address) as store, pytest.raises(StoreDamaged):
        store.check()


def test_a_copy_of_a_server_is_a_file_that_holds_everything(store: ReportStore, tmp_path: Path) -> None:
    report = store.add(pothole(photos=(photo(),), answers={"what": "穴"})).report
    report = store.append(report.id, step(EventKind.NOTE, noted="見た"), seen=1)

    store.backup(tmp_path / "copy.sqlite")

    with ReportStore.open(tmp_path / "copy.sqlite") as copy:
        assert copy.by_id(report.id) == report
        assert copy.events(report.id) == store.events(report.id)
        assert copy.revision() >= store.revision()
    assert [each.name for each in tmp_path.iterdir() if "part" in each.name] == []
