"""Operators' tasks on real files: towns are founded, layers imported or refused whole, reports exported."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gisapp.settings import Settings
from tests.conftest import ROOT
from tests.serving import command, copied

SEKIGAHARA = ("関ケ原町", "213624")


def founded(folder: Path, name: str, code: str, boundary: Path | None = None) -> Path:
    words = ["town", "create", "--name", name, "--code", code]
    done = command(folder, *words, *(["--boundary", str(boundary)] if boundary else []))
    assert name in done.stdout
    return folder


def imported(folder: Path, file: Path, kind: str, *options: str) -> int:
    command(folder, "layer", "import", str(file), "--as", kind, *options)
    layers = json.loads(command(folder, "layer", "list", "--json").stdout)
    return int(next(layer["rows"] for layer in layers if layer["id"] == kind))


@pytest.fixture
def sekigahara(tmp_path: Path, shared_data: Path) -> Path:
    return founded(tmp_path / "var", *SEKIGAHARA, shared_data / "admin" / "N03-20260101_21.geojson")


@pytest.mark.parametrize(
    "form", ["gsi_emergency_213624_sekigahara.geojson", "gsi_csv_21362_2_sekigahara_derived.csv"]
)
def test_sekigahara_has_24_evacuation_sites_from_either_form(
    sekigahara: Path, shared_data: Path, form: str
) -> None:
    assert imported(sekigahara, shared_data / "shelters" / form, "evacuation_site") == 24


@pytest.mark.parametrize(
    "form", ["gsi_evacuation_213624_sekigahara.geojson", "gsi_csv_21362_1_sekigahara_derived.csv"]
)
def test_sekigahara_has_15_shelters_from_either_form(sekigahara: Path, shared_data: Path, form: str) -> None:
    assert imported(sekigahara, shared_data / "shelters" / form, "shelter") == 15


def test_gifu_has_48_n03_features(sekigahara: Path, shared_data: Path) -> None:
    assert imported(sekigahara, shared_data / "admin" / "N03-20260101_21.geojson", "boundary") == 48


def test_higashiura_has_381_garbage_stations(tmp_path: Path, shared_data: Path) -> None:
    town = founded(tmp_path / "var", "東浦町", "234427")
    assert imported(town, shared_data / "garbage" / "234427_garbage_station.csv", "garbage_station") == 381


def test_hida_has_951_landslide_zones(tmp_path: Path, shared_data: Path) -> None:
    boundary = shared_data / "admin" / "N03-20260101_21.geojson"
    town = founded(tmp_path / "var", "飛騨市", "212172", boundary)
    zones = shared_data / "hazard" / "hida_dosha_keikai.geojson"
    # two addresses are written 字宮ﾉ洞, with a half-width letter
    assert imported(town, zones, "landslide_zone", "--accept-repairs") == 951


@pytest.mark.parametrize("name", ["関ヶ原町", "関が原町", "関ｹ原町"])
def test_sekigahara_is_one_town_however_it_is_written(tmp_path: Path, shared_data: Path, name: str) -> None:
    founded(tmp_path / "var", name, SEKIGAHARA[1], shared_data / "admin" / "N03-20260101_21.geojson")


def test_another_towns_name_is_noticed(tmp_path: Path, shared_data: Path) -> None:
    words = ("town", "create", "--name", "鏡石町", "--code", "213624", "--boundary")
    refused = command(
        tmp_path / "var", *words, str(shared_data / "admin" / "N03-20260101_21.geojson"), check=False
    )
    assert refused.returncode == 1
    assert "関ケ原町" in refused.stderr
    assert not (tmp_path / "var" / "town.toml").exists()


def test_a_wrong_check_digit_is_noticed(tmp_path: Path) -> None:
    refused = command(
        tmp_path / "var", "town", "create", "--name", "関ケ原町", "--code", "213625", check=False
    )
    assert refused.returncode == 1
    assert "213624" in refused.stderr


def test_metres_without_a_crs_are_refused_naming_the_likely_one(sekigahara: Path, shared_data: Path) -> None:
    file = shared_data / "admin" / "kakamigahara_boundary_6675.geojson"
    before = command(sekigahara, "layer", "list", "--json").stdout
    refused = command(sekigahara, "layer", "import", str(file), "--as", "boundary", check=False)
    assert refused.returncode == 1
    assert "EPSG:6675" in refused.stderr
    assert "何も変わっていません" in refused.stderr
    assert command(sekigahara, "layer", "list", "--json").stdout == before


def test_swapped_columns_and_a_wrong_encoding_are_refused(
    sekigahara: Path, shared_data: Path, tmp_path: Path
) -> None:
    text = (shared_data / "shelters" / "gsi_csv_21362_2_sekigahara_derived.csv").read_text(
        encoding="utf-8-sig"
    )
    swapped = tmp_path / "swapped.csv"
    swapped.write_text(text.replace("緯度,経度", "経度,緯度"), encoding="utf-8")
    euc = tmp_path / "euc.csv"
    euc.write_bytes(text.encode("euc_jp", "replace"))
    for file, word in ((swapped, "逆"), (euc, "文字コード")):
        refused = command(sekigahara, "layer", "import", str(file), "--as", "evacuation_site", check=False)
        assert refused.returncode == 1
        assert word in refused.stderr
        assert "Traceback" not in refused.stderr


def test_a_layer_of_a_new_name_needs_no_edit_of_any_file(sekigahara: Path, shared_data: Path) -> None:
    file = shared_data / "shelters" / "gsi_emergency_213624_sekigahara.geojson"
    command(sekigahara, "layer", "import", str(file), "--as", "evacuation_site", "--id", "sites_2026")
    layers = json.loads(command(sekigahara, "layer", "list", "--json").stdout)
    found = next(layer for layer in layers if layer["id"] == "sites_2026")
    assert (found["kind"], found["rows"], found["version"]) == ("evacuation_site", 24, 1)


def test_the_listing_says_kind_rows_version_and_date(sekigahara: Path) -> None:
    layers = json.loads(command(sekigahara, "layer", "list", "--json").stdout)
    boundary = next(layer for layer in layers if layer["id"] == "boundary")
    assert (boundary["kind"], boundary["rows"], boundary["version"]) == ("boundary", 1, 1)
    assert boundary["as_of"] == "2026-01-01"


def test_a_town_is_never_written_over(sekigahara: Path) -> None:
    refused = command(sekigahara, "sample", check=False)
    assert refused.returncode == 1
    assert "もう町があります" in refused.stdout


def test_gdal_reads_the_exported_reports(sample_town: Path, tmp_path: Path) -> None:
    out = tmp_path / "reports.geojson"
    command(sample_town, "export", "reports", "--format", "geojson", "--out", str(out))
    ogrinfo = shutil.which("ogrinfo")
    assert ogrinfo, "gdal-bin is not installed: run `make test`"
    told = subprocess.run(
        [ogrinfo, "-so", "-al", str(out)], capture_output=True, text=True, check=True
    ).stdout
    count = len(json.loads(out.read_text())["features"])
    assert count > 200
    assert f"Feature Count: {count}" in told
    assert "Geometry: Point" in told
    assert "WGS 84" in told


def test_the_csv_opens_in_a_spreadsheet(sample_town: Path, tmp_path: Path) -> None:
    out = tmp_path / "reports.csv"
    command(sample_town, "export", "reports", "--format", "csv", "--out", str(out))
    raw = out.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\r\n") > 200
    assert raw.decode("utf-8-sig").splitlines()[0].startswith("受付番号,")


def test_an_export_that_cannot_be_written_leaves_the_old_file(sample_town: Path, tmp_path: Path) -> None:
    refused = command(
        sample_town, "export", "reports", "--out", str(tmp_path / "no" / "folder.geojson"), check=False
    )
    assert refused.returncode == 1
    assert "ファイルを使えません" in refused.stderr


def test_a_sample_that_was_cut_off_is_made_anew(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    making = [sys.executable, "-m", "gisapp.cli", "sample"]
    process = subprocess.Popen(
        making, cwd=ROOT, env={**os.environ, "GISAPP_DATA": str(folder)}, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    while b"100 / 300" not in process.stdout.readline():
        assert process.poll() is None
    process.kill()
    process.wait()
    assert not (folder / "town.toml").exists()

    made = command(folder, "sample")

    assert "300件" in made.stdout
    listed = json.loads(command(folder, "layer", "list", "--json").stdout)
    assert {layer["version"] for layer in listed if layer["version"]} == {1}


def test_the_town_may_lie_elsewhere(sample_town: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.toml"
    shutil.copy(sample_town / "town.toml", elsewhere)
    environment = {**os.environ, "GISAPP_DATA": str(tmp_path / "var"), "GISAPP_TOWN": str(elsewhere)}
    listing = [sys.executable, "-m", "gisapp.cli", "layer", "list"]
    done = subprocess.run(listing, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_without_a_town_the_operator_is_told_how_to_make_one(tmp_path: Path) -> None:
    refused = command(tmp_path / "var", "layer", "list", check=False)
    assert refused.returncode == 1
    assert "gisapp town create" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_sample_is_never_mixed_into_data_whose_town_file_is_gone(
    sekigahara: Path, shared_data: Path
) -> None:
    imported(sekigahara, shared_data / "shelters" / "gsi_evacuation_213624_sekigahara.geojson", "shelter")
    (sekigahara / "town.toml").rename(sekigahara / "lost.toml")
    before = sorted(path.name for path in sekigahara.rglob("*"))

    for word in ("sample", "start"):
        refused = command(sekigahara, word, check=False)
        assert refused.returncode == 1
        assert "見本は作りません" in refused.stdout

    assert sorted(path.name for path in sekigahara.rglob("*")) == before


def test_a_file_of_one_kind_does_not_go_into_a_layer_of_another(sekigahara: Path, shared_data: Path) -> None:
    file = str(shared_data / "shelters" / "gsi_evacuation_213624_sekigahara.geojson")
    refused = command(
        sekigahara, "layer", "import", file, "--as", "shelter", "--id", "flood_zone", check=False
    )
    assert refused.returncode == 1
    assert "洪水浸水想定区域" in refused.stderr


def test_a_refused_import_of_a_new_layer_leaves_no_trace(sekigahara: Path, shared_data: Path) -> None:
    file = str(shared_data / "admin" / "kakamigahara_boundary_6675.geojson")
    command(sekigahara, "layer", "import", file, "--as", "boundary", "--id", "mine", check=False)
    assert not (sekigahara / "layers" / "catalogue.toml").exists()


def test_a_town_founded_without_a_boundary_learns_its_extent_from_one(
    tmp_path: Path, shared_data: Path
) -> None:
    town = founded(tmp_path / "var", *SEKIGAHARA)
    imported(town, shared_data / "admin" / "N03-20260101_21.geojson", "boundary")
    bounds = tomllib.loads((town / "town.toml").read_text())["bounds"]
    assert bounds[0] > 136.3 and bounds[2] < 136.6


def test_an_outline_that_crosses_itself_is_refused_or_mended_with_consent(tmp_path: Path) -> None:
    ring = [[136.4, 35.3], [136.5, 35.4], [136.5, 35.3], [136.4, 35.4], [136.4, 35.3]]
    properties = {
        "N03_001": "岐阜県",
        "N03_002": None,
        "N03_003": "不破郡",
        "N03_004": "関ケ原町",
        "N03_007": "21362",
    }
    feature = {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    file = tmp_path / "N03.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    words = ("town", "create", "--name", "関ケ原町", "--code", "213624", "--boundary", str(file))
    refused = command(tmp_path / "var", *words, check=False)
    assert refused.returncode == 1
    assert "--accept-repairs" in refused.stderr
    assert not (tmp_path / "var" / "town.toml").exists()
    assert command(tmp_path / "var", *words, "--accept-repairs").returncode == 0


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("zone = 6675", "zone = 4326"),
        ("zone = 6675", ""),
        ('name = "見本町"', "name = 3"),
        ('number = "', "number = 119 # "),
        ("sample = true", "sample = [["),
    ],
)
def test_a_wrong_town_file_is_named_in_japanese(
    sample_town: Path, tmp_path: Path, line: str, word: str
) -> None:
    town = tmp_path / "town.toml"
    text = (sample_town / "town.toml").read_text()
    assert line in text
    town.write_text(text.replace(line, word, 1))
    refused = command(tmp_path, "layer", "list", check=False)
    assert refused.returncode == 1
    assert "町のファイル" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_damaged_key_is_not_used(sample_town: Path, tmp_path: Path) -> None:
    folder = copied(sample_town, tmp_path / "var")
    (folder / "secret.key").write_bytes(b"")
    refused = command(folder, "export", "reports", "--out", str(tmp_path / "out.geojson"), check=False)
    assert refused.returncode == 1
    assert "鍵のファイル" in refused.stderr


def test_a_relative_town_file_is_still_found_once_the_server_has_changed_folder(tmp_path: Path) -> None:
    settings = Settings.from_env(
        {"GISAPP_TOWN": "mine.toml", "GISAPP_DATA": "var", "GISAPP_ASSETS": "assets"}
    )
    assert settings.town_file.is_absolute() and settings.data.is_absolute() and settings.assets.is_absolute()
