"""What a repair changes is stated before anybody says yes, and nothing is repaired without that yes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from layers import readers
from layers.box import Box
from layers.catalogue import Catalogue
from layers.drafts import Drafts, Findings, UnknownDraft, safe_name
from layers.errors import Fault, Grade, ImportRefused
from layers.kinds import KINDS
from layers.readers import Read
from layers.repairs import mend
from layers.validate import TownArea, admit, check, validate

ZONE = 6675
SQUARE = shapely.box(136.40, 35.30, 136.55, 35.45)
TOWN = TownArea("213624", ZONE, Box(136.40, 35.30, 136.55, 35.45), SQUARE)
BOWTIE = shapely.Polygon([(136.45, 35.35), (136.46, 35.36), (136.46, 35.35), (136.45, 35.36)])
NOW = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)


def places(*shapes: object, **columns: object) -> gpd.GeoDataFrame:
    """A frame as a reader gives it, its rows counted as in a CSV."""
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=4326, index=range(2, 2 + len(shapes)))


def read_as(frame: gpd.GeoDataFrame) -> Read:
    return Read(frame, None, "general", "名称")


def told(frame: gpd.GeoDataFrame, kind: str = "public_facility") -> list[tuple[str, Grade, int | None]]:
    return [(fault.code, fault.grade, fault.row) for fault in validate(frame, KINDS[kind], TOWN)]


def test_the_four_broken_zones_of_yaizu_are_named_and_keep_their_area(shared_data: Path) -> None:
    kind = KINDS["inland_flood_zone"]
    read = readers.read(shared_data / "hazard/yaizu_naisui_shinsui.geojson", kind)
    yaizu = TownArea("222127", 6676, Box(138.2, 34.75, 138.4, 34.95))

    checked = check(read, kind, yaizu)
    invalid = [fault for fault in checked.faults if fault.code == "geometry_invalid"]

    assert [(fault.row, fault.grade) for fault in invalid] == [(row, Grade.REPAIR) for row in (1, 2, 3, 4)]
    assert all(fault.expected == "+0.0000 %" for fault in invalid)
    with pytest.raises(ImportRefused):
        admit(read, kind, yaizu)
    kept = admit(read, kind, yaizu, accept_repairs=True).frame
    assert len(kept) == 6
    assert kept.geometry.is_valid.all()
    before, after = (frame.to_crs(6676).geometry.area.to_numpy() for frame in (read.frame, kept))
    assert np.abs(after / before - 1).max() < 0.001


def test_a_bowtie_keeps_both_its_halves_and_the_area_is_said_in_square_metres() -> None:
    mended = mend(places(BOWTIE), ZONE)

    [fault], [change] = mended.faults, mended.changes
    assert (fault.code, fault.row, fault.column) == ("geometry_invalid", 2, None)
    assert fault.found.startswith("Self-intersection[")
    area_m2 = gpd.GeoSeries(mended.frame.geometry).to_crs(ZONE).area.iloc[0]
    assert fault.expected.endswith(f" → {area_m2:.0f} m²")
    assert area_m2 > 400_000
    assert change.before.equals(BOWTIE)
    assert change.spot == pytest.approx((136.455, 35.355))


def test_ground_that_two_parts_of_an_area_cover_stays_covered() -> None:
    left, right = shapely.box(136.45, 35.35, 136.46, 35.36), shapely.box(136.455, 35.35, 136.465, 35.36)

    mended = mend(places(shapely.MultiPolygon([left, right])), ZONE)

    assert shapely.contains_xy(mended.frame.geometry.iloc[0], 136.457, 35.355)
    assert mended.faults[0].expected.startswith("-25.")


def test_an_area_of_no_width_cannot_be_repaired() -> None:
    spike = shapely.Polygon([(136.45, 35.35), (136.46, 35.35), (136.45, 35.35)])

    assert ("geometry_collapsed", Grade.REFUSE, 2) in told(places(spike), "landslide_zone")


def test_a_file_with_latitude_and_longitude_swapped_is_turned_with_consent() -> None:
    frame = places(shapely.Point(35.36, 136.46), shapely.Point(35.37, 136.47), name=["役場", "駅"])
    kind = KINDS["public_facility"]

    assert told(frame) == [("lonlat_swapped", Grade.REPAIR, None)]
    kept = admit(read_as(frame), kind, TOWN, accept_repairs=True).frame

    assert [(point.x, point.y) for point in kept.geometry] == [(136.46, 35.36), (136.47, 35.37)]


def test_single_swapped_rows_are_named_one_by_one() -> None:
    frame = places(shapely.Point(136.46, 35.36), shapely.Point(35.37, 136.47))

    assert told(frame) == [("lonlat_swapped", Grade.REPAIR, 3)]


def test_a_swapped_row_is_still_tried_against_the_town() -> None:
    assert told(places(shapely.Point(136.46, 35.36), shapely.Point(35.37, 136.60))) == [
        ("lonlat_swapped", Grade.REPAIR, 3),
        ("outside_town", Grade.NOTE, 3),
    ]


def test_heights_are_left_out_with_consent() -> None:
    frame = places(shapely.Point(136.46, 35.36, 12.5))

    assert told(frame) == [("z_dropped", Grade.REPAIR, None)]
    assert not mend(frame, ZONE).frame.geometry.has_z.any()


def test_a_row_that_stands_twice_is_taken_once() -> None:
    here, there = shapely.Point(136.46, 35.36), shapely.Point(136.47, 35.36)
    frame = places(here, there, here, name=["役場", "駅", "役場"])

    assert told(frame) == [("row_twice", Grade.REPAIR, 4)]
    kept = admit(read_as(frame), KINDS["public_facility"], TOWN, accept_repairs=True).frame
    assert list(kept["name"]) == ["役場", "駅"]


def test_two_things_at_one_place_are_kept_and_noted() -> None:
    here = shapely.Point(136.46, 35.36)

    assert told(places(here, here, name=["役場", "図書館"])) == [("place_twice", Grade.NOTE, 3)]


def test_one_id_on_two_different_rows_is_refused_on_equal_rows_mended() -> None:
    here, there = shapely.Point(136.46, 35.36), shapely.Point(136.47, 35.36)

    assert told(places(here, there, feature_id=["a", "a"])) == [("id_twice", Grade.REFUSE, 3)]
    assert told(places(here, here, feature_id=["a", "a"])) == [("row_twice", Grade.REPAIR, 3)]
    assert told(places(here, here, feature_id=["a", "b"])) == [("place_twice", Grade.NOTE, 3)]


def test_a_shape_across_the_date_line_is_refused() -> None:
    wide = shapely.box(-179.9, 35.3, 179.9, 35.4)
    beyond = shapely.box(179.5, 35.3, 180.5, 35.4)

    for shape in (wide, beyond):
        assert ("antimeridian", Grade.REFUSE, 2) in told(places(shape), "landslide_zone")
        assert "metres_without_crs" not in {code for code, *_ in told(places(shape), "landslide_zone")}


def test_a_place_outside_the_town_is_told_with_its_distance() -> None:
    found = validate(places(shapely.Point(136.46, 35.36), shapely.Point(136.60, 35.36)), KINDS["aed"], TOWN)

    [fault] = [one for one in found if one.code == "outside_town"]
    assert fault.expected == "4.5 km"


def test_the_frame_that_was_read_stays_as_it_was() -> None:
    frame = places(BOWTIE, shapely.Point(35.36, 136.46))
    before = list(shapely.to_wkb(np.asarray(frame.geometry.array)))

    mend(frame, ZONE)

    assert list(shapely.to_wkb(np.asarray(frame.geometry.array))) == before


@pytest.fixture
def drafts(tmp_path: Path) -> Drafts:
    return Drafts(tmp_path / "imports")


def sent(drafts: Drafts, name: str = "a.csv", at: datetime = NOW) -> str:
    entry = Catalogue.load().entry("public_facility")
    with drafts.arriving() as folder:
        (folder / name).write_text("名称,緯度,経度\n", encoding="utf-8")
        return drafts.keep(folder / name, by="kankyo", at=at, entry=entry, new=False).token


def test_a_draft_is_the_same_after_a_restart(drafts: Drafts) -> None:
    token = sent(drafts)
    faults = [Fault("geometry_invalid", Grade.REPAIR, 2, None, "Self-intersection[136 35]", "+0.0000 %")]
    counts = {"refuse": 0, "repair": 1, "note": 0}
    found = Findings("public_facility", "general", "名称", 1, NOW.date(), counts, 1, 3, {"added": 1})
    drafts.looked_at(drafts.get(token), found, faults, mend(places(BOWTIE), ZONE).changes)

    again = Drafts(drafts.folder).get(token)

    assert again.found == found
    assert again.faults() == faults
    assert again.source.read_text(encoding="utf-8").startswith("名称")
    [before] = json.loads(again.shapes("before"))["features"]
    [after] = json.loads(again.shapes("after"))["features"]
    assert before["geometry"]["type"] == "Polygon"
    assert after["geometry"]["type"] == "MultiPolygon"
    assert before["properties"]["spot"] == pytest.approx([136.455, 35.355])


def test_half_a_letter_in_a_fault_does_not_stop_a_draft(drafts: Drafts) -> None:
    draft = drafts.get(sent(drafts))
    faults = [Fault("text_broken", Grade.REFUSE, 2, "名称", "\ud800", "text")]
    found = Findings("public_facility", "general", "", 1, None, {"refuse": 1}, 0)

    kept = drafts.looked_at(draft, found, faults)

    assert kept.faults()[0].found == "?"
    assert drafts.still(kept, faults)


def test_a_draft_is_gone_after_a_day_and_its_token_then_unknown(drafts: Drafts) -> None:
    token = sent(drafts)
    made = datetime.fromtimestamp((drafts.folder / token).stat().st_mtime, UTC)

    assert drafts.sweep(made - timedelta(seconds=1)) == 0
    assert drafts.sweep(made + timedelta(seconds=1)) == 1
    with pytest.raises(UnknownDraft):
        drafts.get(token)


def test_a_draft_of_another_release_is_unknown_and_stops_nothing(drafts: Drafts) -> None:
    old, whole = sent(drafts), sent(drafts)
    (drafts.folder / old / "draft.json").write_text('{"by": "kankyo", "found": {}}')

    assert [draft.token for draft in drafts.waiting("kankyo")] == [whole]


@pytest.mark.parametrize("token", ["", "..", "../../etc", "a" * 22, "あ" * 22, "a/../" * 4 + "aa"])
def test_a_token_is_never_a_path(drafts: Drafts, token: str) -> None:
    with pytest.raises(UnknownDraft):
        drafts.get(token)


def test_a_file_that_breaks_off_leaves_no_draft(drafts: Drafts) -> None:
    with pytest.raises(OSError), drafts.arriving() as folder:
        (folder / "a.csv").write_text("half", encoding="utf-8")
        raise OSError

    assert list(drafts.folder.iterdir()) == []
    assert drafts.waiting("kankyo") == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("避難所.csv", "避難所.csv"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\ごみ.xlsx", "ごみ.xlsx"),
        ("a\x00b\n.csv", "a_b_.csv"),
        ("...", "file"),
        ("", "file"),
        ("/", "file"),
        ("x" * 300 + ".geojson", "x" * 73 + ".geojson"),
    ],
)
def test_a_files_name_is_kept_only_as_a_name(given: str, kept: str) -> None:
    assert safe_name(given) == kept
