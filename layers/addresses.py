"""Finding a place by an address or a 大字・地番, however it is written: 本町三丁目１２番地の４ is 本町3-12-4."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import shapely

from layers.names import search_key
from layers.search import Named
from layers.versions import LayerVersion

_UNITS = "丁目|番地|番|号|地割"
_DASHES = re.compile(r"[‐‑‒–—―−ー－ｰ﹣-]")
_KANJI_NUMBER = re.compile(rf"[〇一二三四五六七八九十百千]+(?=(?:{_UNITS}))")
_AFTER_NUMBER = re.compile(rf"(?<=\d)(?:(?:{_UNITS})の?|の)(?=\d)")
_LAST_UNIT = re.compile(rf"(?<=\d)(?:{_UNITS})")
_DASH_IN_NUMBER = re.compile(r"(?<=\d)-+(?=\d)")
_KANJI_DIGITS = {letter: value for value, letter in enumerate("〇一二三四五六七八九")}
_PLACES = {"十": 10, "百": 100, "千": 1000}


def address_key(text: str, towns: Iterable[str] = ()) -> str:
    """The form in which addresses are compared: one width, numbers in figures joined by hyphens, without
    大字, 字, blanks, and everything up to the name of the town (one of towns).
    """
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    plain = _KANJI_NUMBER.sub(lambda found: str(_number(found.group())), plain)
    plain = re.sub(r"大字|字", "", plain)
    for town in towns:
        _, found, rest = plain.partition(town)
        plain = rest if found and rest else plain
    plain = _AFTER_NUMBER.sub("-", _DASHES.sub("-", plain))
    plain = _DASH_IN_NUMBER.sub("-", _LAST_UNIT.sub("", plain)).rstrip("-")
    # search_key folds が and ケ, widths and case; ー became a hyphen before, on both sides alike
    return search_key(plain)


def _number(kanji: str) -> int:
    if not set(kanji) & set(_PLACES):
        return int("".join(str(_KANJI_DIGITS[letter]) for letter in kanji))
    total, digit = 0, 0
    for letter in kanji:
        if letter in _PLACES:
            total += (digit or 1) * _PLACES[letter]
            digit = 0
        else:
            digit = _KANJI_DIGITS[letter]
    return total + digit


@dataclass(frozen=True, slots=True)
class Addressed:
    """A place found by its address. exact is False where only the part before its last numbers is there."""

    named: Named
    exact: bool


class AddressIndex:
    """The addresses of the features of some layers, and the 大字・地番 of parcels."""

    def __init__(self, keys: list[tuple[str, Named]], towns: tuple[str, ...]) -> None:
        self._keys = sorted(keys, key=lambda item: (item[0], item[1].feature_id))
        self._towns = towns

    @classmethod
    def build(cls, versions: Iterable[LayerVersion], towns: tuple[str, ...]) -> AddressIndex:
        """Give it only the layers the person may see, and the names that an address may begin with."""
        return cls([item for version in versions for item in _items(version, towns)], towns)

    def find(self, text: str, limit: int = 20) -> list[Addressed]:
        """Places of this address first, then those whose address goes on. An address with numbers that
        nothing has is looked for without its last one, and so on: then they are not exact.
        """
        wanted = address_key(text, self._towns)
        if not wanted or not any(letter.isdigit() for letter in wanted):
            return []
        shorter, exact = wanted, True
        while shorter and shorter[-1:].isdigit():
            if found := self._beginning(shorter, limit):
                return [Addressed(named, exact) for named in found]
            shorter, exact = re.sub(r"-?\d+$", "", shorter), False
        return []

    def _beginning(self, wanted: str, limit: int) -> list[Named]:
        ranked = sorted(
            (key != wanted and not key.endswith(wanted), at)
            for at, (key, _) in enumerate(self._keys)
            if _goes_on(key, wanted)
        )
        return [self._keys[at][1] for _, at in ranked[: max(limit, 0)]]


def _goes_on(key: str, wanted: str) -> bool:
    """Whether a key holds the wanted one up to the end of a number: 本町1 goes on as 本町1-2, not as 本町12."""
    start = key.find(wanted)
    if start < 0 or (start and key[start - 1].isdigit() and wanted[0].isdigit()):
        return False
    after = key[start + len(wanted) : start + len(wanted) + 1]
    return not after.isdigit()


def _items(version: LayerVersion, towns: tuple[str, ...]) -> Iterator[tuple[str, Named]]:
    places = shapely.get_coordinates(shapely.point_on_surface(version.index.shapes))
    for row, (lon, lat) in zip(version.index.records, places, strict=True):
        if address := version.kind.address(row):
            named = Named(
                version.kind.title_of(row), version.entry.title, version.entry.id, row["feature_id"],
                float(lon), float(lat),
            )  # fmt: skip
            yield address_key(address, towns), named
