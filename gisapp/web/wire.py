"""Small answers leave at once: without this each waits up to 44 ms for the client's acknowledgement."""

from __future__ import annotations

import contextlib
import socket
from asyncio import base_events


def answer_small_packets_at_once() -> None:
    """Set TCP_NODELAY on every connection that this process accepts.

    asyncio does so itself only for sockets made with proto=IPPROTO_TCP, and Streamlit makes its listening
    socket without; so the same step is taken for every stream socket of the internet families.
    """
    base_events._set_nodelay = _set_nodelay  # type: ignore[attr-defined]


def _set_nodelay(sock: socket.socket) -> None:
    if sock.family in {socket.AF_INET, socket.AF_INET6} and sock.type == socket.SOCK_STREAM:
        with contextlib.suppress(OSError):  # a peer that has gone already needs no setting
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
