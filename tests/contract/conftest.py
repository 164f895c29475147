"""Where the store's contract is tried: the same tests, on a file of SQLite and on a PostgreSQL server with PostGIS."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from reports_store import ReportStore
from tests.postgres_server import Server, at, server

ByHand = Callable[[], AbstractContextManager[sa.Connection]]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A server for all tests of this process."""
    with server() as running:
        yield running


@pytest.fixture(scope="session")
def prepared_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of SQLite with the newest tables and nothing in them: copying it is ten times as quick as making one."""
    file = tmp_path_factory.mktemp("prepared") / "town.sqlite"
    ReportStore.open(file).close()
    return file


@pytest.fixture(scope="session")
def prepared_server(postgres: Server) -> Server:
    """The same in the server's database "prepared"."""
    ReportStore.open(postgres.new_database("prepared")).close()
    return postgres


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def new_address(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], str]]:
    """Makes the address of one more empty store. A module that is about making the tables says BARE = True."""
    bare = getattr(request.module, "BARE", False)
    if request.param == "sqlite":
        prepared = None if bare else request.getfixturevalue("prepared_file")

        def make_file() -> str:
            file = tmp_path_factory.mktemp("store") / "town.sqlite"
            if prepared is not None:
                shutil.copyfile(prepared, file)
            return str(file)

        yield make_file
        return
    running: Server = request.getfixturevalue("postgres" if bare else "prepared_server")
    made: list[str] = []

    def make() -> str:
        made.append(running.new_database() if bare else running.new_database(template="prepared"))
        return made[-1]

    yield make
    for address in made:
        running.drop(address)


@pytest.fixture
def address(new_address: Callable[[], str]) -> str:
    """Where this test's store is."""
    return new_address()


@pytest.fixture
def by_hand(address: str) -> ByHand:
    """The store's database, past the store: as an administrator, or a mistake, would reach it."""

    @contextmanager
    def reach() -> Iterator[sa.Connection]:
        if address.startswith("postgresql://"):
            with at(address) as connection:
                yield connection
            return
        engine = sa.create_engine(
            f"sqlite:///{Path(address)}", isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
        )
        with engine.connect() as connection:
            yield connection

    return reach
