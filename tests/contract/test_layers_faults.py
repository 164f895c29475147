"""A faulty file is answered with all its faults at once, each with the row a person finds it in."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from layers import readers
from layers.box import Box
from layers.errors import Fault, Grade, ImportRefused
from layers.kinds import KINDS
from layers.readers import Read
from layers.validate import TownArea, admit, validate

SQUARE = shapely.box(136.40, 35.30, 136.55, 35.45)
TOWN = TownArea("213624", 6675, Box(136.40, 35.30, 136.55, 35.45), SQUARE)
BOWTIE = [[136.45, 35.35], [136.46, 35.36], [136.46, 35.35], [136.45, 35.36], [136.45, 35.35]]


def places(*shapes: object, kind: str = "public_facility", **columns: object) -> gpd.GeoDataFrame:
    """A frame as a reader gives it, its rows counted as in a CSV."""
    rows = range(2, 2 + len(shapes))
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=4326, index=rows)


def faults(frame: gpd.GeoDataFrame, kind: str = "public_facility", town: TownArea = TOWN) -> list[Fault]:
    return list(validate(frame, KINDS[kind], town))


def told(frame: gpd.GeoDataFrame, kind: str = "public_facility") -> set[tuple[str, int | None]]:
    return {(fault.code, fault.row) for fault in faults(frame, kind)}


def geojson(folder: Path, *geometries: object) -> Path:
    features = [
        {"type": "Feature", "geometry": geometry, "properties": {"名称": f"区域{number}", "zone": "警戒区域"}}
        for number, geometry in enumerate(geometries)
    ]
    path = folder / "a.geojson"
    path.write_text(
        json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False), encoding="utf-8"
    )
    return path


def polygon(ring: object) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": [ring]}


def town_of(code: str, shared_data: Path) -> TownArea:
    frame = readers.read(shared_data / "admin/N03-20260101_21.geojson", KINDS["boundary"]).frame
    outline = shapely.union_all(frame[frame["code"] == code].geometry.array)
    return TownArea(code, 6675, Box(*outline.bounds), outline)


@pytest.mark.parametrize("code", ["213624", "212130"])
def test_a_boundary_in_metres_without_a_system_is_refused_and_the_system_named(
    shared_data: Path, code: str
) -> None:
    read = readers.read(shared_data / "admin/kakamigahara_boundary_6675.geojson", KINDS["boundary"])

    with pytest.raises(ImportRefused) as refused:
        admit(read, KINDS["boundary"], town_of(code, shared_data))

    assert [(fault.code, fault.expected) for fault in refused.value.faults] == [
        ("metres_without_crs", "EPSG:6675")
    ]


def test_the_real_files_of_the_town_are_admitted_without_a_fault(shared_data: Path) -> None:
    town = town_of("213624", shared_data)
    files = {
        "evacuation_site": "shelters/gsi_emergency_213624_sekigahara.geojson",
        "shelter": "shelters/gsi_csv_21362_1_sekigahara_derived.csv",
        "boundary": "admin/N03-20260101_21.geojson",
    }

    for kind, file in files.items():
        admitted = admit(readers.read(shared_data / file, KINDS[kind]), KINDS[kind], town)
        assert (admitted.notes, admitted.repairs) == ((), ())


@pytest.mark.parametrize(
    ("kind", "file", "rows"),
    [
        ("garbage_station", "garbage/234427_garbage_station.csv", 381),
        ("landslide_zone", "hazard/hida_dosha_keikai.geojson", 951),
    ],
)
def test_another_towns_file_is_refused_and_each_row_outside_is_noted(
    shared_data: Path, kind: str, file: str, rows: int
) -> None:
    found = faults(readers.read(shared_data / file, KINDS[kind]).frame, kind, town_of("213624", shared_data))

    assert [fault.code for fault in found if fault.grade is Grade.REFUSE] == ["nothing_in_town"]
    assert sum(fault.code == "outside_town" for fault in found) == rows


def test_swapped_latitude_and_longitude_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "swapped.csv"
    path.write_text("名称,緯度,経度\n役場,136.46,35.36\n駅,136.47,35.36\n", encoding="utf-8")

    with pytest.raises(ImportRefused) as refused:
        admit(readers.read(path, KINDS["public_facility"]), KINDS["public_facility"], TOWN)

    assert [(fault.code, fault.found) for fault in refused.value.faults] == [
        ("lonlat_swapped", "35.36, 136.46")
    ]


def test_all_faults_come_at_once_with_their_rows() -> None:
    frame = places(
        shapely.Point(136.46, 35.36),
        shapely.Point(0, 0),
        None,
        shapely.Point(),
        shapely.Point(float("nan"), 35),
        shapely.Point(35.36, 136.46),
        shapely.Point(-64220, -70773),
        shapely.Point(-0.12, 51.5),
        shapely.LineString([(136.46, 35.36), (136.47, 35.37)]),
        shapely.Point(136.46, 35.36, 12.5),
        shapely.Point(136.70, 35.36),
        feature_id=["a", "b", "c", "d", "e", "f", "g", "h", "i", "a", "k"],
    )

    assert told(frame) == {
        ("zero_position", 3),
        ("geometry_missing", 4),
        ("geometry_missing", 5),
        ("geometry_missing" if shapely.Point(float("nan"), 35).is_empty else "number_not_finite", 6),
        ("lonlat_swapped", 7),
        ("metres_without_crs", 8),
        ("outside_japan", 9),
        ("geometry_type", 10),
        ("id_twice", 11),
        ("z_dropped", None),
        ("outside_town", 12),
    }


def test_the_gravest_faults_come_first() -> None:
    frame = places(shapely.Point(136.70, 35.36), shapely.Point(136.46, 35.36), shapely.Point(0, 0))

    assert [fault.grade for fault in faults(frame)] == [Grade.REFUSE, Grade.NOTE]


def test_infinite_coordinates_in_a_file_are_named_with_their_row(tmp_path: Path) -> None:
    points = [{"type": "Point", "coordinates": [x, 35.36]} for x in (136.46, float("inf"), float("nan"))]
    path = geojson(tmp_path, *points)  # Python writes Infinity and NaN as bare words, as other programs do

    found = faults(readers.read(path, KINDS["public_facility"]).frame)

    assert {fault.row for fault in found if fault.grade is Grade.REFUSE} == {2, 3}
    assert ("number_not_finite", 2) in {(fault.code, fault.row) for fault in found}


def test_one_row_outside_the_town_is_noted_and_the_file_admitted() -> None:
    frame = places(shapely.Point(136.46, 35.36), shapely.Point(136.60, 35.36), name=["役場", "隣町の駅"])

    admitted = admit(Read(frame, None, "general", "名称"), KINDS["public_facility"], TOWN)

    assert [(note.code, note.row) for note in admitted.notes] == [("outside_town", 3)]


def test_a_file_just_over_the_border_is_noted_and_one_far_away_refused() -> None:
    four_km_east, nine_km_east = shapely.Point(136.594, 35.36), shapely.Point(136.65, 35.36)

    assert told(places(four_km_east)) == {("outside_town", 2)}
    assert told(places(nine_km_east)) == {("outside_town", 2), ("nothing_in_town", None)}


def test_a_town_without_a_known_outline_is_told_that_only_the_country_was_checked() -> None:
    unknown = TownArea("213624", 6675, TOWN.bounds)

    found = faults(places(shapely.Point(140.0, 37.0)), town=unknown)

    assert [(fault.code, fault.grade) for fault in found] == [("town_boundary_unknown", Grade.NOTE)]


def test_a_bowtie_waits_for_a_persons_yes_and_is_then_mended(tmp_path: Path) -> None:
    read = readers.read(geojson(tmp_path, polygon(BOWTIE)), KINDS["landslide_zone"])

    with pytest.raises(ImportRefused) as refused:
        admit(read, KINDS["landslide_zone"], TOWN)
    admitted = admit(read, KINDS["landslide_zone"], TOWN, accept_repairs=True)

    assert [(fault.code, fault.grade, fault.row) for fault in refused.value.faults] == [
        ("geometry_invalid", Grade.REPAIR, 1)
    ]
    assert admitted.repairs == refused.value.faults
    assert admitted.frame.geometry.is_valid.all()
    assert admitted.frame.geometry.iloc[0].area > 0


def test_a_ring_left_open_is_closed_only_with_consent(tmp_path: Path) -> None:
    ring = [[136.45, 35.35], [136.46, 35.35], [136.46, 35.36]]
    read = readers.read(geojson(tmp_path, polygon(ring)), KINDS["landslide_zone"])

    with pytest.raises(ImportRefused) as refused:
        admit(read, KINDS["landslide_zone"], TOWN)

    assert [(fault.code, fault.row) for fault in refused.value.faults] == [("ring_unclosed", 1)]
    assert len(admit(read, KINDS["landslide_zone"], TOWN, accept_repairs=True).frame) == 1


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Polygon", "coordinates": [[[136, 35], [136.1, 35]]]},
        {"type": "Point", "coordinates": ["136", None]},
        {"type": "Point", "coordinates": 5},
        {"type": "Blob"},
        "POINT (1 2)",
        {"type": "MultiPolygon", "coordinates": [[[[[1]]]]]},
    ],
)
def test_a_malformed_geometry_is_named_with_its_row_and_said_once(tmp_path: Path, geometry: object) -> None:
    good = {"type": "Point", "coordinates": [136.46, 35.36]}
    read = readers.read(geojson(tmp_path, good, geometry), KINDS["public_facility"])

    with pytest.raises(ImportRefused) as refused:
        admit(read, KINDS["public_facility"], TOWN)

    assert [(fault.code, fault.row) for fault in refused.value.faults] == [("geometry_malformed", 2)]


def test_a_position_that_is_not_a_number_is_said_once_with_its_text(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("名称,緯度,経度\n役場,35.36,136.46\n駅,不明,136.46\n", encoding="utf-8")

    with pytest.raises(ImportRefused) as refused:
        admit(readers.read(path, KINDS["public_facility"]), KINDS["public_facility"], TOWN)

    assert [(fault.code, fault.row, fault.column, fault.found) for fault in refused.value.faults] == [
        ("position_unreadable", 3, "緯度", "不明")
    ]


def test_a_row_with_more_cells_than_the_header_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("名称,緯度,経度\n役場,35.36,136.46\n駅,前,35.36,136.46\n", encoding="utf-8")

    with pytest.raises(ImportRefused) as refused:
        admit(readers.read(path, KINDS["public_facility"]), KINDS["public_facility"], TOWN)

    assert ("row_too_long", 3) in {(fault.code, fault.row) for fault in refused.value.faults}


def test_a_list_of_sites_without_its_hazard_columns_is_refused() -> None:
    frame = places(shapely.Point(136.46, 35.36), name=["東公民館"])

    missing = {fault.column for fault in faults(frame, "evacuation_site") if fault.code == "column_missing"}

    assert {"洪水", "津波", "火山現象"} <= missing
    assert len(missing) == 8


def test_a_hazard_zone_of_unknown_class_is_refused_not_guessed() -> None:
    frame = places(SQUARE, SQUARE, SQUARE, zone=["警戒区域", None, "レッド"])

    assert {("value_missing", 3), ("value_not_allowed", 4)} <= told(frame, "landslide_zone")


@pytest.mark.parametrize("letter", ["\\u0000", "\\ufffd", "\\ud800"])
def test_letters_that_are_lost_or_cannot_be_stored_are_refused(tmp_path: Path, letter: str) -> None:
    path = geojson(tmp_path, {"type": "Point", "coordinates": [136.46, 35.36]})
    path.write_text(path.read_text(encoding="utf-8").replace("0", letter, 1), encoding="utf-8")

    with pytest.raises(ImportRefused) as refused:
        admit(readers.read(path, KINDS["public_facility"]), KINDS["public_facility"], TOWN)

    assert [(fault.code, fault.row) for fault in refused.value.faults] == [("text_broken", 1)]


def test_an_empty_file_is_not_an_empty_layer() -> None:
    assert told(places()) == {("no_rows", None)}


def test_several_points_are_not_one_place_but_a_multipoint_of_one_is() -> None:
    one, two = shapely.MultiPoint([(136.46, 35.36)]), shapely.MultiPoint([(136.46, 35.36), (136.47, 35.36)])

    assert told(places(one, two)) == {("geometry_type", 3)}
