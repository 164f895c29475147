"""Opens a page of the running app as a browser does, over its WebSocket, and tells what stands on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.serving import Server


class PageSocket:
    """One open page; each look is a rerun of its script over the same connection."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self._socket = socket

    async def look(self, page: str = "") -> str:
        """What the page says now, as one text."""
        asking = BackMsg()
        asking.rerun_script.page_name = page
        await self._socket.send(asking.SerializeToString())
        said: list[str] = []
        while True:
            raw = await self._socket.recv()
            assert isinstance(raw, bytes)
            told = ForwardMsg.FromString(raw)
            if told.WhichOneof("type") == "delta":
                said.append(told.delta.SerializeToString().decode("utf-8", "replace"))
            if told.WhichOneof("type") == "script_finished":
                return "\n".join(said)


@asynccontextmanager
async def open_page(app: Server, session: str) -> AsyncIterator[PageSocket]:
    """A page over the session of a cookie, empty for a resident."""
    cookie = f"gisapp_browser={'p' * 43}; gisapp_session={session}"
    connecting = websockets.connect(
        app.url.replace("http", "ws") + "/_stcore/stream",
        origin=app.url,  # type: ignore[arg-type]
        subprotocols=["streamlit", "none"],  # type: ignore[list-item]
        additional_headers={"Cookie": cookie},
        max_size=None,
    )
    async with connecting as socket:
        yield PageSocket(socket)
