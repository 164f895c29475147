"""Finding a feature by its name or address, however it is typed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import shapely

from layers.names import search_key
from layers.versions import LayerVersion


@dataclass(frozen=True)
class Named:
    """A feature somebody may look for, and one place on it."""

    title: str
    layer_title: str
    layer_id: str
    feature_id: str
    lon: float
    lat: float


class NameIndex:
    """The names and addresses of the features of some layers; build it anew when the shelf's stamp
    changes.
    """

    def __init__(self, keys: list[tuple[str, str, Named]]) -> None:
        self._keys = sorted(keys, key=lambda item: (item[0], item[1], item[2].feature_id))

    @classmethod
    def build(cls, versions: Iterable[LayerVersion]) -> NameIndex:
        """Give it only the layers the person may see."""
        return cls([item for version in versions for item in _items(version)])

    def find(self, text: str, limit: int = 20) -> list[Named]:
        """Names that begin with the text, then names that hold it, then addresses, at most limit in all."""
        wanted = search_key(text)
        if not wanted:
            return []
        ranked = ((_rank(wanted, name, address), named) for name, address, named in self._keys)
        hits = [(rank, named) for rank, named in ranked if rank is not None]
        return [named for _, named in sorted(hits, key=lambda hit: hit[0])[: max(limit, 0)]]


def _rank(wanted: str, name: str, address: str) -> int | None:
    if name.startswith(wanted):
        return 0
    if wanted in name:
        return 1
    return 2 if wanted in address else None


def _items(version: LayerVersion) -> Iterator[tuple[str, str, Named]]:
    # a point that is on the shape, which the middle of a winding zone need not be
    places = shapely.get_coordinates(shapely.point_on_surface(version.index.shapes))
    for row, (lon, lat) in zip(version.index.records, places, strict=True):
        name, address = str(row.get("name") or ""), version.kind.address(row)
        if name or address:
            named = Named(
                version.kind.title_of(row),
                version.entry.title,
                version.entry.id,
                row["feature_id"],
                float(lon),
                float(lat),
            )
            yield search_key(name), search_key(address), named
