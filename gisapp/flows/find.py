"""Finds places by name, address, 大字・地番, coordinates or a report's number, in the layers a person may see."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from gisapp.flows.describe import NEVER, place_of
from gisapp.person import ANYONE, Person, may_see
from gisapp.profile import TownProfile
from layers.addresses import AddressIndex
from layers.box import JAPAN
from layers.errors import LayersError
from layers.search import Named, NameIndex
from layers.versions import LayerShelf, LayerVersion
from reports_store import Categories, ReportStore

LIMIT = 12
_REPORT = re.compile(r"[Rr]\d{1,3}-\d{6}")
_COORDINATES = re.compile(r"([0-9]{2,3}\.[0-9]+)[,、 ]+([0-9]{2,3}\.[0-9]+)")


@dataclass(frozen=True, slots=True)
class Landmark:
    """A named point that a person may choose instead of tapping a map; degrees, WGS84."""

    title: str
    layer: str
    lon: float
    lat: float


def landmarks(layers: LayerShelf) -> tuple[Landmark, ...]:
    """Every named point of the public layers, by name."""
    return _landmarks(visible_versions(layers, ANYONE))


@lru_cache(maxsize=4)
def _landmarks(versions: tuple[LayerVersion, ...]) -> tuple[Landmark, ...]:
    found = (one for version in versions for one in _points(version))
    return tuple(sorted(found, key=lambda one: one.title))


def _points(version: LayerVersion) -> Iterator[Landmark]:
    if version.kind.geometry != {"Point"}:
        return
    for row, shape in zip(version.index.records, version.index.shapes, strict=True):
        if row.get("name"):
            yield Landmark(version.kind.title_of(row), version.entry.title, shape.x, shape.y)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that a typed text may mean. layer is the title of the layer it was found in, empty for
    coordinates and reports; exact is False where only a part of an address was found. Degrees, WGS84.
    """

    title: str
    layer: str
    lon: float
    lat: float
    exact: bool = True


def find_places(
    text: str,
    person: Person,
    layers: LayerShelf,
    profile: TownProfile,
    reports: ReportStore,
    categories: Categories,
    limit: int = LIMIT,
) -> list[Candidate]:
    """The places a text may mean, likeliest first: a report's number, coordinates in either order, an
    address or 大字・地番 however it is written, a name. Only layers that the person may see are searched.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if _REPORT.fullmatch(plain):
        number = plain.upper()
        place = place_of(number, reports, categories)  # where residents see it
        return [] if place is None else [Candidate(number, "", *place)]
    if found := _COORDINATES.fullmatch(plain):
        lon, lat = sorted((float(found[1]), float(found[2])), reverse=True)  # in Japan lon is the larger
        return [Candidate(f"{lat}, {lon}", "", lon, lat)] if JAPAN.holds(lon, lat) else []
    return named_places(plain, person, layers, profile, limit)


def named_places(
    plain: str, person: Person, layers: LayerShelf, profile: TownProfile, limit: int = LIMIT
) -> list[Candidate]:
    """The places that have this address, 大字・地番 or name (NFKC), likeliest first."""
    names, addresses = _indexes(visible_versions(layers, person), profile.name)
    by_address = [_candidate(one.named, one.exact) for one in addresses.find(plain, limit)]
    by_name = [_candidate(named) for named in names.find(plain, limit)]
    exact = [one for one in by_address if one.exact]
    once: dict[object, Candidate] = {}  # a school that is a shelter and a facility is one place
    for one in [*exact, *by_name, *by_address]:
        once.setdefault((one.title, round(one.lon, 4), round(one.lat, 4)), one)
    return list(once.values())[:limit]


def visible_versions(layers: LayerShelf, person: Person) -> tuple[LayerVersion, ...]:
    """The present version of every layer that a person may see and that can be read."""
    found = []
    for entry in layers.catalogue:
        if may_see(person, entry):
            try:
                found.append(layers.current(entry.id))
            except LayersError:
                continue  # the listing shows it as failed
    return tuple(found)


def unread_layers(layers: LayerShelf, person: Person) -> list[str]:
    """The titles of the layers that a person may see and that cannot be read now: not searched, not empty."""
    ours = (
        layers.catalogue.entry(state.id)
        for state in layers.listing()
        if not state.ok and state.reason != NEVER
    )
    return [entry.title for entry in ours if may_see(person, entry)]


@lru_cache(maxsize=8)
def _indexes(versions: tuple[LayerVersion, ...], town: str) -> tuple[NameIndex, AddressIndex]:
    """Names and addresses of these versions; gathered anew when one of them is replaced."""
    return NameIndex.build(versions), AddressIndex.build(versions, (town,))


def _candidate(named: Named, exact: bool = True) -> Candidate:
    return Candidate(named.title, named.layer_title, named.lon, named.lat, exact)
