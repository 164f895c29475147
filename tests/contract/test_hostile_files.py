"""Files that are broken, lie, or mean harm are refused in words; nothing leaves the machine and no memory runs out."""

from __future__ import annotations

import http.server
import json
import os
import random
import resource
import sqlite3
import stat
import struct
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import openpyxl
import pyogrio
import pytest

from gisapp.flows.explain import explain_faults
from layers import readers
from layers.box import Box
from layers.errors import Grade, ImportRefused, UnreadableFile
from layers.kinds import KINDS
from layers.readers.archive import unpacked
from layers.readers.json_parts import parts_of
from layers.sealed.parent import opened
from layers.validate import TownArea, admit
from tests.conftest import ROOT
from tests.contract.test_layer_formats import HALLS, halls, made, shapefile, zipped

TOWN = TownArea("213624", 6675, Box(136.4, 35.3, 136.6, 35.5))


def refused(path: Path) -> str:
    """The code of the first fault; it is said in a sentence, and the sentence holds no path of this machine."""
    with pytest.raises(UnreadableFile) as error:
        readers.read(path, KINDS["public_facility"])
    words = "".join(explain_faults(error.value))
    assert words
    assert str(path.parent) not in words
    assert error.value.faults[0].grade is Grade.REFUSE
    return error.value.faults[0].code


def written(folder: Path, content: bytes | str, name: str = "file") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def archive(folder: Path, *members: tuple[zipfile.ZipInfo | str, bytes]) -> Path:
    path = folder / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members:
            file.writestr(name, content)
    return path


