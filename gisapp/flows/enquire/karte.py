"""地点カルテ: everything the layers say of one place, and what they cannot say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from reports_store.privacy import PublicReport


class Known(StrEnum):
    """What a layer says of a place. NONE is never "safe", and UNKNOWN is never "none"."""

    FOUND = "found"
    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Spot:
    """The place that is asked about (degrees, WGS84), and how it was found; label is empty for a tap."""

    lon: float
    lat: float
    label: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Where an answer comes from. version and as_of are None where unknown; last_good is the import of the
    last version that could be read.
    """

    layer_id: str
    kind: str
    title: str
    department: str
    visibility: str
    attribution: str
    licence: str
    version: int | None
    as_of: date | None
    last_good: datetime | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One feature at the place or near it.

    distance_m is the straight way in metres, 0 for an area that holds the place; walking_m is along the
    roads, None where it was not asked or the roads do not lead there. lon, lat are a point's own place,
    None for a line or an area. words say in plain Japanese what it means. own marks what belongs to the
    place's 自治会.
    """

    feature_id: str
    title: str
    style: str
    rows: tuple[tuple[str, str], ...]
    distance_m: float
    walking_m: float | None = None
    lon: float | None = None
    lat: float | None = None
    words: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What one layer says. within_m is None where areas were asked whether they hold the place.

    reason is set when the answer is unknown: never_imported, outside_town, or why the layer cannot be read.
    """

    source: Source
    known: Known
    within_m: float | None
    findings: tuple[Finding, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class HazardLine:
    """One part of a hazard at the place: a scenario, a duration, a zone. source is None where the town has
    no such layer at all.
    """

    facet: str
    source: Source | None
    known: Known
    findings: tuple[Finding, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """An evacuation site for one hazard. outside says whether it lies outside the hazard's zones; None where
    that is not known.
    """

    feature_id: str
    name: str
    address: str
    lon: float
    lat: float
    distance_m: float
    walking_m: float | None
    outside: bool | None
    source: Source


@dataclass(frozen=True, slots=True)
class Refuge:
    """Where to flee from one hazard: sites designated for it and not in its zones, nearest first; and those
    nearer ones that are not offered: designated but in a zone, and with a designation that is not known.
    """

    known: Known
    offered: tuple[Site, ...]
    in_zone: tuple[Site, ...]
    undesignated: tuple[Site, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Hazard:
    """One of the eight hazards of the law (災害対策基本法施行令): what is known of it here, and where to flee."""

    id: str
    title: str
    known: Known
    lines: tuple[HazardLine, ...]
    refuge: Refuge


@dataclass(frozen=True, slots=True)
class Section:
    """The answers of one department's layers, in the order of the catalogue."""

    department: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class ReportNear:
    """A public report near the place; distance_m is to the place where residents see it."""

    report: PublicReport
    distance_m: float


@dataclass(frozen=True, slots=True)
class Reported:
    """Reports around the place, newest first. unpublished counts the others, for the town hall only."""

    known: Known
    within_m: float
    since: date
    reports: tuple[ReportNear, ...] = ()
    total: int = 0
    unpublished: int | None = None


@dataclass(frozen=True, slots=True)
class Karte:
    """The whole answer. inside is None where the town's boundary is not known; edge_m is the way to it."""

    spot: Spot
    asked_at: datetime
    inside: bool | None
    edge_m: float | None
    hazards: tuple[Hazard, ...]
    sections: tuple[Section, ...]
    reported: Reported
    whole: bool
    on_foot: bool

    def answers(self, *kinds: str) -> list[Answer]:
        """The answers of all layers of some kinds."""
        return [one for section in self.sections for one in section.answers if one.source.kind in kinds]
