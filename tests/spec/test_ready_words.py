"""The desk's ready words: which are offered for which report, and what a town's own file may hold."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from gisapp.flows.desk.replies import SHIPPED, filled, ready_words, strange_field, text_for
from reports_store import Categories, Report, ReportStore, Status
from tests.report_makers import pothole

OWN = '[[reply]]\nid = "own"\ntitle = "町の文例"\nstates = ["resolved"]\ncategories = []\nja = "{number} {who}"\n'


@pytest.fixture
def report(tmp_path: Path) -> Report:
    with ReportStore.open(tmp_path / "town.sqlite") as store:
        return store.add(pothole()).report


def test_the_shipped_words_name_only_states_and_kinds_that_there_are(tmp_path: Path) -> None:
    words, categories = ready_words(tmp_path / "none.toml"), Categories.load()
    assert not words.own_broken
    named = {code for one in words.replies for code in one.categories} | {
        code for one in words.bodies for code in one.categories
    }
    assert named <= set(categories)
    raw = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    assert len(raw["reply"]) == len(words.replies)


def test_a_state_that_needs_a_reason_has_ready_words_for_it(tmp_path: Path, report: Report) -> None:
    words = ready_words(tmp_path / "none.toml")
    for status in (Status.NO_ACTION, Status.REJECTED, Status.OUT_OF_SCOPE, Status.RESOLVED, Status.REFERRED):
        assert words.for_report(report, [status]), status


def test_words_for_the_kind_of_the_report_come_first_and_those_for_other_kinds_not_at_all(
    tmp_path: Path, report: Report
) -> None:
    found = [one.id for one in ready_words(tmp_path / "none.toml").for_report(report, [Status.RESOLVED])]
    assert found[0] == "road_done"
    assert "light_done" not in found
    assert "done" in found


def test_the_manager_of_the_road_comes_first_among_the_bodies(tmp_path: Path, report: Report) -> None:
    assert report.road is not None
    national = replace(report, road=replace(report.road, name="国道（国土交通省）"))
    prefectural = replace(report, road=replace(report.road, name="県道（県 土木事務所）"))
    words = ready_words(tmp_path / "none.toml")
    assert "国道" in words.bodies_for(national)[0].name
    assert "県" in words.bodies_for(prefectural)[0].name


def test_number_kind_and_town_are_filled_in_and_nothing_else_is_read_as_a_field(report: Report) -> None:
    category = Categories.load()[report.category]
    text = filled("{number} {category} {town} {0} {__class__} {{x}}", report, category, "見本町")
    assert text == f"{report.public_id} 道路の損傷 見本町 {{0}} {{__class__}} {{{{x}}}}"
    assert "Road damage" in filled("{category}", report, category, "Mihon", "en")
    assert filled("{category}", report, None, "見本町") == "road_damage"
    assert (strange_field("{number}と{だれ}"), strange_field("{town}です")) == ("{だれ}", "")


def test_a_reporter_is_answered_in_their_language_where_there_are_words_in_it(tmp_path: Path) -> None:
    reply = ready_words(tmp_path / "none.toml").replies[0]
    assert text_for(reply, "en-GB")[1] == "en"
    assert text_for(reply, "vi")[1] == "ja"


def test_a_towns_own_words_take_the_place_of_the_shipped_ones(tmp_path: Path) -> None:
    own = tmp_path / "replies.toml"
    own.write_text(OWN.replace("{who}", "{town}"), encoding="utf-8")
    assert [one.id for one in ready_words(own).replies] == ["own"]


@pytest.mark.parametrize(
    "broken",
    [
        OWN,
        OWN.replace("{who}", "").replace('"resolved"', '"fixed"'),
        OWN.replace("ja =", "words ="),
        OWN.replace('ja = "{number} {who}"', 'ja = ""'),
        OWN.replace("{who}", "") * 2,
        "[reply]\nid = 1\n",
        "[letters]\n",
        "[[reply]\n",
        "[[body]]\nmanager = 'x'\n",
        "\x00",
    ],
)
def test_a_broken_file_of_ones_own_stops_nobody_and_is_told(tmp_path: Path, broken: str) -> None:
    own = tmp_path / "replies.toml"
    own.write_text(broken, encoding="utf-8")
    words = ready_words(own)
    assert words.own_broken
    assert len(words.replies) > 5


def test_a_file_that_is_not_text_stops_nobody(tmp_path: Path) -> None:
    own = tmp_path / "replies.toml"
    own.write_bytes(b"\xff\xfe\x00")
    assert ready_words(own).own_broken
