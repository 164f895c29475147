"""The town's reports on disk: filed, found, moved along, and never lost once acknowledged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType

import sqlalchemy as sa

from reports_store import (
    audit,
    blocks,
    counting,
    finding,
    holding,
    lives,
    looking,
    newest,
    news,
    outbox,
    petition_carrying,
    petition_rows,
    petitions,
    photo_queue,
    retention,
    saved_views,
    schema,
    subscriptions,
    tallies,
)
from reports_store.adding import Added, add_reports
from reports_store.address import database_at
from reports_store.appending import append_event, known_report
from reports_store.categories import Categories
from reports_store.cells import Box, check_box
from reports_store.counting import CellCount
from reports_store.database import Database, named_errors
from reports_store.dating import date_older
from reports_store.deadlines import Deadlines
from reports_store.desk_cells import DeskCells, desk_cells
from reports_store.errors import UnknownReport
from reports_store.exporting import ExportRow, export_rows, export_size
from reports_store.filters import Filters
from reports_store.finding import Near
from reports_store.ground import PublicPlace, shown_place
from reports_store.inbox import InboxPage, Order
from reports_store.inbox import inbox as inbox_page
from reports_store.lives import Life
from reports_store.looking import Look, WaitingPhoto
from reports_store.merging import Said, merge_reports, unmerge_reports
from reports_store.newest import Before
from reports_store.outbox import Mail, NewMail
from reports_store.outgoing import Outgoing
from reports_store.petition import ItemLink as PetitionLink
from reports_store.petition import NewAnswer, NewLetter, NewPetition, Petition, PetitionLine, Revised
from reports_store.petitions import Hand as PetitionHand
from reports_store.photo_queue import PhotoJob
from reports_store.plaintext import check_number
from reports_store.redrawing import redraw
from reports_store.report import (
    Asset,
    Contact,
    Event,
    NewEvent,
    NewReport,
    Report,
    StoredPhoto,
    Visibility,
    canonical_uuid,
)
from reports_store.retention import Carried, Tombstone
from reports_store.rows import load, load_events
from reports_store.saved_views import SavedView
from reports_store.schema import contact, report
from reports_store.splitting import Tell, split_report
from reports_store.subscriptions import NewSubscription, Subscription
from reports_store.supporting import add_support
from reports_store.vocabulary import MailState
from reports_store.writer import Writer


class ReportStore:
    """Open it once per process and call it from any thread. Several processes may share the database.

    Writes go through one thread and return when they are on disk. Raises only errors of reports_store.errors.
    """

    def __init__(self, database: Database, categories: Categories, deadlines: Deadlines) -> None:
        self._database = database
        self._categories = categories
        self._deadlines = deadlines
        self._add_all = partial(add_reports, categories=categories, deadlines=deadlines)
        self._writer = Writer(database)
        self.outgoing = Outgoing(self._reading, self._writer)

    @classmethod
    def open(
        cls, url: str | Path, categories: Categories | None = None, deadlines: Deadlines | None = None
    ) -> ReportStore:
        """Open or make a store at a path, a sqlite:/// or a postgresql:// address, with the newest tables.

        deadlines: the working days of the town; without them, those of a town with no closed days of its own.
        """
        database = database_at(url)
        with ExitStack() as undo:
            undo.callback(database.close)
            database.bring_up_to_date()
            store = cls(database, categories or Categories.load(), deadlines or Deadlines())
            undo.pop_all()
        store._writer.run(store._bring_in_line)
        return store

    def _bring_in_line(self, connection: sa.Connection) -> None:
        """What was stored by another categories file, or before there were deadlines."""
        redraw(connection, self._categories)
        date_older(connection, self._categories, self._deadlines)

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

    @property
    def deadlines(self) -> Deadlines:
        """The working days of the town."""
        return self._deadlines

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
        return self._writer.run(
            lambda c: append_event(c, report_id, event, seen, self._categories, self._deadlines)
        )

    def merge(
        self,
        duplicate_id: int,
        original_id: int,
        *,
        actor: str,
        at: datetime,
        seen: int,
        public: str = "",
        internal: str = "",
        client_uuid: str | None = None,
    ) -> Report:
        """Two reports of one thing: the first, whose version was `seen`, becomes a duplicate of the second.

        Its photos, supporters and subscriptions are seen from the original while that holds. Raises
        StaleVersion, TransitionRefused, and DuplicateRefused for chains and circles.
        """
        said = Said(actor, at, public, internal, client_uuid)
        return self._writer.run(
            lambda c: merge_reports(c, duplicate_id, original_id, said, seen, self._categories)
        )

    def unmerge(
        self,
        duplicate_id: int,
        *,
        actor: str,
        at: datetime,
        seen: int,
        internal: str = "",
        client_uuid: str | None = None,
    ) -> Report:
        """Take a merge back: the duplicate is in the state it had before. Raises NotMerged, StaleVersion."""
        said = Said(actor, at, "", internal, client_uuid)
        return self._writer.run(lambda c: unmerge_reports(c, duplicate_id, said, seen, self._categories))

    def split(
        self,
        report_id: int,
        children: Sequence[NewReport],
        *,
        actor: str,
        at: datetime,
        seen: int,
        tell: Tell,
        internal: str = "",
        client_uuid: str | None = None,
    ) -> list[Report]:
        """File several reports out of one whose version was `seen`; each child names it as its parent.

        tell makes the words to the parent's reporter from the children's numbers; it may only compute. Raises
        StaleVersion, ChangeRefused for a closed report, Conflict, UnknownCategory.
        """
        said = Said(actor, at, "", internal, client_uuid)
        return self._writer.run(
            lambda c: split_report(
                c, report_id, children, said, tell, seen, self._categories, self._deadlines
            )
        )

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

    def look_at_contact(self, report_id: int, *, actor: str, why: str, at: datetime) -> Contact | None:
        """Who to answer, for a person who says why: the look is in the trail when the words are given."""

        def look(connection: sa.Connection) -> Contact | None:
            found = load(connection, [check_number("report_id", report_id)])
            if not found:
                raise UnknownReport(str(report_id))
            audit.write_line(connection, actor, audit.VIEW_CONTACT, found[0].public_id, {"why": why}, at)
            columns = sa.select(contact.c.name, contact.c.phone, contact.c.email, contact.c.wants_reply)
            row = connection.execute(columns.where(contact.c.report_id == report_id)).one_or_none()
            return None if row is None else Contact(*row)

        return self._writer.run(look)

    # --- many reports

    def newest(self, filters: Filters, limit: int = 500, before: Before | None = None) -> list[Report]:
        """Newest first. The next page is asked with before=last.key."""
        with self._reading() as connection:
            return newest.newest(connection, filters, limit, before)

    def inbox(
        self, filters: Filters, order: Order = Order.NEWEST, limit: int = 50, after: str = ""
    ) -> InboxPage:
        """A page of the desk's list. The next one is asked with after=page.next. Raises InvalidFilter."""
        with self._reading() as connection:
            return inbox_page(connection, filters, order, limit, after)

    def desk_cells(self, box: Box, level: int, filters: Filters) -> DeskCells:
        """Counts per map cell as cell_counts, of any filter of the desk; cut tells that not all could be read."""
        with self._reading() as connection:
            return desk_cells(connection, check_box(box), level, filters)

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

    def with_photo(self, sha256: str) -> list[Report]:
        """The reports that hold a picture, newest first; none for what is no picture."""
        with self._reading() as connection:
            return holding.with_photo(connection, sha256) if _plain(sha256) else []

    def of_asset(self, asset: Asset, limit: int = 20) -> list[Report]:
        """The reports about one feature of a layer, newest first."""
        with self._reading() as connection:
            return holding.of_asset(connection, asset, limit)

    def split_from(self, public_id: str) -> list[Report]:
        """The reports that were split from one."""
        with self._reading() as connection:
            return holding.of_parent(connection, public_id)

    def merged_into(self, public_id: str) -> list[Report]:
        """The reports that were merged into one."""
        with self._reading() as connection:
            return holding.duplicates_of(connection, public_id)

    def stream(self, filters: Filters) -> Iterator[Report]:
        """Every report of a filter as it was when the first was read, in the order of arrival."""
        with self._reading() as connection:
            yield from finding.stream(connection, filters)

    def export_rows(self, filters: Filters) -> Iterator[ExportRow]:
        """Everything a filter lets through as plain rows, as it was when the first was read."""
        with self._reading() as connection:
            yield from export_rows(connection, filters)

    def export_size(self, filters: Filters) -> int:
        with self._reading() as connection:
            return export_size(connection, filters)

    def lives(self) -> Iterator[Life]:
        """When each public report came, was first answered and was closed, in the order of arrival."""
        with self._reading() as connection:
            yield from lives.lives(connection)

    def tally(self, filters: Filters) -> Iterator[list[tallies.Tallied]]:
        """Pages of what figures are made from; duplicates are counted with their originals."""
        with self._reading() as connection:
            yield from tallies.tally(connection, filters)

    def by_day(self, filters: Filters) -> tuple[dict[int, int], dict[int, int]]:
        """How many reports arrived, and how many were closed for good, on each day in Japan since 1970."""
        with self._reading() as connection:
            return tallies.by_day(connection, filters)

    def spots(self, filters: Filters, limit: int) -> list[tallies.Spot]:
        """The places of the newest reports of a filter but duplicates."""
        with self._reading() as connection:
            return tallies.spots(connection, filters, limit)

    def named_spots(self, public_ids: tuple[str, ...], filters: Filters) -> list[tallies.Spot]:
        """The places of reports by their numbers, as far as the filter lets them through, in the order asked."""
        with self._reading() as connection:
            return tallies.named_spots(connection, public_ids, filters)

    def whereabouts(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Every department and every area that some report has."""
        with self._reading() as connection:
            return tallies.whereabouts(connection)

    # --- filters that somebody keeps

    def saved_views(self, login: str, department: str | None) -> list[SavedView]:
        """A person's own views by name, then those that others share with the department."""
        with self._reading() as connection:
            return saved_views.views(connection, login, department)

    def save_view(self, login: str, department: str | None, name: str, query: str, at: datetime) -> None:
        """Keep a query of the inbox under a name; with a department it is shared. Raises InvalidFilter."""
        self._writer.run(lambda c: saved_views.save(c, login, department, name, query, at))

    def drop_view(self, login: str, view_id: int) -> bool:
        """Forget one of a person's own views. Whether there was one."""
        return self._writer.run(lambda c: saved_views.drop(c, login, check_number("view_id", view_id)))

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

    # --- photos that wait for eyes

    def photos_to_look_at(self, whose: looking.Whose, limit: int, after: int = 0) -> list[WaitingPhoto]:
        """Ready photos nobody has looked at, of reports that may be shown: those that came first."""
        with self._reading() as connection:
            return looking.waiting(connection, whose, limit, after)

    def count_photos_to_look_at(self, whose: looking.Whose, most: int) -> int:
        """How many wait, counted no further than `most`."""
        with self._reading() as connection:
            return looking.count(connection, whose, most)

    def latest_looks(self, whose: looking.Whose, limit: int) -> list[Look]:
        """The latest decisions about photos, newest first: who released what."""
        with self._reading() as connection:
            return looking.latest(connection, whose, limit)

    # --- 自治会の要望書

    def add_petition(self, new: NewPetition) -> tuple[Petition, bool]:
        """File a 要望書 and the reports of its items, all or nothing; whether it is new. Raises Conflict."""
        return self._writer.run(lambda c: petitions.add_petition(c, new, self._petition_hand))

    def answer_petition(self, petition_id: int, position: int, new: NewAnswer, *, seen: int) -> Petition:
        """Answer an item whose version was `seen`. Raises StaleVersion, UnknownPetition."""
        hand = self._petition_hand
        return self._writer.run(lambda c: petitions.answer_item(c, petition_id, position, new, seen, hand))

    def revise_petition(self, petition_id: int, revised: Mapping[int, Revised], *, seen: int) -> Petition:
        """Correct items, by position, of a petition whose version was `seen`. Raises StaleVersion, PetitionRefused."""
        return self._writer.run(lambda c: petitions.revise_items(c, petition_id, revised, seen))

    def issue_petition_letter(self, petition_id: int, new: NewLetter, *, seen: int) -> Petition:
        """Issue the 回答書 of a petition whose version was `seen`. Raises StaleVersion, PetitionRefused."""
        return self._writer.run(
            lambda c: petitions.issue_letter(c, petition_id, new, seen, self._petition_hand)
        )

    def carry_petition(self, petition_id: int, what: petition_carrying.Carrying, *, seen: int) -> Petition:
        """Carry what is not settled into the next year's petition, which comes back. Raises StaleVersion."""
        hand = self._petition_hand
        return self._writer.run(lambda c: petition_carrying.carry_over(c, petition_id, what, seen, hand))

    def petition(self, number: str) -> Petition:
        """By its number, such as 要R8-012. Raises UnknownPetition."""
        with self._reading() as connection:
            return petition_rows.load_petition(connection, petition_rows.petition_id_of(connection, number))

    def petitions(self, years: tuple[int, ...] = (), association: str = "") -> list[PetitionLine]:
        """Every petition with how its items are answered, or those of some years or of one association."""
        with self._reading() as connection:
            return petition_rows.petition_lines(connection, years, association)

    def petition_items_of(self, public_id: str) -> list[PetitionLink]:
        """Which items of which petitions a report is worked on for."""
        with self._reading() as connection:
            return petition_rows.items_of_report(connection, public_id)

    def petition_representative(self, petition_id: int) -> str:
        """Who speaks for the association; personal data, for a look that is written in the audit."""
        table = schema.petition
        found = sa.select(table.c.representative_name).where(table.c.id == check_number("id", petition_id))
        with self._reading() as connection:
            return connection.execute(found).scalar_one_or_none() or ""

    @property
    def _petition_hand(self) -> PetitionHand:
        return PetitionHand(
            lambda c, news: [added.report.public_id for added in self._add_all(c, news)], self._tell
        )

    def _tell(self, connection: sa.Connection, report_id: int, event: NewEvent) -> None:
        """An event that goes with a change of something else, whatever the report's version is by now."""
        seen = known_report(connection, report_id).version
        append_event(connection, report_id, event, seen, self._categories, self._deadlines)

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

    # --- what is kept no longer

    def retention_due(self, at: datetime) -> list[retention.Due]:
        """Every report whose time has come at a moment: what carry_out_retention would do, and nothing is done."""
        with self._reading() as connection:
            return retention.due(connection, self._categories, at)

    def carry_out_retention(self, wanted: Sequence[retention.Due], actor: str, at: datetime) -> Carried:
        """Take these steps in one commit; what was reopened, held or is needed elsewhere is left and told."""
        return self._writer.run(lambda c: retention.carry_out(c, wanted, actor, at, self._categories))

    def tombstones(self, limit: int = 500) -> list[Tombstone]:
        """What is left of removed reports, the latest first."""
        with self._reading() as connection:
            return retention.tombstones(connection, limit)

    def tombstone(self, public_id: str) -> Tombstone | None:
        """What is left of a removed report; None where none of this number was removed."""
        with self._reading() as connection:
            return retention.tombstone_of(connection, public_id)

    # --- the trail

    def note_audit(
        self, actor: str, action: str, target: str, detail: Mapping[str, object], at: datetime
    ) -> int:
        """Write down what has to be answered for (an action of reports_store.audit). Returns the line's number."""
        return self._writer.run(lambda c: audit.write_line(c, actor, action, target, detail, at))

    def audit_lines(
        self, after: int = 0, limit: int = 500, wanted: audit.AuditFilter | None = None
    ) -> list[audit.AuditLine]:
        """Lines of the trail after a number, oldest first."""
        with self._reading() as connection:
            return audit.lines_after(connection, after, limit, wanted or audit.AuditFilter())

    def latest_audit(
        self, before: int | None = None, limit: int = 100, wanted: audit.AuditFilter | None = None
    ) -> list[audit.AuditLine]:
        """Lines of the trail before a number (None: the last ones), newest first."""
        with self._reading() as connection:
            return audit.lines_before(connection, before, limit, wanted or audit.AuditFilter())

    def audit_head(self) -> audit.Head:
        """The last line of the trail: kept elsewhere, it shows later whether the end was cut off."""
        with self._reading() as connection:
            return audit.head(connection)

    def verify_audit(self, heads: Iterable[audit.Head] = ()) -> audit.Verdict:
        """Compute the whole chain anew, and compare it with heads that were kept elsewhere."""
        with self._reading() as connection:
            return audit.verify(connection, heads)

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
