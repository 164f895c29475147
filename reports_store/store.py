"""The town's reports on disk: filed, found, moved along, and never lost once acknowledged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import sqlalchemy as sa

from reports_store import counting, finding, newest
from reports_store.adding import Added, add_reports
from reports_store.appending import append_event
from reports_store.categories import Categories
from reports_store.cells import Box, check_box
from reports_store.counting import CellCount
from reports_store.database import (
    bring_up_to_date,
    check_sound,
    copy_database,
    file_of,
    named_errors,
    reading_engine,
    writing_engine,
)
from reports_store.errors import StoreUnwritable, UnknownReport
from reports_store.filelock import FileLock
from reports_store.filters import Filters
from reports_store.finding import Near
from reports_store.newest import Before
from reports_store.plaintext import check_number
from reports_store.redrawing import redraw
from reports_store.report import Contact, Event, NewEvent, NewReport, Report, canonical_uuid
from reports_store.rows import load, load_events
from reports_store.schema import contact, photo, report
from reports_store.writer import Writer


class ReportStore:
    """Open it once per process and call it from any thread. Several processes may share the file.

    Writes go through one thread and return when they are on disk. Raises only errors of reports_store.errors.
    """

    def __init__(self, file: Path, writing: sa.Engine, reading: sa.Engine, categories: Categories) -> None:
        self._file = file
        self._writing = writing
        self._reading_engine = reading
        self._categories = categories
        self._lock = FileLock(_lock_file(file))
        self._writer = Writer(writing, self._lock)

    @classmethod
    def open(cls, url: str | Path, categories: Categories | None = None) -> ReportStore:
        """Open or make a store at a path or sqlite:/// address, bringing an older file up to date first."""
        file = file_of(url)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnwritable(f"{file.parent.name}: {error.strerror}") from error
        writing = writing_engine(file)
        with FileLock(_lock_file(file)).held():
            bring_up_to_date(writing, file)
        store = cls(file, writing, reading_engine(file), categories or Categories.load())
        store._writer.run(lambda connection: redraw(connection, store._categories))
        return store

    def close(self) -> None:
        """Finish what is being written, then let go of the file."""
        self._writer.close()
        self._reading_engine.dispose()
        with self._lock.held():  # the last connection folds the log into the database as it goes
            self._writing.dispose()

    def __enter__(self) -> ReportStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- writing

    def add(self, new: NewReport) -> Added:
        """File a report; one sent again is answered as before. Raises Conflict, UnknownCategory."""
        return self.add_many([new])[0]

    def add_many(self, news: Iterable[NewReport]) -> list[Added]:
        """File reports in one commit: all of them or none."""
        batch = list(news)
        return self._writer.run(lambda connection: add_reports(connection, batch, self._categories))

    def append(self, report_id: int, event: NewEvent, *, seen: int) -> Report:
        """Take the next step of a report whose version was `seen`. Raises StaleVersion or a WorkflowError."""
        return self._writer.run(lambda c: append_event(c, report_id, event, seen, self._categories))

    # --- one report

    def get(self, public_id: str) -> Report:
        """By receipt number. Raises UnknownReport."""
        return self._one(report.c.public_id == public_id, public_id)

    def by_id(self, report_id: int) -> Report:
        return self._one(report.c.id == check_number("report_id", report_id), str(report_id))

    def by_uuid(self, uuid: str) -> Report:
        return self._one(report.c.uuid == canonical_uuid("uuid", uuid), uuid)

    def by_tracking(self, tracking_hash: bytes) -> Report:
        """By the hash of the 照会番号 (tracking.hash_of). Raises UnknownReport without saying which."""
        return self._one(report.c.tracking_hash == tracking_hash, "")

    def events(self, report_id: int) -> tuple[Event, ...]:
        """The whole history, oldest first; event 1 is `created`."""
        with self._reading() as connection:
            return load_events(connection, check_number("report_id", report_id))

    def contact(self, report_id: int) -> Contact | None:
        """Who to answer, if they said; personal data, for the desk that handles the report."""
        columns = sa.select(contact.c.name, contact.c.phone, contact.c.email, contact.c.wants_reply)
        with self._reading() as connection:
            found = columns.where(contact.c.report_id == check_number("report_id", report_id))
            row = connection.execute(found).one_or_none()
            return None if row is None else Contact(*row)

    # --- many reports

    def newest(self, filters: Filters, limit: int = 500, before: Before | None = None) -> list[Report]:
        """Newest first. The next page is asked with before=last.key."""
        with self._reading() as connection:
            return newest.newest(connection, filters, limit, before)

    def near(
        self, lon: float, lat: float, within_m: float, limit: int = 20, *, public: bool = False
    ) -> list[Near]:
        """Reports within metres of a place, nearest first. public: as placed for residents."""
        with self._reading() as connection:
            return finding.near(connection, lon, lat, within_m, limit, public=public)

    def cell_counts(self, box: Box, level: int, filters: Filters) -> list[CellCount]:
        """Counts of the 64 px cells touching a box. level = map zoom + 2, 7 to 18; filters.box is ignored."""
        with self._reading() as connection:
            return counting.cell_counts(connection, check_box(box), level, filters)

    def count(self, filters: Filters) -> int:
        with self._reading() as connection:
            return counting.count(connection, filters)

    def stream(self, filters: Filters) -> Iterator[Report]:
        """Every report of a filter as it was when the first was read, in the order of arrival."""
        with self._reading() as connection:
            yield from finding.stream(connection, filters)

    # --- photos, as far as rows know them

    def photo_sha256s(self) -> frozenset[str]:
        """Every picture a report refers to: what PhotoStore.sweep must keep."""
        with self._reading() as connection:
            kept = sa.union(sa.select(photo.c.sha256), sa.select(photo.c.shown_as))
            return frozenset(row[0] for row in connection.execute(kept) if row[0] is not None)

    def photo_released(self, sha256: str) -> bool:
        """Whether anybody may see this picture: released on a public report and withheld on none."""
        with self._reading() as connection:
            return bool(connection.execute(_RELEASED, {"sha256": sha256}).scalar_one())

    # --- the store itself

    def revision(self) -> int:
        """A number that grows with every committed change of any process."""
        with self._reading() as connection:
            return int(connection.execute(_REVISION).scalar_one())

    def backup(self, to: Path) -> None:
        """A consistent copy of the database while it is in use. Photos are copied apart."""
        copy_database(self._file, to)

    def check(self) -> None:
        """Raise StoreDamaged unless the database file is whole."""
        check_sound(self._file)

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with named_errors(), self._reading_engine.connect() as connection:
            yield connection

    def _one(self, condition: sa.ColumnElement[bool], called: str) -> Report:
        with self._reading() as connection:
            ids = connection.execute(sa.select(report.c.id).where(condition)).scalars().all()
            if not ids:
                raise UnknownReport(called)
            return load(connection, ids)[0]


_REVISION = sa.text("SELECT number FROM revision")
_RELEASED = sa.text(
    "SELECT EXISTS (SELECT 1 FROM photo JOIN report ON report.id = photo.report_id"
    " WHERE visibility = 'public' AND ((pii_state = 'clear' AND sha256 = :sha256)"
    " OR (pii_state = 'redacted' AND shown_as = :sha256)))"
    " AND NOT EXISTS (SELECT 1 FROM photo WHERE sha256 = :sha256 AND pii_state IN ('blocked', 'redacted'))"
)


def _lock_file(file: Path) -> Path:
    return file.with_name(file.name + ".lock")
