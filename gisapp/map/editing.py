"""The maps of editing: a layer to be changed by its department, and two of its versions side by side."""

from __future__ import annotations

import folium

from gisapp.assets import url_of_ours
from gisapp.map.canvas import town_map
from gisapp.map.live import LiveOptions

_GEOMAN = "/assets/leaflet-geoman/leaflet-geoman"


def edit_map(center: tuple[float, float], *, tiles: bool) -> folium.Map:
    """The town's map with the tools to change the layer that the page's address names. center is (lon, lat)."""
    options = LiveOptions(reports=False, panel=False, edit=True)
    shell = town_map(center, 14, tiles=tiles, options=options)
    scripts = [(name, url_of_ours(f"{name}.js")) for name in ("edit_conflict", "edit_table", "edit")]
    shell.default_js = [*shell.default_js, ("geoman", f"{_GEOMAN}.js"), *scripts]
    styles = [("geoman_css", f"{_GEOMAN}.css"), ("edit_css", url_of_ours("edit.css"))]
    shell.default_css = [*shell.default_css, *styles]
    return shell


def versions_map(center: tuple[float, float], old: int, new: int, *, tiles: bool) -> folium.Map:
    """The town's map with what lies between two versions of the layer that the page's address names.

    center is (lon, lat).
    """
    options = LiveOptions(reports=False, panel=False, versions=(old, new))
    shell = town_map(center, 14, tiles=tiles, options=options)
    shell.default_js = [*shell.default_js, ("versions", url_of_ours("versions.js"))]
    shell.default_css = [*shell.default_css, ("edit_css", url_of_ours("edit.css"))]
    return shell
