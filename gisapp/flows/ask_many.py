"""Asks chosen layers about every row of a table of places, and gives the same table back with the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gisapp.flows.explain import explain_fault
from gisapp.flows.find import visible_versions
from gisapp.flows.locate import boundary_of
from gisapp.person import Person, may_see
from gisapp.profile import TownProfile
from gisapp.words import say
from layers.addresses import Addressed, AddressIndex
from layers.batch import NOWHERE, Places, graveness, holding, nearest_of, outside_of
from layers.catalogue import Entry
from layers.crs import LONLAT, to_lonlat
from layers.errors import SourceUnavailable, UnknownLayer
from layers.kind import Row, Style
from layers.kinds import HAZARDS
from layers.readers import look
from layers.readers.table import Table
from layers.versions import LayerShelf, LayerVersion

MOST_ROWS = 200_000
ADDRESSES = ("住所", "所在地", "所在地_連結表記", "住所（番地まで）", "address")
Progress = Callable[[int, int, str], None]
Cell = str | int | float | None
Graveness = tuple[bool, int, int]


class TooManyPlaces(Exception):
    """A table with more rows than one answer holds."""

    def __init__(self, rows: int) -> None:
        self.rows, self.most = rows, MOST_ROWS
        super().__init__(f"{rows} rows: expected {MOST_ROWS} at most")


@dataclass(frozen=True, eq=False)
class Answered:
    """The table with its answers. given counts the columns that the file had; signs are the gravest hazard zone
    of each row (None for none), places their degrees (NaN where not known).
    """

    file_name: str
    columns: tuple[str, ...]
    rows: list[list[Cell]]
    given: int
    places: Places
    signs: list[Style | None]
    layers: tuple[str, ...]

    @property
    def unread(self) -> int:
        """Rows whose place is not known: kept, with the reason."""
        return int((~self.places.known).sum())


@dataclass(frozen=True, eq=False)
class _Asking:
    """What is asked from: the places, whether each is in town, the hazard layers that are asked; and the gravest
    zone found so far of each place.
    """

    places: Places
    in_town: NDArray[np.bool_]
    zones: tuple[LayerVersion, ...]
    signs: dict[int, tuple[Graveness, Style]] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class _Column:
    title: str
    cells: Sequence[Cell]


def askable(layers: LayerShelf, person: Person) -> list[Entry]:
    """The layers that a person may ask, in the order of the catalogue: those they may see and that can be read."""
    visible = {version.entry.id for version in visible_versions(layers, person)}
    return [entry for entry in layers.catalogue if entry.id in visible]


def ask_many(
    path: Path,
    layer_ids: Sequence[str],
    person: Person,
    layers: LayerShelf,
    profile: TownProfile,
    tell: Progress = lambda done, total, title: None,
) -> Answered:
    """Ask layers about the places of a file; the rows stay in their order, the columns of the file come first.

    A hazard layer gives the zone and what it means, other areas their names, points and lines the nearest with
    its distance in metres. Evacuation sites are offered for each hazard whose zones are asked, where designated
    and outside them. Raises UnreadableFile, TooManyPlaces, UnknownLayer for a layer the person may not see.
    """
    entries = [_entry(layer_id, person, layers) for layer_id in layer_ids]
    table = look(path)
    if len(table.rows) > MOST_ROWS:
        raise TooManyPlaces(len(table.rows))
    tell(0, len(entries) + 1, table.file_name)
    places, notes = _places(table, person, layers, profile)
    asking = _Asking(places, _in_town(places, layers, profile), _zones(entries, layers))
    added = [_Column(say("batch.column.place"), notes)]
    for done, entry in enumerate(entries, start=1):
        tell(done, len(entries) + 1, entry.title)
        added += _answers(entry, asking, layers)
    return _joined(table, added, asking, tuple(entry.title for entry in entries))


def _entry(layer_id: str, person: Person, layers: LayerShelf) -> Entry:
    entry = layers.catalogue.entry(layer_id)
    if not may_see(person, entry):
        raise UnknownLayer(layer_id)  # as for a layer that does not exist
    return entry


def _joined(table: Table, added: Sequence[_Column], asking: _Asking, titles: tuple[str, ...]) -> Answered:
    taken = set(table.columns)
    headers = [_unused(column.title, taken) for column in added]
    rows: list[list[Cell]] = [
        [_plain(row.get(name)) for name in table.columns] + [column.cells[at] for column in added]
        for at, row in enumerate(table.rows)
    ]
    signs = [asking.signs[at][1] if at in asking.signs else None for at in range(len(rows))]
    columns = (*table.columns, *headers)
    return Answered(table.file_name, columns, rows, len(table.columns), asking.places, signs, titles)


def _unused(title: str, taken: set[str]) -> str:
    name, number = title, 2
    while name in taken:
        name, number = f"{title}_{number}", number + 1
    taken.add(name)
    return name


def _plain(value: Any) -> Cell:
    if value is None or value != value:
        return None
    return value if type(value) in (str, int, float) else str(value)


def _places(
    table: Table, person: Person, layers: LayerShelf, profile: TownProfile
) -> tuple[Places, list[Cell]]:
    """Where each row is, and how that is known or why not."""
    shapes = np.array(list(table.places), dtype=object)
    if table.crs != LONLAT and len(shapes):
        shapes = np.asarray(to_lonlat(shapes, table.crs), dtype=object)
    points = shapely.point_on_surface(shapes)
    lons, lats = shapely.get_x(points).astype(float), shapely.get_y(points).astype(float)
    beyond = ~((np.abs(lons) <= 180) & (np.abs(lats) <= 90))
    lons[beyond], lats[beyond] = np.nan, np.nan
    told = {fault.row: explain_fault(fault) for fault in reversed(table.faults) if fault.row is not None}
    whole = next((explain_fault(fault) for fault in table.faults if fault.row is None), "")
    read, unread = say("batch.place.read"), say("batch.place.unread")
    notes: list[Cell] = [
        read if known else told.get(number) or whole or unread
        for known, number in zip(~np.isnan(lons), table.numbers, strict=True)
    ]
    _by_address(table, lons, lats, notes, lambda: _addresses(person, layers, profile))
    return Places(lons, lats), notes


def _by_address(
    table: Table,
    lons: NDArray[np.float64],
    lats: NDArray[np.float64],
    notes: list[Cell],
    index: Callable[[], AddressIndex],
) -> None:
    """Fill in the places of rows that give none but an address that the layers know."""
    column = table.column(*ADDRESSES)
    missing = np.flatnonzero(np.isnan(lons))
    if column is None or not len(missing):
        return
    addresses, texts = index(), table.values(column)
    known: dict[str, tuple[float, float, str] | None] = {}
    for at in missing.tolist():
        text = str(texts[at] or "").strip()
        if text not in known:
            first = next(iter(addresses.find(text, limit=1)), None)
            known[text] = None if first is None else (first.named.lon, first.named.lat, _said(first))
        if found := known[text]:
            lons[at], lats[at], notes[at] = found


def _said(found: Addressed) -> str:
    how = "exact" if found.exact else "near"
    return say(f"batch.place.address_{how}", layer=found.named.layer_title)


def _addresses(person: Person, layers: LayerShelf, profile: TownProfile) -> AddressIndex:
    return AddressIndex.build(visible_versions(layers, person), (profile.name,))


def _in_town(places: Places, layers: LayerShelf, profile: TownProfile) -> NDArray[np.bool_]:
    """Whether each place is in town; without a boundary only what is beyond the town's bounds is known."""
    boundary = boundary_of(profile, layers)
    if boundary is None:
        west, south, east, north = profile.bounds
        lons, lats = places.lons, places.lats
        return np.asarray((west <= lons) & (lons <= east) & (south <= lats) & (lats <= north))
    shapely.prepare(boundary)
    return np.asarray(shapely.intersects_xy(boundary, places.lons, places.lats))


