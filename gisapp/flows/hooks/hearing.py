"""What a body outside tells of a report that was referred to it: that it has taken it up, or has finished."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import orjson

from gisapp.flows.hooks.signing import ID, key_of, new_salt, verified
from gisapp.words import say, speaking
from reports_store import ActorType, EventKind, NewEvent, Report, ReportStore, Status
from reports_store.errors import ReportsError, StaleVersion, UnknownReport
from reports_store.hooks import Sender

ACTIONS = ("acknowledged", "finished", "note")
LONGEST_MESSAGE = 2000
UNSIGNED = "signature"  # the code of what comes from nobody known
# Control letters, and those that turn a line around or hide in it; lines and tabs stay.
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
TURNS = 5  # somebody at the desk may be writing to the same report


class NotHeard(Exception):
    """Why a delivery is not taken; code is told to the sender, status is HTTP's."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__(code)
        self.code, self.status = code, status


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of a delivery. again: it had been taken before, and nothing was done this time."""

    report: Report
    again: bool


@dataclass(frozen=True, slots=True)
class _Word:
    number: str
    action: str
    message: str


def hear(
    name: str, given: Mapping[str, str], body: bytes, reports: ReportStore, town_secret: bytes, now: datetime
) -> Heard:
    """Take one delivery; sent again under the same id it is answered as before and does nothing.

    Raises NotHeard, alike for an unknown sender and a wrong signature, and alike for a report that is not there
    and one that was not referred to this sender.
    """
    sender = _sender(name, given, body, reports, town_secret, now)
    word = _word(body)
    key = str(uuid5(NAMESPACE_URL, f"gisapp-hook:{name}:{given[ID]}"))
    for _ in range(TURNS):
        report, known = _report(word.number, key, sender, reports)
        event = _event(word, sender, key, now)
        try:
            return Heard(reports.append(report.id, event, seen=report.version), known)
        except StaleVersion:
            continue
        except ReportsError as error:  # the same id for something else, or a step that is not possible
            raise NotHeard(error.code, 409) from None
    raise NotHeard("busy", 503)


def _sender(
    name: str, given: Mapping[str, str], body: bytes, reports: ReportStore, town_secret: bytes, now: datetime
) -> Sender:
    found = {one.name: one for one in reports.outgoing.senders() if one.disabled_at is None}.get(name)
    # A stranger's signature is reckoned, too: the time of the answer must not tell who is known.
    key = key_of(town_secret, "sender", found.salt if found else new_salt())
    right = verified(key, given, body, now)
    if found is None or not right:
        raise NotHeard(UNSIGNED, 401)
    return found


def _word(body: bytes) -> _Word:
    try:
        told: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise NotHeard("json", 400) from None
    if not isinstance(told, dict):
        raise NotHeard("json", 400)
    word = _Word(*(told.get(key, "") for key in ("report", "action", "message")))
    if not all(isinstance(one, str) for one in (word.number, word.action, word.message)):
        raise NotHeard("json", 400)
    if word.action not in ACTIONS or len(word.message) > LONGEST_MESSAGE or "\0" in word.message:
        raise NotHeard("values", 400)
    word = replace(word, message=UNSEEN.sub("", word.message))
    if word.action == "note" and not word.message.strip():
        raise NotHeard("values", 400)
    return word


def _report(number: str, key: str, sender: Sender, reports: ReportStore) -> tuple[Report, bool]:
    """The report, and whether this very delivery has been taken before."""
    try:
        report = reports.get(number)
    except UnknownReport:
        raise NotHeard("not_referred", 404) from None
    if any(one.client_uuid == key for one in reports.events(report.id)):
        return report, True
    theirs = report.status is Status.REFERRED and report.referred_to is not None
    if not theirs or not hmac.compare_digest((report.referred_to or "").encode(), sender.body.encode()):
        raise NotHeard("not_referred", 404)
    return report, False


def _event(word: _Word, sender: Sender, key: str, now: datetime) -> NewEvent:
    """Their words stay inside: residents read only what the town itself answers."""
    finished = word.action == "finished"
    with speaking("ja"):
        told = say(f"desk_hooks.told.{word.action}")
    to = {"status": Status.REFERRED_CLOSED.value} if finished else {"action": word.action}
    return NewEvent(
        kind=EventKind.STATUS if finished else EventKind.SYNC,
        at=now,
        actor_type=ActorType.CONTRACTOR,
        actor=sender.body,
        changes={"to": to},
        internal_message=f"{told}\n{word.message}".strip(),
        client_uuid=key,
    )
