"""Every kind of layer can be drawn and read by everybody: colour is never the only sign, unknown is never a
no.
"""

from __future__ import annotations

import itertools
import re

import pytest

from layers.errors import UnknownKind
from layers.kinds import HAZARDS, KINDS, Kind, kind_of


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_a_feature_of_which_nothing_is_known_still_has_a_style_a_title_and_a_card(kind: Kind) -> None:
    row = {column.name: None for column in kind.columns}

    style = kind.style(kind.style_of(row))

    assert style.text_ja
    assert kind.title_of(row)
    assert isinstance(kind.label_of(row), str)
    assert all(title and value for title, value in kind.shown_rows(row))


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_styles_of_a_kind_differ_without_their_colours(kind: Kind) -> None:
    signs = [(style.letter, style.pattern, style.dash) for style in kind.styles]
    texts = [style.text_ja for style in kind.styles]

    assert len(set(signs)) == len(signs)
    assert len(set(texts)) == len(texts)
    assert all(
        re.fullmatch("#[0-9A-F]{6}", colour) for style in kind.styles for colour in (style.fill, style.stroke)
    )


def test_flood_depths_have_the_ministrys_colours_and_words() -> None:
    flood = KINDS["flood_zone"]

    drawn = [flood.style(flood.style_of({"depth_rank": rank})) for rank in range(1, 7)]

    assert [style.fill for style in drawn] == [
        "#F7F5A9",
        "#FFD8C0",
        "#FFB7B7",
        "#FF9191",
        "#F285C9",
        "#DC7ADC",
    ]
    assert flood.label_of({"depth_rank": 2}) == "0.5〜3m"
    assert flood.label_of({"depth_rank": None}) == "浸水の深さは不明"


def test_special_landslide_zones_are_red_and_warning_zones_yellow() -> None:
    zones, phenomena = ("特別警戒区域", "警戒区域"), ("急傾斜地の崩壊", "土石流", "地滑り", None)
    kind = KINDS["landslide_zone"]

    for zone, phenomenon in itertools.product(zones, phenomena):
        style = kind.style(kind.style_of({"zone": zone, "phenomenon": phenomenon}))
        red, green = int(style.fill[1:3], 16), int(style.fill[3:5], 16)
        assert (green < red / 3) == (zone == "特別警戒区域"), style
        assert zone in style.text_ja


def test_a_municipal_road_is_drawn_alike_in_a_town_and_in_a_city() -> None:
    road = KINDS["road_section"]

    assert road.style_of({"manager": "町道"}) == road.style_of({"manager": "市道"}) == "road_municipal"
    assert road.style_of({"manager": None}) == "road_unknown"


def test_an_evacuation_site_always_says_which_hazards_it_is_for_and_which_not() -> None:
    row = dict.fromkeys(HAZARDS, False) | {
        "hazard_flood": True,
        "hazard_earthquake": True,
        "name": "東公民館",
    }

    card = dict(KINDS["evacuation_site"].shown_rows(row))

    assert card["対応する災害"] == "洪水、地震"
    assert card["指定のない災害"] == "崖崩れ、土石流及び地滑り、高潮、津波、大規模な火事、内水氾濫、火山現象"
    assert "指定の有無が不明の災害" not in card


def test_an_unknown_designation_is_neither_a_yes_nor_a_no() -> None:
    row = dict.fromkeys(HAZARDS, True) | {"hazard_tsunami": None}

    card = dict(KINDS["evacuation_site"].shown_rows(row))

    assert card["指定の有無が不明の災害"] == "津波"
    assert card["指定のない災害"] == "なし"
    assert "津波" not in card["対応する災害"]


def test_a_kind_nobody_defined_is_named() -> None:
    with pytest.raises(UnknownKind, match="ufo_landing_site"):
        kind_of("ufo_landing_site")
