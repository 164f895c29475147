"""Passwords: hashed with Argon2id (argon2-cffi's defaults, RFC 9106 low-memory), never kept."""

from __future__ import annotations

import threading
from secrets import choice, token_urlsafe

import argon2

from gisapp.auth.errors import WeakPassword

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200
HASHES_AT_ONCE = 2  # each takes 64 MB and a core
# Letters that are told apart on paper and on the telephone.
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"


def first_password() -> str:
    """A password to be handed over once and then changed: 59 bits, in groups that can be read out."""
    return "-".join("".join(choice(_READABLE) for _ in range(4)) for _ in range(3))


class Passwords:
    """Makes and checks hashes, a few at a time."""

    def __init__(self) -> None:
        self._hasher = argon2.PasswordHasher()
        self._hashing = threading.BoundedSemaphore(HASHES_AT_ONCE)
        self._nobodys = ""  # made when first needed: making it costs what a check costs

    def hashed(self, password: str) -> str:
        """The hash to keep. Raises WeakPassword under ten characters, or over two hundred."""
        if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
            raise WeakPassword(SHORTEST_PASSWORD)
        with self._hashing:
            return self._hasher.hash(password)

    def right(self, kept: str, password: str) -> bool:
        """Whether a password is the one of a hash; with none kept it is wrong, and takes as long to be so."""
        with self._hashing:
            try:
                return self._hasher.verify(kept or self._hash_of_nobody(), password)
            except argon2.exceptions.VerifyMismatchError:
                return False

    def _hash_of_nobody(self) -> str:
        self._nobodys = self._nobodys or self._hasher.hash(token_urlsafe(32))
        return self._nobodys
