"""Where the peers' scripts and styles come from on a machine without a network.

The product's own table refuses links that it does not serve; this one is wider and serves the peers alone.
"""

from __future__ import annotations

from collections.abc import Iterable

UNDER = "/libraries"
# Not in any package here, and no marker needs it: an empty style, which if anything is in the peers' favour.
EMPTY = "/nothing.css"

# What folium 0.20 links -> path under node_modules
SERVED = {
    "https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.js": "leaflet/dist/leaflet.js",
    "https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.css": "leaflet/dist/leaflet.css",
    "https://code.jquery.com/jquery-3.7.1.min.js": "jquery/dist/jquery.min.js",
    "https://cdn.jsdelivr.net/npm/bootstrap@5.2.2/dist/js/bootstrap.bundle.min.js": (
        "bootstrap/dist/js/bootstrap.bundle.min.js"
    ),
    "https://cdn.jsdelivr.net/npm/bootstrap@5.2.2/dist/css/bootstrap.min.css": (
        "bootstrap/dist/css/bootstrap.min.css"
    ),
    "https://cdnjs.cloudflare.com/ajax/libs/Leaflet.awesome-markers/2.0.2/leaflet.awesome-markers.js": (
        "leaflet.awesome-markers/dist/leaflet.awesome-markers.min.js"
    ),
    "https://cdnjs.cloudflare.com/ajax/libs/Leaflet.awesome-markers/2.0.2/leaflet.awesome-markers.css": (
        "leaflet.awesome-markers/dist/leaflet.awesome-markers.css"
    ),
    "https://cdn.jsdelivr.net/npm/@fortawesome/fontawesome-free@6.2.0/css/all.min.css": (
        "@fortawesome/fontawesome-free/css/all.min.css"
    ),
    "https://cdnjs.cloudflare.com/ajax/libs/leaflet.markercluster/1.1.0/leaflet.markercluster.js": (
        "leaflet.markercluster/dist/leaflet.markercluster.js"
    ),
    "https://cdnjs.cloudflare.com/ajax/libs/leaflet.markercluster/1.1.0/MarkerCluster.css": (
        "leaflet.markercluster/dist/MarkerCluster.css"
    ),
    "https://cdnjs.cloudflare.com/ajax/libs/leaflet.markercluster/1.1.0/MarkerCluster.Default.css": (
        "leaflet.markercluster/dist/MarkerCluster.Default.css"
    ),
}
LEFT_OUT = (
    "https://netdna.bootstrapcdn.com/bootstrap/3.0.0/css/bootstrap-glyphicons.css",
    "https://cdn.jsdelivr.net/gh/python-visualization/folium/folium/templates/leaflet.awesome.rotate.min.css",
)


class UnknownLink(LookupError):
    """A link of folium's that this benchmark does not serve: without a network the peer would hang on it."""


def local(url: str) -> str:
    """The address on the peer's own server for a link of folium's. Raises UnknownLink."""
    if url in LEFT_OUT:
        return EMPTY
    if url not in SERVED:
        raise UnknownLink(f"{url}: expected one of the links in bench/map/links.py")
    return f"{UNDER}/{SERVED[url]}"


def local_all(urls: Iterable[str]) -> list[str]:
    """The same for a list of links, each once and in order."""
    return list(dict.fromkeys(local(url) for url in urls))
