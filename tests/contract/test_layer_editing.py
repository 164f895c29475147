"""Editing a layer: what is refused and why, and two people at one station who both keep their work."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from layers.box import Box
from layers.catalogue import Catalogue
from layers.editing import Change, ChangesRefused, Saved, apply_changes, conflict_of, feature_of
from layers.errors import SourceUnavailable, UnknownLayer
from layers.put_aside import PutAside
from layers.validate import TownArea
from layers.versions import LayerShelf

AT = datetime(2026, 4, 1, 9, 30, tzinfo=UTC)
BOX = Box(136.4, 35.3, 136.6, 35.4)
TOWN = TownArea("213624", 6675, BOX, shapely.box(*BOX))


def shelf_with_stations(folder: Path, n: int = 4) -> LayerShelf:
    shelf = LayerShelf(folder / "layers", Catalogue.load(), 6675)
    values = {
        "feature_id": [f"G{k}" for k in range(1, n + 1)],
        "name": [f"第{k}集積所" for k in range(1, n + 1)],
        "association": ["東区"] * n,
        "households": [10] * n,
    }
    points = [shapely.Point(136.45 + k / 1000, 35.36) for k in range(1, n + 1)]
    frame = gpd.GeoDataFrame(values, geometry=points, crs=4326)
    shelf.add("garbage_station", frame, reader="general", source_name="ごみ.csv", source_sha256="ab", by="環境課",
              at=AT, as_of=None)  # fmt: skip
    return shelf


def save(
    shelf: LayerShelf, *changes: Change, layer: str = "garbage_station", by: str = "環境課 山田"
) -> Saved:
    return apply_changes(shelf, layer, changes, by, AT, TOWN)


def update(feature_id: str, seen: int = 1, place: tuple[float, float] | None = None, **values: Any) -> Change:
    return Change("update", feature_id, seen, values, shapely.Point(place) if place else None)


def refused(
    shelf: LayerShelf, *changes: Change, layer: str = "garbage_station"
) -> list[tuple[str | None, str]]:
    with pytest.raises(ChangesRefused) as refusal:
        save(shelf, *changes, layer=layer)
    return [(fault.column, fault.code) for fault in refusal.value.faults]


def test_moving_renaming_adding_and_deleting_make_one_new_version(tmp_path: Path) -> None:
    shelf = shelf_with_stations(tmp_path)
    former = (tmp_path / "layers/garbage_station/v0001.parquet").read_bytes()

    saved = save(
        shelf,
        update("G1", place=(136.5, 35.37)),
        update("G2", association="北区", households="１２"),
        Change("create", "new-1", 1, {"name": "新しい集積所"}, shapely.Point(136.48, 35.35)),
        Change("delete", "G3", 1),
    )

    frame = shelf.current("garbage_station").frame.set_index("feature_id")
    assert (saved.made, saved.version.number, saved.done) == (True, 2, ("G1", "G2", "new-1", "G3"))
    assert list(frame.index) == ["G1", "G2", "G4", "new-1"]
    assert (frame.geometry["G1"].x, frame["name"]["G1"]) == (136.5, "第1集積所")
    assert (frame["association"]["G2"], frame["households"]["G2"]) == ("北区", 12)
    assert (frame["name"]["new-1"], frame["association"]["new-1"]) == ("新しい集積所", None)
    assert (tmp_path / "layers/garbage_station/v0001.parquet").read_bytes() == former


def test_the_history_tells_who_edited_which_feature_and_how(tmp_path: Path) -> None:
    shelf = shelf_with_stations(tmp_path)

    save(shelf, update("G1", place=(136.5, 35.37), association="北区"), Change("delete", "G3", 1))

    note = shelf.history("garbage_station")[0]
    assert (note.origin, note.from_version, note.by, note.source_name) == (
        "edit",
        1,
        "環境課 山田",
        "ごみ.csv",
    )
    assert [dict(edit) for edit in note.edits] == [
        {"act": "update", "feature_id": "G1", "columns": ["association"], "geometry": True},
        {"act": "delete", "feature_id": "G3", "columns": [], "geometry": False},
    ]


def test_two_people_at_different_stations_both_get_through(tmp_path: Path) -> None:
    shelf = shelf_with_stations(tmp_path)
    save(shelf, update("G1", association="北区"))

    saved = save(shelf, update("G2", association="南区"), by="環境課 佐藤")

    assert (saved.version.number, saved.conflicts) == (3, ())
    assert shelf.current("garbage_station").frame["association"].tolist()[:2] == ["北区", "南区"]


def test_two_people_at_one_station_and_the_second_is_asked(tmp_path: Path) -> None:
    shelf = shelf_with_stations(tmp_path)
    save(shelf, update("G1", association="北区"))

    saved = save(shelf, update("G1", association="南区"), update("G2", association="南区"), by="環境課 佐藤")

    (conflict,) = saved.conflicts
    assert conflict.base and conflict.theirs and conflict.mine
    assert [one.values["association"] for one in (conflict.base, conflict.theirs, conflict.mine)] == [
        "東区", "北区", "南区",
    ]  # fmt: skip
    assert (saved.done, saved.version.number, conflict.now) == (("G2",), 3, 2)
    assert shelf.current("garbage_station").frame["association"].tolist()[:2] == ["北区", "南区"]


def test_the_second_chooses_field_by_field_and_the_choice_is_a_new_version(tmp_path: Path) -> None:
    shelf = shelf_with_stations(tmp_path)
    save(shelf, update("G1", association="北区", name="駅前"))
    save(shelf, update("G1", association="南区", place=(136.5, 35.37)))

    chosen = save(shelf, update("G1", seen=2, place=(136.5, 35.37)))

    assert chosen.conflicts == ()
    feature = feature_of(chosen.version, "G1")
    assert feature is not None
    assert (feature.values["association"], feature.values["name"], feature.geometry.x) == (
        "北区",
        "駅前",
        136.5,
    )


@pytest.mark.parametrize("first", ["update", "delete"])
def test_one_deletes_what_the_other_changes_and_nothing_is_lost_unasked(tmp_path: Path, first: str) -> None:
    shelf = shelf_with_stations(tmp_path)
    both = {"update": update("G1", association="北区"), "delete": Change("delete", "G1", 1)}
    save(shelf, both.pop(first))

    (conflict,) = save(shelf, *both.values()).conflicts

    assert (conflict.theirs is None, conflict.mine is None) == (first == "delete", first == "update")
    assert conflict.base is not None


def test_a_deleted_station_can_be_put_back_with_its_id_and_its_unsaved_changes(tmp_path: Path) -> None:
    shelf = shelf_with_stations(tmp_path)
    save(shelf, Change("delete", "G1", 1))
    (conflict,) = save(shelf, update("G1", association="南区")).conflicts
    assert conflict.mine is not None

    saved = save(shelf, Change("create", "G1", 1, {"association": "南区"}))

    found = feature_of(saved.version, "G1")
    assert found is not None
    assert (found.values["name"], found.values["association"]) == ("第1集積所", "南区")


def test_a_message_sent_twice_makes_one_version(tmp_path: Path) -> None:
    shelf = shelf_with_stations(tmp_path)
    changes = (
        update("G1", association="北区"),
        Change("create", "new-1", 1, {"name": "新"}, shapely.Point(136.48, 35.35)),
        Change("delete", "G3", 1),
    )
    save(shelf, *changes)

    again = save(shelf, *changes)

    assert (again.made, again.conflicts, again.version.number) == (False, (), 2)
    assert set(again.done) == {"G1", "new-1", "G3"}
    assert shelf.current("garbage_station").rows == 4


def test_twelve_editors_at_once_lose_nothing(tmp_path: Path) -> None:
    shelf = shelf_with_stations(tmp_path, 12)
    threads = [
        threading.Thread(target=save, args=(LayerShelf(shelf.folder, Catalogue.load(), 6675),
                                            update(f"G{n}", association=f"区{n}")))
        for n in range(1, 13)
    ]  # fmt: skip

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    current = shelf.current("garbage_station")
    assert current.frame["association"].tolist() == [f"区{n}" for n in range(1, 13)]
    assert current.number == 13


def test_an_import_that_comes_between_is_not_overwritten(tmp_path: Path) -> None:
    shelf = shelf_with_stations(tmp_path)
    frame = shelf.current("garbage_station").frame.copy()
    frame["burnable"] = "火・金"

    def importing() -> None:
        for _ in range(4):
            shelf.add("garbage_station", frame, reader="general", source_name="b", source_sha256="", by="b", at=AT,
                      as_of=None)  # fmt: skip

    other = threading.Thread(target=importing)
    other.start()
    saved = [save(shelf, update("G4", seen=1, households=n)) for n in range(20, 24)]
    other.join()

    # whoever came last, each version was made from the one before it
    notes = [note for note in shelf.history("garbage_station") if note.origin == "edit"]
    assert all(note.from_version == note.number - 1 for note in notes)
    assert all(one.made or one.conflicts for one in saved)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (update("G1", households="十"), ("households", "not_a_number")),
        (update("G1", households="1.5"), ("households", "not_whole")),
        (update("G1", households=True), ("households", "not_a_number")),
        (update("G1", name="a" * 2001), ("name", "text_too_long")),
        (update("G1", name="a\x00b"), ("name", "text_broken")),
        (update("G1", name="a\u202eb"), ("name", "text_broken")),
        (update("G1", name="\ud800"), ("name", "text_broken")),
        (update("G1", name=["a"]), ("name", "not_text")),
        (update("G1", colour="red"), ("colour", "column_unknown")),
        (update("G1", source_properties="{}"), ("source_properties", "column_unknown")),
        (update("G1", place=(140.0, 36.0)), ("geometry", "outside_town")),
        (update("G1", place=(float("nan"), 36.0)), ("geometry", "number_not_finite")),
        (Change("update", "G1", 1, {}, shapely.LineString([(136.45, 35.36), (136.46, 35.36)])),
         ("geometry", "geometry_type")),
        (Change("update", "G1", 1, {}, shapely.Point()), ("geometry", "geometry_missing")),
        (Change("create", "new-1", 1, {"name": "a"}), ("geometry", "geometry_missing")),
        (Change("create", "../v0001", 1, {"name": "a"}, shapely.Point(136.45, 35.36)), (None, "id_shape")),
        (update("G1", seen=9, name="a"), (None, "version_unknown")),
        (update("G99", name="a"), (None, "feature_unknown")),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_field_and_nothing_changes(
    tmp_path: Path, change: Change, expected: tuple[str | None, str]
) -> None:
    shelf = shelf_with_stations(tmp_path)

    found = refused(shelf, update("G2", association="南区"), change)

    assert expected in found
    assert shelf.current("garbage_station").number == 1


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    shelf = shelf_with_stations(tmp_path)

    found = refused(
        shelf, update("G1", households="x", place=(140, 36)), update("G2", name="\x00"), update("G2")
    )

    assert set(found) == {("households", "not_a_number"), ("geometry", "outside_town"), ("name", "text_broken"),
                          (None, "changed_twice")}  # fmt: skip


def test_a_zone_that_crosses_itself_or_lacks_its_class_is_refused(tmp_path: Path) -> None:
    shelf = LayerShelf(tmp_path / "layers", Catalogue.load(), 6675)
    square = shapely.box(136.45, 35.35, 136.46, 35.36)
    frame = gpd.GeoDataFrame({"feature_id": ["Z1"], "zone": ["警戒区域"]}, geometry=[square], crs=4326)
    shelf.add(
        "landslide_zone", frame, reader="g", source_name="z", source_sha256="", by="県", at=AT, as_of=None
    )
    bow_tie = shapely.Polygon([(136.45, 35.35), (136.46, 35.36), (136.46, 35.35), (136.45, 35.36)])

    assert refused(shelf, Change("update", "Z1", 1, {}, bow_tie), layer="landslide_zone") == [
        ("geometry", "geometry_invalid")
    ]
    assert refused(shelf, Change("create", "new-1", 1, {}, square), layer="landslide_zone") == [
        ("zone", "value_missing")
    ]
    assert refused(shelf, update("Z1", zone="危険"), layer="landslide_zone") == [
        ("zone", "value_not_allowed")
    ]
    assert refused(shelf, update("Z1", zone=""), layer="landslide_zone") == [("zone", "value_missing")]


def test_the_columns_of_a_layer_of_any_kind_are_edited_under_their_own_titles(tmp_path: Path) -> None:
    catalogue = Catalogue.load()
    entry = replace(catalogue.entry("garbage_station"), id="bench", kind="general")
    shelf = LayerShelf(tmp_path / "layers", catalogue.with_entry(entry), 6675)
    frame = gpd.GeoDataFrame(
        {"feature_id": ["B1"], "name": ["ベンチ"], "source_properties": ['{"材質": "木", "数": 2}']},
        geometry=[shapely.Point(136.45, 35.36)], crs=4326,
    )  # fmt: skip
    shelf.add("bench", frame, reader="g", source_name="z", source_sha256="", by="建設課", at=AT, as_of=None)

    saved = save(shelf, update("B1", source_properties={"材質": "鉄", "数": 2, "色": ""}), layer="bench")

    feature = feature_of(saved.version, "B1")
    assert feature is not None
    assert json.loads(feature.values["source_properties"]) == {"材質": "鉄", "数": 2, "色": None}
    assert refused(shelf, update("B1", source_properties={"材質": ["木"]}), layer="bench") == [
        ("source_properties", "not_properties")
    ]


def test_the_last_feature_is_not_deleted_to_leave_a_layer_that_looks_safe(tmp_path: Path) -> None:
    shelf = shelf_with_stations(tmp_path, 1)

    assert refused(shelf, Change("delete", "G1", 1)) == [(None, "would_be_empty")]


def test_a_layer_that_cannot_be_read_is_not_edited(tmp_path: Path) -> None:
    shelf = shelf_with_stations(tmp_path)
    (tmp_path / "layers/garbage_station/v0001.parquet").write_bytes(b"PAR1")

    with pytest.raises(SourceUnavailable):
        save(shelf, update("G1", association="北区"))
    with pytest.raises(UnknownLayer):
        save(shelf, update("G1", association="北区"), layer="no_such_layer")


def test_when_the_version_looked_at_is_lost_its_author_is_asked(tmp_path: Path) -> None:
    shelf = shelf_with_stations(tmp_path)
    save(shelf, update("G2", association="北区"))
    (tmp_path / "layers/garbage_station/v0001.parquet").unlink()
    later = LayerShelf(shelf.folder, Catalogue.load(), 6675)

    (conflict,) = save(later, update("G1", association="南区")).conflicts

    assert conflict.base is None


def test_work_put_aside_survives_and_belongs_to_its_author_alone(tmp_path: Path) -> None:
    shelf = shelf_with_stations(tmp_path)
    save(shelf, update("G1", association="北区"))
    mine = update("G1", association="南区", place=(136.5, 35.37))

    kept = PutAside(shelf.folder).keep("garbage_station", mine, "sato", AT)
    again = PutAside(shelf.folder).keep("garbage_station", mine, "sato", AT)

    (found,) = PutAside(shelf.folder).of("garbage_station", "sato")
    assert kept.id == again.id == found.id
    assert found.change.values == {"association": "南区"}
    assert found.change.geometry == shapely.Point(136.5, 35.37)
    conflict = conflict_of(shelf, "garbage_station", found.change)
    assert conflict is not None
    assert conflict.now == 2
    assert PutAside(shelf.folder).of("garbage_station", "yamada") == []
    assert not PutAside(shelf.folder).drop("garbage_station", found.id, "yamada")
    assert PutAside(shelf.folder).drop("garbage_station", found.id, "sato")
    assert PutAside(shelf.folder).of("garbage_station", "sato") == []


@pytest.mark.parametrize("name", ["../current", "..", "", "0" * 24, "x" * 24])
def test_a_draft_is_only_ever_a_draft(tmp_path: Path, name: str) -> None:
    shelf = shelf_with_stations(tmp_path)

    assert not PutAside(shelf.folder).drop("garbage_station", name, "sato")

    assert shelf.current("garbage_station").number == 1
