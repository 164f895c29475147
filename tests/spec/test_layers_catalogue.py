"""One entry is all a new layer of a known kind needs, and a faulty catalogue tells all its faults at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from layers.catalogue import Catalogue, Entry, append_entry
from layers.errors import CatalogueError, UnknownLayer
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

    assert {entry.id for entry in catalogue} == set(KINDS)
    assert all(entry.kind == entry.id for entry in catalogue)
    assert {entry.visibility for entry in catalogue} == {"public", "internal"}


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
