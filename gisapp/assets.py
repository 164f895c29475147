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
    "protomaps-leaflet/protomaps-leaflet.js": "protomaps-leaflet/dist/protomaps-leaflet.js",
    "leaflet-geoman/leaflet-geoman.js": "@geoman-io/leaflet-geoman-free/dist/leaflet-geoman.min.js",
    "leaflet-geoman/leaflet-geoman.css": "@geoman-io/leaflet-geoman-free/dist/leaflet-geoman.css",
    "leaflet/images/layers.png": "leaflet/dist/images/layers.png",
    "leaflet/images/layers-2x.png": "leaflet/dist/images/layers-2x.png",
    "leaflet/images/marker-icon.png": "leaflet/dist/images/marker-icon.png",
    "leaflet/images/marker-icon-2x.png": "leaflet/dist/images/marker-icon-2x.png",
    "leaflet/images/marker-shadow.png": "leaflet/dist/images/marker-shadow.png",
}
OURS = (
    "basemap.js", "batch.js", "compare.js", "draft.css", "draft.js", "edit.css", "edit.js",
    "edit_conflict.js", "edit_table.js", "icon.svg", "map.css", "map.js", "measure.js", "page.css",
    "place.js", "plain.css", "tiles.js", "tools.css", "tools.js", "versions.js",
)  # fmt: skip


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
