"""Small answers leave at once, and Streamlit asks nobody for its own address."""

from __future__ import annotations

import asyncio
import socket
from asyncio import base_events

import pytest
import streamlit.net_util

from gisapp.web.wire import answer_small_packets_at_once
from tests.serving import awaited


async def accepted_nodelay() -> int:
    """TCP_NODELAY of a connection accepted on a listening socket made as Streamlit makes its own."""
    listening = socket.socket(socket.AF_INET)  # proto=0
    listening.bind(("127.0.0.1", 0))
    listening.setblocking(False)
    seen: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sock = writer.get_extra_info("socket")
        seen.set_result(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    async with await asyncio.start_server(greet, sock=listening):
        _, writer = await asyncio.open_connection(*listening.getsockname())
        found = await asyncio.wait_for(seen, 10)
        writer.close()
        return found


def test_accepted_connections_have_tcp_nodelay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_events, "_set_nodelay", base_events._set_nodelay)  # put back afterwards
    assert awaited(accepted_nodelay()) == 0, "asyncio sets it by itself now: the patch can go"

    answer_small_packets_at_once()

    assert awaited(accepted_nodelay()) == 1


def test_streamlit_knows_its_address_without_asking_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    import streamlit_app  # noqa: F401

    def refuse(*args: object, **options: object) -> None:
        raise AssertionError("a request to an outside host")

    monkeypatch.setattr(streamlit.net_util, "_make_blocking_http_get", refuse)
    assert streamlit.net_util.get_external_ip() == "127.0.0.1"
