"""Where reports crowd together is found, and chance is not taken for it."""

from __future__ import annotations

import random
import re
import sys
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import shapely

from gisapp.flows.desk.getis import answer, gi_star
from gisapp.flows.desk.hot_places import APART_M, SEEN_M, Surroundings, camera_places, patrol_places
from gisapp.flows.desk.hotspots import CELL_M, FEWEST, LEVEL, Ground, HotSpots, _neighbours, hot_spots
from layers.crs import LONLAT, easting_northing, transformer
from layers.walking import RoadGraph
from reports_store import Filters, ReportStore
from tests.conftest import ROOT
from tests.report_makers import pothole

ZONE = 6675
NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
WEST, SOUTH = -62_500.0, -75_000.0  # metres of the plane zone, a corner of cells
SIDE = 24  # cells
CORNER = transformer(ZONE, LONLAT)
BOX = (*CORNER.transform(WEST, SOUTH), *CORNER.transform(WEST + SIDE * CELL_M, SOUTH + SIDE * CELL_M))
GRID = [(x, y) for x in range(SIDE) for y in range(SIDE)]


def filed(store: ReportStore, places: list[tuple[float, float]], category: str) -> None:
    """One report at each place (metres from the corner)."""
    store.add_many(
        pothole(
            key=f"{category} {number} {x} {y}", category=category, minutes=number,
            lon=CORNER.transform(WEST + x, SOUTH + y)[0], lat=CORNER.transform(WEST + x, SOUTH + y)[1],
        )
        for number, (x, y) in enumerate(places)
    )  # fmt: skip


def strewn(dice: random.Random, n: int) -> list[tuple[float, float]]:
    return [(dice.uniform(0, SIDE * CELL_M), dice.uniform(0, SIDE * CELL_M)) for _ in range(n)]


def around(
    dice: random.Random, n: int, x: float, y: float, spread_m: float = 40
) -> list[tuple[float, float]]:
    return [(dice.gauss(x, spread_m), dice.gauss(y, spread_m)) for _ in range(n)]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> ReportStore:
    """Potholes all over the town; dumping all over it, and at two corners of it."""
    dice = random.Random(3)
    store = ReportStore.open(tmp_path_factory.mktemp("hot") / "town.sqlite")
    filed(store, strewn(dice, 900), "road_damage")
    crowds = around(dice, 14, 1125, 1125) + around(dice, 10, 4875, 4625)
    filed(store, strewn(dice, 60) + crowds, "illegal_dumping")
    filed(store, strewn(dice, 12), "street_light")
    return store


def about(category: str) -> Filters:
    return Filters(categories=(category,))


GROUND = Ground(BOX, ZONE, ())


def test_gi_star_is_the_formula_of_ord_and_getis() -> None:
    dice = np.random.default_rng(2)
    counts = dice.poisson(0.6, len(GRID))
    neighbours = _neighbours(GRID)

    found = gi_star(counts.tolist(), neighbours)

    n, mean, spread = len(GRID), counts.mean(), counts.std()
    for at, others in enumerate(neighbours):
        weights = len(others) + 1
        local = counts[at] + counts[others].sum()
        z = (local - mean * weights) / (spread * np.sqrt((n * weights - weights**2) / (n - 1)))
        assert found[at] == pytest.approx(z)


@pytest.fixture(scope="module")
def found(town: ReportStore) -> HotSpots:
    return hot_spots(town, about("illegal_dumping"), GROUND, NOW)


def test_two_planted_crowds_are_found_and_nothing_else(found: HotSpots) -> None:
    first = round((WEST + 1125) // CELL_M), round((SOUTH + 1125) // CELL_M)
    second = round((WEST + 4875) // CELL_M), round((SOUTH + 4625) // CELL_M)
    hot = {cell.cell for cell in found.hot}
    assert {first, second} <= hot
    assert all(min(max(abs(x - a), abs(y - b)) for a, b in (first, second)) <= 2 for x, y in hot)
    assert (found.total, found.enough) == (84, True)
    assert all(cell.q <= LEVEL and cell.around_n > cell.expected for cell in found.hot)
    assert [cell.number for cell in found.hot] == list(range(1, len(hot) + 1))


def test_what_is_strewn_evenly_has_no_hot_spot() -> None:
    neighbours = _neighbours(GRID)
    dice = np.random.default_rng(11)
    noisy = 0
    for reports in (20, 60, 200, 1000) * 10:
        counts = np.bincount(dice.integers(0, len(GRID), reports), minlength=len(GRID))
        noisy += any(q <= LEVEL for q in answer(counts.tolist(), neighbours)["q"])
    assert noisy <= 40 * LEVEL  # of the maps with nothing in them, no more than the level says


def test_of_few_reports_nothing_is_said_and_nothing_is_worked_out(
    town: ReportStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere")  # it would fail if it were tried

    found = hot_spots(town, about("street_light"), GROUND, NOW)

    assert (found.total, found.enough, found.hot) == (12, False, [])
    assert found.total < FEWEST
    assert sum(cell.n for cell in found.cells) == 12


def test_only_the_process_that_works_it_out_loads_the_statistics() -> None:
    heavy = re.compile(r"^\s*(?:import|from) (?:esda|libpysal|sklearn|gisapp\.flows\.desk\.getis)\b", re.M)
    ours = [path for name in ("gisapp", "layers", "reports_store") for path in (ROOT / name).rglob("*.py")]

    found = [path.name for path in ours if heavy.search(path.read_text(encoding="utf-8"))]

    assert found == ["getis.py"]


def roads() -> RoadGraph:
    """Streets every 125 m, both ways."""
    far = SIDE * CELL_M
    lines = [
        shapely.linestrings([(WEST + a, SOUTH + b), (WEST + c, SOUTH + d)])
        for at in np.arange(0, far + 1, 125)
        for a, b, c, d in ((at, 0, at, far), (0, at, far, at))
    ]
    return RoadGraph(shapely.get_parts(shapely.node(shapely.MultiLineString(lines))), ZONE)


def test_cameras_stand_by_a_road_apart_and_see_what_they_say(found: HotSpots) -> None:
    there = Surroundings(ZONE, roads(), (), ())

    cameras = camera_places(found, there)

    plane = [easting_northing(one.lon, one.lat, ZONE) for one in cameras]
    spots = [easting_northing(s.lon, s.lat, ZONE) for cell in found.hot for s in found.inside(cell.cell)]
    assert len(cameras) >= 2
    assert cameras[0].n >= cameras[-1].n >= 2
    for at, (x, y) in enumerate(plane):
        assert (
            min((x - WEST) % 125, 125 - (x - WEST) % 125, (y - SOUTH) % 125, 125 - (y - SOUTH) % 125) < 0.01
        )
        assert all(np.hypot(x - a, y - b) >= APART_M for a, b in plane[:at])
        assert sum(np.hypot(x - a, y - b) <= SEEN_M for a, b in spots) >= cameras[at].n
    assert not there.cameras_known


def test_a_patrol_passes_every_hot_cell_that_holds_a_report(found: HotSpots) -> None:

    places = patrol_places(found, Surroundings(ZONE, roads(), (), ()))

    assert [one.number for one in places] == [cell.number for cell in found.hot if cell.n]
    assert all(one.on_road and one.n <= one.of_n for one in places)
    assert max(one.latest for one in places) <= NOW + timedelta(days=1)


def test_where_there_is_no_road_places_are_where_the_reports_are(found: HotSpots) -> None:
    there = Surroundings(ZONE, None, (), ())

    assert camera_places(found, there) == []
    assert not any(one.on_road for one in patrol_places(found, there))
