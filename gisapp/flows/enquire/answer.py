"""One place, every layer: the flow behind 地点カルテ."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from weakref import WeakKeyDictionary

import shapely
from shapely.geometry.base import BaseGeometry

from gisapp.flows.enquire.asking import Standpoint, ask, seen_layers
from gisapp.flows.enquire.hazards import hazards
from gisapp.flows.enquire.karte import Answer, Karte, Section, Spot
from gisapp.flows.enquire.reported import reported
from gisapp.flows.enquire.sites import on_foot_from, refuges
from gisapp.flows.locate import boundary_of
from gisapp.person import Person
from gisapp.profile import TownProfile
from layers.crs import easting_northing, to_plane
from layers.errors import LayersError
from layers.versions import LayerShelf, LayerVersion
from reports_store import Categories, ReportStore

_Outline = tuple[BaseGeometry, BaseGeometry] | None
_outlines: WeakKeyDictionary[LayerVersion, _Outline] = WeakKeyDictionary()


def enquire(
    spot: Spot,
    person: Person,
    layers: LayerShelf,
    reports: ReportStore,
    categories: Categories,
    profile: TownProfile,
    now: datetime,
) -> Karte:
    """Everything the person may know of a place: every layer by department, hazards, refuges, reports.

    Distances are metres in the town's plane zone. A layer that cannot be read is unknown in the answer and
    stops nothing; outside the town what is not found is unknown. now is aware.
    """
    inside, edge_m = _in_town(spot, layers, profile)
    seen = seen_layers(layers, person)
    roads = on_foot_from(seen)
    reach = roads.reach(roads.foot(spot.lon, spot.lat)) if roads else None
    at = Standpoint(spot, profile.zone, inside is not False, reach)
    first = [ask(one, at) for one in seen if one.entry.kind == "neighbourhood_association"]
    at = Standpoint(spot, profile.zone, inside is not False, reach, _association(first))
    known = {answer.source.layer_id: answer for answer in first}
    answers = [known.get(one.entry.id) or ask(one, at) for one in seen]
    return Karte(
        spot=spot,
        asked_at=now,
        inside=inside,
        edge_m=edge_m,
        hazards=hazards(seen, answers, refuges(seen, at)),
        sections=_by_department(answers),
        reported=reported(spot, person, reports, categories, now),
        whole=bool(person.roles),
        on_foot=reach is not None and reach.start is not None,
    )


def _association(answers: Sequence[Answer]) -> str:
    return next((finding.title for answer in answers for finding in answer.findings), "")


def _by_department(answers: Sequence[Answer]) -> tuple[Section, ...]:
    departments = dict.fromkeys(answer.source.department for answer in answers)
    return tuple(
        Section(name, tuple(answer for answer in answers if answer.source.department == name))
        for name in departments
    )


def _in_town(spot: Spot, layers: LayerShelf, profile: TownProfile) -> tuple[bool | None, float | None]:
    """Whether the place is in town and how many metres from its boundary; None where that is not known.

    Without a boundary only the town's bounds are known: beyond them a place is outside for certain.
    """
    outline = _outline(layers, profile)
    if outline is None:
        west, south, east, north = profile.bounds
        within = west <= spot.lon <= east and south <= spot.lat <= north
        return (None if within else False), None
    whole, border = outline
    place = shapely.points(easting_northing(spot.lon, spot.lat, profile.zone))
    return bool(shapely.intersects_xy(whole, spot.lon, spot.lat)), float(shapely.distance(border, place))


def _outline(layers: LayerShelf, profile: TownProfile) -> _Outline:
    """The town's own area in degrees and its border in metres, worked out once for a version."""
    try:
        version = layers.current("boundary")
    except LayersError:
        return None
    if version not in _outlines:
        whole = boundary_of(profile, layers)
        _outlines[version] = None if whole is None else (whole, to_plane(whole, profile.zone).boundary)
    return _outlines[version]
