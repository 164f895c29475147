"""Whatever format a department keeps its map in, the same places come out of it."""

from __future__ import annotations

import datetime
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pyogrio
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

from layers import readers
from layers.crs import to_plane
from layers.errors import Grade, UnreadableFile
from layers.kinds import KINDS
from layers.readers import guess_kind, sure_of
from layers.readers.table import Table, Verdict

NAMES = ["髙﨑①集会所", "役場", "駅"]
PLACES = [shapely.Point(136.46, 35.36), shapely.Point(136.47, 35.37), shapely.Point(136.48, 35.38)]
SQUARE = shapely.box(136.46, 35.36, 136.47, 35.37)
LINE = shapely.LineString([(136.46, 35.36), (136.47, 35.37)])
HALLS = "ID,名称,緯度,経度\n1,髙﨑①集会所,35.36,136.46\n2,役場,35.37,136.47\n3,駅,35.38,136.48\n"


def halls(crs: int = 4326) -> gpd.GeoDataFrame:
    shapes = np.array(PLACES, dtype=object)
    shapes = shapes if crs == 4326 else to_plane(shapes, crs)
    return gpd.GeoDataFrame({"名称": NAMES, "世帯": [12, 0, 7]}, geometry=list(shapes), crs=crs)


def made(path: Path, driver: str, frame: gpd.GeoDataFrame | None = None, **options: object) -> Path:
    pyogrio.write_dataframe(halls() if frame is None else frame, path, driver=driver, **options)
    return path


def zipped(target: Path, *files: Path, under: str = "") -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, f"{under}{file.name}")
    return target


def shapefile(folder: Path, stem: str = "halls", crs: int = 4326, encoding: str = "CP932") -> list[Path]:
    made(folder / f"{stem}.shp", "ESRI Shapefile", halls(crs), encoding=encoding)
    return sorted(folder.glob(f"{stem}.*"))


def names(table: Table) -> list[object]:
    return table.values("名称", "Name", "name")


def fault(error: pytest.ExceptionInfo[UnreadableFile]) -> tuple[str, str]:
    first = error.value.faults[0]
    assert first.grade is Grade.REFUSE
    return first.code, first.found


def kml(path: Path) -> Path:
    marks = "".join(
        f"<Placemark><name>{name}</name><Point><coordinates>{place.x},{place.y},0</coordinates></Point></Placemark>"
        for name, place in zip(NAMES, PLACES, strict=True)
    )
    text = (
        f'<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{marks}</Document></kml>'
    )
    path.write_text(text)
    return path


MAKERS: dict[str, Callable[[Path], Path]] = {
    "geopackage": lambda folder: made(folder / "a.gpkg", "GPKG"),
    "flatgeobuf": lambda folder: made(folder / "a.fgb", "FlatGeobuf", SPATIAL_INDEX="NO"),
    "gml": lambda folder: made(folder / "a.gml", "GML"),
    "loose shapefile": lambda folder: next(p for p in shapefile(folder) if p.suffix == ".shp"),
    "zipped shapefile": lambda folder: zipped(folder / "a.zip", *shapefile(folder), under="地図/中/"),
    "shapefile in the plane zone": lambda folder: zipped(folder / "a.zip", *shapefile(folder, crs=6675)),
    "kml": lambda folder: kml(folder / "a.kml"),
    "kmz": lambda folder: zipped(folder / "a.kmz", kml(folder / "doc.kml")),
}


@pytest.mark.parametrize("format", MAKERS)
def test_three_halls_are_the_same_from_every_format(tmp_path: Path, format: str) -> None:
    path = (
        MAKERS[format](tmp_path).rename(tmp_path / "no-ending")
        if "loose" not in format
        else MAKERS[format](tmp_path)
    )

    read = readers.read(path, KINDS["public_facility"])

    assert read.frame["name"].tolist() == NAMES
    assert max(shapely.distance(np.asarray(read.frame.geometry.array), np.array(PLACES))) < 1e-8


