"""Asks one layer about a place: what it holds, what is near, or why it cannot say."""

from __future__ import annotations

from dataclasses import dataclass

import shapely

from gisapp.flows.enquire.karte import Answer, Finding, Known, Source, Spot
from gisapp.flows.enquire.questions import NEARBY, Question, question_of
from gisapp.person import Person, may_see
from layers.catalogue import Entry
from layers.errors import SourceUnavailable
from layers.kinds import kind_of
from layers.names import same_name
from layers.spatial import Feature, Hit, containing, nearest
from layers.versions import LayerShelf, LayerVersion
from layers.walking import Reach

MANY = 500  # as many as are looked through for the station of one's own 自治会


@dataclass(frozen=True, slots=True)
class Seen:
    """A layer that the person may see: its present version, or why there is none."""

    entry: Entry
    version: LayerVersion | None
    source: Source
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Standpoint:
    """Where the questions are asked from. zone is the town's plane zone (EPSG); within_town is False where it
    is known to be elsewhere; association is the 自治会 of the place.
    """

    spot: Spot
    zone: int
    within_town: bool
    reach: Reach | None
    association: str = ""


def seen_layers(layers: LayerShelf, person: Person) -> list[Seen]:
    """The layers of the catalogue that a person may see, those that cannot be read among them."""
    return [_seen(layers, entry) for entry in layers.catalogue if may_see(person, entry)]


def _seen(layers: LayerShelf, entry: Entry) -> Seen:
    try:
        version = layers.current(entry.id)
    except SourceUnavailable as error:
        source = Source(
            entry.id, entry.kind, entry.title, entry.department, entry.visibility, entry.attribution,
            entry.licence, version=None, as_of=None, last_good=error.last_good,
        )  # fmt: skip
        return Seen(entry, None, source, error.reason)
    source = Source(
        entry.id, entry.kind, entry.title, entry.department, entry.visibility, entry.attribution,
        entry.licence, version=version.number, as_of=version.as_of, last_good=version.imported_at,
    )  # fmt: skip
    return Seen(entry, version, source)


def ask(seen: Seen, at: Standpoint) -> Answer:
    """What one layer says of a place."""
    question = question_of(seen.entry.kind, kind_of(seen.entry.kind).geometry)
    if seen.version is None:
        return Answer(seen.source, Known.UNKNOWN, question.within_m, reason=seen.reason)
    findings = tuple(finding(hit, at, question.on_foot) for hit in _hits(seen.version, at, question))
    if findings:
        return Answer(seen.source, Known.FOUND, question.within_m, findings)
    if not at.within_town:
        return Answer(seen.source, Known.UNKNOWN, question.within_m, reason="outside_town")
    return Answer(seen.source, Known.NONE, question.within_m)


def _hits(version: LayerVersion, at: Standpoint, question: Question) -> list[Hit]:
    lon, lat = at.spot.lon, at.spot.lat
    if question.within_m is None:
        held = sorted(containing(version, lon, lat), key=_graveness)
        return [Hit(feature, 0.0) for feature in held[: question.limit]]
    if question is NEARBY:
        hits = nearest(version, lon, lat, question.within_m, MANY)
        return [hit for hit in hits if _concerns(hit)][: question.limit]
    if version.kind.id == "garbage_station" and at.association:
        hits = nearest(version, lon, lat, question.within_m, MANY)
        own = [hit for hit in hits if _own(hit.feature, at)][:1]
        return [*hits[: question.limit], *(hit for hit in own if hit not in hits[: question.limit])]
    return nearest(version, lon, lat, question.within_m, question.limit)


def _graveness(feature: Feature) -> tuple[bool, int]:
    """The gravest zone first: 特別警戒区域, and the deepest water."""
    row = feature.row
    depth = row.get("depth_rank")
    return "特別" not in str(row.get("zone") or ""), -depth if isinstance(depth, int) else 0


def _concerns(hit: Hit) -> bool:
    """A neighbouring area of an unknown sort says nothing of the place; a point or a line beside it does."""
    return hit.distance_m == 0 or shapely.get_dimensions(hit.feature.geometry) < 2


def finding(hit: Hit, at: Standpoint, on_foot: bool) -> Finding:
    """A feature as the karte keeps it."""
    feature, point = hit.feature, _point(hit.feature)
    walking_m = None
    if on_foot and point is not None and at.reach is not None:
        walking_m = at.reach.metres_to(at.reach.roads.foot(*point))
    return Finding(
        feature_id=feature.id,
        title=feature.title,
        style=feature.style,
        rows=tuple(feature.shown_rows),
        distance_m=hit.distance_m,
        walking_m=walking_m,
        lon=None if point is None else point[0],
        lat=None if point is None else point[1],
        words=feature.kind.words(feature.row),
        own=_own(feature, at),
    )


def _own(feature: Feature, at: Standpoint) -> bool:
    association = feature.row.get("association")
    return bool(at.association) and bool(association) and same_name(str(association), at.association)


def _point(feature: Feature) -> tuple[float, float] | None:
    if shapely.get_type_id(feature.geometry) != shapely.GeometryType.POINT:
        return None
    return float(feature.geometry.x), float(feature.geometry.y)
