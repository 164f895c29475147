"""地点カルテ: what is found is said with its source, what is not known is said to be unknown, nothing is "safe"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely

from gisapp.flows.enquire import Hazard, Karte, Known, Spot, enquire, wording
from gisapp.flows.enquire.payload import payload
from gisapp.flows.enquire.spot import BadSpot, spot_of
from gisapp.flows.find import find_places
from gisapp.person import ANYONE, Person, Role
from gisapp.profile import TownProfile
from layers.addresses import address_key
from layers.catalogue import Catalogue
from layers.crs import to_lonlat
from layers.kinds import HAZARDS
from layers.versions import LayerShelf
from layers.walking import RoadGraph
from reports_store import Categories, ReportStore

ZONE = 6675
EAST, NORTH = -11_000.0, -39_000.0  # the middle of the made-up town in metres of the plane zone
NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
CLERK = Person("mizu", "水道 太郎", "上下水道課", frozenset({Role.STAFF}))


def at(x: float, y: float) -> Spot:
    """A place some metres east and north of the middle of the town."""
    place = to_lonlat(shapely.Point(EAST + x, NORTH + y), ZONE)
    return Spot(place.x, place.y)


def square(x: float, y: float, half_m: float) -> shapely.Polygon:
    return shapely.box(x - half_m, y - half_m, x + half_m, y + half_m)


@dataclass
class Made:
    """A town of handmade layers; shapes are metres east and north of its middle."""

    layers: LayerShelf
    reports: ReportStore
    profile: TownProfile
    categories: Categories

    def add(self, layer: str, *rows: tuple[Mapping[str, Any], shapely.Geometry]) -> None:
        moved = shapely.transform(
            np.array([shape for _, shape in rows], dtype=object), lambda xy: xy + np.array([EAST, NORTH])
        )
        columns = [{"feature_id": f"{layer}-{n}", **row} for n, (row, _) in enumerate(rows, 1)]
        frame = gpd.GeoDataFrame(columns, geometry=to_lonlat(moved, ZONE), crs=4326)
        self.layers.add(
            layer, frame, reader="test", source_name="t.csv", source_sha256="0" * 64, by="test", at=NOW,
            as_of=date(2026, 4, 1),
        )  # fmt: skip

    def karte(self, x: float = 0, y: float = 0, person: Person = ANYONE) -> Karte:
        return enquire(at(x, y), person, self.layers, self.reports, self.categories, self.profile, NOW)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Made]:
    profile = TownProfile("見本町", "219991", "21", ZONE, (136.9, 35.5, 137.3, 35.9))
    with ReportStore.open(tmp_path / "r.sqlite") as reports:
        made = Made(
            LayerShelf(tmp_path / "layers", Catalogue.load(), ZONE), reports, profile, Categories.load()
        )
        made.add("boundary", ({"name": "見本町", "code": "219991"}, square(0, 0, 2000)))
        yield made


def site(name: str, **flags: bool | None) -> dict[str, Any]:
    return {"name": name, **{hazard: flags.get(hazard.removeprefix("hazard_"), False) for hazard in HAZARDS}}


def hazard(karte: Karte, which: str) -> Hazard:
    return next(one for one in karte.hazards if one.id == f"hazard_{which}")


def said(karte: Karte, which: str) -> str:
    return wording.hazard_words(hazard(karte, which))


# --- hazards: found, none, unknown


def test_a_hazard_without_any_data_is_unknown_and_never_safe(town: Made) -> None:
    karte = town.karte()

    assert all(one.known is Known.UNKNOWN for one in karte.hazards)
    assert said(karte, "flood") == "不明（データがありません）"
    assert said(karte, "tsunami") == "不明（データがありません）"


def test_a_place_in_no_zone_is_told_that_this_is_not_safety(town: Made) -> None:
    town.add("landslide_zone", ({"zone": "警戒区域", "phenomenon": "土石流"}, square(500, 0, 50)))

    karte = town.karte()

    assert hazard(karte, "landslide").known is Known.NONE
    assert said(karte, "landslide") == "このデータでは区域の外（安全という意味ではありません）"


def test_the_same_place_beyond_the_town_is_unknown(town: Made) -> None:
    town.add("landslide_zone", ({"zone": "警戒区域", "phenomenon": "土石流"}, square(500, 0, 50)))

    karte = town.karte(x=2500)

    assert karte.inside is False
    assert hazard(karte, "landslide").known is Known.UNKNOWN
    assert "町の外" in said(karte, "landslide")
    assert wording.place_lines(karte)


def test_a_layer_that_can_no_longer_be_read_is_unknown_with_its_last_good_date(town: Made) -> None:
    town.add("landslide_zone", ({"zone": "警戒区域", "phenomenon": "土石流"}, square(0, 0, 50)))
    (town.layers.folder / "landslide_zone" / "v0001.parquet").write_bytes(b"torn")

    karte = town.karte()

    assert hazard(karte, "landslide").known is Known.UNKNOWN
    assert "2026-11-20" in said(karte, "landslide")


def test_a_place_in_two_hazards_has_both_with_depth_and_plain_words(town: Made) -> None:
    town.add("flood_zone",
             ({"depth_rank": 2, "scenario": "想定最大規模", "river_name": "見本川"}, square(0, 0, 100)),
             ({"depth_rank": 4, "scenario": "想定最大規模", "river_name": "支川"}, square(0, 0, 50)))  # fmt: skip
    town.add("landslide_zone", ({"zone": "特別警戒区域", "phenomenon": "土石流"}, square(0, 0, 50)))

    karte = town.karte()

    assert [one.known for one in (hazard(karte, "flood"), hazard(karte, "landslide"))] == [Known.FOUND] * 2
    deepest = hazard(karte, "flood").lines[0]
    assert deepest.facet == "浸水の深さ（想定最大規模）"
    assert "5.0m以上10.0m未満" in wording.line_words(deepest)[0]  # the gravest first
    assert deepest.source is not None
    assert deepest.source.as_of == date(2026, 4, 1)


def test_a_scenario_that_no_flood_layer_states_is_unknown_beside_one_that_is_known(town: Made) -> None:
    town.add("flood_zone", ({"depth_rank": 2, "scenario": "想定最大規模"}, square(500, 0, 100)))

    lines = {line.facet: line.known for line in hazard(town.karte(), "flood").lines}

    assert lines["浸水の深さ（想定最大規模）"] is Known.NONE
    assert lines["浸水の深さ（計画規模）"] is Known.UNKNOWN
    assert lines["浸水が続く時間"] is Known.UNKNOWN


# --- where to flee


def test_only_sites_designated_for_the_hazard_and_outside_its_zones_are_offered(town: Made) -> None:
    town.add("flood_zone", ({"depth_rank": 3, "scenario": "想定最大規模"}, square(0, 0, 150)))
    town.add("evacuation_site",
             (site("川べり公民館", flood=True, earthquake=True), shapely.Point(100, 0)),
             (site("丘の上小学校", flood=True), shapely.Point(400, 0)),
             (site("倉庫広場", earthquake=True), shapely.Point(200, 0)),
             (site("台帳もれ会館", flood=None), shapely.Point(300, 0)))  # fmt: skip

    flood, quake = hazard(town.karte(), "flood").refuge, hazard(town.karte(), "earthquake").refuge

    assert [one.name for one in flood.offered] == ["丘の上小学校"]
    assert [one.name for one in flood.in_zone] == ["川べり公民館"]
    assert [one.name for one in flood.undesignated] == ["台帳もれ会館"]
    assert [one.outside for one in flood.offered] == [True]
    assert [one.name for one in quake.offered] == ["川べり公民館", "倉庫広場"]
    assert [one.outside for one in quake.offered] == [None, None]  # no zones are known of earthquakes


def test_a_site_is_not_called_outside_while_a_zone_layer_cannot_be_read(town: Made) -> None:
    town.add("flood_zone", ({"depth_rank": 3, "scenario": "想定最大規模"}, square(0, 0, 150)))
    town.add("evacuation_site", (site("丘の上小学校", flood=True), shapely.Point(400, 0)))
    (town.layers.folder / "flood_zone" / "v0001.parquet").write_bytes(b"torn")

    offered = hazard(town.karte(), "flood").refuge.offered

    assert [one.outside for one in offered] == [None]


def test_sites_are_ranked_by_the_way_on_foot_and_say_when_it_is_not_known(town: Made) -> None:
    # the near site lies across the river: its bridge is far
    town.add("road_section",
             ({"name": "此岸"}, shapely.LineString([(0, 0), (600, 0)])),
             ({"name": "橋"}, shapely.LineString([(600, 0), (600, 100), (0, 100)])),
             ({"name": "離れ道"}, shapely.LineString([(-900, 500), (-900, 900)])))  # fmt: skip
    town.add("evacuation_site",
             (site("対岸広場", fire=True), shapely.Point(0, 105)),
             (site("此岸公園", fire=True), shapely.Point(500, 5)),
             (site("山の寺", fire=True), shapely.Point(-905, 700)))  # fmt: skip

    offered = hazard(town.karte(), "fire").refuge.offered

    assert [one.name for one in offered] == ["此岸公園", "対岸広場", "山の寺"]
    assert offered[0].walking_m == pytest.approx(505, abs=0.01)
    assert offered[1].walking_m == pytest.approx(1305, abs=0.01)
    assert offered[2].walking_m is None
    assert "歩く道のりは不明" in wording.site_words(offered[2])


def test_without_a_road_layer_the_distance_is_straight_and_says_so(town: Made) -> None:
    town.add("evacuation_site", (site("丘の上小学校", flood=True), shapely.Point(300, 400)))

    karte = town.karte()

    (only,) = hazard(karte, "flood").refuge.offered
    assert only.walking_m is None
    assert only.distance_m == pytest.approx(500, abs=0.01)
    assert not karte.on_foot


# --- the counter's daily questions


def test_the_station_of_ones_own_association_is_marked_even_when_three_others_are_nearer(town: Made) -> None:
    town.add("neighbourhood_association", ({"name": "本町"}, square(0, 0, 60)))
    others = [({"name": f"西町第{n}", "association": "西町"}, shapely.Point(100 + n, 0)) for n in range(4)]
    town.add("garbage_station", *others, ({"name": "本町第1", "association": "本町"}, shapely.Point(0, 300)))

    (answer,) = town.karte().answers("garbage_station")

    assert [(one.title, one.own) for one in answer.findings] == [
        ("西町第0", False), ("西町第1", False), ("西町第2", False), ("本町第1", True)
    ]  # fmt: skip


def test_a_road_more_than_thirty_metres_away_is_another_street(town: Made) -> None:
    town.add(
        "road_section", ({"name": "町道1号線", "manager": "町道"}, shapely.LineString([(-50, 31), (50, 31)]))
    )

    (far,), (near,) = town.karte().answers("road_section"), town.karte(y=5).answers("road_section")

    assert far.known is Known.NONE
    assert near.findings[0].distance_m == pytest.approx(26, abs=0.01)


def test_the_towns_edge_is_said(town: Made) -> None:
    assert "町の境まで約100m" in wording.place_lines(town.karte(x=1900))[0]
    assert wording.place_lines(town.karte()) == []


# --- who may see what


def test_residents_get_the_public_part_of_the_same_answer(town: Made) -> None:
    town.add("water_pipe", ({"material": "CANARY管"}, shapely.LineString([(-50, 5), (50, 5)])))

    residents, clerks = town.karte(), town.karte(person=CLERK)

    assert residents.answers("water_pipe") == []
    assert "CANARY" not in str(payload(residents, town.profile, town.categories))
    assert [one.known for one in clerks.answers("water_pipe")] == [Known.FOUND]
    assert (residents.whole, clerks.whole) == (False, True)


def test_an_internal_parcel_is_found_by_its_number_for_the_town_hall_only(town: Made) -> None:
    town.add("parcel", ({"oaza": "本町", "chiban": "12番4"}, square(0, 0, 20)))
    entry = town.layers.catalogue.entry("parcel")
    assert entry.visibility != "public"

    def found(person: Person) -> list[str]:
        candidates = find_places(
            "大字本町一二番地の４", person, town.layers, town.profile, town.reports, town.categories
        )
        return [one.layer for one in candidates]

    assert found(ANYONE) == []
    assert found(Person("a", "", entry.department, frozenset({Role.ADMIN}))) == [entry.title]


# --- finding the place


@pytest.mark.parametrize(
    "written",
    ["岐阜県見本郡見本町大字本町128番地5", "本町１２８－５", "本町128の5", "本町百二十八番地の五号", "見本町本町 128ー5",
     "本町128番5号"],
)  # fmt: skip
def test_an_address_is_the_same_however_it_is_written(written: str) -> None:
    assert address_key(written, ("見本町",)) == "本町128-5"


def test_a_number_is_not_taken_for_the_beginning_of_another(town: Made) -> None:
    town.add("public_facility",
             ({"name": "甲", "address": "本町1番地23"}, shapely.Point(0, 0)),
             ({"name": "乙", "address": "本町1番地2"}, shapely.Point(50, 0)),
             ({"name": "丙", "address": "本町11番地2"}, shapely.Point(90, 0)))  # fmt: skip

    def found(text: str) -> list[tuple[str, bool]]:
        ours = find_places(text, ANYONE, town.layers, town.profile, town.reports, town.categories)
        return [(one.title, one.exact) for one in ours]

    assert found("本町1-2") == [("乙", True)]
    assert found("本町1丁目") == [("乙", True), ("甲", True)]
    assert found("本町1-99") == [("乙", False), ("甲", False)]  # the nearest that is known, and said to be so


@pytest.mark.parametrize(
    ("asked", "key"),
    [({"lon": "35.6", "lat": "137.0"}, "swapped"), ({"lon": "x", "lat": "35"}, "coordinates"),
     ({"lon": "137"}, "coordinates"), ({"lon": "nan", "lat": "35"}, "coordinates"), ({"lon": "2", "lat": "48"}, "far")],
)  # fmt: skip
def test_a_place_that_cannot_be_is_refused_by_name(asked: dict[str, str], key: str) -> None:
    with pytest.raises(BadSpot) as refused:
        spot_of(asked)
    assert refused.value.key == key


# --- on foot


def graph_of(*lines: list[tuple[float, float]]) -> RoadGraph:
    return RoadGraph(np.array([shapely.LineString(line) for line in lines], dtype=object), ZONE)


def walk(
    graph: RoadGraph, start: tuple[float, float], end: tuple[float, float], **more: float
) -> float | None:
    feet = [graph.foot(spot.lon, spot.lat) for spot in (at(*start), at(*end))]
    return graph.reach(feet[0], **more).metres_to(feet[1])


def here(*corners: tuple[float, float]) -> list[tuple[float, float]]:
    return [(EAST + x, NORTH + y) for x, y in corners]


def test_ends_drawn_within_a_metre_are_one_crossing_and_two_metres_are_not() -> None:
    near = graph_of(here((0, 0), (100, 0)), here((100.8, 0), (200, 0)))
    far = graph_of(here((0, 0), (100, 0)), here((102, 0), (200, 0)))

    assert walk(near, (0, 0), (200, 0)) == pytest.approx(199.2, abs=0.01)
    assert walk(far, (0, 0), (200, 0)) is None


def test_a_side_street_that_ends_on_a_road_without_a_corner_there_is_joined_to_it() -> None:
    graph = graph_of(here((0, 0), (200, 0)), here((100, 0.5), (100, 80)))
    assert walk(graph, (0, 0), (100, 80)) == pytest.approx(179.5, abs=0.01)


def test_a_bridge_over_a_road_does_not_meet_it() -> None:
    graph = graph_of(here((0, 0), (200, 0)), here((100, -100), (100, 100)))
    assert walk(graph, (0, 0), (100, 100)) is None


def test_two_places_on_one_road_are_joined_by_the_road_itself_and_the_cut_off_holds() -> None:
    graph = graph_of(here((0, 0), (1000, 0)))
    assert walk(graph, (100, 10), (400, -20)) == pytest.approx(10 + 300 + 20, abs=0.01)
    assert walk(graph, (100, 10), (400, -20), cutoff_m=200) is None
    assert walk(graph, (100, 400), (400, 0)) is None  # too far from any road


def test_ways_on_foot_equal_networkx_on_a_grid_of_streets_with_gaps() -> None:
    rng, streets, lines = np.random.default_rng(4), nx.Graph(), []
    for x in range(8):
        for y in range(8):
            for dx, dy in ((1, 0), (0, 1)):
                if rng.random() < 0.7 and x + dx < 8 and y + dy < 8:
                    lines.append(here((x * 90, y * 70), ((x + dx) * 90, (y + dy) * 70)))
                    streets.add_edge((x, y), (x + dx, y + dy), weight=90 * dx + 70 * dy)
    graph = graph_of(*lines)
    ways = dict(nx.all_pairs_dijkstra_path_length(streets))

    for a in streets:
        reach = graph.reach(graph.foot(at(a[0] * 90, a[1] * 70).lon, at(a[0] * 90, a[1] * 70).lat))
        for b in streets:
            end = at(b[0] * 90, b[1] * 70)
            found = reach.metres_to(graph.foot(end.lon, end.lat))
            expected = ways[a].get(b)
            assert found == (None if expected is None else pytest.approx(expected, abs=0.01))
