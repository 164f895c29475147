"""A round over places goes along the roads, is short, and says what it leaves out."""

from __future__ import annotations

import itertools
import random
import xml.etree.ElementTree as ET
from datetime import UTC, datetime

import numpy as np
import orjson
import pytest
import shapely

from gisapp.flows.desk.patrol import MOST_STOPS, Stop, geojson, gpx, patrol, town_hall
from gisapp.flows.find import Landmark
from gisapp.profile import TownProfile
from layers.crs import LONLAT, to_plane, transformer
from layers.rounds import distances, good_round, length_m, nearest_next, way_between
from layers.walking import RoadGraph

ZONE = 6675
WEST, SOUTH, STEP_M, STREETS = -60_000.0, -75_000.0, 200.0, 16
DEGREES = transformer(ZONE, LONLAT)
NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)


def at(x: float, y: float, name: str = "") -> Stop:
    """A place, in metres from the corner of the town."""
    lon, lat = DEGREES.transform(WEST + x, SOUTH + y)
    return Stop(name or f"{x:.0f},{y:.0f}", "", lon, lat)


def streets(*, island: bool = False) -> RoadGraph:
    """A town of square blocks; on an island there is a street that nothing leads to."""
    far = STEP_M * (STREETS - 1)
    lines = []
    for number in range(STREETS):
        there = number * STEP_M
        lines += [[(there, 0), (there, far)], [(0, there), (far, there)]]
    if island:
        lines.append([(far + 3000, 0), (far + 3500, 0)])
    placed = shapely.MultiLineString([[(WEST + x, SOUTH + y) for x, y in line] for line in lines])
    return RoadGraph(shapely.get_parts(shapely.node(placed)), ZONE)


def places(dice: random.Random, n: int) -> list[Stop]:
    far = STEP_M * (STREETS - 1)
    return [at(dice.uniform(0, far), dice.uniform(0, far), f"場所{number}") for number in range(n)]


@pytest.fixture(scope="module")
def town() -> RoadGraph:
    return streets()


def test_distances_are_those_of_the_blocks(town: RoadGraph) -> None:
    feet = [town.foot(one.lon, one.lat) for one in (at(0, 0), at(400, 0), at(400, 600), at(100, 30))]

    found = distances(town, [foot for foot in feet if foot])

    assert found[0].tolist() == pytest.approx([0, 400, 1000, 130], abs=0.01)
    assert found[1, 2] == pytest.approx(600, abs=0.01)
    assert np.allclose(found, found.T)


@pytest.mark.parametrize("seed", range(6))
def test_up_to_nine_places_are_visited_by_the_shortest_way_there_is(town: RoadGraph, seed: int) -> None:
    stops = places(random.Random(seed), 7)
    metres = distances(town, [foot for one in stops if (foot := town.foot(one.lon, one.lat))])

    found = length_m(metres.tolist(), good_round(metres))

    best = min(length_m(metres.tolist(), (0, *rest)) for rest in itertools.permutations(range(1, len(stops))))
    assert found == pytest.approx(best)


@pytest.mark.parametrize("n", [2, 10, 30, 50])
def test_the_round_begins_at_the_start_visits_all_and_is_never_longer_than_the_nearest_next(n: int) -> None:
    dice = np.random.default_rng(n)
    spots = dice.random((n, 2)) * 5000
    metres = np.hypot(*(spots[:, None] - spots[None]).transpose(2, 0, 1))

    order = good_round(metres)

    assert order[0] == 0
    assert sorted(order) == list(range(n))
    assert length_m(metres.tolist(), order) <= length_m(metres.tolist(), nearest_next(metres.tolist()))


def test_the_line_that_is_drawn_is_as_long_as_it_says(town: RoadGraph) -> None:
    found = patrol(at(100, 0, "役場"), places(random.Random(9), 12), town, ZONE)

    assert found.legs[-1].stop.name == "役場"
    assert found.metres == pytest.approx(sum(leg.metres for leg in found.legs))
    for leg in found.legs:
        drawn = shapely.length(to_plane(shapely.LineString(leg.line), ZONE))
        assert leg.metres - 2 * STEP_M / 2 <= drawn <= leg.metres + 1  # the way from the road is not drawn
    assert len(found.stops) == 12
    assert found.by_road


def test_two_places_on_one_street_are_joined_along_it(town: RoadGraph) -> None:
    a, b = (town.foot(one.lon, one.lat) for one in (at(20, 0), at(180, 0)))
    assert a
    assert b

    line = way_between(town, a, b)

    assert line[0].tolist() == pytest.approx([WEST + 20, SOUTH], abs=0.01)
    assert line[-1].tolist() == pytest.approx([WEST + 180, SOUTH], abs=0.01)
    assert shapely.length(shapely.LineString(line)) == pytest.approx(160, abs=0.01)


def test_what_no_road_leads_to_is_told_and_left_out() -> None:
    far = STEP_M * (STREETS - 1)
    island, hill = at(far + 3200, 0, "島"), at(-2000, -2000, "山")

    found = patrol(at(0, 0, "役場"), [at(200, 200), island, hill, at(600, 0)], streets(island=True), ZONE)

    assert {stop.name for stop in found.unreached} == {"島", "山"}
    assert {stop.name for stop in found.stops} == {"200,200", "600,0"}


def test_a_town_without_roads_gets_straight_lines_and_is_told_so() -> None:
    found = patrol(at(0, 0), [at(300, 0), at(300, 400)], None, ZONE)

    assert not found.by_road
    assert found.metres == pytest.approx(1200, rel=1e-3)


def test_a_round_over_nothing_is_no_round(town: RoadGraph) -> None:
    for graph in (town, None):
        found = patrol(at(0, 0), [], graph, ZONE)
        assert (found.legs, found.metres, found.stops) == ((), 0.0, [])


def test_no_more_than_fifty_places_are_visited(town: RoadGraph) -> None:
    assert len(patrol(at(0, 0), places(random.Random(1), 60), town, ZONE).stops) == MOST_STOPS


def test_the_round_starts_at_the_towns_own_hall_or_in_its_middle() -> None:
    profile = TownProfile("見本町", "219991", "21", ZONE, (137.0, 35.6, 137.1, 35.7))
    hall, other = (
        Landmark("見本町役場", "公共施設", 137.04, 35.65),
        Landmark("隣村役場", "公共施設", 137.0, 35.6),
    )
    sign = Landmark("役場前バス停", "公共施設", 137.05, 35.66)

    assert town_hall(profile, [other, sign, hall], "中心").name == "見本町役場"
    assert town_hall(profile, [sign], "中心") == Stop("中心", "", *profile.center)


def test_the_files_hold_the_places_in_order_and_what_names_say_stays_text(town: RoadGraph) -> None:
    stops = [at(200, 200, "</name><script>"), at(600, 0, "{{ 7*191 }}")]
    found = patrol(at(0, 0, "役場"), stops, town, ZONE)

    points = ET.fromstring(gpx(found, "巡回", NOW)).findall("{*}wpt/{*}name")
    features = orjson.loads(geojson(found))["features"]

    assert [one.text for one in points] == [
        f"{n} {s.name}" for n, s in enumerate([found.start, *found.stops])
    ]
    assert [one["properties"]["number"] for one in features if one["geometry"]["type"] == "Point"] == [
        0,
        1,
        2,
    ]
    assert sum(one["geometry"]["type"] == "LineString" for one in features) == 3
