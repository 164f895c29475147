"""What leaves the town hall by itself, as a store keeps it: hooks and their deliveries, and mail that is looked after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

import sqlalchemy as sa

from reports_store import corrections, deliveries, hooks, news, outbox, schema
from reports_store.deliveries import Delivery, NewDelivery
from reports_store.hooks import Hook, NewHook, NewSender, Sender
from reports_store.outbox import Mail
from reports_store.plaintext import LINE_LIMIT, check_number, check_time
from reports_store.vocabulary import MailState
from reports_store.writer import Writer


class Outgoing:
    """Part of a ReportStore: its connections and its one writer."""

    def __init__(self, reading: Callable[[], AbstractContextManager[sa.Connection]], writer: Writer) -> None:
        self._reading = reading
        self._writer = writer

    # --- who is told by webhook

    def add_hook(self, new: NewHook) -> Hook:
        """It is told of what happens from now on. Raises InvalidValue for a name that is taken."""
        return self._writer.run(lambda c: hooks.add_hook(c, new, news.last(c)))

    def hooks(self) -> list[Hook]:
        with self._reading() as connection:
            return hooks.load_hooks(connection)

    def stop_hook(self, hook_id: int, at: datetime, why: str) -> None:
        """Tell a hook nothing more; what waits for it stays until it is started again."""
        self._writer.run(
            lambda c: hooks.stop_hook(c, check_number("hook_id", hook_id), check_time("at", at), why)
        )

    def start_hook(self, hook_id: int) -> None:
        """Tell a hook again, of what happens from now on."""
        self._writer.run(lambda c: hooks.start_hook(c, check_number("hook_id", hook_id), news.last(c)))

    # --- what they are told

    def note_deliveries(self, hook_id: int, new: Sequence[NewDelivery], looked_to: int) -> int:
        """Note what a hook is to be told, and up to which event that is all. How much of it is new."""
        return self._writer.run(lambda c: deliveries.note(c, hook_id, new, looked_to))

    def deliveries_due(self, at: datetime, limit: int, lease_s: float) -> list[Delivery]:
        """What is to be sent now to hooks that are not stopped; given to nobody else for lease_s seconds."""
        with self._reading() as connection:
            if not deliveries.is_any_due(connection, at):
                return []
        return self._writer.run(lambda c: deliveries.take_due(c, at, limit, lease_s))

    def delivery_done(
        self, number: int, state: MailState, at: datetime, error: str = "", next_try: datetime | None = None
    ) -> None:
        """It went (SENT), is given up (FAILED), or waits (WAITING) until next_try."""
        self._writer.run(lambda c: deliveries.settle(c, number, state, at, error, next_try))

    def retry_delivery(self, number: int, at: datetime) -> bool:
        """Try a delivery that waits or was given up again now. Whether there is such a one."""
        return self._writer.run(lambda c: deliveries.retry(c, check_number("delivery", number), at))

    def delivery_counts(self) -> dict[MailState, int]:
        with self._reading() as connection:
            return deliveries.count_by_state(connection)

    def latest_deliveries(self, state: MailState, limit: int) -> list[Delivery]:
        """The newest first."""
        with self._reading() as connection:
            return deliveries.latest(connection, state, limit)

    def forget_deliveries(self, before: datetime) -> int:
        """Drop what was sent or given up before a moment. How much there was."""
        return self._writer.run(lambda c: deliveries.forget(c, check_time("before", before)))

    # --- who may tell us

    def add_sender(self, new: NewSender) -> None:
        """Raises InvalidValue for a name that is taken."""
        self._writer.run(lambda c: hooks.add_sender(c, new))

    def senders(self) -> list[Sender]:
        with self._reading() as connection:
            return hooks.load_senders(connection)

    def let_sender(self, name: str, disabled_at: datetime | None) -> None:
        """Hear a sender no more from now on, or (None) again."""
        self._writer.run(lambda c: hooks.let_sender(c, name[:LINE_LIMIT], disabled_at))

    # --- mail

    def latest_mails(self, state: MailState, limit: int) -> list[Mail]:
        """The newest first."""
        with self._reading() as connection:
            table = schema.outbox
            newest = sa.select(table.c.id).where(table.c.state == MailState(state).value)
            ids = connection.execute(newest.order_by(table.c.id.desc()).limit(limit)).scalars().all()
            return outbox.load_mail(connection, table.c.id.in_(ids))[::-1]

    def retry_mail(self, number: int, at: datetime) -> bool:
        """Try a mail that waits or was given up again now. Whether there is such a one and it still has its words."""
        return self._writer.run(lambda c: outbox.retry(c, check_number("mail", number), at))

    # --- what hands have corrected

    def corrections(self, since: datetime) -> list[corrections.Corrected]:
        """Of the reports since a moment, by kind: where they came to first and who has them now."""
        with self._reading() as connection:
            return corrections.corrections(connection, since)
