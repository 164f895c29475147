"""A PostgreSQL server of the tests' own: made in a temporary folder, stopped and removed afterwards."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

# Oldest first: the version that towns' systems bring is the one to run on.
_PLACES = (
    "/usr/lib/postgresql/15/bin",
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
)
_ABSENT = "PostgreSQL の試験用サーバーがありません。 make setup-test を実行するか、postgresql-15-postgis-3 を入れてください。"

_END = 'cat; "$1/pg_ctl" stop --mode immediate --pgdata "$2/data"; rm -rf "$2"'


class Server:
    """A running server, kept as safely on disk as a town's own. Each test takes a database of its own."""

    def __init__(self, programs: Path, folder: Path, port: int) -> None:
        self._programs, self.folder, self.port = programs, folder, port
        self._names = itertools.count(1)

    def address(self, name: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def new_database(self, name: str = "", template: str = "with_postgis") -> str:
        """The address of an empty database that has PostGIS, or of a copy of another that nobody is in."""
        name = name or f"town{next(self._names)}"
        self._at_once(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.address(name)

    def drop(self, address: str) -> None:
        name = str(sa.make_url(address).database)
        self._at_once(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def start(self) -> None:
        self._pg_ctl("start", "--log", str(self.folder / "log"), "--options", self._options())

    def stop(self, mode: str = "fast") -> None:
        """fast: in good order; immediate: as if the machine had lost its power."""
        self._pg_ctl("stop", "--mode", mode)

    def prepare(self) -> None:
        run(self._programs / "initdb", "--pgdata", self.folder / "data", "--encoding=UTF8", "--locale=C.UTF-8",
            "--username=postgres", "--auth=trust", "--data-checksums", "--no-instructions")  # fmt: skip
        self.start()
        self._at_once("CREATE DATABASE with_postgis")
        with at(self.address("with_postgis")) as connection:
            connection.execute(sa.text("CREATE EXTENSION postgis"))

    def _at_once(self, statement: str) -> None:
        with at(self.address("postgres")) as connection:
            connection.execute(sa.text(statement))

    def _options(self) -> str:
        return f"-c port={self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"

    def _pg_ctl(self, *arguments: str) -> None:
        run(self._programs / "pg_ctl", "--wait", "--silent", "--pgdata", self.folder / "data", *arguments)


@contextmanager
def at(address: str) -> Iterator[sa.Connection]:
    """A connection as an administrator would open it, past the store; every statement commits by itself."""
    engine = sa.create_engine(
        address.replace("postgresql://", "postgresql+psycopg://"),
        isolation_level="AUTOCOMMIT",
        poolclass=sa.NullPool,
    )
    with engine.connect() as connection:
        yield connection


@contextmanager
def server() -> Iterator[Server]:
    """A server for as long as the block lasts. Fails in words where none can be started."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="gisapp-postgresql-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    made = Server(programs, folder, _free_port())
    # Whatever ends this process, be it a kill, closes the pipe; then the server is stopped and its folder removed.
    with subprocess.Popen(
        [*_as_its_user(), "sh", "-c", _END, "sh", str(programs), str(folder)],
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ):
        made.prepare()
        yield made


def _programs() -> Path:
    for place in _PLACES:
        for folder in sorted(Path("/").glob(place.removeprefix("/"))):
            if (folder / "initdb").exists():
                return folder
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    raise RuntimeError(_ABSENT)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _as_its_user() -> list[str]:
    return ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []


def run(*command: str | Path) -> None:
    """Run a program of the server, which refuses to work for root. Raises RuntimeError with its own words."""
    words = [*_as_its_user(), *map(str, command)]
    # Not through a pipe: the server would inherit it, and whoever reads it would wait for the server's end.
    with tempfile.TemporaryFile("w+") as told:
        done = subprocess.run(
            words, cwd="/", stdin=subprocess.DEVNULL, stdout=told, stderr=told, check=False, timeout=120
        )
        told.seek(0)
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)}\n{told.read()}")
