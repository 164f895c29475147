"""The map's shell: centre, scale, 地理院タイル as switched-off bases, and the live layers on top."""

from __future__ import annotations

import folium

from gisapp.assets import url_of_ours
from gisapp.map.guard import render_text_once
from gisapp.map.links import serve_links_locally
from gisapp.map.live import LiveLayers, LiveOptions

DEEPEST = 20
_GSI = "https://cyberjapandata.gsi.go.jp/xyz"
_CREDIT = '<a href="https://maps.gsi.go.jp/development/ichiran.html" target="_blank">地理院タイル</a>'
# name in the script -> address, deepest zoom served (国土地理院 タイル一覧)
BASES = {
    "pale": (f"{_GSI}/pale/{{z}}/{{x}}/{{y}}.png", 18),
    "std": (f"{_GSI}/std/{{z}}/{{x}}/{{y}}.png", 18),
    "photo": (f"{_GSI}/seamlessphoto/{{z}}/{{x}}/{{y}}.jpg", 18),
}


class TownMap(folium.Map):
    """A folium map that links our own files only."""

    default_js = [  # noqa: RUF012
        ("leaflet", "/assets/leaflet/leaflet.js"),
        ("gisapp_map", url_of_ours("map.js")),
        ("gisapp_tiles", url_of_ours("tiles.js")),
        ("gisapp_basemap", url_of_ours("basemap.js")),
        ("gisapp_batch", url_of_ours("batch.js")),
        ("gisapp_tools", url_of_ours("tools.js")),
        ("gisapp_measure", url_of_ours("measure.js")),
        ("gisapp_compare", url_of_ours("compare.js")),
        ("gisapp_place", url_of_ours("place.js")),
    ]
    default_css = [  # noqa: RUF012
        ("leaflet_css", "/assets/leaflet/leaflet.css"),
        ("gisapp_css", url_of_ours("map.css")),
        ("gisapp_frame_css", url_of_ours("frame.css")),
        ("gisapp_tools_css", url_of_ours("tools.css")),
    ]


def town_map(
    center: tuple[float, float], zoom: int, *, tiles: bool, options: LiveOptions | None = None
) -> folium.Map:
    """The shell of a map around a place.

    center is (lon, lat). With tiles the browser may be offered 地理院タイル; it asks for one to see whether
    they are reachable and keeps to the town's own drawing if not. The shell's size does not depend on how
    many reports or features there are.
    """
    serve_links_locally()
    render_text_once()
    lon, lat = center
    shell = TownMap(
        location=(lat, lon),  # lat, lon: Leaflet's order
        zoom_start=zoom,
        tiles=None,
        control_scale=True,
        zoom_control=False,
        zoom_snap=0.5,
    )
    shell.options["maxZoom"] = DEEPEST  # folium's own max_zoom is for tiles only
    bases = {name: _base(name, url, deepest) for name, (url, deepest) in BASES.items()} if tiles else {}
    for base in bases.values():
        base.add_to(shell)
    LiveLayers(options or LiveOptions(), bases).add_to(shell)
    return shell


def _base(name: str, url: str, deepest: int) -> folium.TileLayer:
    return folium.TileLayer(
        tiles=url, attr=_CREDIT, name=name, max_native_zoom=deepest, max_zoom=DEEPEST, show=False
    )
