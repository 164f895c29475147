"""Keeps the town's mail moving: what has happened becomes mails, and mails go to the mail server."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

from gisapp.flows.desk.digest import digest_day, post_digests
from gisapp.flows.notify import notify
from gisapp.post import BadServer, Letter, MailServer, NotSent, connected, send
from gisapp.town import Town
from reports_store import Mail, ReportsError

log = logging.getLogger("gisapp.post")
AT_ONCE = 20
LEASE_S = 600
TRIES = 15  # with the pauses below, somewhat more than three days
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=8)
KEPT = timedelta(days=30)  # what a mail said and to whom, after it went
TIDIED_EVERY = timedelta(hours=1)


def keep_post(town: Town, stopping: threading.Event, every_s: float = 1) -> None:
    """Write and send mails while the app runs; without a mail server only forget what was never confirmed."""
    server = _server(town)
    tidy_at, told_on = town.now(), None
    while not stopping.is_set():
        try:
            if town.now() >= tidy_at:
                tidy_at = town.now() + TIDIED_EVERY
                town.reports.purge_subscriptions(town.now())
                town.reports.forget_mail(town.now() - KEPT)
            if server is not None:
                tell_news(town)
                told_on = tell_departments(town, told_on)
                send_due(town, server)
        except (ReportsError, OSError):
            log.exception("the post could not be seen to; trying again")
        stopping.wait(every_s)


def tell_news(town: Town) -> None:
    """Write the mails for what has happened since the last time, however long ago that is."""
    file = town.settings.data / "post.cursor"
    seen = _read(file)
    if seen is None:
        _write(file, town.reports.last_event())  # what happened before mail was set up is no news
        return
    while (now_at := notify(seen, town.mail_room, town.now())) > seen:
        seen = now_at
        _write(file, seen)


def tell_departments(town: Town, told_on: date | None) -> date | None:
    """Write the departments' digests once the working day has begun; returns the day that is done with."""
    day = digest_day(town.now(), town.reports.deadlines.is_working)
    if day is None or day == told_on:
        return told_on
    post_digests(town.profile.departments, day, town.mail_room, town.now())
    return day


def send_due(town: Town, server: MailServer) -> int:
    """Send what waits and whose time has come; returns how many went."""
    mails = town.reports.mail_due(town.now(), AT_ONCE, LEASE_S)
    if not mails:
        return 0
    try:
        with connected(server) as line:
            sent = 0
            for place, mail in enumerate(mails):
                try:
                    send(_letter(mail), town.settings.mail_from, line)
                except NotSent as trouble:
                    _postpone(town, [mail], trouble)
                    if not trouble.others:
                        _postpone(town, mails[place + 1 :], trouble)
                        return sent
                else:
                    town.reports.mail_sent(mail.id, town.now())
                    sent += 1
            return sent
    except NotSent as trouble:  # no connection at all
        _postpone(town, mails, trouble)
        return 0


def _postpone(town: Town, mails: Iterable[Mail], trouble: NotSent) -> None:
    for mail in mails:
        again = trouble.again and mail.attempts < TRIES
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** max(0, mail.attempts - 1))
        log.warning("mail %d did not go (%s), try %d", mail.id, trouble.reason, mail.attempts)
        town.reports.mail_postponed(mail.id, trouble.reason, town.now() + pause if again else None)


def _letter(mail: Mail) -> Letter:
    return Letter(mail.to, mail.subject, mail.body, mail.key, mail.at)


def _server(town: Town) -> MailServer | None:
    if not town.settings.mails:
        return None
    try:
        return MailServer.of(town.settings.smtp)
    except BadServer:
        log.error(
            "GISAPP_SMTP cannot be used: expected smtp://, starttls:// or smtps:// and a host; no mail goes"
        )
        return None


def _read(file: Path) -> int | None:
    try:
        return int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _write(file: Path, number: int) -> None:
    unfinished = file.with_name(f"{file.name}.part")
    with unfinished.open("w", encoding="ascii") as out:
        out.write(str(number))
        out.flush()
        os.fsync(out.fileno())
    unfinished.replace(file)