def _zones(entries: Iterable[Entry], layers: LayerShelf) -> tuple[LayerVersion, ...]:
    found = []
    for entry in entries:
        try:
            version = layers.current(entry.id)
        except SourceUnavailable:
            continue  # its own column says so
        if version.kind.hazard:
            found.append(version)
    return tuple(found)


def _answers(entry: Entry, asking: _Asking, layers: LayerShelf) -> Iterator[_Column]:
    """The columns of one layer."""
    try:
        version = layers.current(entry.id)
    except SourceUnavailable:
        yield _Column(entry.title, [say("batch.unreadable_layer")] * len(asking.places))
        return
    if version.kind.hazard:
        yield from _hazard(version, asking)
    elif version.kind.geometry == {"Polygon"}:
        yield _area(version, asking)
    elif version.kind.id == "evacuation_site" and asking.zones:
        yield from _sites(version, asking)
    else:
        yield from _near(version, asking, entry.title)


def _hazard(version: LayerVersion, asking: _Asking) -> Iterator[_Column]:
    rows, kind = version.index.records, version.kind
    texts: dict[int, tuple[str, str]] = {}
    held = holding(version, asking.places)
    ranks: list[Cell] = []
    words: list[Cell] = []
    nothing = _nothing(asking, say("batch.outside_zone"))
    for at, features in enumerate(held):
        for feature in features:
            if feature not in texts:
                row: Row = rows[feature]
                texts[feature] = (
                    kind.style(kind.style_of(row)).text_ja,
                    kind.words(row) or kind.title_of(row),
                )
        ranks.append(_several(texts[feature][0] for feature in features) or nothing[at])
        words.append(_several(texts[feature][1] for feature in features) or nothing[at])
        if features:
            gravest = rows[features[0]]
            if at not in asking.signs or graveness(gravest) > asking.signs[at][0]:
                asking.signs[at] = graveness(gravest), kind.style(kind.style_of(gravest))
    yield _Column(say("batch.column.zone", layer=version.entry.title), ranks)
    yield _Column(say("batch.column.meaning", layer=version.entry.title), words)


