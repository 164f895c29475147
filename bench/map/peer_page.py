"""The peers' page: the same reports from the same store, drawn by the peer that GISAPP_BENCH_PEER names."""

from __future__ import annotations

import os
from html import escape

import folium
import streamlit as st
import streamlit_folium

from bench.map.peers import PEERS, Row
from gisapp.profile import read_profile
from gisapp.settings import Settings
from reports_store import Categories, Filters, ReportStore


@st.cache_resource
def store() -> ReportStore:
    return ReportStore.open(Settings.from_env().database)


# Kept between runs in the peers' favour: what is timed is the map and not the reading of the rows.
@st.cache_resource(max_entries=1)
def rows(revision: int) -> list[Row]:
    names = {code: escape(category.name()) for code, category in Categories.load().items()}
    return [
        (one.place.lat, one.place.lon, f"{names[one.category]} {escape(one.public_id)}")
        for one in store().stream(Filters(public=True))
    ]


st.set_page_config(page_title="peer", layout="wide", initial_sidebar_state="collapsed")
lon, lat = read_profile(Settings.from_env().town_file).center
shell = folium.Map((lat, lon), zoom_start=13, tiles=None, control_scale=True)
shell.options["maxZoom"] = 20  # folium hands its own max_zoom to tiles only; MarkerCluster must know it
PEERS[os.environ["GISAPP_BENCH_PEER"]](rows(store().revision())).add_to(shell)
streamlit_folium.st_folium(shell, key="peer", height=640, use_container_width=True, returned_objects=[])
