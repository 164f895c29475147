"""Being told by e-mail: asked for, confirmed by whoever reads that mailbox, ended with one tap.

What leads from a mail to a subscription is a token made with the town's key; only its hash is kept.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import unicodedata
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gisapp.flows.category_words import category_name
from gisapp.flows.sealed import sealed, unsealed
from gisapp.words import say, speaking
from reports_store import (
    BlockKind,
    Categories,
    NewMail,
    NewSubscription,
    ReportsError,
    ReportStore,
    Subscription,
    SubscriptionKind,
    UnknownSubscription,
)
from reports_store.subscriptions import canonical_target

EMAIL_LIMIT = 200
# Letters that every mail server takes without an extension; quoted local parts are left out on purpose.
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})+")
_REPORTER = "reporter-mail"


class BadEmail(ReportsError):
    """Not an e-mail address."""

    code = "bad_email"


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to be told of. own: of the report whose 照会番号 they hold, public or not."""

    kind: SubscriptionKind
    target: str
    own: bool = False

    @classmethod
    def of(cls, kind: SubscriptionKind, own: bool = False, **told: object) -> Wish:
        """For the words of a target see reports_store.subscriptions. Raises InvalidValue."""
        return cls(kind, canonical_target(kind, json.dumps(told)), own)


@dataclass(frozen=True, slots=True)
class MailRoom:
    """What writing mails needs: the store, the town's name and key, and where residents reach the app."""

    reports: ReportStore
    categories: Categories
    secret: bytes
    url: str
    town: str


def checked_email(text: str) -> str:
    """An address as it is written to. Raises BadEmail."""
    email = unicodedata.normalize("NFKC", text).strip()
    if len(email) > EMAIL_LIMIT or not _EMAIL.fullmatch(email) or ".." in email:
        raise BadEmail
    return email


def ask(wish: Wish, email: str, lang: str, room: MailRoom, now: datetime) -> None:
    """Keep a wish and post the mail that asks for a yes. Raises BadEmail."""
    to = checked_email(email)
    token = _token(wish, to, now, room.secret)
    room.reports.subscribe(NewSubscription(wish.kind, wish.target, to, lang, digest_of(token), now))
    with speaking(lang):
        subject = say("mail.confirm.subject", town=room.town)
        link = f"{room.url}/mail/confirm/{token}"
        body = say("mail.confirm.body", town=room.town, what=in_words(wish, room.categories), confirm=link)
    room.reports.post(NewMail(to, subject, body.strip() + "\n", f"confirm:{digest_of(token).hex()}", now))


def confirm(token: str, room: MailRoom, now: datetime) -> None:
    """The yes. Raises UnknownSubscription for a token that is wrong, ended or older than three days."""
    room.reports.confirm_subscription(digest_of(token), now)


def stop(token: str, room: MailRoom, now: datetime) -> None:
    """The end, of a subscription or of what a reporter asked for on the form. Raises UnknownSubscription."""
    if unsealed(room.secret, _REPORTER, token) is not None:
        room.reports.block(BlockKind.EMAIL, digest_of(token), None, "stopped", now)
    elif not room.reports.end_subscription(digest_of(token)):
        raise UnknownSubscription


def in_words(wish: Wish, categories: Categories) -> str:
    """What a wish is about."""
    told: Mapping[str, str] = json.loads(wish.target)
    match wish.kind:
        case SubscriptionKind.REPORT:
            return say("mail.what.report", number=told["report"])
        case SubscriptionKind.CATEGORY:
            return say("mail.what.category", name=category_name(categories[told["category"]]))
        case SubscriptionKind.ASSOCIATION:
            return say("mail.what.association", name=told["association"])
        case _:
            return say("mail.what.place")


def is_own(found: Subscription, secret: bytes) -> bool:
    """Whether it was asked for with the 照会番号: the token tells, and nobody can make another tell so."""
    wish = Wish(found.kind, found.target, own=True)
    return hmac.compare_digest(digest_of(_token(wish, found.email, found.at, secret)), found.token_hash)


def token_of(found: Subscription, secret: bytes) -> str:
    """The token that ends a subscription."""
    wish = Wish(found.kind, found.target, own=is_own(found, secret))
    return _token(wish, found.email, found.at, secret)


def token_of_reporter(number: str, email: str, secret: bytes) -> str:
    """The token that ends the mails a reporter asked for on the form itself."""
    return sealed(secret, _REPORTER, f"{number}.{hashlib.sha256(email.lower().encode()).hexdigest()[:16]}")


def reporter_stopped(token: str, reports: ReportStore, now: datetime) -> bool:
    """Whether the reporter has ended those mails."""
    return bool(reports.blocked({BlockKind.EMAIL: digest_of(token)}, now))


def digest_of(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _token(wish: Wish, email: str, at: datetime, secret: bytes) -> str:
    """128 bits that nobody without the key can guess, the same again for the same subscription."""
    parts = ["subscription", wish.kind.value, wish.target, wish.own, email, at.isoformat()]
    digest = hmac.digest(secret, json.dumps(parts, ensure_ascii=False).encode(), hashlib.sha256)
    return urlsafe_b64encode(digest[:16]).decode().rstrip("=")
