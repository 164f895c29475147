"""Rows that name their place instead of giving it: an address, a 大字・地番, or an area of the town.

What a name stands for is asked of the town's own layers; no outside service is. A place found so is a repair: it is
proposed with the name it was found by, and kept only with consent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from shapely import Point
from shapely.geometry.base import BaseGeometry

from layers.errors import Fault, Grade
from layers.readers.area_days import AREA
from layers.readers.cells import cell_text
from layers.readers.positions import MISSING
from layers.readers.table import Table, refusal

ADDRESS_HEADERS = (
    "所在地_連結表記", "住所", "所在地", "住所（番地まで）", "住所（位置情報）", "address", "設置場所", "場所",
)  # fmt: skip
AREA_HEADERS = (AREA, "自治会", "自治会名", "町内会名", "行政区名", "地区", "地区名")
_BY_NAME = frozenset({"csv", "xlsx"})
_PARTS = ("所在地_市区町村", "所在地_町字", "所在地_番地以下")
_LOT = ("大字", "大字名"), ("字", "小字", "小字名"), ("地番", "地番名")


class Located(NamedTuple):
    """A place in longitude and latitude, and how it was found, in words (「地番図の本町123」)."""

    lon: float
    lat: float
    how: str


class Outlined(NamedTuple):
    """An area (lon, lat) and the layer that has it."""

    shape: BaseGeometry
    how: str


@dataclass(frozen=True)
class Whereabouts:
    """What the town's layers know: address finds a text's place, area the outline of a named area. Both give
    None for what they do not know for certain.
    """

    address: Callable[[str], Located | None]
    area: Callable[[str], Outlined | None]


NOWHERE = Whereabouts(lambda text: None, lambda name: None)


def located(table: Table, where: Whereabouts) -> Table:
    """The table with places for the rows that name theirs, as far as the town's layers know them; what a file
    calls 地名 is an area, everything else is tried as an address first.
    """
    if table.format not in _BY_NAME or all(place is not None for place in table.places):
        return table
    if table.has(AREA):
        return placed_by_area(table, where.area)
    by_address = placed_by_address(table, where.address)
    if by_address is table and any(fault.code == MISSING for fault in table.faults):
        return placed_by_area(table, where.area)
    return by_address


def placed_by_address(table: Table, find: Callable[[str], Located | None]) -> Table:
    """The table with a point for each row that had no place and whose address is found.

    Each such row is a repair (placed_by_address) that names how it was found. Where the table has no positions of
    its own, each other row is refused (address_unknown); a table in which nothing is found comes back as it is.
    """
    header, texts = address_texts(table)
    known_bad = {fault.row for fault in table.faults}
    wanting = [
        at
        for at, (place, number) in enumerate(zip(table.places, table.numbers, strict=True))
        if header and place is None and number not in known_bad
    ]
    found = {at: place for at in wanting if (text := texts[at]) and (place := find(text))}
    if not found or header is None:
        return table
    nowhere = any(fault.code == MISSING for fault in table.faults)
    places, faults = list(table.places), [fault for fault in table.faults if fault.code != MISSING]
    for at in wanting:
        number, text = table.numbers[at], texts[at] or ""
        if place := found.get(at):
            places[at] = Point(place.lon, place.lat)
            told = f"{place.lon:.6f}, {place.lat:.6f} ({place.how})"
            faults.append(Fault("placed_by_address", Grade.REPAIR, number, header, text[:200], told))
        elif nowhere:
            faults.append(refusal("address_unknown", text, header, number, header))
    return replace(table, places=places, faults=tuple(faults))


def placed_by_area(table: Table, find: Callable[[str], Outlined | None]) -> Table:
    """The table with the outline of the area that each row names.

    As placed_by_address; a name without an outline is refused (area_unknown). If no name is known at all, the
    table comes back as it is.
    """
    header = table.column(*AREA_HEADERS)
    names = [cell_text(raw) for raw in table.values(*AREA_HEADERS)]
    outlines = [find(name) if name else None for name in names]
    if not any(outlines):
        return table
    faults = [fault for fault in table.faults if fault.code != MISSING]
    for name, outline, number in zip(names, outlines, table.numbers, strict=True):
        if outline is None:
            faults.append(refusal("area_unknown", name or "", header or "", number, header))
        else:
            faults.append(Fault("placed_by_area", Grade.REPAIR, number, header, name or "", outline.how))
    return replace(
        table, places=[outline.shape if outline else None for outline in outlines], faults=tuple(faults)
    )


def address_texts(table: Table) -> tuple[str | None, list[str | None]]:
    """The column that gives addresses (the first of several) and the address of each row."""
    if header := table.column(*ADDRESS_HEADERS):
        return header, [cell_text(raw) for raw in table.values(header)]
    for group in (tuple((part,) for part in _PARTS), _LOT):
        headers = [found for names in group if (found := table.column(*names))]
        if len(headers) > 1:
            texts = ["".join(cell_text(row.get(one)) or "" for one in headers) or None for row in table.rows]
            return headers[-1], texts
    return None, [None] * len(table.rows)
