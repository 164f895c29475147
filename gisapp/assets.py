"""Which scripts and styles the app serves itself, and where set-up put them: nothing else is ever linked."""

from __future__ import annotations

import re
from functools import cache
from hashlib import sha256
from pathlib import Path

OWN = Path(__file__).parent / "web" / "static"

# name under /assets -> path under node_modules
LIBRARIES = {
    "exifr/exifr.js": "exifr/dist/lite.esm.js",
    "idb/idb.js": "idb/build/index.js",
    "lean-qr/lean-qr.js": "lean-qr/nano.mjs",
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
    "edit_conflict.js", "edit_table.js", "frame.css", "icon.svg", "map.css", "map.js", "measure.js", "page.css",
    "place.js", "plain.css", "tiles.js", "tools.css", "tools.js", "track.css", "track.js", "versions.js",
)  # fmt: skip
# Folders whose scripts import each other: one mark for the whole folder stands in the path, so a page never mixes
# scripts of two versions.
FOLDERS = ("desk", "door", "publicmap")
_IN_FOLDER = re.compile(
    r"(?P<folder>[a-z]+)(@(?P<mark>[0-9a-f]{12}))?/(?P<name>[a-z0-9_-]+\.(js|css|png|svg))"
)


class UnknownAsset(LookupError):
    """A script or style that the app does not serve itself; on a closed network it would never arrive."""


def file_of(name: str, libraries: Path) -> Path:
    """The file behind /assets/<name>. Raises UnknownAsset for any name that is not listed."""
    if name.startswith("gisapp/") and name.removeprefix("gisapp/") in OURS:
        return OWN / name.removeprefix("gisapp/")
    found = _IN_FOLDER.fullmatch(name.removeprefix("gisapp/")) if name.startswith("gisapp/") else None
    if found and found["folder"] in FOLDERS:
        return OWN / found["folder"] / found["name"]
    if name in LIBRARIES:
        return libraries / LIBRARIES[name]
    raise UnknownAsset(name)


def lasting(name: str) -> bool:
    """Whether what lies at /assets/<name> now will always lie there: its folder's present mark is in the name."""
    found = _IN_FOLDER.fullmatch(name.removeprefix("gisapp/"))
    return (
        found is not None and found["folder"] in FOLDERS and found["mark"] == mark_of_folder(found["folder"])
    )


@cache
def url_of_ours(name: str) -> str:
    """The address of one of our own files; it changes with the content, so browsers may keep it for ever."""
    folder, _, rest = name.rpartition("/")
    if folder:
        return f"/assets/gisapp/{folder}@{mark_of_folder(folder)}/{rest}"
    digest = sha256((OWN / name).read_bytes()).hexdigest()[:12]
    return f"/assets/gisapp/{name}?v={digest}"


@cache
def mark_of_folder(folder: str) -> str:
    """A mark of everything in one folder of ours: names and contents."""
    digest = sha256()
    for path in sorted((OWN / folder).glob("*.*")):
        digest.update(path.name.encode() + b"\0" + sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]


def service_worker(*, sends: bool) -> str:
    """The text of /report/sw.js: what it keeps for use without a signal, and a mark that changes with any of it.

    sends: it is loaded as a module and can send what waits by itself. Only such a one may import.
    """
    kept = [
        url_of_ours(f"door/{path.name}")
        for path in sorted((OWN / "door").glob("*.*"))
        if path.name != "sw.js"
    ]
    kept += [
        url_of_ours("icon.svg"),
        *(f"/assets/{name}" for name in ("exifr/exifr.js", "idb/idb.js", "lean-qr/lean-qr.js")),
    ]
    text = (OWN / "door" / "sw.js").read_text(encoding="utf-8")
    text = text.replace("/* files */", ", ".join(f'"{url}"' for url in kept)).replace(
        "/* mark */", mark_of_folder("door")
    )
    if not sends:
        return text
    sending = f'import {{ sendAll }} from "{url_of_ours("door/sending.js")}";'
    wakened = 'self.addEventListener("sync", (event) => event.waitUntil(sendAll({ at_once: true })));'
    return f"{sending}\n{text}\n{wakened}\n"
