"""Puts a folium map on a page: through streamlit-folium, with every link our own."""

from __future__ import annotations

import re
from typing import Any

import folium
import streamlit as st
import streamlit_folium

from gisapp.map.links import local_all

_component = streamlit_folium._component_func
# folium forbids enlarging the page, which people with weak eyes need.
_NO_ZOOM = re.compile(r'<meta name="viewport"[^>]*>')


def _own_links_only(**arguments: Any) -> Any:
    """streamlit-folium collects links by itself, past branca: they pass through the same table here."""
    arguments["js_links"] = local_all(arguments["js_links"])
    arguments["css_links"] = local_all(arguments["css_links"])
    arguments["header"] = _NO_ZOOM.sub("", arguments["header"])
    return _component(**arguments)


streamlit_folium._component_func = _own_links_only


def show(shell: folium.Map, key: str, height_px: int) -> dict[str, Any]:
    """Show the map and return what its script has told us last; panning and zooming send nothing.

    The container's key is a style class as well: page.css gives the map its height by it.
    """
    with st.container(key=key):
        told = streamlit_folium.st_folium(
            shell, key=f"{key}_map", height=height_px, use_container_width=True, returned_objects=[]
        )
    return told or {}
