"""Whoever learns the id of a Streamlit session does not get the session: it belongs to one browser."""

from __future__ import annotations

from hashlib import sha256

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.serving import Server, awaited


async def session_of(app: Server, wanted: str = "", **headers: str) -> str:
    """Connect as a browser does, asking to resume a session; returns the id of the session one gets."""
    url = app.url.replace("http", "ws") + "/_stcore/stream"
    protocols = ["streamlit", "none", wanted] if wanted else ["streamlit", "none"]
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    connection = websockets.connect(
        url, origin=app.url, subprotocols=protocols, additional_headers=sent, max_size=None
    )
    async with connection as socket:
        asking = BackMsg()
        asking.rerun_script.query_string = ""
        await socket.send(asking.SerializeToString())
        while True:
            told = ForwardMsg.FromString(await socket.recv())
            if told.WhichOneof("type") == "new_session":
                return str(told.new_session.initialize.session_id)


def cookie(letter: str) -> str:
    return f"gisapp_browser={letter * 43}"


def test_another_browser_does_not_get_a_session_by_its_id(app: Server) -> None:
    mine = awaited(session_of(app, Cookie=cookie("a")))
    assert awaited(session_of(app, mine, Cookie=cookie("b"))) != mine
    assert awaited(session_of(app, mine)) != mine


def test_the_same_browser_goes_on_where_it_was(app: Server) -> None:
    mine = awaited(session_of(app, Cookie=cookie("c")))
    assert awaited(session_of(app, mine, Cookie=cookie("c"))) == mine


def test_a_browser_cannot_give_itself_the_mark(app: Server) -> None:
    """The header that marks a browser is ours alone: one that is sent along is dropped."""
    mine = awaited(session_of(app, Cookie=cookie("d")))
    mark = sha256(b"d" * 43 + b" ").hexdigest()
    assert awaited(session_of(app, mine, X_Gisapp_Browser=mark)) != mine
