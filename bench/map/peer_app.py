"""The peers' server: the same Streamlit with the same settings, and every library served from this machine."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
import streamlit.net_util
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bench.map.links import EMPTY, UNDER
from gisapp.settings import Settings
from gisapp.web.wire import answer_small_packets_at_once

# What our own app does for its sockets is done for the peers' too.
streamlit.net_util._external_ip = "127.0.0.1"
answer_small_packets_at_once()


LIBRARIES = Settings.from_env().assets


async def nothing(request: Request) -> Response:
    return Response("", media_type="text/css")


async def icon(request: Request) -> Response:
    """Leaflet 1.9 guesses `distmarker-icon.png` where its style has not arrived before its script."""
    return FileResponse(LIBRARIES / "leaflet/dist/images" / Path(request.path_params["name"]).name)


app = st.App(
    "peer_page.py",
    routes=[
        Route(EMPTY, nothing),
        Route(f"{UNDER}/leaflet/dist{{name:str}}", icon),
        Mount(UNDER, StaticFiles(directory=LIBRARIES)),
    ],
)
