"""Which scripts and styles the app serves itself, and where set-up put them: nothing else is ever linked."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

OWN = Path(__file__).parent / "web" / "static"

# name under /assets -> path under node_modules
LIBRARIES = {
    "leaflet/leaflet.js": "leaflet/dist/leaflet.js",
    "leaflet/leaflet.css": "leaflet/dist/leaflet.css",
    "leaflet/images/layers.png": "leaflet/dist/images/layers.png",
    "leaflet/images/layers-2x.png": "leaflet/dist/images/layers-2x.png",
    "leaflet/images/marker-icon.png": "leaflet/dist/images/marker-icon.png",
    "leaflet/images/marker-icon-2x.png": "leaflet/dist/images/marker-icon-2x.png",
    "leaflet/images/marker-shadow.png": "leaflet/dist/images/marker-shadow.png",
}
OURS = ("map.js", "map.css", "page.css", "icon.svg")


class UnknownAsset(LookupError):
    """A script or style that the app does not serve itself; on a closed network it would never arrive."""


def file_of(name: str, libraries: Path) -> Path:
    """The file behind /assets/<name>. Raises UnknownAsset for any name that is not listed."""
    if name.startswith("gisapp/") and name.removeprefix("gisapp/") in OURS:
        return OWN / name.removeprefix("gisapp/")
    if name in LIBRARIES:
        return libraries / LIBRARIES[name]
    raise UnknownAsset(name)


@cache
def url_of_ours(name: str) -> str:
    """The address of one of our own files; it changes with the content, so browsers may keep it for ever."""
    digest = sha256((OWN / name).read_bytes()).hexdigest()[:12]
    return f"/assets/gisapp/{name}?v={digest}"
