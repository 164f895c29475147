"""A place in a resident's own words: coordinates however typed, plus codes, addresses, names of landmarks."""

from __future__ import annotations

from pathlib import Path

import pytest

from gisapp.flows.place_text import place_settled, places_meant
from gisapp.profile import TownProfile, read_profile
from gisapp.settings import Settings
from gisapp.town import open_layers
from layers.versions import LayerShelf
from reports_store import GeomSource
from reports_store.ground import distance_m

LON, LAT = 137.0463, 35.6443


@pytest.fixture(scope="module")
def town(sample_town: Path) -> tuple[LayerShelf, TownProfile]:
    settings = Settings.from_env({"GISAPP_DATA": str(sample_town)})
    profile = read_profile(settings.town_file)
    return open_layers(settings, profile.zone), profile


@pytest.mark.parametrize(
    "text",
    ["35.6443, 137.0463", "137.0463,35.6443", "３５．６４４３　１３７．０４６３", "緯度:35.6443 経度:137.0463",
     "35.6443N 137.0463E", "北緯35度38分39.5秒 東経137度2分46.7秒", "35°38'39.5\"N 137°02'46.7\"E", "35°38.658' 137°2.778'",
     "8Q7XJ2VW+P8", "J2VW+P8", "j2vw+p8 見本町", "Ｊ２ＶＷ＋Ｐ８"],
)  # fmt: skip
def test_coordinates_and_plus_codes_are_read_however_they_are_typed(
    town: tuple[LayerShelf, TownProfile], text: str
) -> None:
    found = place_settled(text, places_meant(text, *town))
    if text.startswith("8Q7X"):
        assert found is not None
        assert found.lon == pytest.approx(139.046, abs=0.001)  # a full code says itself where it is
        return
    assert found is not None
    assert distance_m(found.lon, found.lat, LON, LAT) < 60
    assert found.source is GeomSource.ADDRESS
    assert 0 < found.accuracy_m < 60


def test_a_name_that_is_one_place_is_settled_and_one_of_several_is_asked(
    town: tuple[LayerShelf, TownProfile],
) -> None:
    hall = place_settled("見本町役場", places_meant("見本町役場", *town))
    assert hall is not None
    assert (hall.source, hall.accuracy_m) == (GeomSource.LANDMARK, 50.0)

    many = places_meant("第1", *town)
    assert len(many) > 1
    assert place_settled("第1", many) is None
    exact = place_settled(many[0].matched, places_meant(many[0].matched, *town))
    assert exact is not None
    assert exact.matched == many[0].matched


@pytest.mark.parametrize(
    "text",
    ["", "   ", "どこにもない名前", "45.0 200.0", "999.99 999.99", "+", "２+２", "\0", "(" * 200, "9" * 5000],
)
def test_what_names_no_place_finds_none(town: tuple[LayerShelf, TownProfile], text: str) -> None:
    assert places_meant(text, *town) == []
    assert place_settled(text, []) is None


def test_a_lot_that_only_the_town_hall_may_see_is_not_found_by_its_number(
    town: tuple[LayerShelf, TownProfile],
) -> None:
    layers, _ = town
    version = layers.current("parcel")
    title = version.kind.title_of(version.index.records[0])
    assert version.entry.visibility == "internal"
    assert all(one.layer != version.entry.title for one in places_meant(title, *town))
