"""How often signing in may be tried, counted before anything is hashed. It lives in memory: a restart forgives."""

from __future__ import annotations

from collections.abc import Callable

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from gisapp.auth.errors import TooManyTries

OF_A_LOGIN = parse("10 per 10 minutes")
# A town hall may leave through one address: all its people arrive within minutes of half past eight.
OF_AN_ADDRESS = (parse("40 per minute"), parse("300 per 10 minutes"))
OF_ALL = parse("120 per minute")
OF_REPORTS = parse("1 per 10 minutes")  # how often the same name's trouble is written in the trail


class Tries:
    """Counts tries by login, by network address and all together."""

    def __init__(self) -> None:
        self._counted = FixedWindowRateLimiter(MemoryStorage())

    def count(self, login: str, address: str, told: Callable[[], None]) -> None:
        """Count one try. Raises TooManyTries; told is called when a name meets its limit, once in its window."""
        hit, name = self._counted.hit, login[:60]
        self.count_address(address)
        if not hit(OF_A_LOGIN, "login", name):
            if hit(OF_REPORTS, "report", name):
                told()
            raise TooManyTries(login)

    def count_address(self, address: str) -> None:
        """Count one try of an address, empty where there is none to count by. Raises TooManyTries.

        The address comes first: what one machine tries beyond its share is nobody else's trouble.
        """
        hit = self._counted.hit
        if address and not all(hit(limit, "address", address) for limit in OF_AN_ADDRESS):
            raise TooManyTries(address)
        if not hit(OF_ALL, "all"):
            raise TooManyTries(address)

    def forget(self, login: str) -> None:
        """After the right password: only what failed counts against a name."""
        self._counted.clear(OF_A_LOGIN, "login", login[:60])
