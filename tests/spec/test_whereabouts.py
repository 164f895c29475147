"""A file that only names its places finds them in the town's own layers, or is told which names nobody knows."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from gisapp.flows.examine import Examined, examine
from gisapp.flows.whereabouts import whereabouts
from layers.box import Box
from layers.catalogue import Catalogue
from layers.errors import Grade
from layers.kinds import KINDS
from layers.validate import TownArea
from layers.versions import LayerShelf

SQUARE = shapely.box(136.40, 35.30, 136.55, 35.45)
TOWN = TownArea("213624", 6675, Box(*SQUARE.bounds), SQUARE)
NORTH, SOUTH = shapely.box(136.45, 35.37, 136.47, 35.39), shapely.box(136.45, 35.35, 136.47, 35.37)


@pytest.fixture
def layers(tmp_path: Path) -> LayerShelf:
    """関ケ原町 with two lots, a town hall and two associations."""
    shelf = LayerShelf(tmp_path / "layers", Catalogue.load(), 6675)
    keep(shelf, "boundary", [SQUARE], name=["関ケ原町"], code=["213624"])
    keep(shelf, "parcel", [NORTH.buffer(-0.009), SOUTH.buffer(-0.009)], oaza=["大字関ケ原"] * 2,
         chiban=["894-1", "895"])  # fmt: skip
    keep(shelf, "public_facility", [shapely.Point(136.46, 35.36)], name=["役場"],
         address=["岐阜県不破郡関ケ原町大字関ケ原894番地の58"])  # fmt: skip
    keep(shelf, "neighbourhood_association", [NORTH, SOUTH], name=["北町自治会", "南町自治会"])
    return shelf


def keep(shelf: LayerShelf, layer: str, shapes: list[object], **columns: list[object]) -> None:
    shelf.add(
        layer, gpd.GeoDataFrame(columns, geometry=shapes, crs=4326), reader="test", source_name="-",
        source_sha256="-", by="test", at=datetime.now(UTC), as_of=None,
    )  # fmt: skip


def examined(folder: Path, text: str, kind: str | None, layers: LayerShelf) -> Examined:
    path = folder / "list.csv"
    path.write_text(text, encoding="utf-8")
    return examine(path, KINDS[kind] if kind else None, TOWN, where=whereabouts(layers, "213624"))


@pytest.mark.parametrize(
    ("text", "lon", "lat"),
    [
        ("関ヶ原町大字関ケ原894-58", 136.46, 35.36),
        ("大字関ケ原８９４番地５８", 136.46, 35.36),
        ("岐阜県不破郡関ケ原町大字関ケ原895", 136.46, 35.36),
        ("関ケ原894番1", 136.46, 35.38),
    ],
)
def test_an_address_is_found_however_it_is_written(
    tmp_path: Path, layers: LayerShelf, text: str, lon: float, lat: float
) -> None:
    found = examined(tmp_path, f"名称,住所\n施設,{text}\n", "public_facility", layers)

    place = found.frame.geometry.iloc[0]
    assert (round(place.x, 4), round(place.y, 4)) == (lon, lat)
    assert [(fault.code, fault.grade) for fault in found.faults] == [("placed_by_address", Grade.REPAIR)]


def test_a_building_is_where_it_stands_and_not_in_the_middle_of_its_lot(layers: LayerShelf) -> None:
    hall = [shapely.Point(136.4651, 35.3651)]
    keep(layers, "aed", hall, name=["役場"], address=["大字関ケ原895"])

    found = whereabouts(layers, "213624").address("関ケ原895番地")

    assert found is not None
    assert (found.lon, found.lat) == (136.4651, 35.3651)
    assert "AED" in found.how


def test_an_address_of_two_places_is_not_known(layers: LayerShelf) -> None:
    keep(layers, "aed", [shapely.Point(136.41, 35.31)], name=["別館"], address=["大字関ケ原894-58"])

    assert whereabouts(layers, "213624").address("関ケ原894-58") is None


def test_a_lot_that_only_begins_alike_is_not_the_lot(tmp_path: Path, layers: LayerShelf) -> None:
    text = "名称,住所\n施設,大字関ケ原895\n倉庫,大字関ケ原8\n小屋,大字関ケ原894\n"

    found = examined(tmp_path, text, "public_facility", layers)

    refused = [(fault.code, fault.row) for fault in found.faults if fault.grade is Grade.REFUSE]
    assert refused == [("address_unknown", 3), ("address_unknown", 4)]


def test_collection_days_take_the_outlines_of_the_associations(tmp_path: Path, layers: LayerShelf) -> None:
    text = "地名,センター,燃やすごみ,資源\n北町自治会,,月 木,水2\n南町自治会,,火 金,水4\n"

    found = examined(tmp_path, text, None, layers)

    assert (found.kind.id, found.read.reader) == ("general", "area_days")
    assert found.frame.geometry.tolist() == [NORTH, SOUTH]
    assert json.loads(found.frame["source_properties"].iloc[1])["燃やすごみ"] == "火 金"
    assert {fault.grade for fault in found.faults} == {Grade.REPAIR}


def test_an_area_nobody_knows_is_named(tmp_path: Path, layers: LayerShelf) -> None:
    text = "地名,センター,燃やすごみ\n北町自治会,,月 木\n西町自治会,,火 金\n"

    found = examined(tmp_path, text, "general", layers)

    refused = [(fault.code, fault.row, fault.found) for fault in found.faults if fault.grade is Grade.REFUSE]
    assert refused == [("area_unknown", 3, "西町自治会")]


def test_a_layer_of_few_does_not_tell_its_addresses_to_all(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[parcel]\nvisibility = "departments"\n', encoding="utf-8")
    shelf = LayerShelf(tmp_path / "layers", Catalogue.load(own), 6675)
    keep(shelf, "parcel", [NORTH], oaza=["大字関ケ原"], chiban=["894"])

    assert whereabouts(shelf, "213624").address("大字関ケ原894") is None
