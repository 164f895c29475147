"""Changes put aside because somebody else had changed the same feature: kept until their author has chosen."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import shapely
from shapely.errors import ShapelyError

from layers.durable import sync_folder, write_durably
from layers.editing import Act, Change
from layers.errors import ShelfUnwritable

_NAME = re.compile(r"[0-9a-f]{24}")


@dataclass(frozen=True)
class Waiting:
    """A change that waits. by is the author's login; at is UTC."""

    id: str
    layer_id: str
    by: str
    at: datetime
    change: Change


class PutAside:
    """The changes that wait, as one file each in <layers>/<layer>/conflicts."""

    def __init__(self, layers: Path) -> None:
        self.layers = layers

    def keep(self, layer_id: str, change: Change, by: str, at: datetime) -> Waiting:
        """Put a change aside; the same change of the same person is kept once. Raises ShelfUnwritable."""
        content = _as_dict(change)
        own = json.dumps([by, content], ensure_ascii=False, sort_keys=True)
        name = sha256(own.encode(errors="surrogatepass")).hexdigest()[:24]
        moment = at.astimezone(UTC)
        about = {"layer": layer_id, "by": by, "at": moment.isoformat(), "change": content}
        path = self._path(layer_id, name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_durably(path, json.dumps(about, ensure_ascii=False, indent=1).encode())
        except OSError as error:
            raise ShelfUnwritable(layer_id, error.strerror or str(error)) from error
        return Waiting(name, layer_id, by, moment, change)

    def of(self, layer_id: str, by: str) -> list[Waiting]:
        """What a person has waiting in a layer, the oldest first."""
        found = (_read(path) for path in (self.layers / layer_id / "conflicts").glob("*.json"))
        return sorted((one for one in found if one is not None and one.by == by), key=lambda one: one.at)

    def drop(self, layer_id: str, name: str, by: str) -> bool:
        """Let go of a draft its author has settled; False if there is none of that name and author."""
        path = self._path(layer_id, name)
        draft = _read(path) if _NAME.fullmatch(name) else None
        if draft is None or draft.by != by:
            return False
        try:
            path.unlink(missing_ok=True)
            sync_folder(path.parent)
        except OSError as error:
            raise ShelfUnwritable(layer_id, error.strerror or str(error)) from error
        return True

    def _path(self, layer_id: str, name: str) -> Path:
        return self.layers / layer_id / "conflicts" / f"{name}.json"


def _as_dict(change: Change) -> dict[str, Any]:
    shape = None if change.geometry is None else json.loads(shapely.to_geojson(change.geometry))
    return {
        "act": change.act,
        "feature_id": change.feature_id,
        "seen": change.seen,
        "values": dict(change.values),
        "geometry": shape,
    }


def _read(path: Path) -> Waiting | None:
    """A draft from its file; None for one that is gone or that somebody has spoilt by hand."""
    try:
        about = json.loads(path.read_bytes())
        raw = about["change"]
        shape = None if raw["geometry"] is None else shapely.from_geojson(json.dumps(raw["geometry"]))
        act = raw["act"]
        if act not in ("create", "update", "delete"):
            return None
        change = Change(cast(Act, act), raw["feature_id"], int(raw["seen"]), raw["values"], shape)
        return Waiting(path.stem, about["layer"], about["by"], datetime.fromisoformat(about["at"]), change)
    except (OSError, ValueError, KeyError, TypeError, ShapelyError):
        return None
