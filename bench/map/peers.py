"""Two usual ways to put reports on a folium map; every report is written into the page that is sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import folium
import streamlit_folium
from folium.plugins import FastMarkerCluster, MarkerCluster

from bench.map.links import local_all

Row = tuple[float, float, str]  # lat, lon (Leaflet's order), words of the popup as escaped HTML

POPUP = "function (row) { return L.marker([row[0], row[1]]).bindPopup(row[2]); }"
_component = streamlit_folium._component_func


def _own_links_only(**arguments: Any) -> Any:
    arguments["js_links"] = local_all(arguments["js_links"])
    arguments["css_links"] = local_all(arguments["css_links"])
    return _component(**arguments)


# streamlit-folium collects links by itself; this file is imported once, the page runs on every rerun.
streamlit_folium._component_func = _own_links_only


def markers(found: Iterable[Row]) -> MarkerCluster:
    """A folium.Marker for each report, in a loop, inside a MarkerCluster."""
    cluster = MarkerCluster()
    for lat, lon, words in found:
        folium.Marker((lat, lon), popup=words).add_to(cluster)
    return cluster


def fast(found: Iterable[Row]) -> FastMarkerCluster:
    """All reports as one list, made into markers by the browser."""
    return FastMarkerCluster(list(found), callback=POPUP)


PEERS = {"markers": markers, "fast": fast}
