"""Keeps the residents' door open to everybody and narrow for machines: who sends, and how much in which time.

One shelter's Wi-Fi is one address, and a street under water is one square kilometre: in disaster mode both
limits are so wide that only a machine meets them.
"""

from __future__ import annotations

import ipaddress
import math
import re
import time
from dataclasses import dataclass
from secrets import token_urlsafe

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.requests import Request
from starlette.responses import Response

from gisapp.web.shell import is_https
from reports_store import Mode

DEVICE_COOKIE = "gisapp_device"
A_YEAR_S = 365 * 24 * 60 * 60
MEGABYTE = 1024 * 1024
CELL_DEG = 0.01  # 1.1 km north to south, 0.9 km east to west


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one sender may send. slowly is for a device that has not done the small proof of work."""

    device: RateLimitItem
    slowly: RateLimitItem
    address: RateLimitItem
    cell: RateLimitItem
    device_mb: RateLimitItem
    address_mb: RateLimitItem


ALLOWED = {
    Mode.NORMAL: Limits(
        parse("30 per hour"), parse("10 per hour"), parse("200 per hour"), parse("150 per hour"),
        parse("400 per 10 minutes"), parse("2000 per 10 minutes"),
    ),
    Mode.DISASTER: Limits(
        parse("600 per hour"), parse("120 per hour"), parse("60000 per hour"), parse("60000 per hour"),
        parse("4000 per 10 minutes"), parse("100000 per 10 minutes"),
    ),
}  # fmt: skip


class TooMany(Exception):
    """A sender has sent as much as one may in this time; key names the sentence."""

    def __init__(self, key: str, retry_after_s: int) -> None:
        super().__init__(key)
        self.key, self.retry_after_s = key, retry_after_s

    @property
    def minutes(self) -> int:
        """How long to wait, as it is said to a person."""
        return math.ceil(self.retry_after_s / 60)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: the device by its cookie (empty without), and the network address."""

    device: str
    address: str


class Quota:
    """Counts what was taken in. It lives in memory: a restart forgives."""

    def __init__(self) -> None:
        self._counted = FixedWindowRateLimiter(MemoryStorage())

    def check_report(self, sender: Sender, mode: Mode, *, worked: bool) -> None:
        """Raises TooMany if this sender may not send another report now. Nothing is counted yet."""
        for key, limit, *names in self._of_sender(sender, mode, worked):
            if not self._counted.test(limit, *names):
                raise self._too_many(key, limit, *names)

    def check_place(self, lon: float, lat: float, mode: Mode) -> None:
        """Raises TooMany if no more reports of this square kilometre can be taken now."""
        limit = ALLOWED[mode].cell
        if not self._counted.test(limit, "cell", _cell(lon, lat)):
            raise self._too_many("too_many_here", limit, "cell", _cell(lon, lat))

    def count_report(self, sender: Sender, lon: float, lat: float, mode: Mode, *, worked: bool) -> None:
        """Count a report that was kept and is new; one that comes again costs nothing."""
        for _, limit, *names in self._of_sender(sender, mode, worked):
            self._counted.hit(limit, *names)
        self._counted.hit(ALLOWED[mode].cell, "cell", _cell(lon, lat))

    def take_bytes(self, sender: Sender, size: int, mode: Mode) -> None:
        """Count the bytes of a body before it is taken. Raises TooMany."""
        limits, cost = ALLOWED[mode], size // MEGABYTE + 1
        for limit, *names in (
            (limits.device_mb, "mb", _device(sender)),
            (limits.address_mb, "mb", sender.address),
        ):
            if not self._counted.hit(limit, *names, cost=cost):
                raise self._too_many("too_many_bytes", limit, *names)

    def _of_sender(
        self, sender: Sender, mode: Mode, worked: bool
    ) -> list[tuple[str, RateLimitItem, str, str]]:
        limits = ALLOWED[mode]
        device = limits.device if worked else limits.slowly
        return [
            ("too_many", device, "device", _device(sender)),
            ("too_many", limits.address, "address", sender.address),
        ]

    def _too_many(self, key: str, limit: RateLimitItem, *names: str) -> TooMany:
        until = self._counted.get_window_stats(limit, *names).reset_time
        return TooMany(key, max(1, math.ceil(until - time.time())))


def sender_of(request: Request, trusted: tuple[str, ...]) -> Sender:
    """Who sent a request; trusted are the networks of the proxies that are believed."""
    device = request.cookies.get(DEVICE_COOKIE, "")
    known = re.fullmatch(r"[A-Za-z0-9_-]{16,64}", device) is not None
    return Sender(device if known else "", address_of(request, trusted))


def address_of(request: Request, trusted: tuple[str, ...]) -> str:
    """The address a request came from: past the proxies that are believed, and no further.

    X-Forwarded-For is read from the right, as each proxy adds whom it saw; IPv6 is cut to its /64, which is
    one household.
    """
    hops = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    at = request.client.host if request.client else ""
    while hops and is_among(at, trusted):
        at = hops.pop().strip() or at
    address = _ip(at)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network(f"{address}/64", strict=False))
    return str(address or at[:60])


def mark_device(request: Request, answer: Response) -> None:
    """Give a browser the cookie by which its reports are counted together; it says nothing about the person."""
    if DEVICE_COOKIE not in request.cookies:
        answer.set_cookie(
            DEVICE_COOKIE,
            token_urlsafe(16),
            max_age=A_YEAR_S,
            path="/",
            httponly=True,
            samesite="lax",
            secure=is_https(request.scope),
        )


def is_among(at: str, trusted: tuple[str, ...]) -> bool:
    """Whether an address is one of these addresses and networks."""
    address = _ip(at)
    return address is not None and any(address in ipaddress.ip_network(one) for one in trusted)


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    bare = re.sub(r"^\[(.*)\](:\d+)?$|^([\d.]+):\d+$", r"\1\3", text)
    try:
        found = ipaddress.ip_address(bare)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _device(sender: Sender) -> str:
    # without a cookie, all that share the address share one device's allowance
    return sender.device or f"none:{sender.address}"


def _cell(lon: float, lat: float) -> str:
    return f"{math.floor(lon / CELL_DEG)}:{math.floor(lat / CELL_DEG)}"
