"""What the map asks of the store: the newest of a viewport, counts per cell, what is near; always equal to counting by hand."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reports_store import (
    Categories,
    EventKind,
    Filters,
    InvalidFilter,
    PublicState,
    Report,
    ReportStore,
    Status,
    Visibility,
    distance_m,
)
from reports_store.cells import (
    FIRST_LEVEL,
    LAST_LEVEL,
    cell_of,
    cell_window,
    cell_xy,
    covering_runs,
    morton,
    unmorton,
)
from reports_store.ground import shown_place
from reports_store.newest import Plan, newest_ids, ranked
from reports_store.workflow import ALLOWED, PUBLIC_STATE
from tests.report_makers import LAT, LON, NOON, moved, pothole, step

KINDS = Categories.load()
CODES = list(KINDS)
EVERYWHERE = (136.0, 35.0, 137.0, 36.0)


def town(n: int, seed: int = 8) -> Iterator:  # type: ignore[type-arg]
    dice = random.Random(seed)
    for number in range(n):
        yield pothole(
            key=f"{seed}-{number}",
            lon=LON + dice.uniform(-0.03, 0.03),
            lat=LAT + dice.uniform(-0.025, 0.025),
            category=dice.choice(CODES),
            minutes=dice.randrange(100_000),
        )


@pytest.fixture(scope="module")
def store(new_address: Callable[[], str]) -> Iterator[ReportStore]:
    with ReportStore.open(new_address()) as opened:
        added = opened.add_many(town(3000))
        # A hundred residents tap the same pothole.
        opened.add_many(pothole(key=f"same {n}", minutes=n % 7) for n in range(100))
        for each in added[::5]:
            opened.append(each.report.id, moved(Status.TRIAGED), seen=1)
        for each in added[::10]:
            opened.append(each.report.id, moved(Status.IN_PROGRESS), seen=2)
        for each in added[1::5]:
            opened.append(each.report.id, step(EventKind.VISIBILITY, {"visibility": "hidden"}), seen=1)
        yield opened


@pytest.fixture(scope="module")
def everything(store: ReportStore) -> list[Report]:
    return sorted(store.stream(Filters()), key=lambda each: each.key, reverse=True)


def position(report: Report, *, public: bool) -> tuple[float, float] | None:
    if not public:
        return report.place.lon, report.place.lat
    shown = shown_place(report.place, KINDS[report.category].public_place)
    if report.visibility is not Visibility.PUBLIC or shown is None:
        return None
    return shown.lon, shown.lat


def by_hand(everything: list[Report], filters: Filters) -> list[Report]:
    def fits(report: Report) -> bool:
        at = position(report, public=filters.public)
        if filters.box is not None:
            west, south, east, north = filters.box
            if at is None or not (west <= at[0] <= east and south <= at[1] <= north):
                return False
        return (
            (not filters.public or report.visibility is Visibility.PUBLIC)
            and (not filters.categories or report.category in filters.categories)
            and (not filters.public_states or PUBLIC_STATE[report.status] in filters.public_states)
            and (not filters.statuses or report.status in filters.statuses)
            and (filters.since is None or report.received_at >= filters.since)
            and (filters.until is None or report.received_at < filters.until)
        )

    return [report for report in everything if fits(report)]


STREET = (LON - 0.001, LAT - 0.001, LON + 0.001, LAT + 0.001)
QUARTER = (LON, LAT, LON + 0.03, LAT + 0.03)
FILTERS = [
    Filters(),
    Filters(public=True),
    *(
        Filters(box=box, public=public, categories=categories, public_states=states)
        for box in (STREET, QUARTER, EVERYWHERE, (0.0, 0.0, 0.0, 0.0))
        for public in (False, True)
        for categories in ((), ("road_damage", "water_leak"))
        for states in ((), (PublicState.WORKING,))
    ),
    Filters(box=QUARTER, statuses=(Status.TRIAGED, Status.IN_PROGRESS)),
    Filters(statuses=(Status.RESOLVED,)),
    Filters(box=QUARTER, since=NOON + timedelta(days=20), until=NOON + timedelta(days=30), public=True),
]


@pytest.mark.parametrize("filters", FILTERS)
def test_the_newest_of_a_viewport_are_the_newest(
    store: ReportStore, everything: list[Report], filters: Filters
) -> None:
    wanted = by_hand(everything, filters)

    assert store.newest(filters, limit=40) == wanted[:40]
    assert store.count(filters) == len(wanted)
    assert sorted(each.id for each in store.stream(filters)) == sorted(each.id for each in wanted)


@pytest.mark.parametrize("plan", Plan)
@pytest.mark.parametrize("filters", [each for each in FILTERS if each.box not in (None, EVERYWHERE)])
def test_all_ways_to_the_newest_lead_to_the_same_reports(
    store: ReportStore, everything: list[Report], filters: Filters, plan: Plan
) -> None:
    wanted = by_hand(everything, filters)
    page = wanted[20].key if len(wanted) > 20 else None

    with store._reading() as connection:
        assert newest_ids(connection, filters, 30, None, plan) == [each.id for each in wanted[:30]]
        if page is not None:
            assert newest_ids(connection, filters, 10, page, plan) == [each.id for each in wanted[21:31]]


def test_the_way_is_chosen_by_how_much_lies_in_the_box(store: ReportStore) -> None:
    with store._reading() as connection:
        assert (
            ranked(connection, Filters(box=(LON + 0.02, LAT, LON + 0.021, LAT + 0.001)), 500)[0] is Plan.SORT
        )
        assert ranked(connection, Filters(box=EVERYWHERE), 50)[0] is Plan.TIME


def test_a_box_whose_reports_are_all_old_is_answered_although_the_newest_lie_elsewhere(
    address: str,
) -> None:
    with ReportStore.open(address) as store:
        store.add_many(pothole(lon=LON + 0.1, minutes=n) for n in range(600))
        store.add_many(pothole(lon=LON - 0.1, minutes=10_000 + n) for n in range(600))

        found = store.newest(Filters(box=(LON + 0.09, LAT - 0.01, LON + 0.11, LAT + 0.01)), limit=500)

        assert len(found) == 500
        assert found[0].received_at == NOON + timedelta(minutes=599)


def test_pages_follow_each_other_without_gap_or_repeat(store: ReportStore, everything: list[Report]) -> None:
    filters = Filters(box=QUARTER)
    pages: list[Report] = []
    before = None
    while page := store.newest(filters, limit=37, before=before):
        pages += page
        before = page[-1].key

    assert pages == by_hand(everything, filters)


def test_reports_on_the_very_same_spot_are_all_there(store: ReportStore) -> None:
    spot = (LON, LAT, LON, LAT)

    assert len(store.newest(Filters(box=spot))) == 100
    assert len(store.near(LON, LAT, 0.5, limit=200)) == 100


def test_what_is_near_is_what_is_near_by_hand(store: ReportStore, everything: list[Report]) -> None:
    for public in (False, True):
        placed = [(report, at) for report in everything if (at := position(report, public=public))]
        wanted = sorted(
            (round(distance_m(LON + 0.01, LAT, *at), 6), report.id)
            for report, at in placed
            if distance_m(LON + 0.01, LAT, *at) <= 400
        )

        found = store.near(LON + 0.01, LAT, 400, limit=1000, public=public)

        assert wanted
        assert [(round(hit.distance_m, 6), hit.report.id) for hit in found] == wanted
        assert store.near(LON + 0.01, LAT, 400, limit=3, public=public) == found[:3]


def test_a_hundred_metres_are_a_hundred_metres() -> None:
    """Against figures of the Gauss-Krueger projection of zone VII at this place (true lengths, scale removed)."""
    assert distance_m(136.47, 35.36, 136.47 + 100 / 90880.6, 35.36) == pytest.approx(100, abs=0.05)
    assert distance_m(136.47, 35.36, 136.47, 35.36 + 100 / 110949.8) == pytest.approx(100, abs=0.05)


def test_the_desk_finds_words_in_any_width_and_size_of_letters(address: str) -> None:
    bodies = [
        "Pothole, 100%_wide",
        "pothole",
        "\\",
        "ＡＢＣ",
        "ａｂｃ",
        "Ärger",
        "ärger",
        "ﾎﾟｯﾄﾎｰﾙ",
        "100x0wide",
    ]
    with ReportStore.open(address) as store:
        store.add_many(pothole(key=each, body=each) for each in bodies)

        found = {
            words: {each.body for each in store.newest(Filters(text=words))}
            for words in ("POTHOLE", "pothole", "100%_W", "\\", "Ａ", "ä", "Ä", "ﾎｰ", "r8-000002")
        }

    assert found == {
        "POTHOLE": {bodies[0], bodies[1]},
        "pothole": {bodies[0], bodies[1]},
        "100%_W": {bodies[0]},
        "\\": {"\\"},
        "Ａ": {"ＡＢＣ", "ａｂｃ"},
        "ä": {"Ärger", "ärger"},
        "Ä": {"Ärger", "ärger"},
        "ﾎｰ": {"ﾎﾟｯﾄﾎｰﾙ"},
        "r8-000002": {"pothole"},
    }


# --- counts


def cells_by_hand(
    everything: list[Report], box: tuple[float, float, float, float], level: int, *, public: bool
) -> dict[tuple[int, int], tuple[Counter[PublicState], float, float]]:
    x0, x1, y0, y1 = cell_window(box, level)
    cells: defaultdict[tuple[int, int], list[tuple[PublicState, float, float]]] = defaultdict(list)
    for report in everything:
        at = position(report, public=public)
        if at is not None and x0 <= cell_xy(*at, level)[0] <= x1 and y0 <= cell_xy(*at, level)[1] <= y1:
            cells[cell_xy(*at, level)].append((PUBLIC_STATE[report.status], *at))
    return {
        xy: (
            Counter(state for state, _, _ in inside),
            sum(lon for _, lon, _ in inside) / len(inside),
            sum(lat for _, _, lat in inside) / len(inside),
        )
        for xy, inside in cells.items()
    }


def check_counts(
    store: ReportStore, everything: list[Report], box: tuple[float, float, float, float]
) -> None:
    for public in (False, True):
        for level in range(FIRST_LEVEL, LAST_LEVEL + 1):
            wanted = cells_by_hand(everything, box, level, public=public)
            for filters in (Filters(public=public), Filters(public=public, since=NOON - timedelta(days=999))):
                found = store.cell_counts(box, level, filters)
                assert {(c.cell_x, c.cell_y): (Counter(c.by_state)) for c in found} == {
                    xy: states for xy, (states, _, _) in wanted.items()
                }
                for cell in found:
                    _, lon, lat = wanted[cell.cell_x, cell.cell_y]
                    assert (cell.lon, cell.lat) == (
                        pytest.approx(lon, abs=1e-7),
                        pytest.approx(lat, abs=1e-7),
                    )
                    assert cell.n == sum(cell.by_state.values())


@pytest.mark.parametrize("box", [EVERYWHERE, QUARTER, STREET])
def test_clusters_count_right_and_sit_at_the_mean_of_their_reports(
    store: ReportStore, everything: list[Report], box: tuple[float, float, float, float]
) -> None:
    check_counts(store, everything, box)


def test_clusters_of_one_kind_and_state_count_only_those(
    store: ReportStore, everything: list[Report]
) -> None:
    filters = Filters(categories=("water_leak",), public_states=(PublicState.OPEN, PublicState.DONE))

    found = store.cell_counts(EVERYWHERE, 14, filters)

    assert sum(cell.n for cell in found) == len(by_hand(everything, filters)) > 0


Step = tuple[str, int, int]
# What may happen to a report, as (what, which report, which choice).
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "status", "place", "visibility", "category"]),
        st.integers(0, 50),
        st.integers(0, 50),
    ),
    max_size=25,
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_after_anything_that_can_happen_the_counts_equal_counting_by_hand(
    new_address: Callable[[], str], steps: list[Step]
) -> None:
    with ReportStore.open(new_address()) as store:
        reports = [store.add(each).report for each in town(3)]
        for what, which, choice in steps:
            at = which % len(reports)
            if what == "add":
                places = town(60, seed=choice)
                reports.append(store.add([*places][which]).report)
            else:
                reports[at] = happen(store, store.by_id(reports[at].id), what, choice)

        check_counts(store, list(store.stream(Filters())), EVERYWHERE)


def happen(store: ReportStore, report: Report, what: str, choice: int) -> Report:
    match what:
        case "status":
            following = sorted(ALLOWED[report.status] - {Status.DUPLICATE})
            if not following:
                return report
            event = moved(following[choice % len(following)], said="理由")
        case "place":
            event = step(EventKind.LOCATION, {"lon": LON + choice * 0.001, "lat": LAT - choice * 0.0007})
        case "visibility":
            event = step(EventKind.VISIBILITY, {"visibility": list(Visibility)[choice % 4].value})
        case _:
            event = step(EventKind.CATEGORY, {"category": CODES[choice % len(CODES)]})
    return store.append(report.id, event, seen=report.version)


def test_a_count_that_is_wrong_would_be_noticed(store: ReportStore, everything: list[Report]) -> None:
    with pytest.raises(AssertionError):
        check_counts(store, everything[1:], EVERYWHERE)


# --- cells


@given(st.integers(0, 2**18 - 1), st.integers(0, 2**18 - 1))
def test_a_cells_number_tells_its_column_and_row_and_its_parent(x: int, y: int) -> None:
    assert unmorton(morton(x, y)) == (x, y)
    assert morton(x, y) >> 2 == morton(x >> 1, y >> 1)


@given(
    st.floats(-180, 180),
    st.floats(-90, 90),
    st.floats(0, 3),
    st.floats(0, 3),
    st.integers(7, 18),
    st.integers(4, 30),
)
def test_runs_of_cells_leave_no_cell_of_the_box_out(
    west: float, south: float, wide: float, high: float, level: int, at_most: int
) -> None:
    box = (west, south, min(180.0, west + wide), min(90.0, south + high))
    runs = covering_runs(box, level, at_most)
    x0, x1, y0, y1 = cell_window(box, level)
    corners = [morton(x, y) for x in (x0, x1, (x0 + x1) // 2) for y in (y0, y1, (y0 + y1) // 2)]

    assert 1 <= len(runs) <= at_most + 3
    assert all(first <= last for first, last in runs)
    assert all(any(first <= cell <= last for first, last in runs) for cell in corners)


def test_the_tile_of_a_known_place_is_the_known_tile() -> None:
    """Tokyo station at map zoom 16 lies in tile 58211, 25806 (256 px), hence in cells four times as fine."""
    x, y = cell_xy(139.767125, 35.681236, 18)
    assert (x >> 2, y >> 2) == (58211, 25806)
    assert cell_of(139.767125, 35.681236, 16) == morton(58211, 25806)


@pytest.mark.parametrize(
    "box", [(137.0, 35.0, 136.0, 36.0), (136.0, 36.0, 137.0, 35.0), (float("nan"), 35.0, 136.0, 36.0)]
)
def test_a_box_that_is_none_is_refused(store: ReportStore, box: tuple[float, float, float, float]) -> None:
    with pytest.raises(InvalidFilter):
        Filters(box=box)
    with pytest.raises(InvalidFilter):
        store.cell_counts(box, 14, Filters())


def test_questions_without_a_sensible_size_are_refused(store: ReportStore) -> None:
    for limit in (0, -1, 10_001):
        with pytest.raises(InvalidFilter):
            store.newest(Filters(), limit=limit)
    for level in (6, 19):
        with pytest.raises(InvalidFilter):
            store.cell_counts(EVERYWHERE, level, Filters())
    for within_m in (-1, 2001, float("nan")):
        with pytest.raises(InvalidFilter):
            store.near(LON, LAT, within_m)
    assert store.cell_counts((-180, -90, 180, 90), 7, Filters())[0].n > 3000
