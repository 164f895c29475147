"""Which place an address of ours means: a pair of degrees, or a text that is looked for in the layers."""

from __future__ import annotations

import math
from collections.abc import Mapping

from gisapp.flows.enquire.karte import Spot
from gisapp.flows.find import Candidate, find_places
from gisapp.person import Person
from gisapp.profile import TownProfile
from layers.box import JAPAN
from layers.versions import LayerShelf
from reports_store import Categories, ReportStore

TEXT_LIMIT = 100


class BadSpot(Exception):
    """The place cannot be understood; key is the sentence of karte.bad that says why."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def spot_of(asked: Mapping[str, str]) -> Spot | None:
    """The place of lon and lat in an address's parameters; None where it gives neither.

    Raises BadSpot for a value that is no number, for a pair turned around, and for a place outside Japan.
    """
    if "lon" not in asked and "lat" not in asked:
        return None
    try:
        lon, lat = float(asked.get("lon", "")), float(asked.get("lat", ""))
    except ValueError:
        raise BadSpot("coordinates") from None
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise BadSpot("coordinates")
    if not JAPAN.holds(lon, lat):
        raise BadSpot("swapped" if JAPAN.holds(lat, lon) else "far")
    return Spot(round(lon, 7), round(lat, 7))


def spots_named(
    text: str,
    person: Person,
    layers: LayerShelf,
    profile: TownProfile,
    reports: ReportStore,
    categories: Categories,
) -> list[Candidate]:
    """The places a text may mean, likeliest first. Raises BadSpot for none at all."""
    if not text.strip():
        raise BadSpot("text")
    found = find_places(text[:TEXT_LIMIT], person, layers, profile, reports, categories)
    if not found:
        raise BadSpot("nothing")
    return found
