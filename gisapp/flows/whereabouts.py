"""What the town's own layers know about addresses and named areas, for files that name places without giving them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeVar

import shapely

from layers.addresses import address_key
from layers.errors import LayersError, SourceUnavailable
from layers.names import search_key
from layers.readers.addresses import Located, Outlined, Whereabouts
from layers.versions import LayerShelf, LayerVersion

Found = TypeVar("Found")
AREA_KINDS = ("neighbourhood_association", "school_district", "boundary")
SAME_PLACE_DEG = 0.0005  # some 50 m: two features with one address that lie closer are one place


class _Addressed(NamedTuple):
    place: Located
    point: bool


@dataclass
class _Gazetteer:
    """Built when the first name is asked for; a file with positions never does."""

    layers: LayerShelf
    code: str
    _addresses: dict[str, list[_Addressed]] | None = None
    _areas: dict[str, list[Outlined]] | None = None

    @cached_property
    def towns(self) -> tuple[str, ...]:
        """What an address may begin with: the town's name in the layer of boundaries, and as people write it: 関ヶ原."""
        try:
            frame = self.layers.current("boundary").frame
        except LayersError:
            return ()
        names = {str(name) for name in frame["name"][frame["code"] == self.code]}
        return tuple(
            sorted(
                {re.sub("[ケヶがガ]", letter, name) for name in names for letter in ("ケ", "ヶ", "が", "ガ")}
            )
        )

    def address(self, text: str) -> Located | None:
        if self._addresses is None:
            self._addresses = _by_key(
                (address_key(known, self.towns), place) for known, place in _addressed(_versions(self.layers))
            )
        found = self._addresses.get(address_key(text, self.towns), [])
        # a point that somebody put on a building says more than the middle of its lot
        for places in ([one.place for one in found if one.point], [one.place for one in found]):
            if places:
                return places[0] if _one_place(places) else None
        return None

    def area(self, name: str) -> Outlined | None:
        if self._areas is None:
            self._areas = _by_key(
                (search_key(name), area) for name, area in _outlined(_versions(self.layers))
            )
        found = self._areas.get(search_key(name), [])
        return found[0] if len(found) == 1 else None


def whereabouts(layers: LayerShelf, code: str) -> Whereabouts:
    """Addresses and areas as the current layers of the town of a code have them.

    An address that two places have, and a name that two areas have, is not known; a building goes before its lot.
    """
    known = _Gazetteer(layers, code)
    return Whereabouts(known.address, known.area)


def _versions(layers: LayerShelf) -> Iterator[LayerVersion]:
    for entry in layers.catalogue:
        if entry.visibility == "departments":
            continue  # a place found for everybody's file must not tell what few may see
        try:
            yield layers.current(entry.id)
        except SourceUnavailable:
            continue  # what cannot be read cannot be asked; the file's rows then say that they are unknown


def _addressed(versions: Iterable[LayerVersion]) -> Iterator[tuple[str, _Addressed]]:
    for version in versions:
        points = shapely.get_type_id(version.index.shapes) == shapely.GeometryType.POINT
        places = shapely.get_coordinates(shapely.point_on_surface(version.index.shapes))
        for row, (lon, lat), point in zip(version.index.records, places, points, strict=True):
            if text := version.kind.address(row):
                how = f"{version.entry.title} {version.kind.title_of(row)}"
                yield text, _Addressed(Located(float(lon), float(lat), how), bool(point))


def _outlined(versions: Iterable[LayerVersion]) -> Iterator[tuple[str, Outlined]]:
    ranked = sorted(
        (version for version in versions if version.kind.id in AREA_KINDS),
        key=lambda version: AREA_KINDS.index(version.kind.id),
    )
    seen: dict[str, str] = {}
    for version in ranked:
        for row, shape in zip(version.index.records, version.index.shapes, strict=True):
            name = str(row.get("name") or "")
            if name and seen.setdefault(search_key(name), version.entry.id) == version.entry.id:
                yield name, Outlined(shape, version.entry.title)


def _by_key(pairs: Iterable[tuple[str, Found]]) -> dict[str, list[Found]]:
    groups: dict[str, list[Found]] = defaultdict(list)
    for key, found in pairs:
        if key:
            groups[key].append(found)
    return groups


def _one_place(found: list[Located]) -> bool:
    lons, lats = [place.lon for place in found], [place.lat for place in found]
    return max(lons) - min(lons) <= SAME_PLACE_DEG and max(lats) - min(lats) <= SAME_PLACE_DEG
