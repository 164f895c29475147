"""Keeps webhooks moving: what has happened is noted for each hook, and sent until the other side has taken it."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from uuid import uuid4

from gisapp.flows.hooks.signing import headers, key_of
from gisapp.flows.hooks.telling import TRIAL, NothingToTell, Source, body_of, message_id, note_news
from gisapp.hook_line import NotAllowedThere, NotTaken, deliver
from gisapp.town import Town
from reports_store import MailState, ReportsError
from reports_store.deliveries import Delivery, NewDelivery
from reports_store.hooks import Hook

log = logging.getLogger("gisapp.hooks")
AT_ONCE = 20
LEASE_S = 600
TRIES = 12  # with the pauses below, somewhat more than a day
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=8)
KEPT = timedelta(days=30)
TIDIED_EVERY = timedelta(hours=1)
WITHDRAWN = "withdrawn"  # no longer for those outside when its turn came


def keep_hooks(town: Town, stopping: threading.Event, every_s: float = 2) -> None:
    """Note and send while the app runs. Beside the post and not in it: a slow server of others holds up no mail."""
    tidy_at = town.now()
    while not stopping.is_set():
        try:
            if town.now() >= tidy_at:
                tidy_at = town.now() + TIDIED_EVERY
                town.reports.outgoing.forget_deliveries(town.now() - KEPT)
            tell_hooks(town)
            send_deliveries(town)
        except (ReportsError, OSError):
            log.exception("the webhooks could not be seen to; trying again")
        stopping.wait(every_s)


def source_of(town: Town) -> Source:
    """Where a town's deliveries are written from."""
    return Source(town.reports, town.categories, town.settings.public_url, town.profile.name)


def tell_hooks(town: Town) -> None:
    """Note for each hook what has happened since the last look."""
    source = source_of(town)
    for hook in town.reports.outgoing.hooks():
        if hook.disabled_at is None:
            note_news(hook, source, town.now())  # a page at a time: the next turn goes on


def send_deliveries(town: Town) -> int:
    """Send what waits and whose time has come; how many were taken."""
    waiting = town.reports.outgoing.deliveries_due(town.now(), AT_ONCE, LEASE_S)
    hooks = {one.id: one for one in town.reports.outgoing.hooks()} if waiting else {}
    taken = 0
    for delivery in waiting:
        hook = hooks[delivery.hook_id]
        if hook.disabled_at is None:
            went = _send(delivery, hook, town)
            taken += went
            if not went:  # it may have been the last try: the others wait for whoever looks at it
                hooks = {one.id: one for one in town.reports.outgoing.hooks()}
    return taken


def try_out(town: Town, hook_id: int) -> None:
    """Put a trial on its way, which tells of no report."""
    now = town.now()
    trial = NewDelivery(f"{hook_id}:trial:{uuid4()}", hook_id, TRIAL, now)
    town.reports.outgoing.note_deliveries(hook_id, [trial], 0)


def _send(delivery: Delivery, hook: Hook, town: Town) -> bool:
    outgoing, now = town.reports.outgoing, town.now()
    key = key_of(town.secret, "hook", hook.salt)
    try:
        body = body_of(delivery, hook, source_of(town))
        signed = headers(key, message_id(delivery), now, body)
        deliver(hook.url, body, signed, town.settings.hook_hosts)
    except NothingToTell:
        outgoing.delivery_done(delivery.id, MailState.FAILED, now, WITHDRAWN)
    except NotAllowedThere as refused:
        outgoing.delivery_done(delivery.id, MailState.WAITING, now, refused.reason, now)
        outgoing.stop_hook(hook.id, now, refused.reason)
    except NotTaken as trouble:
        _postpone(delivery, hook, trouble, town)
    else:
        outgoing.delivery_done(delivery.id, MailState.SENT, now)
        return True
    return False


def _postpone(delivery: Delivery, hook: Hook, trouble: NotTaken, town: Town) -> None:
    outgoing, now = town.reports.outgoing, town.now()
    log.warning(
        "webhook %d of %r did not go (%s), try %d", delivery.id, hook.name, trouble.reason, delivery.attempts
    )
    if trouble.gone or delivery.attempts >= TRIES:
        outgoing.delivery_done(delivery.id, MailState.FAILED, now, trouble.reason)
        outgoing.stop_hook(hook.id, now, trouble.reason)
        return
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** max(0, delivery.attempts - 1))
    outgoing.delivery_done(delivery.id, MailState.WAITING, now, trouble.reason, now + pause)