def _area(version: LayerVersion, asking: _Asking) -> _Column:
    rows, kind = version.index.records, version.kind
    nothing = _nothing(asking, say("batch.none"))
    cells: list[Cell] = [
        _several(kind.title_of(rows[feature]) for feature in features) or nothing[at]
        for at, features in enumerate(holding(version, asking.places))
    ]
    return _Column(version.entry.title, cells)


def _sites(version: LayerVersion, asking: _Asking) -> Iterator[_Column]:
    """For each hazard that is asked: the nearest site designated for it that stands in none of its zones."""
    for hazard in dict.fromkeys(zone.kind.hazard for zone in asking.zones):
        zones = [zone for zone in asking.zones if zone.kind.hazard == hazard]
        designated = np.array([row.get(hazard) is True for row in version.index.records], dtype=bool)
        title = say("batch.column.site", layer=version.entry.title, hazard=HAZARDS[hazard])
        yield from _near(version, asking, title, designated & outside_of(version, zones))


def _near(
    version: LayerVersion, asking: _Asking, title: str, among: NDArray[np.bool_] | None = None
) -> Iterator[_Column]:
    found = nearest_of(version, asking.places, among)
    rows, kind = version.index.records, version.kind
    nothing = _nothing(asking, say("batch.none"))
    names: list[Cell] = [
        nothing[at] if feature == NOWHERE else kind.title_of(rows[feature]) or version.entry.title
        for at, feature in enumerate(found.feature.tolist())
    ]
    metres: list[Cell] = [None if away != away else round(away) for away in found.distance_m.tolist()]
    yield _Column(say("batch.column.nearest", layer=title), names)
    yield _Column(say("batch.column.metres", layer=title), metres)


def _nothing(asking: _Asking, text: str) -> list[Cell]:
    """What a row says where the layer has nothing for it: unknown for a place that is not known, and for one
    outside the town, of which the town's layers do not speak.
    """
    unknown, beyond = say("batch.unknown"), say("batch.unknown_outside")
    return [
        unknown if not known else text if inside else beyond
        for known, inside in zip(asking.places.known.tolist(), asking.in_town.tolist(), strict=True)
    ]


def _several(texts: Iterable[str]) -> str:
    return "、".join(dict.fromkeys(text for text in texts if text))