def link(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return entry


def lying(folder: Path) -> Path:
    """A ZIP whose table of contents says that 2 MB are 300 bytes, and so does the entry itself."""
    path = archive(folder, ("a.csv", (HALLS + "x" * 2_000_000).encode()))
    raw = bytearray(path.read_bytes())
    size = struct.pack("<I", len(HALLS.encode()) + 2_000_000)
    while (at := raw.find(size)) >= 0:
        raw[at : at + 4] = struct.pack("<I", 300)
    path.write_bytes(raw)
    return path


def encrypted(folder: Path) -> Path:
    path = archive(folder, ("a.csv", HALLS.encode()))
    raw = bytearray(path.read_bytes())
    raw[6] |= 1
    raw[raw.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)
    return path


def nested(folder: Path) -> Path:
    inner = archive(folder, ("a.csv", HALLS.encode())).read_bytes()
    return archive(folder, ("inner.zip", inner))


def bomb_sheet(folder: Path) -> Path:
    rows = b"<row><c><v>1</v></c></row>" * 3_000_000
    return archive(folder, ("xl/workbook.xml", b"<workbook/>"), ("xl/worksheets/sheet1.xml", rows))


ZIPS: dict[str, tuple[Callable[[Path], Path], set[str]]] = {
    "a name that climbs out": (lambda f: archive(f, ("../../a.csv", HALLS.encode())), {"archive_names"}),
    "a name that climbs out the Windows way": (
        lambda f: archive(f, ("..\\a.csv", HALLS.encode())),
        {"archive_names"},
    ),
    "a name from the root": (lambda f: archive(f, ("/etc/a.csv", HALLS.encode())), {"archive_names"}),
    "a name with a drive": (lambda f: archive(f, ("C:/a.csv", HALLS.encode())), {"archive_names"}),
    "a link": (lambda f: archive(f, (link("a.csv"), b"/etc/passwd")), {"archive_link"}),
    "a thousandfold bomb": (lambda f: archive(f, ("a.csv", b"0" * 50_000_000)), {"archive_bomb"}),
    "a lying size": (lying, {"archive_lying", "archive_broken"}),
    "a ZIP in a ZIP": (nested, {"archive_nested"}),
    "too many files": (
        lambda f: archive(f, *((f"{n}.txt", b"x") for n in range(2_001))),
        {"archive_crowded"},
    ),
    "a password": (encrypted, {"archive_encrypted"}),
    "no map": (lambda f: archive(f, ("a.html", b"<html></html>")), {"archive_without_map"}),
    "nothing": (lambda f: archive(f), {"archive_without_map"}),
    "half of itself": (
        lambda f: written(f, zipped(f / "a.zip", *shapefile(f)).read_bytes()[:600]),
        {"archive_broken"},
    ),
    "an Excel bomb": (bomb_sheet, {"archive_bomb"}),
}


def test_a_zip_packed_in_a_way_we_cannot_open_is_not_called_broken(tmp_path: Path) -> None:
    path = archive(tmp_path, ("a.csv", b"name,lat,lon\n" * 500))
    body = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        start = body.index(mark) + at
        body[start : start + 2] = (9).to_bytes(2, "little")  # Deflate64, which Windows writes for large files
    path.write_bytes(body)

    assert refused(path) == "archive_method"


def test_a_zip_of_a_newer_version_is_not_called_broken(tmp_path: Path) -> None:
    path = archive(tmp_path, ("a.csv", b"name,lat,lon\n" * 500))
    body = bytearray(path.read_bytes())
    start = body.index(b"PK\x01\x02") + 6
    body[start : start + 2] = (99).to_bytes(2, "little")
    path.write_bytes(body)

    assert refused(path) == "archive_method"


def test_a_disk_without_room_is_not_called_a_broken_zip(tmp_path: Path) -> None:
    path = archive(tmp_path, ("a.csv", b"name,lat,lon\n" * 500))
    (tmp_path / "room").mkdir()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(UnreadableFile) as error:
            unpacked(path, tmp_path / "room")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert [fault.code for fault in error.value.faults] == ["archive_no_room"]


@pytest.mark.parametrize("case", ZIPS)
def test_a_zip_that_lies_or_leads_out_is_refused_before_it_is_unpacked(tmp_path: Path, case: str) -> None:
    make, codes = ZIPS[case]
    before = set(tmp_path.parent.iterdir())

    assert refused(make(tmp_path)) in codes
    assert set(tmp_path.parent.iterdir()) == before


def feature(geometry: object) -> str:
    one = {"type": "Feature", "properties": {"名称": "駅"}, "geometry": geometry}
    return json.dumps({"type": "FeatureCollection", "features": [one]})


def area(*ring: list[float]) -> str:
    return feature({"type": "Polygon", "coordinates": [list(ring)]})


def admitted(path: Path, kind: str) -> tuple[set[str], set[str]]:
    """The codes that stop a file, and those that want a yes."""
    read = readers.read(path, KINDS[kind])
    try:
        taken = admit(read, KINDS[kind], TOWN, accept_repairs=True)
    except ImportRefused as error:
        faults = error.faults
        return {one.code for one in faults if one.grade is Grade.REFUSE}, set()
    return set(), {one.code for one in taken.repairs}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_position_that_is_no_number_is_refused_with_its_row(tmp_path: Path, number: str) -> None:
    text = feature({"type": "Point", "coordinates": [136.46, 35.36]}).replace("35.36", number)

    assert admitted(written(tmp_path, text), "public_facility") == ({"number_not_finite"}, set())


def test_a_bow_tie_and_an_open_ring_are_mended_only_with_a_yes(tmp_path: Path) -> None:
    bow_tie = area([136.46, 35.36], [136.47, 35.37], [136.47, 35.36], [136.46, 35.37], [136.46, 35.36])
    open_ring = area([136.46, 35.36], [136.47, 35.36], [136.47, 35.37])

    assert admitted(written(tmp_path, bow_tie), "park") == (set(), {"geometry_invalid"})
    assert admitted(written(tmp_path, open_ring), "park") == (set(), {"ring_unclosed"})


def test_an_area_across_the_date_line_is_refused(tmp_path: Path) -> None:
    text = area([179, 35], [-179, 35], [-179, 36], [179, 36], [179, 35])

    stops, _ = admitted(written(tmp_path, text), "park")

    assert stops


def test_ten_million_vertices_are_refused_before_anything_is_built(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    with path.open("wb") as file:
        file.write(
            b'{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"LineString","coordinates":['
        )
        for _ in range(10):
            file.write(b"[136.1,35.1]," * 1_000_000)
        file.write(b"[136,35]]}}]}")

    assert refused(path) == "too_many_vertices"


@pytest.mark.parametrize("text", ["[" * 5_000 + "]" * 5_000, '{"a":' * 5_000 + "1" + "}" * 5_000])
def test_five_thousand_levels_are_refused_and_not_followed(tmp_path: Path, text: str) -> None:
    assert refused(written(tmp_path, text)) == "json_too_deep"


@pytest.mark.parametrize(
    ("text", "positions"),
    [
        (feature({"type": "Point", "coordinates": [1, 2]}), 1),
        ('{"a":"\\"[1,2]","b":[[1,2],[3,4]]}', 2),
        ('{"a":"\\\\","b":[1,2]}', 1),
        ('{"a":"' + "\\\\" * 3_000_000 + '","b":[1,2]}', 1),
        ('{"a":"' + "x" * 4_194_296 + '\\"[","b":[[1,2]]}', 1),
        ('{"a":["x"]}', 0),
    ],
)
def test_brackets_are_counted_as_a_json_reader_sees_them(tmp_path: Path, text: str, positions: int) -> None:
    assert parts_of(written(tmp_path, text)).positions == positions


def truncated_dbf(folder: Path) -> Path:
    files = shapefile(folder)
    dbf = next(file for file in files if file.suffix == ".dbf")
    dbf.write_bytes(dbf.read_bytes()[:-40])
    return zipped(folder / "a.zip", *files)


def truncated_shp(folder: Path) -> Path:
    files = shapefile(folder)
    shp = next(file for file in files if file.suffix == ".shp")
    shp.write_bytes(shp.read_bytes()[:-10])
    return zipped(folder / "a.zip", *files)


def any_sqlite(folder: Path) -> Path:
    with sqlite3.connect(folder / "a.gpkg") as database:
        database.execute("create table secrets (a)")
    return folder / "a.gpkg"


def endless_view(folder: Path) -> Path:
    """A GeoPackage whose table is a question without an end."""
    path = made(folder / "a.gpkg", "GPKG")
    raw = path.read_bytes()
    return written(folder, raw[: len(raw) // 2], "b.gpkg")


XML = '<?xml version="1.0"?>'
ENTITY = f'{XML}<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]><kml><Document><name>&x;</name></Document></kml>'
VRT = f'{XML}<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
KSJ_GML = f'{XML}<ksj:Dataset xmlns:ksj="http://nlftp.mlit.go.jp/ksj/schemas/ksj-app"/>'
FILES: dict[str, tuple[bytes | str | Callable[[Path], Path], set[str]]] = {
    "nothing": ("", {"file_empty"}),
    "blanks": (" \n ", {"file_empty"}),
    "one byte": ("a", {"position_columns_missing", "columns_unknown"}),
    "one NUL": (b"\0", {"not_text"}),
    "a PDF": ("%PDF-1.7\n", {"format_unsupported"}),
    "an old Excel file": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", {"format_unsupported"}),
    "a virtual file of GDAL": (VRT, {"format_unsupported"}),
    "a web page": ("<html><body></body></html>", {"format_unsupported"}),
    "a KML that reads other files": (ENTITY, {"xml_entities"}),
    "a KML cut off": (
        f"{XML}<kml xmlns='http://www.opengis.net/kml/2.2'><Document><Pl",
        {"decoder_failed", "no_rows"},
    ),
    "the GML of 国土数値情報 alone": (KSJ_GML, {"gml_ksj"}),
    "any SQLite": (any_sqlite, {"format_unsupported"}),
    "half a GeoPackage": (endless_view, {"decoder_failed", "no_rows"}),
    "a .dbf cut off": (truncated_dbf, {"shapefile_cut_off"}),
    "a .shp cut off": (truncated_shp, {"shapefile_cut_off"}),
    "half a Parquet": (b"PAR1" + bytes(200), {"decoder_failed"}),
    "half a FlatGeobuf": (b"fgb\x03fgb\x01" + bytes(50), {"decoder_failed", "no_rows"}),
    "a TIFF of zeros": (b"II*\x00" + bytes(50), {"decoder_failed"}),
    "a drawing in binary": (b"AutoCAD Binary DXF\r\n\x1a\x00", {"format_unsupported"}),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_not_what_it_seems_is_refused_in_words(tmp_path: Path, case: str) -> None:
    content, codes = FILES[case]
    path = content(tmp_path) if callable(content) else written(tmp_path, content)

    assert refused(path) in codes


@pytest.mark.parametrize("seed", range(12))
def test_random_bytes_are_refused_whatever_they_begin_with(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    starts = [b"", b"PK\x03\x04", b"SQLite format 3\0" + bytes(52) + b"GPKG", b"\x00\x00\x27\x0a", b"fgb\x03fgb", b"PAR1",
              b"II*\x00", b"{", b"<kml", b"  0\nSECTION\n"]  # fmt: skip

    refused(written(tmp_path, starts[seed % len(starts)] + chance.randbytes(5_000)))


ENDINGS = {"GPKG": ".gpkg", "FlatGeobuf": ".fgb", "Shapefile": ".zip"}


@pytest.mark.parametrize("share", [0.1, 0.4, 0.7, 0.95])
@pytest.mark.parametrize("format", ENDINGS)
def test_a_file_cut_off_or_with_a_hole_in_it_ends_in_words_or_in_rows(
    tmp_path: Path, format: str, share: float
) -> None:
    if format == "Shapefile":
        path = zipped(tmp_path / "a.zip", *shapefile(tmp_path))
    else:
        path = made(tmp_path / f"a{ENDINGS[format]}", format)
    raw = bytearray(path.read_bytes())
    at = int(len(raw) * share)
    raw[at : at + 40] = os.urandom(len(raw[at : at + 40]))

    for content in (bytes(raw), bytes(raw[:at])):
        try:
            readers.read(written(tmp_path, content, "b"), KINDS["public_facility"])
        except UnreadableFile as error:
            assert explain_faults(error)


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """An address of this machine, and what is asked of it."""
    asked: list[str] = []

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def calling(url: str) -> dict[str, str]:
    """Contents that would make a careless program fetch an address."""
    space = "http://www.opengis.net"
    return {
        "a.kml": f'{XML}<kml xmlns="{space}/kml/2.2"><Document><NetworkLink><Link><href>{url}/a</href></Link></NetworkLink>'
        f"<Style id='s'><IconStyle><Icon><href>{url}/b</href></Icon></IconStyle></Style><Placemark><name>駅</name>"
        f"<styleUrl>{url}/c#s</styleUrl><Point><coordinates>136.46,35.36</coordinates></Point></Placemark></Document></kml>",
        "b.kml": f'{XML}<!DOCTYPE kml SYSTEM "{url}/d"><kml xmlns="{space}/kml/2.2"><Document/></kml>',
        "c.gml": f'{XML}<gml:FeatureCollection xmlns:gml="{space}/gml" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="{space}/x {url}/e.xsd">'
        f'<gml:featureMember><a><b xlink:href="{url}/f"/></a></gml:featureMember></gml:FeatureCollection>',
        "d.vrt": VRT.replace("/etc/passwd", f"/vsicurl/{url}/g"),
        "e.xml": f"{XML}<OGRWFSDataSource><URL>{url}/h</URL></OGRWFSDataSource>",
        "f.json": f'{{"type":"FeatureCollection","features":[],"crs":{{"type":"link","properties":{{"href":"{url}/i"}}}}}}',
        "g.json": f'{{"serviceURL":"{url}/j","type":"Topology"}}',
        "h.txt": f"WFS:{url}/k",
        "i.txt": f"<GDAL_WMS><Service><ServerUrl>{url}/l</ServerUrl></Service></GDAL_WMS>",
    }


def test_no_file_makes_the_program_call_an_address(tmp_path: Path) -> None:
    with listening() as (url, asked):
        names = [
            f"/vsicurl/{url}/m.gpkg",
            f"{url}/n.geojson",
            f"file://{tmp_path}/o.kml",
            f"WFS:{url}",
            f"/vsizip//vsicurl/{url}/p.zip",
        ]
        paths = [written(tmp_path, text, name) for name, text in calling(url).items()] + [
            Path(name) for name in names
        ]
        for path in paths:
            try:
                readers.look(path)
            except UnreadableFile as error:
                assert explain_faults(error)
        # the process that opens files cannot reach an address even when it is given one by name
        for path in (f"/vsicurl/{url}/q.gpkg", f"{url}/r.gpkg"):
            with pytest.raises(UnreadableFile):
                opened("vector", "GPKG", {"path": path, "driver": "GPKG", "sublayer": "", "shapes": [], "options": {},
                                          "encoding": None, "out": str(tmp_path / "out")})  # fmt: skip

        assert asked == []


def test_the_process_that_opens_a_file_has_only_the_driver_of_its_format() -> None:
    drivers = sorted(set(pyogrio.list_drivers()) - {"GPKG"})
    asking = "import pyogrio; print(sorted(pyogrio.list_drivers()))"

    done = subprocess.run([sys.executable, "-c", asking], env={**os.environ, "OGR_SKIP": ",".join(drivers)},
                          capture_output=True, text=True, check=True)  # fmt: skip

    assert done.stdout.strip() == "['GPKG']"


@pytest.mark.parametrize(
    "end", ["os.abort()", "os.kill(os.getpid(), signal.SIGKILL)", "bytearray(4 << 30)", "sys.exit(3)"]
)
def test_a_decoder_that_crashes_is_a_fault_and_not_the_end_of_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    package = tmp_path / "pyogrio.py"
    package.write_text(f"import os, signal, sys\nsys.path[:0] = []\n{end}\n")
    monkeypatch.setattr("layers.sealed.parent._HOUSE", f"{tmp_path}{os.pathsep}{ROOT}")

    assert refused(made(tmp_path / "a.gpkg", "GPKG")) == "decoder_failed"


def test_a_text_of_a_megabyte_in_one_cell_is_refused_with_its_row_and_column(tmp_path: Path) -> None:
    long = "長" * 400_000
    table = f"名称,緯度,経度,備考\n役場,35.36,136.46,\n駅,35.37,136.47,{long}\n"
    frame = halls().assign(備考=["", "", long])
    paths = [
        (written(tmp_path, table, "a.csv"), 3),
        (made(tmp_path / "a.geojson", "GeoJSON", frame), 3),
        (made(tmp_path / "a.gpkg", "GPKG", frame), 3),
    ]

    for path, row in paths:
        try:
            faults = readers.read(path, KINDS["public_facility"]).notes
        except UnreadableFile as error:
            faults = error.faults
        told = [(one.row, one.column, one.found, one.grade) for one in faults if one.code == "text_too_long"]
        assert told == [(row, "備考", "400000", Grade.REFUSE)], path.name


def peak_mb(path: Path) -> tuple[int, float]:
    """The rows that a process of its own reads, and the memory it needs for that."""
    code = (
        "import sys, resource; from pathlib import Path; from layers import readers; from layers.kinds import KINDS\n"
        "rows = len(readers.read(Path(sys.argv[1]), KINDS['general']).frame)\n"
        "print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    rows, kilobytes = map(int, done.stdout.split())
    return rows, kilobytes / 1e3


def test_a_csv_of_half_a_million_rows_is_read_within_memory(tmp_path: Path) -> None:
    line = ",集会所,岐阜県不破郡関ケ原町大字関ケ原894番地の58,35.3651,136.4672,,12,あり\n"
    path = tmp_path / "a.csv"
    with path.open("w") as file:
        file.write("ID,名称,住所,緯度,経度,備考,世帯,駐車場\n")
        file.writelines(f"N{number}{line}" for number in range(500_000))

    rows, megabytes = peak_mb(path)

    assert rows == 500_000
    assert megabytes < 1_500


@pytest.mark.torture
def test_files_of_two_hundred_megabytes_are_read_within_memory(tmp_path: Path) -> None:
    text = "岐阜県不破郡関ケ原町大字関ケ原八百九十四番地の五十八"
    table, places, areas = tmp_path / "a.csv", tmp_path / "a.geojson", tmp_path / "b.geojson"
    with table.open("w") as file:
        file.write("名称,緯度,経度," + ",".join(f"項目{number}" for number in range(10)) + "\n")
        while file.tell() < 198_000_000:
            file.write("集会所,35.3651,136.4672," + ",".join([text] * 10) + "\n")
    with places.open("w") as file:
        point = {"type": "Point", "coordinates": [136.46, 35.36]}
        one = json.dumps(
            {"type": "Feature", "properties": {"名称": text * 3}, "geometry": point}, ensure_ascii=False
        )
        file.write('{"type":"FeatureCollection","features":[')
        file.write(",\n".join([one] * (198_000_000 // len(one.encode()))))
        file.write("]}")
    with areas.open("w") as file:
        ring = ",".join(["[136.46123456789012,35.36123456789012]"] * 3_900_000)
        file.write(feature({"type": "LineString", "coordinates": "RING"}).replace('"RING"', f"[{ring}]"))

    assert peak_mb(table)[1] < 1_500
    assert peak_mb(places)[1] < 1_500
    assert peak_mb(areas)[1] < 1_500


def test_more_rows_than_a_layer_may_have_are_refused_on_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("layers.readers.csv_file.MAX_ROWS", 100)

    assert refused(written(tmp_path, "名称,緯度,経度\n" + "駅,35,136\n" * 101)) == "too_many_rows"


def test_a_workbook_that_claims_a_million_columns_costs_nothing(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["名称", "緯度", "経度"])
    book.active["XFD2"] = 1
    book.save(tmp_path / "a.xlsx")

    assert refused(tmp_path / "a.xlsx") == "too_many_columns"
