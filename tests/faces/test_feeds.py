"""Atom as a feed reader meets it: valid, public data only, and cheap to ask again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote
from xml.etree.ElementTree import Element

import httpx
import pytest
from defusedxml import ElementTree

from gisapp.settings import Settings
from gisapp.town import Town, open_town
from reports_store import EventKind, Report, Status, Visibility
from tests.report_makers import moved, pothole, step
from tests.serving import Server, copied, serving

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def server(sample_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = copied(sample_town, tmp_path_factory.mktemp("feeds") / "var")
    with serving(data, GISAPP_URL="https://chizu.example.lg.jp") as running:
        yield running


@pytest.fixture(scope="module")
def town(server: Server) -> Iterator[Town]:
    opened = open_town(Settings.from_env({"GISAPP_DATA": str(server.data)}))
    yield opened
    opened.close()


def file_report(town: Town, **given: object) -> Report:
    return town.reports.add(replace(pothole(**given), received_at=datetime.now(UTC))).report  # type: ignore[arg-type]


def feed(server: Server, path: str) -> Element:
    answer = httpx.get(f"{server.url}{path}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/atom+xml")
    found: Element = ElementTree.fromstring(answer.content)
    return found


def numbers(found: Element) -> list[str]:
    return [str(one.text).rpartition(":")[2] for one in found.findall(f"{ATOM}entry/{ATOM}id")]


@pytest.mark.parametrize(
    "path",
    ["/feeds/all.atom", "/feeds/category/road_damage.atom", f"/feeds/association/{quote('本町')}.atom",
     "/feeds/place.atom?bbox=136,35,138,36", "/feeds/report/{number}.atom"],
)  # fmt: skip
def test_a_feed_is_valid_atom(server: Server, town: Town, path: str) -> None:
    report = file_report(town, area="本町")
    found = feed(server, path.replace("{number}", report.public_id))

    assert found.tag == f"{ATOM}feed"
    for parent in (found, *found.findall(f"{ATOM}entry")):  # RFC 4287, 4.1.1 and 4.1.2: each exactly once
        for name in ("id", "title", "updated"):
            assert len(parent.findall(f"{ATOM}{name}")) == 1
        moment = datetime.fromisoformat(parent.findtext(f"{ATOM}updated", ""))
        assert moment.tzinfo is not None
    assert found.findtext(f"{ATOM}author/{ATOM}name")
    links = {one.get("rel"): one.get("href", "") for one in found.findall(f"{ATOM}link")}
    assert set(links) == {"self", "alternate"}
    assert links["self"].startswith("https://chizu.example.lg.jp/feeds/")
    ids = [one.text for one in found.iter(f"{ATOM}id")]
    assert len(ids) == len(set(ids)) > 1
    assert all(str(one).startswith("tag:chizu.example.lg.jp,2026:") for one in ids)


def test_each_feed_holds_what_it_says_and_the_latest_move_first(server: Server, town: Town) -> None:
    west, south, east, north = 136.0, 35.0, 136.001, 35.001
    here = file_report(town, lon=136.0005, lat=35.0005, area="北組", category="street_light")
    there = file_report(town, lon=136.2, lat=35.2, area="南組")
    town.reports.append(here.id, replace(moved(Status.TRIAGED), at=datetime.now(UTC)), seen=here.version)

    everything = numbers(feed(server, "/feeds/all.atom"))
    assert everything.index(here.public_id) < everything.index(there.public_id)
    assert numbers(feed(server, f"/feeds/place.atom?bbox={west},{south},{east},{north}")) == [here.public_id]
    assert numbers(feed(server, f"/feeds/association/{quote('南組')}.atom")) == [there.public_id]
    leaks = numbers(feed(server, "/feeds/category/street_light.atom"))
    assert here.public_id in leaks
    assert there.public_id not in leaks


def test_a_feed_of_one_report_tells_its_public_steps(server: Server, town: Town) -> None:
    report = file_report(town)
    for one in (moved(Status.TRIAGED, noted="内部"), step(EventKind.PUBLIC_REPLY, said="来週直します。")):
        seen = town.reports.by_id(report.id).version
        town.reports.append(report.id, replace(one, at=datetime.now(UTC)), seen=seen)
    found = feed(server, f"/feeds/report/{report.public_id}.atom")
    texts = [one.text or "" for one in found.findall(f"{ATOM}entry/{ATOM}content")]
    assert len(texts) == 3
    assert "来週直します。" in texts[0]
    assert "内部" not in "".join(texts)
    assert "建設課 1" not in "".join(texts)


def test_what_is_not_public_is_in_no_feed_and_looks_like_nothing(server: Server, town: Town) -> None:
    hidden = file_report(town, body="ひみつ")
    hide = step(EventKind.VISIBILITY, {"visibility": Visibility.HIDDEN.value})
    town.reports.append(hidden.id, hide, seen=hidden.version)
    assert hidden.public_id not in numbers(feed(server, "/feeds/all.atom"))
    answers = [httpx.get(f"{server.url}/feeds/report/{one}.atom") for one in (hidden.public_id, "R8-999999")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content


def test_asking_again_costs_nothing_until_something_has_happened(server: Server, town: Town) -> None:
    address = f"{server.url}/feeds/category/park_playground.atom"
    first = httpx.get(address)
    same = httpx.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert httpx.get(address, headers={"If-None-Match": f'"x", W/{first.headers["etag"]}'}).status_code == 304
    report = file_report(town, category="park_playground")
    changed = httpx.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200
    assert report.public_id in changed.text


def test_a_feed_speaks_the_language_that_was_asked_for(server: Server, town: Town) -> None:
    file_report(town)
    japanese, english = (httpx.get(f"{server.url}/feeds/all.atom{query}") for query in ("", "?lang=en"))
    assert japanese.headers["etag"] != english.headers["etag"]
    assert b'xml:lang="ja"' in japanese.content
    assert b'xml:lang="en"' in english.content


def test_no_words_of_a_person_break_the_feed_or_become_markup(server: Server, town: Town) -> None:
    report = file_report(town, area="]]>&<b>組", body="x")
    for one in (
        step(EventKind.VISIBILITY, {"body_public": True}),
        step(EventKind.PUBLIC_REPLY, said="\x0b\x1b\ufffe <script>&amp;]]> {{ 7*191 }} 👷"),
    ):
        seen = town.reports.by_id(report.id).version
        town.reports.append(report.id, replace(one, at=datetime.now(UTC)), seen=seen)
    found = feed(server, f"/feeds/report/{report.public_id}.atom")
    text = found.findtext(f"{ATOM}entry/{ATOM}content", "")
    assert "<script>&amp;]]> {{ 7*191 }} 👷" in text
    assert list(found.findall(f"{ATOM}entry/{ATOM}content")[0]) == []
    name = quote("]]>&<b>組", safe="")
    assert numbers(feed(server, f"/feeds/association/{name}.atom")) == [report.public_id]


@pytest.mark.parametrize(
    ("path", "status"),
    [("/feeds/category/none.atom", 404), ("/feeds/nothing.atom", 404), ("/feeds/all.xml", 404),
     ("/feeds/place.atom", 400), ("/feeds/place.atom?bbox=1,2,3", 400), ("/feeds/place.atom?bbox=nan,1,2,3", 400),
     ("/feeds/place.atom?bbox=138,35,136,36", 400), ("/feeds/place.atom?bbox=0,0,1,1", 400),
     ("/feeds/place.atom?bbox=136,35,1e999,36", 400), ("/feeds/report/%00.atom", 404)],
)  # fmt: skip
def test_an_odd_address_is_refused(server: Server, path: str, status: int) -> None:
    assert httpx.get(f"{server.url}{path}").status_code == status


def test_the_place_of_a_coarse_report_does_not_show_by_narrowing_the_box(server: Server, town: Town) -> None:
    coarse = next(code for code, one in town.categories.items() if one.public_place.value == "grid50")
    lon, lat = 136.4004, 35.4003
    report = file_report(town, lon=lon, lat=lat, category=coarse)
    publish = step(EventKind.VISIBILITY, {"visibility": Visibility.PUBLIC.value})
    town.reports.append(report.id, publish, seen=report.version)
    around = f"{lon - 0.00002},{lat - 0.00002},{lon + 0.00002},{lat + 0.00002}"
    wide = f"{lon - 0.001},{lat - 0.001},{lon + 0.001},{lat + 0.001}"
    assert report.public_id not in numbers(feed(server, f"/feeds/place.atom?bbox={around}"))
    assert report.public_id in numbers(feed(server, f"/feeds/place.atom?bbox={wide}"))
