"""The signature under a webhook: who sent it, that nothing was changed, and that it is not an old one sent again.

The scheme is that of Standard Webhooks (standardwebhooks.com): HMAC-SHA256 over "id.timestamp.body".
"""

from __future__ import annotations

import hmac
import secrets
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
WINDOW = timedelta(minutes=5)
LONGEST_ID = 100
PREFIX = "whsec_"


def new_salt() -> str:
    """What makes one key unlike every other; worth nothing without the town's own key."""
    return secrets.token_urlsafe(18)


def key_of(town_secret: bytes, purpose: str, salt: str) -> bytes:
    """The 32 bytes that sign. purpose: hook for what we send, sender for what we are sent."""
    return hmac.digest(town_secret, f"{purpose}:{salt}".encode(), sha256)


def shown(key: bytes) -> str:
    """A key as it is handed to the other side, once."""
    return PREFIX + b64encode(key).decode()


def signature(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    """The signature of the raw body under its id and its time (whole seconds since 1970)."""
    signed = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, sha256)
    return "v1," + b64encode(signed).decode()


def headers(key: bytes, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """What goes with a body."""
    timestamp = str(int(at.timestamp()))
    return {ID: message_id, TIMESTAMP: timestamp, SIGNATURE: signature(key, message_id, timestamp, body)}


def verified(key: bytes, given: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """Whether one of the given signatures is right and was made within five minutes of now. In constant time."""
    message_id, timestamp = given.get(ID, ""), given.get(TIMESTAMP, "")
    right = signature(key, message_id[:LONGEST_ID], timestamp[:20], body).encode()
    offered = given.get(SIGNATURE, "")[:1000].split(" ")
    # every one is compared: how long it takes must not tell which was near
    matching = [hmac.compare_digest(one.encode("utf-8", "replace"), right) for one in offered]
    return any(matching) and _fresh(timestamp, now) and 0 < len(message_id) <= LONGEST_ID


def _fresh(timestamp: str, now: datetime) -> bool:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    return abs(now.timestamp() - int(timestamp)) <= WINDOW.total_seconds()
