"""Reports that may tell of the same thing: near, of the same kind and time, and never what somebody may not see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gisapp.flows.desk.duplicates import possible_duplicates
from reports_store import Categories, Report, ReportStore
from tests.report_makers import LAT, LON, pothole

STEP = 0.0003  # degrees of longitude, some 27 m here
OWN, OTHERS = "環境課", "建設課"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ReportStore]:
    with ReportStore.open(tmp_path / "town.sqlite") as opened:
        yield opened


def filed(
    store: ReportStore, east: int, category: str = "road_damage", department: str = OTHERS, days: int = 0
) -> Report:
    new = pothole(lon=LON + east * STEP, lat=LAT, category=category, minutes=days * 24 * 60)
    return store.add(replace(new, department=department)).report


def told(report: Report, store: ReportStore, *hidden: str, own: str | None = None) -> list[str]:
    found = possible_duplicates(report, store, Categories.load(), hidden, own)
    return [each.report.public_id for each in found]


def test_the_nearest_of_the_same_kind_come_first_and_those_far_away_not_at_all(store: ReportStore) -> None:
    kinds = Categories.load()
    group = kinds["road_damage"].group
    akin = next(code for code, each in kinds.items() if each.group == group and code != "road_damage")
    strange = next(code for code, each in kinds.items() if each.group != group)
    report = filed(store, 0)
    further, near, of_the_group = filed(store, 3), filed(store, -1), filed(store, 1, akin)
    filed(store, 1, strange), filed(store, 5)

    assert told(report, store) == [each.public_id for each in (near, further, of_the_group)]


def test_what_is_hidden_from_a_department_is_not_offered_unless_it_is_its_own(store: ReportStore) -> None:
    report = filed(store, 0)
    theirs, own = filed(store, 1), filed(store, 2, department=OWN)

    assert told(report, store) == [theirs.public_id, own.public_id]
    assert told(report, store, "road_damage", own=OWN) == [own.public_id]
    assert told(report, store, "road_damage") == []


def test_how_long_before_it_came_is_told_in_days(store: ReportStore) -> None:
    older, report = filed(store, 1), filed(store, 0, days=3)

    (found,) = possible_duplicates(report, store, Categories.load())

    assert (found.report.public_id, found.age_days, found.same_category) == (older.public_id, 3, True)
    assert found.distance_m == pytest.approx(27.3, abs=0.5)
    assert report.received_at - older.received_at == timedelta(days=3)