def test_a_geoparquet_of_another_program_is_read(tmp_path: Path) -> None:
    halls(6675).to_parquet(tmp_path / "a.parquet")

    table = readers.look(tmp_path / "a.parquet")

    assert (names(table), table.values("世帯"), table.crs, table.format) == (
        NAMES,
        [12, 0, 7],
        6675,
        "geoparquet",
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_a_csv_is_read_in_each_encoding_and_with_tabs(tmp_path: Path, encoding: str, delimiter: str) -> None:
    (tmp_path / "a.txt").write_bytes(HALLS.replace(",", delimiter).encode(encoding))

    table = readers.look(tmp_path / "a.txt")

    assert (names(table), table.places, list(table.numbers)) == (NAMES, PLACES, [2, 3, 4])


def test_titles_above_the_header_of_a_csv_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"集会所一覧,,,\n令和8年4月1日現在,,,\n,,,\n{HALLS}")

    table = readers.look(tmp_path / "a.csv")

    assert (names(table), list(table.numbers)) == (NAMES, [5, 6, 7])


def workbook(path: Path) -> Path:
    book = openpyxl.Workbook()
    book.active.title = "表紙"
    book.active["A1"] = "集会所一覧"
    sheet = book.create_sheet("一覧")
    sheet.append(["集会所一覧"])
    sheet.append([])
    sheet.append(["名称", "緯度", "経度", "建てた日", "整理番号", "電話", "備考"])
    day = datetime.datetime(2001, 4, 1, tzinfo=None)  # noqa: DTZ001 - Excel knows no zones
    sheet.append(["役場", 35.37, 136.47, day, 22196, "0584-43-1111", "#N/A"])
    sheet.append(["駅", "35.38", "136.48", None, 7.5, "012", True])
    book.save(path)
    return path


def test_an_excel_sheet_is_read_below_its_title_with_its_cells_as_excel_keeps_them(tmp_path: Path) -> None:
    table = readers.look(workbook(tmp_path / "a.xlsx").rename(tmp_path / "a.bin"))

    assert (table.name, table.format, list(table.numbers)) == ("一覧", "xlsx", [4, 5])
    assert table.rows[0] == {
        "名称": "役場", "緯度": 35.37, "経度": 136.47, "建てた日": "2001-04-01", "整理番号": 22196,
        "電話": "0584-43-1111", "備考": None,
    }  # fmt: skip
    assert (table.rows[1]["整理番号"], table.rows[1]["電話"]) == (7.5, "012")
    assert table.places == PLACES[1:]
    assert [(one.code, one.row, one.column, one.found) for one in table.faults] == [
        ("cell_error", 4, "備考", "#N/A")
    ]


def test_another_sheet_is_read_when_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile) as error:
        readers.look(workbook(tmp_path / "a.xlsx"), sublayer="三枚目")

    assert fault(error) == ("sublayer_unknown", "三枚目")


GEOJSON = {
    "feature": {
        "type": "Feature",
        "properties": {"名称": "駅"},
        "geometry": shapely.geometry.mapping(PLACES[2]),
    },
    "geometry": shapely.geometry.mapping(PLACES[2]),
}


@pytest.mark.parametrize("form", GEOJSON)
def test_a_single_feature_and_a_bare_geometry_are_geojson_too(tmp_path: Path, form: str) -> None:
    (tmp_path / "a.json").write_text(json.dumps(GEOJSON[form]))

    assert readers.look(tmp_path / "a.json").places == [PLACES[2]]


