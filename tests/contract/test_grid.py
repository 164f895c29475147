"""The grid of cells gives the answer of the outlines themselves, wherever a place lies."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from layers.grid import ZoneGrid
from layers.index import SpatialIndex

Pairs = set[tuple[int, int]]


def zones(count: int = 60, corners: int = 40, seed: int = 1) -> NDArray[np.object_]:
    """Ragged areas over a square degree, some with a hole, some of two parts."""
    rng = np.random.default_rng(seed)
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    middles = rng.uniform((136.5, 35.5), (137.5, 36.5), (count, 2))
    radii = rng.uniform(0.01, 0.15, (count, 1)) * (1 + 0.3 * rng.random((count, corners)))
    around = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    areas = shapely.polygons(radii[..., None] * around + middles[:, None])
    holed = shapely.difference(areas[::3], shapely.buffer(shapely.centroid(areas[::3]), 0.005))
    areas[::3] = holed
    areas[1::5] = shapely.multipolygons(
        [[part, shapely.transform(part, lambda at: at + 0.5)] for part in shapely.convex_hull(areas[1::5])]
    )
    return areas


def by_shapely(shapes: NDArray[np.object_], places: NDArray[np.float64]) -> Pairs:
    return {
        (at, one)
        for one, shape in enumerate(shapes)
        for at in np.flatnonzero(shapely.intersects_xy(shape, places[:, 0], places[:, 1])).tolist()
    }


def by_grid(shapes: NDArray[np.object_], places: NDArray[np.float64]) -> Pairs:
    found = ZoneGrid.build(shapes.copy()).pairs(places[:, 0], places[:, 1])
    return set(zip(*(side.tolist() for side in found), strict=True))


def test_ten_thousand_places_lie_in_the_zones_that_hold_them() -> None:
    shapes = zones()
    places = np.random.default_rng(2).uniform((136.3, 35.3), (138.3, 37.3), (10_000, 2))

    assert by_grid(shapes, places) == by_shapely(shapes, places)


def test_a_place_on_the_edge_of_a_zone_or_on_its_corner_lies_in_it() -> None:
    shapes = np.array([shapely.box(136, 35, 137, 36), shapely.box(137, 35, 138, 36)])
    places = np.array([(137, 35.5), (136, 35), (138, 36), (136.5, 36), (137, 36.000001)])

    assert by_grid(shapes, places) == {(0, 0), (0, 1), (1, 0), (2, 1), (3, 0)}


@given(
    st.lists(
        st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(1, 4), st.integers(1, 4)),
        min_size=1,
        max_size=6,
    ),
    st.lists(st.tuples(st.integers(0, 48), st.integers(0, 48)), min_size=1, max_size=30),
)
@settings(max_examples=60, deadline=None)
def test_places_on_edges_and_corners_of_touching_zones_are_told_as_shapely_tells_them(
    squares: list[tuple[int, int, int, int]], spots: list[tuple[int, int]]
) -> None:
    shapes = np.array([shapely.box(x, y, x + w, y + h) for x, y, w, h in squares])
    places = np.array(spots) / 4.0

    assert by_grid(shapes, places) == by_shapely(shapes, places)


def test_a_road_and_a_point_hold_the_places_on_them() -> None:
    shapes = np.array([shapely.LineString([(136, 35), (137, 36)]), shapely.Point(136.25, 35.75), None])
    places = np.array([(136.5, 35.5), (136.25, 35.75), (136.5, 35.6)])

    assert by_grid(shapes, places) == {(0, 0), (1, 1)}


def test_a_place_that_is_unknown_lies_in_no_zone() -> None:
    grid = ZoneGrid.build(zones())

    places, _ = grid.pairs(np.array([np.nan, np.inf]), np.array([35.9, 35.9]))

    assert not len(places)


def test_a_layer_without_features_holds_nothing() -> None:
    grid = ZoneGrid.build(np.array([], dtype=object))

    assert not len(grid.holding(136.5, 35.5))
    assert not len(grid.pairs(np.array([136.5]), np.array([35.5]))[0])


@pytest.mark.parametrize("threads", [1, 8])
def test_many_people_who_ask_at_once_get_the_same_answer(threads: int) -> None:
    shapes = zones(200)
    grid = ZoneGrid.build(shapes.copy())
    places = np.random.default_rng(3).uniform((136.3, 35.3), (137.8, 36.8), (400, 2)).tolist()

    with ThreadPoolExecutor(threads) as people:
        told = list(people.map(lambda place: grid.holding(*place).tolist(), places))

    assert told == [np.flatnonzero(shapely.intersects_xy(shapes, *place)).tolist() for place in places]


def test_a_click_gets_the_same_answer_before_and_after_the_grid_is_built() -> None:
    index = SpatialIndex(gpd.GeoDataFrame({"feature_id": range(60)}, geometry=zones(), crs=4326), 6675)
    places = np.random.default_rng(4).uniform((136.3, 35.3), (137.8, 36.8), (300, 2)).tolist()
    before = [index.holding(*place).tolist() for place in places]

    index.grid()

    assert [index.holding(*place).tolist() for place in places] == before
