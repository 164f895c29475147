"""Hands the town's mails to its mail server (SMTP), and says of one that did not go whether to try again."""

from __future__ import annotations

import contextlib
import hashlib
import re
import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit

TIMEOUT_S = 20
PORTS = {"smtp": 25, "starttls": 587, "smtps": 465}
_STOP = re.compile(r"https?://\S+/mail/stop/\S+")


class BadServer(ValueError):
    """GISAPP_SMTP cannot be used as it stands."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails are handed in. scheme: smtp (plain), starttls or smtps."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def of(cls, address: str) -> MailServer:
        """smtp://host:25, starttls://user:password@host:587 or smtps://user:password@host:465. Raises BadServer."""
        try:
            found = urlsplit(address)
            port = found.port
        except ValueError:
            raise BadServer("GISAPP_SMTP") from None  # the address may hold a password: it is not repeated
        if found.scheme not in PORTS or not found.hostname:
            raise BadServer("GISAPP_SMTP")
        user, password = unquote(found.username or ""), unquote(found.password or "")
        if not (user + password).isascii():  # SMTP as it is spoken has no letters for them
            raise BadServer("GISAPP_SMTP")
        return cls(found.scheme, found.hostname, port or PORTS[found.scheme], user, password)


class NotSent(Exception):
    """A mail did not go. reason never holds an address; again: it may go later; others: the next may go now."""

    def __init__(self, reason: str, *, again: bool, others: bool) -> None:
        super().__init__(reason)
        self.reason, self.again, self.others = reason, again, others


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail: key makes its Message-ID, so that a mailbox that gets it twice may know."""

    to: str
    subject: str
    body: str
    key: str
    at: datetime


@contextlib.contextmanager
def connected(server: MailServer) -> Iterator[smtplib.SMTP]:
    """A connection to the mail server. Raises NotSent if there is none to be had."""
    try:
        line = _open(server)
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(_reason(error), again=True, others=False) from None
    try:
        yield line
    finally:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            line.quit()


def send(letter: Letter, mail_from: str, line: smtplib.SMTP) -> None:
    """Hand in one mail; the server has it when this returns. Raises NotSent."""
    try:
        message = written(letter, mail_from)
        line.send_message(message, from_addr=parseaddr(mail_from)[1], to_addrs=[letter.to])
    except (ValueError, MessageError) as error:  # a line break in a header, say
        raise NotSent(type(error).__name__, again=False, others=True) from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        again = all(400 <= code < 500 for code in codes)
        raise NotSent(f"SMTPRecipientsRefused {codes}", again=again, others=True) from None
    except smtplib.SMTPResponseException as error:
        temporary = not 500 <= error.smtp_code < 600
        raise NotSent(_reason(error), again=temporary, others=not temporary) from None
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(_reason(error), again=True, others=False) from None


def written(letter: Letter, mail_from: str) -> EmailMessage:
    """The mail as it goes out. Raises ValueError for a line break in what becomes a header."""
    message = EmailMessage()
    message["From"] = mail_from
    message["To"] = letter.to
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.at)
    domain = parseaddr(mail_from)[1].rpartition("@")[2]
    message["Message-ID"] = f"<{hashlib.sha256(letter.key.encode()).hexdigest()[:32]}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    if stop := _STOP.search(letter.body):
        message["List-Unsubscribe"] = f"<{stop.group()}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(letter.body, cte="base64")
    return message


def _open(server: MailServer) -> smtplib.SMTP:
    if server.scheme == "smtps":
        safely = ssl.create_default_context()
        line: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_S, context=safely)
    else:
        line = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
    try:
        if server.scheme == "starttls":
            line.starttls(context=ssl.create_default_context())
        if server.user:
            line.login(server.user, server.password)
    except BaseException:
        line.close()
        raise
    return line


def _reason(error: Exception) -> str:
    """What went wrong, without the server's own words, which may repeat an address."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{type(error).__name__} {error.smtp_code}"
    return type(error).__name__
