"""Small texts that a browser keeps for us and cannot change: the form's token and the photos it has sent."""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256

SEAL = 22  # letters: 128 bits
WORK_BITS = 16
LONGEST = 400


def sealed(secret: bytes, purpose: str, text: str) -> str:
    """The text with a seal over it and its purpose: seal.text."""
    return f"{_seal(secret, purpose, text)}.{text}"


def unsealed(secret: bytes, purpose: str, given: str) -> str | None:
    """The text of sealed(), or None if it was not sealed by us for this purpose."""
    seal, _, text = given[:LONGEST].partition(".")
    right = _seal(secret, purpose, text)
    return text if hmac.compare_digest(seal.encode("utf-8", "replace"), right.encode()) else None


def new_token(secret: bytes, at: datetime) -> str:
    """What a form carries: when it was handed out, and randomness; our seal over both."""
    return sealed(secret, "token", f"{int(at.timestamp())}.{secrets.token_urlsafe(12)}")


def age_of(secret: bytes, token: str, at: datetime) -> timedelta | None:
    """How long ago a token was handed out; None for one that we did not make."""
    text = unsealed(secret, "token", token)
    if text is None:
        return None
    made = datetime.fromtimestamp(int(text.partition(".")[0]), UTC)
    return at - made


def is_work(token: str, work: str, bits: int = WORK_BITS) -> bool:
    """Whether SHA-256 of "token:work" begins with so many zero bits (the hashcash of Adam Back, 1997)."""
    if not token or not work or len(work) > 40:
        return False
    digest = sha256(f"{token}:{work}".encode("utf-8", "replace")).digest()
    return int.from_bytes(digest, "big") >> (256 - bits) == 0


def mark_of(secret: bytes, kind: str, value: str) -> bytes:
    """What the block list keeps in place of a device, an address or an e-mail: 32 bytes nobody can turn back."""
    return hmac.digest(secret, f"{kind}:{value}".encode("utf-8", "replace"), sha256)


def _seal(secret: bytes, purpose: str, text: str) -> str:
    digest = hmac.digest(secret, f"{purpose}:{text}".encode("utf-8", "replace"), sha256)
    return urlsafe_b64encode(digest[:16]).decode().rstrip("=")
