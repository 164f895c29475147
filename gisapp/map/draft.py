"""The map of an import that waits: each feature before and after its repair."""

from __future__ import annotations

import folium

from gisapp.assets import url_of_ours
from gisapp.map.canvas import town_map
from gisapp.map.live import LiveOptions


def draft_map(center: tuple[float, float], *, tiles: bool) -> folium.Map:
    """The town's map without its panel, and the script that fetches the draft named in the page's address.

    center is (lon, lat).
    """
    shell = town_map(center, 13, tiles=tiles, options=LiveOptions(reports=False, panel=False))
    shell.default_js = [*shell.default_js, ("gisapp_draft", url_of_ours("draft.js"))]
    shell.default_css = [*shell.default_css, ("gisapp_draft_css", url_of_ours("draft.css"))]
    return shell
