"""A layer that is written out, opened by another program and imported again is the same layer."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gisapp.flows.publish_layer import layer_file, layer_index, losses_in_words
from layers import readers
from layers.catalogue import Catalogue, Entry
from layers.crs import LONLAT, to_plane
from layers.kinds import KINDS
from layers.versions import LayerShelf, LayerVersion
from layers.writers import FORMATS, write_layer
from tests.serving import command, copied

AT = datetime(2026, 11, 1, tzinfo=UTC)
SQUARE = shapely.Polygon(
    [(136.46, 35.36), (136.47, 35.36), (136.47, 35.37), (136.46, 35.37)],
    [[(136.463, 35.363), (136.466, 35.363), (136.466, 35.366)]],
)
TWO = shapely.MultiPolygon([SQUARE, shapely.box(136.48, 35.36, 136.49123456789, 35.37)])
LINE = shapely.LineString([(136.4612345678, 35.36), (136.47, 35.3798765432)])
POINTS = [shapely.Point(136.4612345678 + step / 100, 35.3698765432) for step in range(4)]
# Letters that cp932 has in its own way, and letters that it has not.
NAMES = ["髙﨑①㈱前", "𠮷野家前〜葛󠄀城", "=1+1", "'@中町"]
SOURCE = [
    {
        "鍵の場所": "{{ 7*191 }}",
        "整理番号": 7,
        "割合": 0.25,
        "使用中": True,
        "名称": "別名",
        "fid": 3,
        "緯度": "北",
    },
    {"鍵の場所": "-5", "整理番号": 0, "使用中": False, "年": "令和8年", "割合": -1e-9},
    {},
    {
        "鍵の場所": "二行\nめ",
        "整理番号": None,
        "FID": "x",
        "very_long_column_name_1": "a",
        "very_long_column_name_2": "b",
    },
]


def kept(
    folder: Path, kind: str, shapes: list[Any], visibility: str = "public", **columns: list[Any]
) -> LayerVersion:
    entry = Entry(kind, "題名", kind, "", "環境課", visibility, "CC BY 4.0", "環境課")  # type: ignore[arg-type]
    shelf = LayerShelf(folder / "layers", Catalogue.load().with_entry(entry), 6675)
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs=LONLAT)
    frame["feature_id"] = [f"{kind}-{number:03d}" for number in range(len(shapes))]
    return shelf.add(
        kind, frame, reader="general", source_name="a.csv", source_sha256="", by="t", at=AT, as_of=AT.date()
    )


def sites(folder: Path) -> LayerVersion:
    flags: dict[str, list[Any]] = {
        column.name: [True, False, None, True]
        for column in KINDS["evacuation_site"].columns
        if column.type == "bool"
    }
    return kept(folder, "evacuation_site", POINTS, name=NAMES, note=[None, "１階のみ", " ", 'a,b"c'], **flags)


def zones(folder: Path) -> LayerVersion:
    return kept(folder, "flood_zone", [SQUARE, TWO], depth_rank=[1, 6], scenario=["想定最大規模", None])


def stations(folder: Path) -> LayerVersion:
    extra = [
        json.dumps(row, ensure_ascii=False) if row else None
        for row in ({k: v for k, v in one.items() if v is not None} for one in SOURCE)
    ]
    return kept(folder, "garbage_station", POINTS, name=NAMES, households=[12, 0, None, 7], burnable=["月 木", None, "○", "水2"],
                source_properties=extra)  # fmt: skip


def rivers(folder: Path) -> LayerVersion:
    return kept(
        folder, "river", [LINE, SQUARE, shapely.MultiLineString([LINE, LINE])], name=["川", "池", "用水"]
    )


def anything(folder: Path) -> LayerVersion:
    extra = [json.dumps({"題": name, "数": number}, ensure_ascii=False) for number, name in enumerate(NAMES)]
    return kept(folder, "general", [*POINTS[:2], LINE, TWO], name=NAMES, source_properties=extra)


LAYERS = {"sites": sites, "zones": zones, "stations": stations, "rivers": rivers, "anything": anything}


def rows_of(frame: gpd.GeoDataFrame, columns: list[str]) -> dict[str, list[Any]]:
    return {row["feature_id"]: [row[name] for name in columns] for _, row in frame.iterrows()}


def moved_m(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> float:
    pairs = [
        to_plane(np.asarray(one.sort_values("feature_id").geometry.array), 6675) for one in (before, after)
    ]
    return float(shapely.hausdorff_distance(*pairs).max())


def source(frame: gpd.GeoDataFrame, *, as_text: bool = False) -> dict[str, dict[str, Any]]:
    """The file's own columns; as_text where a format knows no numbers for them."""
    found = {row["feature_id"]: json.loads(row["source_properties"] or "{}") for _, row in frame.iterrows()}
    return (
        {key: {name: _text(cell) for name, cell in row.items()} for key, row in found.items()}
        if as_text
        else found
    )


