"""One entry is all a new layer of a known kind needs, and a faulty catalogue tells all its faults at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from layers.catalogue import Catalogue, Entry, append_entry, change_entry
from layers.errors import CatalogueError, UnknownLayer
from layers.kind import StyleChange
from layers.kinds import KINDS
from layers.versions import LayerShelf

OLD_WELLS = Entry(
    id="old_wells",
    title="古井戸",
    kind="public_facility",
    theme="施設",
    department="建設課",
    visibility="internal",
    licence="庁内利用に限る",
    attribution="建設課",
)


def test_every_kind_is_shipped_with_an_entry_of_its_name() -> None:
    catalogue = Catalogue.load()

    assert set(KINDS) <= {entry.id for entry in catalogue}
    assert all(entry.kind == entry.id for entry in catalogue if entry.id in KINDS)
    assert {entry.visibility for entry in catalogue} == {"public", "internal"}
    assert len({entry.order for entry in catalogue}) == len(list(catalogue))


def test_pipes_parcels_and_care_homes_are_for_the_town_hall_only() -> None:
    inside = {entry.id for entry in Catalogue.load() if entry.visibility == "internal"}

    assert {"water_pipe", "sewer_pipe", "manhole", "parcel", "vulnerable_facility", "hydrant"} <= inside
    assert Catalogue.load().entry("garbage_station").department == "環境課"


def test_one_entry_is_all_a_new_layer_of_a_known_kind_needs(tmp_path: Path) -> None:
    town_file = tmp_path / "catalogue.toml"
    town_file.write_text(
        '[old_wells]\ntitle = "古井戸"\nkind = "public_facility"\ndepartment = "建設課"\n'
        'visibility = "internal"\nlicence = "庁内利用に限る"\nattribution = "建設課"\n',
        encoding="utf-8",
    )
    shelf = LayerShelf(tmp_path / "layers", Catalogue.load(town_file), 6675)
    wells = gpd.GeoDataFrame({"name": ["中町の井戸"]}, geometry=[shapely.Point(136.46, 35.36)], crs=4326)

    shelf.add(
        "old_wells", wells, reader="general", source_name="wells.csv", source_sha256="-", by="建設課",
        at=datetime(2026, 4, 1, tzinfo=UTC), as_of=None,
    )  # fmt: skip

    listed = {state.id: state for state in shelf.listing()}
    assert listed["old_wells"].ok
    assert (listed["old_wells"].title, listed["old_wells"].rows) == ("古井戸", 1)
    assert listed["old_wells"].theme == KINDS["public_facility"].theme


def test_a_town_changes_one_field_of_a_shipped_layer(tmp_path: Path) -> None:
    town_file = tmp_path / "catalogue.toml"
    town_file.write_text('[aed]\ndepartment = "健康福祉課"\n', encoding="utf-8")

    aed = Catalogue.load(town_file).entry("aed")

    assert (aed.department, aed.kind) == ("健康福祉課", "aed")


def test_a_town_without_a_file_of_its_own_has_the_shipped_layers(tmp_path: Path) -> None:
    assert Catalogue.load(tmp_path / "none.toml") == Catalogue.load()


def test_all_faults_of_a_catalogue_are_told_at_once(tmp_path: Path) -> None:
    town_file = tmp_path / "catalogue.toml"
    town_file.write_text(
        '["../up"]\ntitle = "x"\n'
        '[aed]\nkind = "ufo"\nvisibility = "secret"\ndefault_on = 1\ncolour = "red"\n',
        encoding="utf-8",
    )

    with pytest.raises(CatalogueError) as refused:
        Catalogue.load(town_file)

    codes = {(fault.code, fault.column) for fault in refused.value.faults}
    assert {
        ("entry_id_shape", "[../up]"),
        ("entry_field_missing", "[../up] kind"),
        ("entry_kind_unknown", "[aed] kind"),
        ("entry_visibility", "[aed] visibility"),
        ("entry_field_type", "[aed] default_on"),
        ("entry_field_unknown", "[aed] colour"),
    } <= codes


def test_a_catalogue_that_is_not_toml_is_named(tmp_path: Path) -> None:
    town_file = tmp_path / "catalogue.toml"
    town_file.write_bytes("[aed]\ntitle = ＡＥＤ".encode("cp932"))

    with pytest.raises(CatalogueError) as refused:
        Catalogue.load(town_file)

    assert [(fault.code, fault.column) for fault in refused.value.faults] == [
        ("catalogue_broken", "catalogue.toml")
    ]


@pytest.mark.parametrize(
    "title",
    [
        '"; evil = "1',
        "a\nb",
        "back\\slash",
        "{{ 7*191 }}",
        "<img src=x onerror=alert(1)>",
        "\x7f\x01",
        "'''",
        "👷葛󠄀",
    ],
)
def test_any_title_is_written_and_read_back_unchanged(tmp_path: Path, title: str) -> None:
    town_file = tmp_path / "layers" / "catalogue.toml"

    append_entry(town_file, replace(OLD_WELLS, title=title))
    append_entry(town_file, replace(OLD_WELLS, id="second"))

    assert Catalogue.load(town_file).entry("old_wells").title == title
    assert "second" in Catalogue.load(town_file)


def test_an_entry_that_is_there_already_is_not_written_twice(tmp_path: Path) -> None:
    town_file = tmp_path / "catalogue.toml"
    append_entry(town_file, OLD_WELLS)
    before = town_file.read_bytes()

    with pytest.raises(CatalogueError) as refused:
        append_entry(town_file, OLD_WELLS)

    assert [fault.code for fault in refused.value.faults] == ["entry_exists"]
    assert town_file.read_bytes() == before


def test_a_faulty_entry_reaches_neither_the_catalogue_nor_its_file(tmp_path: Path) -> None:
    faulty = replace(OLD_WELLS, kind="ufo", licence="")

    with pytest.raises(CatalogueError) as refused:
        append_entry(tmp_path / "catalogue.toml", faulty)
    with pytest.raises(CatalogueError):
        Catalogue.load().with_entry(faulty)

    assert {fault.code for fault in refused.value.faults} == {"entry_kind_unknown", "entry_field_missing"}
    assert not (tmp_path / "catalogue.toml").exists()


def test_a_layer_nobody_catalogued_is_unknown() -> None:
    catalogue = Catalogue.load()

    with pytest.raises(UnknownLayer):
        catalogue.entry("old_wells")
    assert catalogue.with_entry(OLD_WELLS).entry("old_wells") == OLD_WELLS
    assert "old_wells" not in catalogue


STYLED = (
    '[garbage_station.style.garbage_station]\nfill = "#336600"\nletter = "集"\ntext_ja = "集積所"\n'
    "weight_px = 2\n"
)


def test_a_town_draws_a_layer_in_its_own_way(tmp_path: Path) -> None:
    town_file = tmp_path / "catalogue.toml"
    town_file.write_text(STYLED, encoding="utf-8")
    shelf = LayerShelf(tmp_path / "layers", Catalogue.load(town_file), 6675)
    frame = gpd.GeoDataFrame({"name": ["森岡1"]}, geometry=[shapely.Point(136.46, 35.36)], crs=4326)

    version = shelf.add(
        "garbage_station", frame, reader="general", source_name="g.csv", source_sha256="-", by="環境課",
        at=datetime(2026, 4, 1, tzinfo=UTC), as_of=None,
    )  # fmt: skip

    style = version.kind.styles[0]
    assert (style.fill, style.letter, style.text_ja, style.weight_px) == ("#336600", "集", "集積所", 2)
    assert style.stroke == KINDS["garbage_station"].styles[0].stroke


def test_a_layer_whose_file_names_no_day_stands_for_the_day_of_the_catalogue(tmp_path: Path) -> None:
    town_file = tmp_path / "catalogue.toml"
    town_file.write_text('[aed]\nas_of = "2026-04-01"\n', encoding="utf-8")
    shelf = LayerShelf(tmp_path / "layers", Catalogue.load(town_file), 6675)
    frame = gpd.GeoDataFrame({"name": ["役場"]}, geometry=[shapely.Point(136.46, 35.36)], crs=4326)
    said: dict[str, object] = {
        "reader": "general", "source_name": "aed.csv", "source_sha256": "-", "by": "危機管理課",
        "at": datetime(2026, 5, 1, tzinfo=UTC),
    }  # fmt: skip

    assert shelf.add("aed", frame, **said, as_of=None).as_of == date(2026, 4, 1)
    assert shelf.add("aed", frame, **said, as_of=date(2026, 4, 30)).as_of == date(2026, 4, 30)


def test_all_faults_of_a_style_are_told_at_once(tmp_path: Path) -> None:
    town_file = tmp_path / "catalogue.toml"
    town_file.write_text(
        '[aed]\nas_of = "R8.4.1"\n'
        '[aed.style.aed]\nfill = "red"\nweight_px = 900\npattern = "stars"\nletter = "ＡＥＤ装置"\nsize = 3\n'
        '[aed.style.defibrillator]\nfill = "#FF0000"\n'
        '[hydrant.style.cistern]\nletter = "消"\n',
        encoding="utf-8",
    )

    with pytest.raises(CatalogueError) as refused:
        Catalogue.load(town_file)

    assert {(fault.code, fault.column) for fault in refused.value.faults} == {
        ("entry_as_of", "[aed] as_of"),
        ("entry_style_value", "[aed] style.aed fill"),
        ("entry_style_value", "[aed] style.aed weight_px"),
        ("entry_style_value", "[aed] style.aed pattern"),
        ("entry_style_value", "[aed] style.aed letter"),
        ("entry_field_unknown", "[aed] style.aed size"),
        ("entry_style_unknown", "[aed] style.defibrillator"),
        ("entry_style_alike", "[hydrant] style.cistern"),
    }


WRITTEN_BY_HAND = (
    "# 見本町のレイヤー台帳。変えるときは総務課へ\n\n"
    "[aed]\n"
    'department = "健康福祉課"  # 令和8年度から # 所管替え\n'
    "# 次の行は来年見直す\n"
    "order = 165\n\n"
    "# 古い井戸の一覧\n"
    '[old_wells]\ntitle = "古井戸"\nkind = "public_facility"\ndepartment = "建設課"\n'
    'visibility = "internal"\nlicence = "庁内利用に限る"\nattribution = "建設課"\n'
)


def test_a_changed_entry_keeps_the_comments_and_the_other_entries_of_the_file(tmp_path: Path) -> None:
    town_file = tmp_path / "catalogue.toml"
    town_file.write_text(WRITTEN_BY_HAND, encoding="utf-8")

    changed = change_entry(town_file, "aed", {"department": "消防署", "title": "AED（24時間）"})

    assert (changed.department, changed.title, changed.order) == ("消防署", "AED（24時間）", 165)
    assert Catalogue.load(town_file).entry("aed") == changed
    assert town_file.read_text(encoding="utf-8") == WRITTEN_BY_HAND.replace(
        'department = "健康福祉課"', 'department = "消防署"'
    ).replace("order = 165\n", 'order = 165\ntitle = "AED（24時間）"\n')


def test_a_shipped_layer_is_changed_by_a_table_with_only_what_differs(tmp_path: Path) -> None:
    town_file = tmp_path / "layers" / "catalogue.toml"

    change_entry(town_file, "hydrant", {"visibility": "public", "seen_by": ["消防署"]})

    assert town_file.read_text(encoding="utf-8") == '[hydrant]\nvisibility = "public"\nseen_by = ["消防署"]\n'
    assert Catalogue.load(town_file).entry("hydrant").seen_by == ("消防署",)
    assert Catalogue.load(town_file).entry("hydrant").title == Catalogue.load().entry("hydrant").title


def test_a_field_set_to_nothing_goes_back_to_what_is_shipped(tmp_path: Path) -> None:
    town_file = tmp_path / "catalogue.toml"
    town_file.write_text(WRITTEN_BY_HAND, encoding="utf-8")

    changed = change_entry(town_file, "aed", {"department": None})

    assert changed.department == Catalogue.load().entry("aed").department
    assert changed.order == 165


def test_a_style_is_changed_taken_back_and_never_touches_its_neighbours(tmp_path: Path) -> None:
    town_file = tmp_path / "catalogue.toml"
    town_file.write_text(STYLED + "\n" + WRITTEN_BY_HAND, encoding="utf-8")

    changed = change_entry(town_file, "garbage_station", {"style": {"garbage_station": {"fill": "#112233"}}})
    assert changed.style == (StyleChange("garbage_station", fill="#112233"),)
    assert Catalogue.load(town_file).entry("garbage_station") == changed

    change_entry(town_file, "garbage_station", {"style": None})
    assert Catalogue.load(town_file).entry("garbage_station").style == ()
    assert WRITTEN_BY_HAND in town_file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "odd",
    [
        'aed.department = "健康福祉課"\n',
        '[aed]\nseen_by = [\n  "消防署",\n  "[old]",\n]\n',
        '[aed]\nattribution = """\n[fake]\ntitle = "x"\n"""\n',
        '["aed"]\n"title" = "ＡＥＤ"\n',
        '[aed]\ntitle = "no line end"',
        '[aed]\r\ntitle = "windows"\r\n',
        "",
    ],
)
def test_however_a_file_is_written_a_change_changes_only_what_it_says(tmp_path: Path, odd: str) -> None:
    town_file = tmp_path / "catalogue.toml"
    town_file.write_bytes(odd.encode())
    before = Catalogue.load(town_file)

    after = change_entry(town_file, "aed", {"order": 7})

    assert after == replace(before.entry("aed"), order=7)
    loaded = Catalogue.load(town_file)
    assert loaded.entry("aed") == after
    assert [entry for entry in loaded if entry.id != "aed"] == [
        entry for entry in before if entry.id != "aed"
    ]


def test_a_change_that_would_break_the_catalogue_is_refused_and_the_file_stays(tmp_path: Path) -> None:
    town_file = tmp_path / "catalogue.toml"
    town_file.write_text(WRITTEN_BY_HAND, encoding="utf-8")

    with pytest.raises(CatalogueError) as refused:
        change_entry(town_file, "aed", {"visibility": "secret", "as_of": "soon", "colour": "red"})
    with pytest.raises(UnknownLayer):
        change_entry(town_file, "ufo", {"title": "x"})
    with pytest.raises(CatalogueError):
        change_entry(town_file, "old_wells", {"licence": None})

    assert {fault.code for fault in refused.value.faults} == {
        "entry_visibility", "entry_as_of", "entry_field_unknown",
    }  # fmt: skip
    assert town_file.read_text(encoding="utf-8") == WRITTEN_BY_HAND


def test_two_people_who_change_the_catalogue_at_once_both_keep_their_change(tmp_path: Path) -> None:
    town_file = tmp_path / "catalogue.toml"
    ids = [entry.id for entry in Catalogue.load()][:12]

    with ThreadPoolExecutor(max_workers=6) as people:
        list(people.map(lambda one: change_entry(town_file, one, {"order": 1000 + ids.index(one)}), ids))

    catalogue = Catalogue.load(town_file)
    assert [catalogue.entry(one).order for one in ids] == [1000 + at for at in range(len(ids))]


def test_an_entry_with_a_style_is_written_and_read_back_unchanged(tmp_path: Path) -> None:
    town_file = tmp_path / "catalogue.toml"
    styled = replace(
        OLD_WELLS, as_of="2026-04-01", seen_by=("消防署",),
        style=(StyleChange("public_facility", fill="#123456", letter="井", text_ja="古い井戸 #1"),),
    )  # fmt: skip

    append_entry(town_file, styled)

    assert Catalogue.load(town_file).entry("old_wells") == styled