@pytest.mark.parametrize("lead", ["", "\x1e"])
def test_a_text_with_one_feature_a_line_is_geojson_too(tmp_path: Path, lead: str) -> None:
    lines = [
        json.dumps({**GEOJSON["feature"], "properties": {"名称": name}}, ensure_ascii=False) for name in NAMES
    ]
    (tmp_path / "a.geojsonl").write_text("".join(f"{lead}{line}\n" for line in lines))

    assert names(readers.look(tmp_path / "a.geojsonl")) == NAMES


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp932", "utf-16"])
def test_a_geojson_is_read_in_each_encoding(tmp_path: Path, encoding: str) -> None:
    feature = {**GEOJSON["feature"], "properties": {"名称": '表示ソ機能{[\\"'}}
    text = json.dumps({"type": "FeatureCollection", "features": [feature]}, ensure_ascii=False)
    (tmp_path / "a.geojson").write_bytes(text.encode(encoding))

    assert names(readers.look(tmp_path / "a.geojson")) == ['表示ソ機能{[\\"']


@pytest.mark.parametrize("encoding", ["UTF-8", "CP932"])
@pytest.mark.parametrize("said", ["right", "nothing", "wrong"])
def test_the_letters_of_a_shapefile_are_decided_by_the_letters(
    tmp_path: Path, encoding: str, said: str
) -> None:
    files = shapefile(tmp_path, encoding=encoding)
    cpg = tmp_path / "halls.cpg"
    if said == "nothing":
        cpg.unlink()
    if said == "wrong":
        cpg.write_text("CP932" if encoding == "UTF-8" else "UTF-8")

    table = readers.look(zipped(tmp_path / "a.zip", *(file for file in files if file.exists())))

    assert (names(table), dict(table.seen)["encoding"].upper()) == (NAMES, encoding)


def test_a_shapefile_without_prj_in_degrees_waits_for_a_yes_and_a_stated_system_needs_none(
    tmp_path: Path,
) -> None:
    files = [file for file in shapefile(tmp_path) if file.suffix != ".prj"]
    path = zipped(tmp_path / "a.zip", *files)

    guessed, stated = readers.look(path), readers.look(path, crs=6668)

    assert [(one.code, one.grade) for one in guessed.faults] == [("crs_assumed", Grade.REPAIR)]
    assert (stated.faults, stated.crs) == ((), 6668)


def test_a_shapefile_without_prj_in_metres_is_taken_only_with_a_stated_system(tmp_path: Path) -> None:
    files = [file for file in shapefile(tmp_path, crs=6675) if file.suffix != ".prj"]
    path = zipped(tmp_path / "a.zip", *files)

    stated = readers.read(path, KINDS["public_facility"], crs=6675).frame
    unstated = readers.look(path)

    assert max(shapely.distance(np.asarray(stated.geometry.array), np.array(PLACES))) < 1e-8
    assert unstated.faults == ()
    assert unstated.places[0].x < -1000  # what the checks name, with the likely zone


def test_a_shapefile_without_shx_is_read(tmp_path: Path) -> None:
    files = [file for file in shapefile(tmp_path) if file.suffix != ".shx"]

    assert names(readers.look(zipped(tmp_path / "a.zip", *files))) == NAMES


@pytest.mark.parametrize("ending", [".dbf", ".shx", ".prj", ".cpg"])
def test_a_part_of_a_shapefile_alone_sends_the_clerk_to_the_whole(tmp_path: Path, ending: str) -> None:
    shapefile(tmp_path)

    with pytest.raises(UnreadableFile) as error:
        readers.look(tmp_path / f"halls{ending}")

    assert fault(error)[0] == "shapefile_part"


def ksj(folder: Path) -> Path:
    """A 国土数値情報 ZIP as the ministry packs it: areas and lines, each as Shapefile and GeoJSON, and GML beside."""
    inside = folder / "A33-20_21_GML"
    inside.mkdir()
    for word, shape in (("Polygon", SQUARE), ("Line", LINE)):
        frame = gpd.GeoDataFrame(
            {"A33_001": ["2"], "A33_002": ["1"], "A33_004": ["1"]}, geometry=[shape], crs=6668
        )
        made(inside / f"A33-20_21{word}.shp", "ESRI Shapefile", frame, encoding="CP932")
        made(inside / f"A33-20_21{word}.geojson", "GeoJSON", frame)
    made(inside / "A33-20_21.xml", "GML", halls())
    (inside / "KS-META-A33-20_21.xml").write_text("<MD_Metadata/>")
    return zipped(folder / "A33-20_21_GML.zip", *sorted(inside.iterdir()), under="A33-20_21_GML/")


