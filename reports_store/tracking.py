"""照会番号: the code with which a resident, and nobody else, finds a report again."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata

from reports_store.errors import InvalidCode, InvalidValue
from reports_store.report import canonical_uuid

# 80 bits and a check letter in Crockford's base 32: no I, L, O or U, so that a code survives the telephone
# and handwriting.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SYMBOLS = 16
_VALUE = {letter: value for value, letter in enumerate(ALPHABET)}
_MISREAD = str.maketrans("OIL", "011")
# Blanks, every hyphen and dash, and the long-vowel mark that Japanese keyboards put where a hyphen was meant.
_SEPARATORS = re.compile(r"[\s\-‐‑‒–—―−ー]+")


def code_for(secret: bytes, uuid: str) -> str:
    """The code of a report: the same for the same report, so that a resend is told the same code."""
    if len(secret) < 16:
        raise InvalidValue("secret", f"{len(secret)} bytes", "at least 16 bytes")
    digest = hmac.digest(secret, b"tracking:" + canonical_uuid("uuid", uuid).encode(), hashlib.sha256)
    number = int.from_bytes(digest[:10], "big")
    plain = "".join(ALPHABET[(number >> 5 * place) & 31] for place in reversed(range(SYMBOLS)))
    return _grouped(plain + _check_letter(plain))


def normalise(text: str) -> str:
    """What was typed, as the code is printed. Raises InvalidCode on a slip of one letter or a swap of two."""
    if len(text) > 200:
        raise InvalidCode("length")
    letters = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).upper().translate(_MISREAD)
    if len(letters) != SYMBOLS + 1:
        raise InvalidCode("length")
    if any(letter not in _VALUE for letter in letters):
        raise InvalidCode("letter")
    if _check_letter(letters[:-1]) != letters[-1]:
        raise InvalidCode("check")
    return _grouped(letters)


def hash_of(code: str) -> bytes:
    """What the store keeps in place of the code. 80 random bits need no slow hash."""
    return hashlib.sha256(normalise(code).encode()).digest()


def _grouped(letters: str) -> str:
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def _check_letter(letters: str) -> str:
    """A polynomial over the field of 32 elements: every slip and every swap of two letters changes it."""
    total = 0
    for letter in letters:
        total = _doubled(total) ^ _doubled(_VALUE[letter])
    return ALPHABET[total]


def _doubled(value: int) -> int:
    """Times x in GF(32), modulo x^5 + x^2 + 1, whose root runs through all 31 non-zero elements."""
    return (value << 1) ^ (0b100101 if value & 16 else 0)
