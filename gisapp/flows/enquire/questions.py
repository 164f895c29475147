"""What is asked of each kind of layer about a place: which areas hold it, or what is near, and how near."""

from __future__ import annotations

from dataclasses import dataclass

from layers.kinds import HAZARDS, KINDS

EDGE_M = 200.0  # so near the boundary, the next municipality's layers matter too
REPORTS_WITHIN_M = 200.0
REPORTS_DAYS = 365


@dataclass(frozen=True, slots=True)
class Question:
    """within_m is None for areas that hold the place; otherwise metres in a straight line. on_foot asks for
    the way along the roads as well.
    """

    within_m: float | None
    limit: int
    on_foot: bool = False


HOLDING = Question(None, 20)
NEARBY = Question(100.0, 5)  # of a kind that is not named here: areas that hold the place, the rest nearby
_ASKED = {
    "road_section": Question(30.0, 1),  # as for a report: farther is another street
    "garbage_station": Question(3_000.0, 3),
    "recycling_point": Question(3_000.0, 2),
    "evacuation_site": Question(5_000.0, 3, on_foot=True),
    "shelter": Question(5_000.0, 3, on_foot=True),
    "welfare_shelter": Question(5_000.0, 2, on_foot=True),
    "aed": Question(2_000.0, 2),
    "hydrant": Question(300.0, 3),
    "disaster_radio_station": Question(2_000.0, 1),
    "water_pipe": Question(50.0, 5),
    "sewer_pipe": Question(50.0, 5),
    "manhole": Question(50.0, 5),
    "street_light": Question(50.0, 3),
    "cultural_property": Question(200.0, 5),  # 埋蔵文化財 beside a building site matters as well
    "park": Question(1_000.0, 2),
    "public_toilet": Question(2_000.0, 2),
    "public_facility": Question(1_000.0, 3),
    "vulnerable_facility": Question(300.0, 5),
    "emergency_route": Question(500.0, 1),
    "underpass": Question(1_000.0, 2),
    "river": Question(300.0, 2),
}  # fmt: skip

# The kinds whose areas tell of a hazard, by the hazard a site is designated for; three have none.
ZONES = {hazard: tuple(kind.id for kind in KINDS.values() if kind.hazard == hazard) for hazard in HAZARDS}
# Told with a hazard, but no zone to keep out of: where water has been once.
TOLD_WITH = {"hazard_flood": ("flood_history",)}
HAZARD_KINDS = frozenset(kind for kinds in (*ZONES.values(), *TOLD_WITH.values()) for kind in kinds)


def question_of(kind: str, geometry: frozenset[str]) -> Question:
    """The question for a kind of layer."""
    if kind in _ASKED:
        return _ASKED[kind]
    return HOLDING if geometry == {"Polygon"} else NEARBY
