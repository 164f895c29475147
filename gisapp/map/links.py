"""Turns every outside address that folium would link into one of ours, and fails on one we do not serve."""

from __future__ import annotations

from collections.abc import Iterable

from branca.element import CssLink, JavascriptLink

from gisapp.assets import LIBRARIES, UnknownAsset

# What folium 0.20 links of itself -> what we serve. A plugin needs a line here before it can be used.
SERVED = {
    "https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.js": "leaflet/leaflet.js",
    "https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.css": "leaflet/leaflet.css",
}


def local(url: str) -> str:
    """The address under /assets for a link of folium's. Raises UnknownAsset for one that is not served."""
    if url.startswith("/assets/"):
        return url
    name = SERVED.get(url)
    if name not in LIBRARIES:
        raise UnknownAsset(
            f"{url}: not served by this app; add it to gisapp/map/links.py and gisapp/assets.py"
        )
    return f"/assets/{name}"


def local_all(urls: Iterable[str]) -> list[str]:
    """The same for a list of links."""
    return [local(url) for url in urls]


def serve_links_locally() -> None:
    """Make branca's link elements, which folium and its plugins all pass through, point at /assets."""
    for link in (JavascriptLink, CssLink):
        if not hasattr(link.__init__, "links_are_local"):
            link.__init__ = _local_init(link.__init__)  # type: ignore[no-untyped-call,method-assign]


def _local_init(original):  # type: ignore[no-untyped-def]
    def __init__(self, url: str, download: bool = False) -> None:  # type: ignore[no-untyped-def]
        original(self, local(url), download)

    __init__.links_are_local = True  # type: ignore[attr-defined]
    return __init__
