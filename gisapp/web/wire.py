"""What the server's connections do: small answers leave at once, and the peer is who really connected."""

from __future__ import annotations

import contextlib
import socket
from asyncio import base_events

import uvicorn.config
from starlette.types import ASGIApp


def answer_small_packets_at_once() -> None:
    """Set TCP_NODELAY on every connection that this process accepts: without it each small answer waits up
    to 44 ms for the client's acknowledgement.

    asyncio does so itself only for sockets made with proto=IPPROTO_TCP, and Streamlit makes its listening
    socket without; so the same step is taken for every stream socket of the internet families.
    """
    base_events._set_nodelay = _set_nodelay  # type: ignore[attr-defined]


def _set_nodelay(sock: socket.socket) -> None:
    if sock.family in {socket.AF_INET, socket.AF_INET6} and sock.type == socket.SOCK_STREAM:
        with contextlib.suppress(OSError):  # a peer that has gone already needs no setting
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def know_the_peer() -> None:
    """Leave the address of a connection as it is: uvicorn would take any neighbour's X-Forwarded-For for it.

    Which proxies are believed is said by GISAPP_TRUSTED_PROXY (gisapp.web.abuse.address_of).
    """
    uvicorn.config.ProxyHeadersMiddleware = _as_it_is  # type: ignore[assignment,attr-defined]


def _as_it_is(app: ASGIApp, trusted_hosts: object) -> ASGIApp:
    return app
