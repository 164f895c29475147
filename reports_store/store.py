"""The town's reports on disk: filed, found, moved along, and never lost once acknowledged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType

import sqlalchemy as sa

from reports_store import (
    blocks,
    counting,
    finding,
    lives,
    newest,
    news,
    outbox,
    photo_queue,
    schema,
    subscriptions,
)
from reports_store.adding import Added, add_reports
from reports_store.address import database_at
from reports_store.appending import append_event
from reports_store.categories import Categories
from reports_store.cells import Box, check_box
from reports_store.counting import CellCount
from reports_store.database import Database, named_errors
from reports_store.errors import UnknownReport
from reports_store.filters import Filters
from reports_store.finding import Near
from reports_store.ground import PublicPlace, shown_place
from reports_store.lives import Life
from reports_store.merging import merge_reports, unmerge_reports
from reports_store.newest import Before
from reports_store.outbox import Mail, NewMail
from reports_store.photo_queue import PhotoJob
from reports_store.plaintext import check_number
from reports_store.redrawing import redraw
from reports_store.report import (
    Contact,
    Event,
    NewEvent,
    NewReport,
    Report,
    StoredPhoto,
    Visibility,
    canonical_uuid,
)
from reports_store.rows import load, load_events
from reports_store.schema import contact, report
from reports_store.subscriptions import NewSubscription, Subscription
from reports_store.supporting import add_support
from reports_store.vocabulary import MailState
from reports_store.writer import Writer


class ReportStore:
    """Open it once per process and call it from any thread. Several processes may share the database.

    Writes go through one thread and return when they are on disk. Raises only errors of reports_store.errors.
    """

    def __init__(self, database: Database, categories: Categories) -> None:
        self._database = database
        self._categories = categories
        self._add_all = partial(add_reports, categories=categories)
        self._writer = Writer(database)

    @classmethod
    def open(cls, url: str | Path, categories: Categories | None = None) -> ReportStore:
        """Open or make a store at a path, a sqlite:/// or a postgresql:// address, with the newest tables."""
        database = database_at(url)
        with ExitStack() as undo:
            undo.callback(database.close)
            database.bring_up_to_date()
            store = cls(database, categories or Categories.load())
            undo.pop_all()
        store._writer.run(lambda connection: redraw(connection, store._categories))
        return store

    def close(self) -> None:
        """Finish what is being written, then let go of the database."""
        self._writer.close()
        self._database.close()

    def __enter__(self) -> ReportStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- writing

    def add(self, new: NewReport) -> Added:
        """File a report; one sent again is answered as before. Raises Conflict, UnknownCategory."""
        return self._writer.together(self._add_all, new)

    def add_many(self, news: Iterable[NewReport]) -> list[Added]:
        """File reports in one commit: all of them or none."""
        batch = list(news)
        return self._writer.run(lambda connection: self._add_all(connection, batch))

    def append(self, report_id: int, event: NewEvent, *, seen: int) -> Report:
        """Take the next step of a report whose version was `seen`. Raises StaleVersion or a WorkflowError."""
        return self._writer.run(lambda c: append_event(c, report_id, event, seen, self._categories))

    def merge(self, duplicate_id: int, original_id: int, *, actor: str, at: datetime, seen: int) -> Report:
        """Two reports of one thing: the first, whose version was `seen`, becomes a duplicate of the second.

        Its photos, supporters and subscriptions are seen from the original while that holds. Raises
        StaleVersion, TransitionRefused, and DuplicateRefused for chains and circles.
        """
        return self._writer.run(
            lambda c: merge_reports(c, duplicate_id, original_id, actor, at, seen, self._categories)
        )

    def unmerge(self, duplicate_id: int, *, actor: str, at: datetime, seen: int) -> Report:
        """Take a merge back: the duplicate is in the state it had before. Raises NotMerged, StaleVersion."""
        return self._writer.run(lambda c: unmerge_reports(c, duplicate_id, actor, at, seen, self._categories))

    def support(self, report_id: int, supporter: bytes, at: datetime) -> int:
        """Count somebody (32 bytes of a keyed hash) behind a report, once. Returns how many there are."""
        return self._writer.run(lambda c: add_support(c, report_id, supporter, at))

    # --- one report

    def get(self, public_id: str) -> Report:
        """By receipt number. Raises UnknownReport, also for what no database could hold."""
        if not _plain(public_id):
            raise UnknownReport(public_id)
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

    def events_after(self, number: int, limit: int = 500) -> list[news.Noted]:
        """What happened to any report after an event, oldest first; numbers only ever grow."""
        with self._reading() as connection:
            return news.after(connection, check_number("number", number), limit)

    def last_event(self) -> int:
        """The number of the latest event of all; 0 where there is none."""
        with self._reading() as connection:
            return news.last(connection)

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

    def lives(self) -> Iterator[Life]:
        """When each public report came, was first answered and was closed, in the order of arrival."""
        with self._reading() as connection:
            yield from lives.lives(connection)

    # --- photos, as far as rows know them

    def photo_sha256s(self) -> frozenset[str]:
        """Every picture a report refers to: what PhotoStore.sweep must keep."""
        with self._reading() as connection:
            return photo_queue.referenced(connection)

    def raw_sha256s(self) -> frozenset[str]:
        """Every file as sent that is awaited, arrived or refused: what must be kept of incoming files."""
        with self._reading() as connection:
            return photo_queue.unmade(connection)

    def declared(self, uuid: str, sha256: str) -> photo_queue.DeclaredState:
        """How far one photo of a report is, by what the phone knows. Raises UnknownReport, UnknownPhoto."""
        with self._reading() as connection:
            return photo_queue.declared(connection, uuid, sha256)

    def photo_arrived(self, report_id: int, original_sha256: str, at: datetime) -> bool:
        """The bytes of a declared photo are on disk. Whether that is news. Raises UnknownPhoto."""
        arrival = photo_queue.Arrival(report_id, original_sha256, at)
        return self._writer.together(photo_queue.mark_arrived, arrival)

    def next_photo(self, at: datetime, lease_s: float) -> PhotoJob | None:
        """The photo that came first of those nobody works on. It is given to nobody else for lease_s seconds."""
        with self._reading() as connection:
            if not photo_queue.is_any_free(connection, at):
                return None  # asking again and again must not count as a change
        return self._writer.run(lambda c: photo_queue.take_next(c, at, lease_s))

    def photo_ready(self, job_id: int, photo: StoredPhoto) -> None:
        """The photo's pictures are on disk. Raises UnknownPhoto."""
        self._writer.run(lambda c: photo_queue.mark_ready(c, job_id, photo))

    def photo_failed(self, job_id: int, fault: str, at: datetime, again: bool) -> None:
        """Making a photo ready failed (the code of the reason): it waits again, or is refused for good."""
        self._writer.run(lambda c: photo_queue.mark_failed(c, job_id, fault, at, again))

    def photo_backlog(self) -> int:
        """How many photos have arrived and are not ready yet."""
        with self._reading() as connection:
            return photo_queue.backlog(connection)

    def photo_released(self, sha256: str) -> bool:
        """Whether anybody may see this picture: released on a public report and withheld on none."""
        with self._reading() as connection:
            return _plain(sha256) and bool(connection.execute(_RELEASED, {"sha256": sha256}).scalar_one())

    # --- who is told

    def subscribe(self, new: NewSubscription) -> Subscription:
        """Keep a wish to be told; it counts once confirmed. The same token again is the same wish."""
        return self._writer.run(lambda c: subscriptions.add_subscription(c, new))

    def confirm_subscription(self, token_hash: bytes, at: datetime) -> Subscription:
        """Raises UnknownSubscription for a token unknown, ended, or older than three days."""
        return self._writer.run(lambda c: subscriptions.confirm(c, token_hash, at))

    def end_subscription(self, token_hash: bytes) -> bool:
        """Stop telling: every wish of this address for the same. Whether there was one."""
        return self._writer.run(lambda c: subscriptions.end(c, token_hash))

    def subscription(self, token_hash: bytes) -> Subscription:
        """Raises UnknownSubscription."""
        with self._reading() as connection:
            return subscriptions.confirmed_or_unknown(connection, token_hash)

    def subscriptions_for(self, about: Report) -> list[Subscription]:
        """Every confirmed wish that a report answers, oldest first; those of merged reports included."""
        public = about.visibility is Visibility.PUBLIC
        known = about.category in self._categories
        rule = self._categories[about.category].public_place if known else PublicPlace.AREA
        with self._reading() as connection:
            return subscriptions.interested(
                connection, about, shown_place(about.place, rule) if public else None
            )

    def purge_subscriptions(self, at: datetime) -> int:
        """Forget those that were not confirmed within three days. How many there were."""
        return self._writer.run(lambda c: subscriptions.purge(c, at))

    def post(self, new: NewMail) -> bool:
        """Put a mail on its way. Whether it is new: the same key is never sent twice."""
        return self._writer.run(lambda c: outbox.add_mail(c, new))

    def mail_due(self, at: datetime, limit: int, lease_s: float) -> list[Mail]:
        """Mail to be sent now, the longest waiting first; given to nobody else for lease_s seconds."""
        with self._reading() as connection:
            if not outbox.is_any_due(connection, at):
                return []
        return self._writer.run(lambda c: outbox.take_due(c, at, limit, lease_s))

    def mail_sent(self, mail_id: int, at: datetime) -> None:
        self._writer.run(lambda c: outbox.mark_sent(c, mail_id, at))

    def mail_postponed(self, mail_id: int, error: str, next_try: datetime | None) -> None:
        """A mail did not go: it is tried again then; with next_try None it counts as failed."""
        self._writer.run(lambda c: outbox.postpone(c, mail_id, error, next_try))

    def mail_counts(self) -> dict[MailState, int]:
        """How much mail waits, has gone and has failed."""
        with self._reading() as connection:
            return outbox.count_by_state(connection)

    def mails(self, state: MailState) -> list[Mail]:
        with self._reading() as connection:
            return outbox.load_mail(connection, schema.outbox.c.state == MailState(state).value)

    def forget_mail(self, before: datetime) -> int:
        """Empty mail that was sent or given up and is older than a moment. How much there was."""
        return self._writer.run(lambda c: outbox.forget(c, before))

    # --- whose reports are held back

    def block(self, kind: str, value_hash: bytes, until: datetime | None, why: str, at: datetime) -> None:
        """Hold back a device, an address or an email (32 bytes of a keyed hash) until a moment or for good."""
        self._writer.run(lambda c: blocks.add_block(c, kind, value_hash, until, why, at))

    def unblock(self, kind: str, value_hash: bytes) -> bool:
        return self._writer.run(lambda c: blocks.lift(c, kind, value_hash))

    def blocked(self, marks: Mapping[str, bytes], at: datetime) -> dict[str, str]:
        """Which of these marks ({kind: 32 bytes}) are held back at a moment, each with why."""
        with self._reading() as connection:
            return blocks.reasons(connection, marks, at)

    # --- the store itself

    def revision(self) -> int:
        """A number that grows with every committed change of any process."""
        with self._reading() as connection:
            return int(connection.execute(_REVISION).scalar_one())

    def backup(self, to: Path) -> None:
        """A consistent copy of the database, as a file, while it is in use. Photos are copied apart."""
        self._database.backup(to)

    def check(self) -> None:
        """Raise StoreDamaged unless the database is whole."""
        self._database.check()

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with named_errors(), self._database.reading.connect() as connection:
            yield connection

    def _one(self, condition: sa.ColumnElement[bool], called: str) -> Report:
        with self._reading() as connection:
            ids = connection.execute(sa.select(report.c.id).where(condition)).scalars().all()
            if not ids:
                raise UnknownReport(called)
            return load(connection, ids)[0]


def _plain(text: str) -> bool:
    """Whether this can be the name of anything: addresses hold what people and machines type."""
    return text.isascii() and text.isprintable()


_REVISION = sa.text("SELECT number FROM revision")
_RELEASED = sa.text(
    "SELECT EXISTS (SELECT 1 FROM photo JOIN report ON report.id = photo.report_id"
    " LEFT JOIN report AS original ON original.public_id = report.duplicate_of"
    " WHERE (report.visibility = 'public'"
    " OR (original.visibility = 'public' AND report.visibility = 'pending'))"
    " AND ((pii_state = 'clear' AND sha256 = :sha256)"
    " OR (pii_state = 'redacted' AND shown_as = :sha256)))"
    " AND NOT EXISTS (SELECT 1 FROM photo WHERE sha256 = :sha256 AND pii_state IN ('blocked', 'redacted'))"
)
