"""A layer's past: who made each version from what, what lies between two of them, and the way back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine

from layers.catalogue import Catalogue
from layers.compare import compare
from layers.errors import Fault, Grade, SourceUnavailable, UnknownVersion, VersionMoved
from layers.versions import LayerShelf, LayerVersion

AT = datetime(2026, 4, 1, 9, 30, tzinfo=UTC)
DEG_PER_10_M = 10 / 90_700  # of longitude, at 35.36 degrees north


def stations(*rows: tuple[str | None, str, str, float]) -> gpd.GeoDataFrame:
    """id, name, 自治会, longitude."""
    ids, names, associations, lons = zip(*rows, strict=True)
    values = {"feature_id": ids, "name": names, "association": associations}
    return gpd.GeoDataFrame(values, geometry=shapely.points(np.array(lons), 35.36), crs=4326)


def shelf_in(folder: Path) -> LayerShelf:
    return LayerShelf(folder / "layers", Catalogue.load(), 6675)


def put(shelf: LayerShelf, frame: gpd.GeoDataFrame, **more: object) -> LayerVersion:
    given = {"reader": "general", "source_name": "ごみ.csv", "source_sha256": "ab12", "by": "環境課", "as_of": None,
             "at": AT}  # fmt: skip
    return shelf.add("garbage_station", frame, **{**given, **more})  # type: ignore[arg-type]


def two_versions(folder: Path) -> LayerShelf:
    shelf = shelf_in(folder)
    put(shelf, stations(("G1", "駅前", "東区", 136.46), ("G2", "役場", "西区", 136.47)))
    put(shelf, stations(("G1", "駅前", "北区", 136.46)), by="環境課 山田", at=AT + timedelta(days=1))
    return shelf


def test_the_history_names_who_when_and_from_which_file_newest_first(tmp_path: Path) -> None:
    repair = Fault("geometry_invalid", Grade.REPAIR, 4, None, "Self-intersection", "valid shape")
    shelf = shelf_in(tmp_path)
    put(shelf, stations(("G1", "駅前", "東区", 136.46)), repairs=[repair])
    put(shelf, stations(("G1", "駅前", "東区", 136.46), ("G2", "役場", "西区", 136.47)), by="環境課 山田")

    newest, oldest = shelf.history("garbage_station")

    assert (newest.number, newest.rows, newest.by, newest.current) == (2, 2, "環境課 山田", True)
    assert (oldest.number, oldest.rows, oldest.by, oldest.current) == (1, 1, "環境課", False)
    assert (oldest.source_name, oldest.source_sha256, oldest.imported_at) == ("ごみ.csv", "ab12", AT)
    assert (oldest.origin, oldest.from_version, oldest.ok) == ("import", None, True)
    assert oldest.repairs[0]["code"] == "geometry_invalid"


def test_a_layer_never_imported_has_no_history(tmp_path: Path) -> None:
    assert shelf_in(tmp_path).history("garbage_station") == ()


def test_any_version_can_be_looked_at_and_is_read_once(tmp_path: Path) -> None:
    shelf = two_versions(tmp_path)

    first = shelf.version("garbage_station", 1)

    assert first.frame["association"].tolist() == ["東区", "西区"]
    assert shelf.version("garbage_station", 1) is first
    assert shelf.version("garbage_station", 2) is shelf.current("garbage_station")
    with pytest.raises(UnknownVersion):
        shelf.version("garbage_station", 3)


def test_rolling_back_makes_a_new_version_and_keeps_what_came_between(tmp_path: Path) -> None:
    shelf = two_versions(tmp_path)
    before = {path.name: path.read_bytes() for path in (tmp_path / "layers/garbage_station").glob("v*")}

    version = shelf.roll_back("garbage_station", 1, "環境課 佐藤", AT + timedelta(days=2))

    assert (version.number, version.rows, version.origin, version.from_version) == (3, 2, "rollback", 1)
    assert version.frame["association"].tolist() == ["東区", "西区"]
    assert [note.number for note in shelf.history("garbage_station")] == [3, 2, 1]
    assert shelf.history("garbage_station")[0].by == "環境課 佐藤"
    assert all(
        (tmp_path / "layers/garbage_station" / name).read_bytes() == raw for name, raw in before.items()
    )


def test_rolling_back_mends_a_layer_whose_current_version_is_broken(tmp_path: Path) -> None:
    shelf = two_versions(tmp_path)
    (tmp_path / "layers/garbage_station/v0002.parquet").write_bytes(b"PAR1")
    with pytest.raises(SourceUnavailable):
        shelf.current("garbage_station")

    version = shelf.roll_back("garbage_station", 1, "環境課", AT, based_on=2)

    assert (version.number, version.rows) == (3, 2)
    assert shelf.current("garbage_station").number == 3


@pytest.mark.parametrize("spoil", [b"PAR1", None])
def test_a_broken_version_never_becomes_current(tmp_path: Path, spoil: bytes | None) -> None:
    shelf = two_versions(tmp_path)
    path = tmp_path / "layers/garbage_station/v0001.parquet"
    path.write_bytes(spoil) if spoil else path.unlink()

    with pytest.raises(SourceUnavailable):
        shelf.roll_back("garbage_station", 1, "環境課", AT)

    assert shelf.current("garbage_station").number == 2
    assert len(shelf.history("garbage_station")) == 2


def test_a_version_without_its_note_is_listed_as_broken_not_forgotten(tmp_path: Path) -> None:
    shelf = two_versions(tmp_path)
    (tmp_path / "layers/garbage_station/v0002.json").write_bytes(b"{")
    (tmp_path / "layers/garbage_station/v0001.parquet").unlink()

    newest, oldest = shelf.history("garbage_station")

    assert (newest.number, newest.ok, newest.rows, newest.current) == (2, False, None, True)
    assert (oldest.number, oldest.ok) == (1, False)


def test_who_looked_at_an_older_state_does_not_roll_back_what_was_not_seen(tmp_path: Path) -> None:
    shelf = two_versions(tmp_path)

    with pytest.raises(VersionMoved) as moved:
        shelf.roll_back("garbage_station", 1, "環境課", AT, based_on=1)

    assert (moved.value.seen, moved.value.now) == (1, 2)
    assert shelf.current("garbage_station").number == 2


def test_a_picture_is_kept_with_its_version_and_a_lost_one_is_said_to_be_lost(tmp_path: Path) -> None:
    shelf, picture = shelf_in(tmp_path), tmp_path / "ortho.tif"
    with rasterio.open(picture, "w", driver="GTiff", width=8, height=8, count=1, dtype="uint8",
                       transform=Affine(1e-5, 0, 136.46, 0, -1e-5, 35.37)) as file:  # fmt: skip
        file.write(np.arange(64, dtype="uint8").reshape(1, 8, 8))

    first = put(shelf, stations(("G1", "駅前", "東区", 136.46)), raster=picture)
    put(shelf, stations(("G1", "駅前", "北区", 136.46)))
    back = shelf.roll_back("garbage_station", 1, "環境課", AT)

    assert first.raster == tmp_path / "layers/garbage_station/v0001.tif"
    assert shelf.version("garbage_station", 2).raster is None
    assert back.raster is not None
    assert back.raster.read_bytes() == picture.read_bytes()
    back.raster.unlink()
    with pytest.raises(SourceUnavailable):
        shelf.current("garbage_station")


def test_added_removed_moved_and_changed_stations_are_told_apart(tmp_path: Path) -> None:
    shelf = shelf_in(tmp_path)
    old = put(shelf, stations(
        ("G1", "駅前", "東区", 136.46), ("G2", "役場", "西区", 136.47), ("G3", "学校", "西区", 136.48),
        ("G4", "公園", "南区", 136.49),
    ))  # fmt: skip
    new = put(shelf, stations(
        ("G1", "駅前", "東区", 136.46 + DEG_PER_10_M), ("G3", "学校", "北区", 136.48), ("G4", "公園", "南区", 136.49),
        ("G5", "寺", "南区", 136.5),
    ))  # fmt: skip

    found = compare(old, new)

    assert found.counts == {"added": 1, "removed": 1, "moved": 1, "changed": 1, "unchanged": 1}
    by_id = {one.feature_id: one for one in found.differences()}
    assert {key: one.acts for key, one in by_id.items()} == {
        "G5": ("added",), "G2": ("removed",), "G1": ("moved",), "G3": ("changed",),
    }  # fmt: skip
    assert by_id["G1"].moved_m == pytest.approx(10, abs=0.1)
    assert by_id["G3"].columns == (("association", "西区", "北区"),)


def test_a_station_both_moved_and_renamed_is_one_line_that_says_both(tmp_path: Path) -> None:
    shelf = shelf_in(tmp_path)
    old = put(shelf, stations(("G1", "駅前", "東区", 136.46)))
    new = put(shelf, stations(("G1", "駅前広場", "東区", 136.461)))

    (only,) = compare(old, new).differences()

    assert only.acts == ("moved", "changed")
    assert only.columns == (("name", "駅前", "駅前広場"),)


def test_a_file_without_ids_is_matched_by_what_its_rows_say(tmp_path: Path) -> None:
    shelf = shelf_in(tmp_path)
    old = put(
        shelf,
        stations(
            (None, "駅前", "東区", 136.46), (None, "役場", "西区", 136.47), (None, "寺", "南区", 136.48)
        ),
    )
    new = put(
        shelf,
        stations(
            (None, "駅前", "東区", 136.461), (None, "町役場", "西区", 136.47), (None, "社", "北区", 136.49)
        ),
    )

    found = compare(old, new)

    assert found.counts == {"added": 1, "removed": 1, "moved": 1, "changed": 1, "unchanged": 0}


def test_rows_that_are_alike_in_everything_but_place_are_not_guessed_at(tmp_path: Path) -> None:
    shelf = shelf_in(tmp_path)
    old = put(shelf, stations((None, "集積所", "東区", 136.46), (None, "集積所", "東区", 136.47)))
    new = put(shelf, stations((None, "集積所", "東区", 136.461), (None, "集積所", "東区", 136.471)))

    assert compare(old, new).counts["added"] == 2


def test_only_the_asked_part_of_the_differences_is_worked_out(tmp_path: Path) -> None:
    shelf = shelf_in(tmp_path)
    old = put(shelf, stations(*((f"G{n}", "所", "東区", 136.46 + n / 1e4) for n in range(30))))
    new = put(shelf, stations(*((f"G{n}", "所", "北区", 136.46 + n / 1e4) for n in range(5, 35))))

    found = compare(old, new)
    everything = list(found.differences())

    assert found.total == len(everything) == 35
    assert [one.feature_id for one in found.differences(3, 12)] == [
        one.feature_id for one in everything[3:12]
    ]


def test_moved_outlines_are_measured_in_metres_on_the_ground(tmp_path: Path) -> None:
    shelf = shelf_in(tmp_path)

    def area(east: float) -> gpd.GeoDataFrame:
        shape = shapely.Polygon([(136.46, 35.36), (east, 35.36), (136.46, 35.37)])
        return gpd.GeoDataFrame({"feature_id": ["A"], "name": ["東区"]}, geometry=[shape], crs=4326)

    given = {
        "reader": "general",
        "source_name": "a",
        "source_sha256": "",
        "by": "総務課",
        "at": AT,
        "as_of": None,
    }
    old = shelf.add("neighbourhood_association", area(136.47), **given)  # type: ignore[arg-type]
    new = shelf.add("neighbourhood_association", area(136.47 + DEG_PER_10_M), **given)  # type: ignore[arg-type]

    (only,) = compare(old, new).differences()

    assert only.acts == ("moved",)
    assert only.moved_m == pytest.approx(10, abs=0.1)
