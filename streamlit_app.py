"""One process serves the pages, the routes and the assets: `streamlit run streamlit_app.py`."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import AsyncIterator
from typing import Any

import streamlit as st
import streamlit.net_util
from starlette.middleware import Middleware

from gisapp.keep_hooks import keep_hooks
from gisapp.keep_post import keep_post
from gisapp.pages.frame import apologise
from gisapp.settings import Settings
from gisapp.town import keep_photos, keep_tidy, keep_tiles, this_town
from gisapp.web.gate import Gate
from gisapp.web.own import Ours
from gisapp.web.shell import Shell
from gisapp.web.tongue import Tongue
from gisapp.web.who import Who
from gisapp.web.wire import answer_small_packets_at_once, know_the_peer

# Streamlit would ask an outside host for this machine's address, inside the event loop, whenever a
# WebSocket's Origin is not its Host; on a network that drops packets that blocks everybody for seconds.
streamlit.net_util._external_ip = "127.0.0.1"
answer_small_packets_at_once()
know_the_peer()


@contextlib.asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Open the town before the first request and close it after the last."""
    town = this_town()
    stopping = threading.Event()
    keepers = [
        threading.Thread(target=work, args=(town, stopping), name=work.__name__, daemon=True)
        for work in (keep_tidy, keep_tiles, keep_photos, keep_post, keep_hooks)
    ]
    for keeper in keepers:
        keeper.start()
    try:
        yield {}
    finally:
        stopping.set()
        for keeper in keepers:
            keeper.join(10)
        town.close()


settings = Settings.from_env()
app = st.App(
    "gisapp/pages/home.py",
    middleware=[
        Middleware(Tongue),
        Middleware(Gate, hosts=settings.hosts),
        Middleware(Who, settings=settings, town=this_town),
        Middleware(Shell),
        Middleware(Ours, settings=settings),
    ],
    lifespan=lifespan,
    on_script_error=apologise,
)