def test_of_a_ksj_zip_the_areas_are_taken_and_the_choice_is_told(tmp_path: Path) -> None:
    path = ksj(tmp_path)

    areas = readers.look(path, shapes=KINDS["landslide_zone"].geometry)
    lines = readers.look(path, sublayer="A33-20_21Line")

    assert (areas.places[0].geom_type, lines.places[0].geom_type) == ("Polygon", "LineString")
    assert dict(areas.seen)["member"] == "A33-20_21_GML/A33-20_21Polygon.geojson"
    assert "A33-20_21Line.shp" in dict(areas.seen)["left"]
    assert (areas.file_name, areas.name) == ("A33-20_21_GML.zip", "A33-20_21Polygon")


def test_a_zip_of_several_maps_asks_which_one(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", *shapefile(tmp_path, "集会所"), *shapefile(tmp_path, "公園"))

    with pytest.raises(UnreadableFile) as error:
        readers.look(path)

    assert fault(error) == ("sublayer_needed", "集会所.shp, 公園.shp")
    assert dict(readers.look(path, sublayer="公園").seen)["member"] == "公園.shp"


def test_files_of_one_name_in_two_folders_are_two_maps_unless_the_folders_name_encodings(
    tmp_path: Path,
) -> None:
    files = shapefile(tmp_path)

    def packed(name: str, *folders: str) -> Path:
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for folder in folders:
                for file in files:
                    archive.write(file, f"{folder}/{file.name}")
        return tmp_path / name

    with pytest.raises(UnreadableFile) as error:
        readers.look(packed("a.zip", "東", "西"))

    assert fault(error) == ("sublayer_needed", "東/halls.shp, 西/halls.shp")
    assert names(readers.look(packed("a.zip", "東", "西"), sublayer="西/halls.shp")) == NAMES
    assert names(readers.look(packed("b.zip", "N03/UTF-8", "N03/Shift-JIS"))) == NAMES


def test_names_in_a_zip_made_by_windows_are_read_as_cp932(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HALLS)
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(tmp_path / "a.csv", "XXXX.csv")
    raw = path.read_bytes().replace(b"XXXX", "集会".encode("cp932"))
    path.write_bytes(raw)

    assert dict(readers.look(path).seen)["member"] == "集会.csv"


def geopackage(path: Path) -> Path:
    made(path, "GPKG", layer="集会所")
    made(
        path,
        "GPKG",
        gpd.GeoDataFrame({"名称": ["区"]}, geometry=[SQUARE], crs=4326),
        layer="区域",
        append=True,
    )
    return made(
        path, "GPKG", gpd.GeoDataFrame({"名称": ["線"]}, geometry=[LINE], crs=4326), layer="道", append=True
    )


def test_of_a_geopackage_the_table_that_fits_the_kind_is_taken_or_asked_for(tmp_path: Path) -> None:
    path = geopackage(tmp_path / "a.gpkg")

    with pytest.raises(UnreadableFile) as error:
        readers.look(path)

    assert fault(error) == ("sublayer_needed", "集会所, 区域, 道")
    assert names(readers.look(path, shapes=frozenset({"LineString"}))) == ["線"]
    assert names(readers.look(path, sublayer="区域")) == ["区"]


def test_the_waypoints_and_the_track_of_a_gpx_are_told_apart(tmp_path: Path) -> None:
    track = "".join(f'<trkpt lat="{place.y}" lon="{place.x}"/>' for place in PLACES)
    (tmp_path / "a.gpx").write_text(
        '<?xml version="1.0"?><gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1">'
        f'<wpt lat="35.36" lon="136.46"><name>駅</name></wpt><trk><name>道</name><trkseg>{track}</trkseg></trk></gpx>'
    )

    points = readers.look(tmp_path / "a.gpx", shapes=frozenset({"Point"}))
    tracks = readers.look(tmp_path / "a.gpx", shapes=frozenset({"LineString"}))

    assert (names(points), names(tracks)) == (["駅"], ["道"])


def test_a_drawing_says_nothing_of_its_system_and_is_taken_when_a_person_does(tmp_path: Path) -> None:
    line = gpd.GeoDataFrame(
        {"Layer": ["水道", "文字"]}, geometry=list(to_plane(np.array([LINE, LINE]), 6675)), crs=6675
    )
    path = made(tmp_path / "a.dxf", "DXF", line)

    with pytest.raises(UnreadableFile) as error:
        readers.look(path)
    table = readers.look(path, crs=6675, sublayer="水道")

    assert fault(error) == ("crs_needed", "DXF")
    assert (len(table.rows), table.crs, table.values("Layer")) == (1, 6675, ["水道"])


def picture(path: Path, **position: object) -> Path:
    about = {"driver": "GTiff", "width": 40, "height": 30, "count": 3, "dtype": "uint8"}
    with rasterio.open(path, "w", **about, **position) as file:
        file.update_tags(TIFFTAG_DATETIME="2026:10:05 10:00:00")
    return path


def test_a_drone_picture_becomes_the_ground_it_shows(tmp_path: Path) -> None:
    place = {"crs": "EPSG:6675", "transform": from_origin(-64000, -70000, 0.05, 0.05)}

    read = readers.read(picture(tmp_path / "ortho.tif", **place), KINDS["aerial_image"])

    assert sure_of(guess_kind(readers.look(tmp_path / "ortho.tif"))) == Verdict(99, "aerial_image", "GeoTIFF")
    row, outline = read.frame.iloc[0], to_plane(read.frame.geometry.iloc[0], 6675)
    assert (row["name"], row["taken_on"], row["width_px"], row["height_px"]) == (
        "ortho",
        "2026-10-05",
        40,
        30,
    )
    assert row["resolution_m"] == pytest.approx(0.05)
    assert outline.bounds == pytest.approx((-64000, -70001.5, -63998, -70000), abs=1e-3)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_a_picture_without_a_position_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile) as error:
        readers.look(picture(tmp_path / "a.tif"))

    assert fault(error) == ("raster_without_position", "40 x 30")


def test_heights_are_left_out_and_an_open_ring_is_closed_with_consent(tmp_path: Path) -> None:
    high = gpd.GeoDataFrame({"名称": ["駅"]}, geometry=[shapely.Point(136.46, 35.36, 120)], crs=4326)

    table = readers.look(made(tmp_path / "a.gpkg", "GPKG", high))

    assert ([one.code for one in table.faults], table.places) == (["z_dropped"], [PLACES[0]])


def test_every_published_file_is_read_or_refused_in_words(shared_data: Path) -> None:
    files = [
        path for path in sorted(shared_data.glob("*/*")) if path.parent.name not in {"photos", "reports"}
    ]
    refused = {}

    for path in files:
        try:
            readers.read(path, KINDS["general"])
        except UnreadableFile as error:
            refused[path.name] = error.faults[0].code

    parts = {path.name for path in files if path.suffix in {".dbf", ".shx", ".prj", ".cpg"}}
    tables = {
        path.name
        for path in files
        if path.name.startswith("5374") or "population" in path.name or "open_data_list" in path.name
    }
    assert len(files) > 60
    assert set(refused) == parts | tables
    assert {refused[name] for name in parts} == {"shapefile_part"}
