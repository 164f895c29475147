"""The integrated map: every public layer and every public report on one sheet."""

from __future__ import annotations

import streamlit as st

from gisapp.flows.describe import place_of
from gisapp.flows.enquire.spot import BadSpot, spot_of
from gisapp.map.canvas import town_map
from gisapp.map.live import LiveOptions
from gisapp.pages.canvas import show
from gisapp.town import this_town


def linked_place() -> tuple[float, float] | None:
    """The place of a link such as /?lon=…&lat=…, as (lon, lat)."""
    try:
        spot = spot_of(st.query_params.to_dict())
    except BadSpot:
        return None
    return None if spot is None else (spot.lon, spot.lat)


town = this_town()
focus = place_of(st.query_params.get("report", ""), town.reports, town.categories) or linked_place()
shell = town_map(
    town.profile.center, 13, tiles=town.settings.tiles, options=LiveOptions(focus=focus, ask=True)
)
show(shell, "townmap", height_px=640)