def _text(cell: Any) -> str:
    return str(int(cell)) if isinstance(cell, bool) else str(cell)


def as_kept(cell: Any, format: str) -> Any:
    """A cell as a format can keep it: a Shapefile fills texts up with blanks, so blanks alone are nothing there."""
    return None if format == "shapefile" and isinstance(cell, str) and not cell.strip() else cell


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_comes_back_from_every_format_as_it_went(tmp_path: Path, layer: str, format: str) -> None:
    version = LAYERS[layer](tmp_path)
    write_layer(version, format, tmp_path / "out")

    again = readers.read(tmp_path / "out", version.kind)

    columns = [column.name for column in version.kind.columns]
    before, after = rows_of(version.frame, columns), rows_of(again.frame, columns)
    assert after == {key: [as_kept(cell, format) for cell in row] for key, row in before.items()}
    assert {key: list(map(type, row)) for key, row in after.items()} == {
        key: [type(as_kept(cell, format)) for cell in row] for key, row in before.items()
    }
    as_text = format == "csv"
    assert source(again.frame, as_text=as_text) == source(version.frame, as_text=as_text)
    assert moved_m(version.frame, again.frame) < 0.01
    assert again.reader == "own_export"


def test_no_and_unknown_and_zero_are_kept_apart_in_every_format(tmp_path: Path) -> None:
    version, numbers = sites(tmp_path), stations(tmp_path)

    for format in FORMATS:
        write_layer(version, format, tmp_path / "a")
        write_layer(numbers, format, tmp_path / "b")
        flags = readers.read(tmp_path / "a", version.kind).frame.sort_values("feature_id")["hazard_flood"]
        households = readers.read(tmp_path / "b", numbers.kind).frame.sort_values("feature_id")["households"]
        assert (format, flags.tolist()) == (format, [True, False, None, True])
        assert (format, households.tolist()) == (format, [12, 0, None, 7])


def through_gdal(path: Path, *options: str) -> list[dict[str, Any]]:
    """The rows as the GDAL of the system sees them."""
    program = shutil.which("ogr2ogr")
    assert program
    call = [program, "-f", "GeoJSON", "/vsistdout/", str(path), *options]
    done = subprocess.run(call, capture_output=True, check=True)
    return list(json.loads(done.stdout)["features"])


@pytest.mark.parametrize("format", ["gpkg", "geojson", "shapefile", "csv", "flatgeobuf"])
def test_another_program_sees_the_same_stations(tmp_path: Path, format: str) -> None:
    version = stations(tmp_path)
    path = tmp_path / f"stations{FORMATS[format]}"
    write_layer(version, format, path)
    if format == "shapefile":
        with zipfile.ZipFile(path) as archive:
            archive.extractall(tmp_path)
        path = tmp_path / "garbage_station.shp"

    csv_options = (
        "-oo",
        "X_POSSIBLE_NAMES=経度",
        "-oo",
        "Y_POSSIBLE_NAMES=緯度",
        "-oo",
        "AUTODETECT_TYPE=YES",
    )
    found = through_gdal(path, *(csv_options if format == "csv" else ()))

    found.sort(key=lambda one: one["properties"]["feature_id"])
    shapes = [shapely.geometry.shape(one["geometry"]) for one in found]
    assert found[0]["properties"]["名称"] == "髙﨑①㈱前"
    assert [
        one["properties"].get("使用世帯数", one["properties"].get("使用世帯数"[:5])) for one in found
    ] == [12, 0, None, 7]
    assert max(shape.distance(point) for shape, point in zip(shapes, POINTS, strict=True)) < 1e-7


def test_a_geoparquet_is_read_by_geopandas_with_its_types(tmp_path: Path) -> None:
    write_layer(stations(tmp_path), "geoparquet", tmp_path / "a.parquet")

    frame = gpd.read_parquet(tmp_path / "a.parquet")

    assert (frame.crs.to_authority(), frame["整理番号"].dropna().tolist()) == (("OGC", "CRS84"), [7.0, 0.0])
    assert frame["名称"].tolist() == NAMES


def test_a_geojson_turns_its_areas_as_the_rule_says_and_names_no_system(tmp_path: Path) -> None:
    clockwise = shapely.orient_polygons(SQUARE, exterior_cw=True)
    version = kept(tmp_path, "flood_zone", [clockwise], depth_rank=[1])
    write_layer(version, "geojson", tmp_path / "a.geojson")

    document = json.loads((tmp_path / "a.geojson").read_text())
    ring = shapely.LinearRing(document["features"][0]["geometry"]["coordinates"][0])

    assert ring.is_ccw
    assert "crs" not in document
    assert (document["licence"], document["as_of"]) == ("CC BY 4.0", "2026-11-01")


