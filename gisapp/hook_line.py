"""Hands a webhook to a server that the operator has allowed, at the address that was looked up and no other."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

TIMEOUT_S = 10
LONGEST_ANSWER = 4096
PORTS = {"https": 443, "http": 80}
AGENT = "gisapp-webhook/1"


class NotAllowedThere(Exception):
    """The address is not one the operator has allowed (GISAPP_HOOK_HOSTS), or no address at all. reason: its code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotTaken(Exception):
    """It did not arrive, or was not taken. gone: the other side wants no more (410)."""

    def __init__(self, reason: str, *, gone: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.gone = reason, gone


@dataclass(frozen=True, slots=True)
class Target:
    """An allowed address in its parts. path holds the query, too."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """scheme://host:port, always with the port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def target_of(url: str, allowed: tuple[str, ...]) -> Target:
    """An address in its parts. Raises NotAllowedThere unless its scheme, host and port are on the list."""
    found = _parts(url)
    if found.origin not in {_origin(one) for one in allowed}:
        raise NotAllowedThere("not_on_the_list")
    return found


def _origin(entry: str) -> str:
    """An entry of the list: an origin such as http://127.0.0.1:8080, or a host alone for https."""
    return _parts(entry if "://" in entry else f"https://{entry}").origin


def _parts(url: str) -> Target:
    try:
        found = urlsplit(url)
        port = found.port
    except ValueError:
        raise NotAllowedThere("no_address") from None
    plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url
    if not plain or found.scheme not in PORTS or not found.hostname or found.username or found.password:
        raise NotAllowedThere("no_address")
    path = (found.path or "/") + (f"?{found.query}" if found.query else "")
    return Target(found.scheme, found.hostname, port or PORTS[found.scheme], path)


def deliver(url: str, body: bytes, headers: Mapping[str, str], allowed: tuple[str, ...]) -> int:
    """POST a body; the status of an answer that took it (2xx). Raises NotAllowedThere, NotTaken.

    The name is looked up once and that address is spoken to, so that no second answer of a name server leads
    elsewhere; redirections are answers that did not take it.
    """
    target = target_of(url, allowed)
    line = _Line(target, address_of(target))
    sent = {"Content-Type": "application/json", "User-Agent": AGENT, **headers}
    try:
        line.request("POST", target.path, body, sent)
        answer = line.getresponse()
        answer.read(LONGEST_ANSWER)
    except (OSError, http.client.HTTPException) as error:
        raise NotTaken(type(error).__name__) from None
    finally:
        line.close()
    if not 200 <= answer.status < 300:
        raise NotTaken(f"HTTP {answer.status}", gone=answer.status == 410)
    return answer.status


def address_of(target: Target) -> str:
    """The address a name stands for. Raises NotTaken if there is none, NotAllowedThere for one nobody may be led to:
    this machine, its neighbours by link-local address, or a group, unless the list names just that.
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotTaken(type(error).__name__) from None
    addresses = [str(each[4][0]) for each in found]
    by_itself = target.host == "localhost" or _is_address(target.host)
    if not addresses or not (by_itself or all(map(_elsewhere, addresses))):
        raise NotAllowedThere("forbidden_address")
    return addresses[0]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _elsewhere(address: str) -> bool:
    """Whether an address is a machine of its own; the town's own network (10/8, 192.168/16 …) is."""
    found = ipaddress.ip_address(address.partition("%")[0])
    plain = getattr(found, "ipv4_mapped", None) or found
    return not (
        plain.is_loopback
        or plain.is_link_local
        or plain.is_multicast
        or plain.is_unspecified
        or plain.is_reserved
    )


class _Line(http.client.HTTPConnection):
    """A connection to an address that was looked up before; the certificate is still checked against the name."""

    def __init__(self, target: Target, address: str) -> None:
        super().__init__(target.host, target.port, timeout=TIMEOUT_S)
        self._address, self._safe = address, target.scheme == "https"
        self.default_port = PORTS[target.scheme]  # the Host header names only another one

    def connect(self) -> None:
        line = socket.create_connection((self._address, self.port), self.timeout)
        if self._safe:
            try:
                line = ssl.create_default_context().wrap_socket(line, server_hostname=self.host)
            except BaseException:
                line.close()
                raise
        self.sock = line
