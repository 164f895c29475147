"""A town's code proves itself, and a town's name is one name however it is written."""

from __future__ import annotations

import pytest

from layers.codes import city_part, complete_code, is_prefecture, prefecture_of
from layers.errors import BadCode
from layers.names import same_name, search_key


@pytest.mark.parametrize(
    ("five", "six"),
    [
        ("21362", "213624"),  # 関ケ原町
        ("07342", "073423"),  # 鏡石町
        ("01100", "011002"),  # 札幌市
        ("13101", "131016"),  # 千代田区
        ("23442", "234427"),  # 東浦町
        ("01604", "016047"),  # 新冠町
        ("21000", "210005"),  # 岐阜県
    ],
)
def test_the_check_digit_of_published_codes_comes_out(five: str, six: str) -> None:
    assert complete_code(five) == six


def test_a_code_tells_its_prefecture_and_its_older_five_digits() -> None:
    assert prefecture_of("213624") == "21"
    assert city_part("213624") == "21362"
    assert is_prefecture("210005")
    assert not is_prefecture("213624")


def test_a_code_with_a_wrong_check_digit_is_refused_and_the_right_one_named() -> None:
    with pytest.raises(BadCode) as refused:
        prefecture_of("213625")

    assert (refused.value.found, refused.value.expected) == ("213625", "213624")


@pytest.mark.parametrize("code", ["", "21362", "２１３６２４", "21362x", "480002", "000000"])
def test_what_is_not_a_code_is_refused(code: str) -> None:
    with pytest.raises(BadCode):
        city_part(code)


@pytest.mark.parametrize("spelling", ["関ヶ原", "関ｹ原", "関が原", "関ガ原", "関 ケ 原", "関ｶﾞ原", "関ケ原　"])
def test_every_spelling_of_sekigahara_is_sekigahara(spelling: str) -> None:
    assert same_name("関ケ原", spelling)


@pytest.mark.parametrize(("one", "other"), [("ながい町", "なけい町"), ("関ケ原", "関原"), ("大垣", "大柿")])
def test_different_names_stay_different(one: str, other: str) -> None:
    assert not same_name(one, other)


@pytest.mark.parametrize("typed", ["関が", "セキ", "ａｅｄ", "ＡＥＤ", "タルイ", "関ヶ"])
def test_half_a_name_finds_the_whole_however_it_is_typed(typed: str) -> None:
    names = "関ケ原 せき AED たるい"

    assert search_key(typed) in search_key(names)