def test_a_spreadsheet_is_given_no_formula(tmp_path: Path) -> None:
    write_layer(stations(tmp_path), "csv", tmp_path / "a.csv")

    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as text:
        header, *rows = csv.reader(text)

    risky = [
        cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@")) and not _is_number(cell)
    ]
    assert risky == []
    assert rows[2][header.index("名称")] == "'=1+1"


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def test_every_letter_a_shapefile_cannot_hold_is_told_and_none_becomes_a_question_mark(
    tmp_path: Path,
) -> None:
    version = kept(tmp_path, "garbage_station", POINTS, name=[*NAMES[:2], "長" * 200, "駅"])

    losses = write_layer(version, "shapefile", tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        archive.extractall(tmp_path / "out")
    raw = (tmp_path / "out" / "garbage_station.dbf").read_bytes()

    assert [(one.feature_id, one.column, one.problem) for one in losses] == [
        ("garbage_station-001", "名称", "letters"),
        ("garbage_station-002", "名称", "cut"),
    ]
    assert losses[0].written == "〓野家前～葛〓城"
    assert losses_in_words(losses)[0].startswith("「garbage_station-001」の「名称」")
    text = raw[33:].decode("cp932", errors="replace")
    assert "髙﨑①㈱前" in text
    assert "?" not in text
    assert {file.suffix for file in (tmp_path / "out").iterdir()} >= {".cpg", ".prj", ".shx", ".csv"}


def test_a_cell_that_was_changed_in_the_shapefile_stays_changed(tmp_path: Path) -> None:
    version = kept(tmp_path, "garbage_station", POINTS[:2], name=["𠮷野", "駅〜"])
    write_layer(version, "shapefile", tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        archive.extractall(tmp_path / "out")
    dbf = tmp_path / "out" / "garbage_station.dbf"
    dbf.write_bytes(dbf.read_bytes().replace("〓野".encode("cp932"), "吉野".encode("cp932")))
    shutil.make_archive(str(tmp_path / "b"), "zip", tmp_path / "out")

    assert readers.read(tmp_path / "b.zip", version.kind).frame["name"].tolist() == ["吉野", "駅〜"]


def test_of_a_public_layer_only_the_columns_of_its_kind_go_out(tmp_path: Path) -> None:
    private = json.dumps({"自治会長の電話": "0584-43-9999"}, ensure_ascii=False)
    public = kept(tmp_path / "a", "garbage_station", POINTS[:1], name=["駅"], source_properties=[private])
    staff = kept(
        tmp_path / "b", "garbage_station", POINTS[:1], "internal", name=["駅"], source_properties=[private]
    )

    for format in FORMATS:
        out = layer_file(public, format, tmp_path / "out").path
        assert "0584" not in json.dumps(through_reader(out), ensure_ascii=False), format
        out = layer_file(staff, format, tmp_path / "staff").path
        assert "0584-43-9999" in json.dumps(through_reader(out), ensure_ascii=False), format


def through_reader(path: Path) -> list[dict[str, Any]]:
    return list(readers.look(path).rows)


def test_a_file_is_written_once_for_a_version_and_an_old_one_goes_after_a_while(tmp_path: Path) -> None:
    version = stations(tmp_path)
    first = layer_file(version, "csv", tmp_path / "out")
    written = first.path.stat().st_mtime_ns

    same = layer_file(version, "csv", tmp_path / "out")
    untouched = same.path.stat().st_mtime_ns == written
    newer = layer_file(stations(tmp_path), "csv", tmp_path / "out")
    on_its_way = first.path.exists()
    os.utime(first.path, (0, 0))
    layer_file(stations(tmp_path), "csv", tmp_path / "out")

    assert (same, untouched) == (first, True)
    assert (newer.mark != first.mark, on_its_way, first.path.exists()) == (True, True, False)


def test_the_command_line_writes_a_layer_and_takes_it_back(sample_town: Path, tmp_path: Path) -> None:
    town = copied(sample_town, tmp_path / "var")

    out = command(
        town, "layer", "export", "garbage_station", "--format", "shapefile", "--out", str(tmp_path / "a.zip")
    )
    back = command(town, "layer", "import", str(tmp_path / "a.zip"), "--id", "garbage_station")
    unknown = command(town, "layer", "export", "nothing", "--out", str(tmp_path / "b"), check=False)

    assert "書き出しました" in out.stdout
    assert "ZIPの中のShapefile、文字コード cp932、座標系 EPSG:4326" in back.stdout
    assert (unknown.returncode, (tmp_path / "b").exists()) == (1, False)


def test_the_list_of_layers_names_what_everybody_may_take(tmp_path: Path) -> None:
    kept(tmp_path, "garbage_station", POINTS[:1], name=["駅"])
    kept(tmp_path, "hydrant", POINTS[:1], "internal", name=["栓"])
    shelf = LayerShelf(tmp_path / "layers", Catalogue.load(), 6675)

    found = {one["id"]: one for one in layer_index(shelf)}

    assert found["garbage_station"]["urls"]["csv"] == "/opendata/layers/garbage_station.csv"
    assert found["garbage_station"]["rows"] == 1
    assert "hydrant" not in found
