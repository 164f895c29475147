"""Codes of published hazard maps become metres, hours and words; what is not a code becomes unknown."""

from __future__ import annotations

import pytest

from layers.ranks import (
    COLLAPSE_WORDS,
    DEPTH_RANKS,
    DURATION_RANKS,
    collapse,
    depth_of,
    depth_range_m,
    depth_rank,
    depth_words,
    duration_rank,
    landslide_phenomenon,
    landslide_zone,
    rank_of,
    rank_of_depth_m,
    rank_of_range_m,
)


def test_ranks_follow_one_another_without_gap() -> None:
    for table in (DEPTH_RANKS, DURATION_RANKS):
        classes = list(table.values())
        assert [one[1] for one in classes[:-1]] == [one[0] for one in classes[1:]]
        assert classes[-1][1] is None


@pytest.mark.parametrize("code", [3, 3.0, "3", "３", " 03 ", "3.0"])
def test_a_code_is_read_however_it_is_written(code: object) -> None:
    assert depth_rank(code) == duration_rank(code) == 3
    assert landslide_phenomenon(code) == "地滑り"
    assert landslide_zone(code) == "警戒区域（指定前）"
    assert collapse(code) == "どちらも"


@pytest.mark.parametrize("code", [None, "", 0, 8, True, "8303030555", "11", "深い", 2.5, float("nan")])
def test_what_is_no_code_is_unknown_and_a_river_number_is_no_rank(code: object) -> None:
    assert depth_rank(code) is None
    assert duration_rank(code) is None
    assert landslide_zone(code) is None
    assert collapse(code) is None


def test_the_three_collapse_zones_are_known_by_name_too() -> None:
    assert collapse("河岸浸食") == collapse("河岸侵食") == collapse(2) == "河岸侵食"
    assert set(COLLAPSE_WORDS) == {"氾濫流", "河岸侵食", "どちらも"}


@pytest.mark.parametrize(
    ("text", "metres"),
    [
        ("0.3m以上 ～ 0.5m未満", (0.3, 0.5)),
        ("1.0～2.0m", (1.0, 2.0)),
        ("0.3m未満の区域", (0.0, 0.3)),
        ("0.3~0.5m未満の区域", (0.3, 0.5)),
        ("５ｍ以上１０ｍ未満", (5.0, 10.0)),
        ("20.0m以上", (20.0, None)),
        ("2.0m−5.0m未満", (2.0, 5.0)),
        ("0.5m", None),
        ("35", None),
        ("5.0m以上3.0m未満", None),
        ("不明", None),
        (None, None),
    ],
)
def test_a_class_of_depths_in_words_is_read_as_metres(text: object, metres: object) -> None:
    assert depth_range_m(text) == metres


def test_a_class_that_spans_two_ranks_counts_as_the_deeper_one() -> None:
    assert rank_of_range_m(0.3, 1.0) == 2
    assert rank_of_range_m(0.5, 3.0) == 2
    assert rank_of_range_m(5.0, None) == 4
    assert [rank_of_depth_m(depth_m) for depth_m in (0, 0.49, 0.5, 3, 19.9, 20, 99)] == [1, 1, 2, 3, 5, 6, 6]


@pytest.mark.parametrize("depth_m", [-0.1, float("nan")])
def test_a_depth_that_is_none_is_named(depth_m: float) -> None:
    with pytest.raises(ValueError, match="depth"):
        rank_of_depth_m(depth_m)


def test_metres_say_more_than_words_and_words_more_than_a_rank() -> None:
    assert depth_of({"depth_rank": 2, "depth": "1.0~2.0m", "depth_lower_m": 1.5, "depth_upper_m": 2.0}) == (
        1.5,
        2.0,
    )
    assert depth_of({"depth_rank": 2, "depth": "1.0~2.0m"}) == (1.0, 2.0)
    assert depth_of({"depth_rank": 2}) == (0.5, 3.0)
    assert depth_of({"depth_upper_m": 0.3}) == (0.0, 0.3)
    assert depth_of({}) is None
    assert rank_of({"depth": "3.0m以上"}) == 3
    assert rank_of({"depth": "深い"}) is None


def test_depths_are_said_as_what_they_do_to_a_house() -> None:
    assert depth_words({"depth_rank": 1}) == "0.5m未満：1階の床の下まで水につかるおそれ"
    assert depth_words({"depth_rank": 6}) == "20.0m以上：7階より上まで水につかるおそれ"
    assert depth_words({"depth": "0.5m以上1.0m未満"}).endswith("大人の腰の高さまで水につかるおそれ")
    assert depth_words({"depth_upper_m": 0.25}).startswith("0.25m未満：")
    assert depth_words({}) == ""
