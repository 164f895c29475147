"""`gisapp town fetch` builds a working town from published files: spoken to a server that serves such files."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from gisapp.flows.fetch_town import sources
from tests.serving import command, serving

KSJ = "/ksj/gml/data"
N03 = f"{KSJ}/N03/N03-2026/N03-20260101_21_GML.zip"
A33 = f"{KSJ}/A33/A33-25/A33-25_21_GEOJSON.zip"
FLOOD = f"{KSJ}/A31a/A31a-25/A31a-25_21_20_GEOJSON.zip"
SITES = "/hinanjocp/defaultFtpData/csv/mergeFromCity_2.csv"
SHELTERS = "/hinanjocp/defaultFtpData/csv/mergeFromCity_1.csv"
SEKIGAHARA = (136.463, 35.362)


@contextmanager
def publishing(files: Mapping[str, bytes]) -> Iterator[tuple[str, list[str]]]:
    """A server of these files; yields its address and the list of paths that it is asked for."""
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = files.get(self.path)
            if body is not None and body.startswith(b"Location: "):
                self.send_response(302)
                self.send_header("Location", body.removeprefix(b"Location: ").decode())
                self.end_headers()
                return
            self.send_response(200 if body is not None else 404)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()


def zipped(**members: bytes) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return kept.getvalue()


def zones(*rows: tuple[float, float, dict[str, Any]]) -> bytes:
    """Squares of about 200 m around places, as a ministry's GeoJSON."""
    ring = ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))
    features = [
        {
            "type": "Feature",
            "properties": properties,
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[lon + x / 1000, lat + y / 1000] for x, y in ring]],
            },
        }
        for lon, lat, properties in rows
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::6668"}}
    return json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}).encode()


@pytest.fixture
def published(shared_data: Path) -> dict[str, bytes]:
    """What towns publish, at the ministries' own paths: whole-country lists hold other towns too."""
    shelters = shared_data / "shelters"
    boundary = (shared_data / "admin" / "N03-20260101_21.geojson").read_bytes()
    files = {N03: zipped(**{"N03-20260101_21.geojson": boundary})}
    for path, number in ((SITES, 2), (SHELTERS, 1)):
        ours = (shelters / f"gsi_csv_21362_{number}_sekigahara_derived.csv").read_bytes()
        theirs = (shelters / f"gsi_csv_07342_{number}_kagamiishi_derived.csv").read_bytes()
        files[path] = ours.rstrip() + b"\r\n" + theirs.split(b"\n", 1)[1]
    return files


def layers_of(data: Path) -> dict[str, int]:
    listed = json.loads(command(data, "layer", "list", "--json").stdout)
    return {layer["id"]: layer["rows"] for layer in listed}


def test_one_command_builds_a_working_town(published: dict[str, bytes], tmp_path: Path) -> None:
    with publishing(published) as (address, asked):
        done = command(tmp_path / "var", "town", "fetch", "213624", "--from", address)

    assert {N03, SITES, SHELTERS, A33, FLOOD} <= set(asked)
    assert layers_of(tmp_path / "var") == {"boundary": 1, "evacuation_site": 24, "shelter": 15}
    assert "土砂災害警戒区域・特別警戒区域：この地域のファイルは公開されていません" in done.stdout
    with serving(tmp_path / "var") as server:
        config = httpx.get(f"{server.url}/live/config.json").json()
        assert config["town"]["name"] == "関ケ原町"
        assert httpx.get(f"{server.url}/").status_code == 200


def test_hazard_zones_are_cut_to_the_town_and_scenarios_are_put_together(
    published: dict[str, bytes], tmp_path: Path
) -> None:
    lon, lat = SEKIGAHARA
    landslide = {"A33_001": 2, "A33_002": 2, "A33_003": "21", "A33_004": "1", "A33_005": "見本沢"}
    planned = {"A31a_101": "8503050001", "A31a_102": "藤古川", "A31a_105": 2}
    largest = {"A31a_201": "8503050001", "A31a_202": "藤古川", "A31a_205": 4}
    published[A33] = zipped(
        **{
            "A33-25_21Polygon.geojson": zones(
                (lon, lat, landslide), (137.2, 36.1, {**landslide, "A33_004": "2"})
            )
        }
    )
    published[FLOOD] = zipped(
        **{
            "10_計画規模/A31a-10-25_21.geojson": zones((lon, lat, planned)),
            "20_想定最大規模/A31a-20-25_21.geojson": zones((lon, lat, largest), (lon + 0.002, lat, largest)),
        }
    )
    with publishing(published) as (address, _):
        command(tmp_path / "var", "town", "fetch", "213624", "--from", address)

    found = layers_of(tmp_path / "var")
    assert (found["landslide_zone"], found["flood_zone_planned"], found["flood_zone"]) == (1, 1, 2)
    assert "flood_duration" not in found


def test_fetching_again_makes_new_versions_and_another_town_is_refused(
    published: dict[str, bytes], tmp_path: Path
) -> None:
    with publishing(published) as (address, _):
        for _ in range(2):
            command(tmp_path / "var", "town", "fetch", "213624", "--from", address)
        other = command(tmp_path / "var", "town", "fetch", "212059", "--from", address, check=False)

    listed = json.loads(command(tmp_path / "var", "layer", "list", "--json").stdout)
    assert {layer["id"]: layer["version"] for layer in listed}["evacuation_site"] == 2
    assert (other.returncode, "関ケ原町" in other.stdout) == (1, True)


def test_a_cut_off_file_a_strange_redirection_and_no_line_leave_no_town_behind(tmp_path: Path) -> None:
    for number, body in enumerate((b"PK\x03\x04 cut off", b"Location: http://127.0.0.2:9/x")):
        with publishing({N03: body}) as (address, _):
            done = command(
                tmp_path / f"var{number}", "town", "fetch", "213624", "--from", address, check=False
            )
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert not (tmp_path / f"var{number}" / "town.toml").exists()
    gone = command(tmp_path / "gone", "town", "fetch", "213624", "--from", address, check=False)
    assert "取りに行けませんでした" in gone.stdout


def test_a_code_whose_check_digit_is_wrong_asks_nobody(tmp_path: Path) -> None:
    with publishing({}) as (address, asked):
        done = command(tmp_path / "var", "town", "fetch", "213625", "--from", address, check=False)
    assert (done.returncode, asked) == (1, [])


def test_every_official_layer_has_addresses_over_https() -> None:
    for source in sources():
        for url in source.addresses("213624"):
            assert url.startswith("https://")
            assert "{" not in url
