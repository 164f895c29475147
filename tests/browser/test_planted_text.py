"""Hostile text in every field of reports, layers, catalogue and the town's name: it is shown, and it never runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import tomli_w
from playwright.sync_api import Browser, Frame, Page, expect

from gisapp.profile import read_profile, write_profile
from reports_store import ActorType, Contact, EventKind, NewEvent, ReportStore
from reports_store.tracking import code_for, hash_of
from tests.browser.conftest import in_every_frame, map_frame, visiting
from tests.report_makers import PLANTED, pothole
from tests.serving import Server, command, copied, serving

pytestmark = pytest.mark.browser
ALL = " ".join(PLANTED)
MARKDOWN = "![x](https://evil.example/x.png) [link](javascript:window.__hit=3) $x$ :red[x]"


@pytest.fixture(scope="module")
def planted(sample_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = copied(sample_town, tmp_path_factory.mktemp("planted") / "var")
    lon, lat = plant_town(folder)
    plant_layer(folder, lon, lat)
    plant_reports(folder, lon, lat)
    with serving(folder) as server:
        yield server


def plant_town(folder: Path) -> tuple[float, float]:
    from dataclasses import replace

    profile = read_profile(folder / "town.toml")
    write_profile(replace(profile, name=ALL), folder / "town.toml")
    return profile.center


def plant_layer(folder: Path, lon: float, lat: float) -> None:
    text = f"{ALL} {MARKDOWN}"
    point = {"type": "Point", "coordinates": [lon, lat]}
    ring = [[lon + dx * 0.002, lat + dy * 0.002] for dx, dy in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))]
    facility = {"name": text, "address": text, "phone": text}
    area = {"name": text, "households": 3}
    for kind, geometry, properties in (
        ("public_facility", point, facility),
        ("neighbourhood_association", {"type": "Polygon", "coordinates": [ring]}, area),
    ):
        feature = {"type": "Feature", "geometry": geometry, "properties": properties}
        file = folder / f"{kind}.geojson"
        file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
        done = command(folder, "layer", "import", str(file), "--as", kind, check=False)
        assert done.returncode == 0, done.stderr
    said = {"title": text, "attribution": text, "licence": text, "department": text, "theme": text}
    entries = {
        kind: {**said, "visibility": "public", "default_on": True}
        for kind in ("public_facility", "neighbourhood_association")
    }
    (folder / "layers" / "catalogue.toml").write_text(tomli_w.dumps(entries), encoding="utf-8")


def plant_reports(folder: Path, lon: float, lat: float) -> None:
    from dataclasses import replace

    from reports_store import Finding

    secret = (folder / "secret.key").read_bytes()
    text = f"{ALL} {MARKDOWN}"
    finding = Finding(ALL[:180], "x", "x", ALL[:180])
    with ReportStore.open(folder / "reports.sqlite") as store:
        new = pothole(
            lon=lon + 0.0004, lat=lat + 0.0004, body=text, contact=Contact(ALL[:180], ALL[:180], ALL[:180])
        )
        code = code_for(secret, new.uuid)
        new = replace(
            new, tracking_hash=hash_of(code), area=finding, road=finding, answers={"size": ALL[:180]}
        )
        report = store.add(new).report
        released = {"to": {"visibility": "public", "body_public": True}}
        at = datetime.now(UTC)
        report = store.append(
            report.id, NewEvent(EventKind.VISIBILITY, at, ActorType.STAFF, text[:180], released), seen=1
        )
        reply = NewEvent(EventKind.PUBLIC_REPLY, at, ActorType.STAFF, text[:180], public_message=text)
        store.append(report.id, reply, seen=report.version)
    (folder / "planted.json").write_text(json.dumps({"id": report.public_id, "code": code}))


def nothing_ran(page: Page, streamlit: bool = True) -> None:
    def look(frame: Frame) -> tuple[str, object]:
        return frame.content(), frame.evaluate("window.__hit")

    for text, hit in in_every_frame(page, look) if streamlit else [look(page.main_frame)]:
        assert hit is None
        assert "1337" not in text
        assert "<cycler" not in text
        assert "jinja2.utils" not in text


def test_planted_text_is_shown_as_text_everywhere_and_runs_nowhere(
    planted: Server, chromium: Browser
) -> None:
    known = json.loads((planted.data / "planted.json").read_text())
    context, visit = visiting(chromium, planted.url, 1440)
    page = visit.page

    page.goto(f"{planted.url}/?report={known['id']}")
    frame = map_frame(page)
    expect(frame.locator(".gm-popup .gm-body")).to_contain_text("{{ 7*191 }}")
    expect(frame.locator(".gm-panel")).to_contain_text("{{cycler.__init__}}")
    nothing_ran(page)
    frame.locator(".leaflet-popup-close-button").click()
    frame.get_by_role("searchbox").fill("backtick")
    frame.locator(".gm-results button").first.click()
    expect(frame.locator(".gm-popup h3").last).to_contain_text("onerror")
    nothing_ran(page)

    for path in ("/map/", "/map/list", f"/map/r/{known['id']}"):
        page.goto(f"{planted.url}{path}")
        expect(page.get_by_text("{{ 7*191 }}").first).to_be_visible()
        nothing_ran(page, streamlit=False)

    page.goto(f"{planted.url}/data")
    expect(page.get_by_text("{{ 7*191 }}").first).to_be_visible()
    nothing_ran(page)

    page.goto(f"{planted.url}/track/")
    page.get_by_role("textbox", name="照会番号").fill(known["code"])
    page.get_by_role("button", name="その後を見る").click()
    expect(page.get_by_text("{{ 7*191 }}").first).to_be_visible()
    nothing_ran(page, streamlit=False)

    assert visit.outside_but_tiles == []
    assert [text for text in visit.troubles if "404" not in text] == []
    context.close()


def test_planted_text_leaves_as_data_and_formulas_are_tamed(planted: Server) -> None:
    known = json.loads((planted.data / "planted.json").read_text())
    features = httpx.get(f"{planted.url}/opendata/reports.geojson", timeout=30).json()["features"]
    body = next(feature["properties"]["body"] for feature in features if feature["id"] == known["id"])
    assert body == f"{ALL} {MARKDOWN}"
