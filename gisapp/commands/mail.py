"""How the town's mail is doing. Addresses are not shown."""

from __future__ import annotations

import argparse
from zoneinfo import ZoneInfo

from gisapp.commands.report import over_town
from gisapp.commands.task import Say, Tasks
from gisapp.town import Town
from gisapp.words import say
from reports_store import Mail, MailState

JST = ZoneInfo("Asia/Tokyo")
LISTED = (MailState.WAITING, MailState.FAILED)


def _list(given: argparse.Namespace, town: Town, tell: Say) -> int:
    if not town.settings.mails:
        tell(say("mail.list.not_offered"))
    counts = town.reports.mail_counts()
    if not any(counts.values()):
        tell(say("mail.list.none"))
        return 0
    tell(say("mail.list.counts", **{state.value: n for state, n in counts.items()}))
    for state in LISTED:
        for mail in town.reports.mails(state):
            tell(_line(mail))
    return 0


def _line(mail: Mail) -> str:
    return say(
        "mail.list.line",
        id=mail.id,
        state=say(f"mail.state.{mail.state}"),
        attempts=mail.attempts,
        next=mail.next_try.astimezone(JST).strftime("%Y-%m-%d %H:%M"),
        subject=mail.subject,
        error=mail.last_error,
    )


TASKS: Tasks = {"mail list": over_town(_list)}
