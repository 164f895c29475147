"""One entry in one file is all a new kind of report needs, and a faulty file tells all its faults at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports_store import (
    Categories,
    CategoryFaults,
    Filters,
    PublicPlace,
    Publish,
    ReportStore,
    UnknownCategory,
    public_properties,
)
from reports_store.categories import SHIPPED
from tests.report_makers import pothole

BEES = """
[bees]
names = { ja = "スズメバチの巣", en = "Hornet nest" }
hint_ja = "軒下や木の上の大きな巣"
group = "環境"
department = "環境課"
deadline_days = 5
disaster = false
symbol = "蜂"
public_place = "exact"
publish = "at_once"

[[bees.questions]]
id = "where"
ask_ja = "どこにありますか"
choices_ja = ["軒下", "木", "土の中"]
"""


def test_the_town_takes_seven_kinds_of_report() -> None:
    known = Categories.load()

    assert list(known) == [
        "road_damage",
        "illegal_dumping",
        "river_channel",
        "park_playground",
        "water_leak",
        "street_light",
        "other",
    ]
    assert [known[code].name() for code in known][:3] == ["道路の損傷", "不法投棄", "河川・水路"]
    assert len({category.symbol for category in known.values()}) == len(known)
    assert all(1 <= len(category.questions) <= 3 for category in known.values())
    assert known["road_damage"].name("en") == "Road damage"
    assert known["road_damage"].name("pt-BR") == "道路の損傷"


def test_kinds_that_may_show_a_home_are_neither_exact_nor_public_at_once() -> None:
    for code in ("illegal_dumping", "water_leak", "other"):
        assert Categories.load()[code].public_place is not PublicPlace.EXACT
        assert Categories.load()[code].publish is Publish.AFTER_CHECK


def test_one_entry_is_all_a_new_kind_of_report_needs(tmp_path: Path) -> None:
    file = tmp_path / "categories.toml"
    file.write_text(SHIPPED.read_text(encoding="utf-8") + BEES, encoding="utf-8")
    known = Categories.load(file)

    with ReportStore.open(tmp_path / "town.sqlite", known) as store:
        nest = store.add(pothole(category="bees", answers={"where": "軒下", "extra": "山田の家"})).report
        shown = public_properties(nest, known["bees"])

        assert shown["category"] == "bees"
        assert shown["answers"] == {"where": "軒下"}
        assert store.count(Filters(categories=("bees",), public=True)) == 1
        assert [question.ask_ja for question in known["bees"].questions] == ["どこにありますか"]


def test_a_kind_the_town_does_not_take_is_refused_and_no_number_is_used_up(tmp_path: Path) -> None:
    with ReportStore.open(tmp_path / "town.sqlite") as store:
        with pytest.raises(UnknownCategory) as refused:
            store.add(pothole(category="bees"))

        assert refused.value.category == "bees"
        assert "road_damage" in refused.value.expected
        assert store.add(pothole()).report.public_id == "R8-000001"


def test_all_faults_of_the_file_are_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "categories.toml"
    text = BEES.replace("deadline_days = 5", 'deadline_days = "five"').replace('"exact"', '"roughly"')
    text = text.replace('symbol = "蜂"', 'symbol = "ハチ"\ncolour = "red"').replace(
        ', en = "Hornet nest"', ""
    )
    file.write_text(text, encoding="utf-8")

    with pytest.raises(CategoryFaults) as told:
        Categories.load(file)

    faults = {(fault.category, fault.field) for fault in told.value.faults}
    wanted = {"deadline_days", "public_place", "symbol", "colour", "names.en"}
    assert faults == {("bees", field) for field in wanted}


@pytest.mark.parametrize("text", ["", "[bees", "bees = 1"])
def test_a_file_that_is_no_list_of_kinds_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "categories.toml"
    file.write_text(text)
    with pytest.raises(CategoryFaults):
        Categories.load(file)
    with pytest.raises(CategoryFaults):
        Categories.load(tmp_path / "absent.toml")
