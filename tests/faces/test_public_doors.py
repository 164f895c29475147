"""What becomes public is decided by category: every combination, looked for at every door that a stranger can open.

Each report carries words of its own in every private field, stands at a place of its own, and has a photo that nobody
has looked at. The strangers know all numbers, fingerprints and categories, and guess the rest.
"""

from __future__ import annotations

import io
import itertools
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from PIL import Image

from gisapp.flows.submit import Draft, submit
from gisapp.rules import rules_of
from gisapp.settings import Settings
from gisapp.town import Town, open_town
from reports_store import (
    ActorType,
    Categories,
    Contact,
    EventKind,
    Filters,
    GeomSource,
    NewEvent,
    Place,
    Report,
    ReportStore,
    Status,
)
from reports_store.categories import SHIPPED
from reports_store.errors import ChangeRefused
from reports_store.ground import PublicPlace, shown_place
from tests.photo_makers import phone_photo
from tests.report_makers import pothole, step
from tests.serving import Server, copied, serving

PUBLISH = ("at_once", "after_check", "never")
PLACES = ("exact", "grid50", "area")
LON, LAT, STEP = 137.0463, 35.6446, 0.0017
CANARY = "カナリア"
KIND = """
[{code}]
names = {{ ja = "種類{symbol}", en = "Kind {symbol}" }}
hint_ja = "説明"
group = "試し"
department = "総務課"
deadline_days = 5
disaster = false
symbol = "{symbol}"
public_place = "{place}"
publish = "{publish}"

[[{code}.questions]]
id = "what"
ask_ja = "何ですか"
choices_ja = ["あれ", "これ"]

[[{code}.questions]]
id = "free"
ask_ja = "番号"
"""


@dataclass(frozen=True)
class Planted:
    """A report and what must not leave the town hall. shown: whether residents may know of it at all;
    released: whether its words and its photo have been looked at and let go.
    """

    report: Report
    publish: str
    place: str
    shown: bool
    released: bool
    photo: str
    original: str

    @property
    def name(self) -> str:
        return f"{self.publish}-{self.place}{'-released' if self.released else ''}"

    @property
    def canary(self) -> str:
        return f"{CANARY}{self.name}"


@dataclass(frozen=True)
class Doors:
    server: Server
    planted: list[Planted]
    answers: dict[str, httpx.Response] = field(default_factory=dict)

    def get(self, address: str) -> httpx.Response:
        if address not in self.answers:
            ja = {"Accept-Language": "ja"}
            self.answers[address] = httpx.get(f"{self.server.url}{address}", timeout=60, headers=ja)
        return self.answers[address]


def code_of(publish: str, place: str) -> str:
    return f"{publish}_{place}"


@pytest.fixture(scope="module")
def doors(sample_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    data = copied(sample_town, tmp_path_factory.mktemp("combinations") / "var")
    kinds = [
        KIND.format(
            code=code_of(publish, place), symbol="甲乙丙丁戊己庚辛壬"[n], place=place, publish=publish
        )
        for n, (publish, place) in enumerate(itertools.product(PUBLISH, PLACES))
    ]
    (data / "categories.toml").write_text(SHIPPED.read_text(encoding="utf-8") + "".join(kinds))
    town = open_town(Settings.from_env({"GISAPP_DATA": str(data)}))
    planted = [
        plant(town, number, publish, place, released)
        for number, (publish, place, released) in enumerate(
            (publish, place, released)
            for publish, place in itertools.product(PUBLISH, PLACES)
            for released in ((False, True) if publish != "never" else (False,))
        )
    ]
    town.close()
    with serving(data) as server:
        yield Doors(server, planted)


def plant(town: Town, number: int, publish: str, place: str, released: bool) -> Planted:
    words = f"{CANARY}{publish}-{place}{'-released' if released else ''}"
    own = 0.0000137 * (number + 1)  # no two reports share a longitude or a latitude
    lon, lat = round(LON + STEP * (number % 4) + own, 7), round(LAT + STEP * (number // 4) + own, 7)
    exact = Place(lon, lat, GeomSource.GPS, 4.0)
    photo = town.photos.put(photo_with_words(lon, lat))
    draft = Draft(
        str(uuid.uuid5(uuid.NAMESPACE_URL, words)), code_of(publish, place), exact, f"{words}の本文",
        {"what": "あれ", "free": f"{words}の答え"},
        Contact(f"{words}の名前", "080-0000-4321", "canary@secret.example", wants_reply=True), (photo,),
    )  # fmt: skip
    receipt = submit(draft, town.reports, rules_of(town))
    report = town.reports.get(receipt.number)
    note = NewEvent(
        EventKind.NOTE, town.now(), ActorType.STAFF, f"{words}の係", internal_message=f"{words}のメモ"
    )
    report = town.reports.append(report.id, note, seen=report.version)
    if released:
        # the words are harmless by now; what the resident wrote stays as it was for the town hall
        for kind, to in (
            (EventKind.VISIBILITY, {"visibility": "public"}),
            (EventKind.REDACT, {"photo": photo.sha256, "pii_state": "clear"}),
        ):
            event = NewEvent(kind, town.now(), ActorType.STAFF, words, {"to": to})
            report = town.reports.append(report.id, event, seen=report.version)
    shown = publish == "at_once" or released
    return Planted(report, publish, place, shown, released, photo.sha256, photo.original_sha256)


def photo_with_words(lon: float, lat: float) -> bytes:
    """A photo with its place, and with the words in its EXIF."""
    picture = Image.open(io.BytesIO(phone_photo(lon, lat)))
    exif = picture.getexif()
    exif[0x013B] = "canary@secret.example"
    out = io.BytesIO()
    # every photo differs, or one that is released would release its twins
    picture.putpixel((0, 0), (int(lon * 1e6) % 256, int(lat * 1e6) % 256, 0))
    picture.save(out, "JPEG", exif=exif, comment=f"{lon},{lat}".encode(), quality=97)
    return out.getvalue()


def around(one: Planted) -> str:
    lon, lat = one.report.place.lon, one.report.place.lat
    return f"{lon - 0.0008},{lat - 0.0008},{lon + 0.0008},{lat + 0.0008}"


def addresses(one: Planted) -> list[str]:
    """Every door through which a report might be seen, asked by one who knows its number, kind and place."""
    number, code, box = one.report.public_id, one.report.category, around(one)
    lon, lat = one.report.place.lon, one.report.place.lat
    return [
        *(f"/live/reports.json?bbox={box}&z={zoom}&category={code}" for zoom in (5, 10, 14, 17, 20, 24)),
        *(f"/live/reports.json?bbox=136,35,138,36&z=12&category={code}&q={text}" for text in (number, one.canary)),
        f"/live/reports.json?bbox={box}&z=18&category={code}&period=7&state=open",
        f"/live/reports/{number}.json", f"/live/search.json?q={number}", f"/live/search.json?q={one.canary}",
        f"/live/list.json?bbox={box}&z=18", f"/live/list.json?bbox=136,35,138,36&z=8&category={code}",
        f"/live/list.json?bbox=136,35,138,36&z=8&after={number}",
        f"/map/?category={code}", f"/map/?report={number}", f"/map/list?category={code}", f"/map/list?q={number}",
        f"/map/list?q={one.canary}", f"/map/list?after={number}", f"/map/r/{number}",
        f"/feeds/category/{code}.atom", f"/feeds/report/{number}.atom", f"/feeds/place.atom?bbox={box}",
        f"/api/similar?category={code}&lon={lon}&lat={lat}", f"/api/place?lon={lon}&lat={lat}",
        *(f"/photos/{sha}{size}.jpg" for sha in (one.photo, one.original) for size in ("", ".320", ".1600", ".raw")),
        f"/photos/{one.photo}", f"/track/photos/{one.photo}.jpg", f"/track/photos/{one.photo}.320.jpg",
        f"/api/reports/{number}", f"/track/{number}", f"/place?lon={lon}&lat={lat}",
    ]  # fmt: skip


WHOLE = (
    "/map/", "/map/list", "/map/figures", "/map/figures.csv", "/opendata/reports.geojson", "/opendata/reports.csv",
    "/feeds/all.atom", "/live/reports.json?bbox=136,35,138,36&z=8", "/live/list.json?bbox=136,35,138,36&z=8",
    "/healthz", "/api/door.json",
)  # fmt: skip


def every_page(doors: Doors, address: str) -> str:
    """All pages of the public list, one after the other."""
    texts, following = [], address
    while following:
        text = doors.get(following).text
        texts.append(text)
        found = re.search(r'rel="next" href="([^"]+)"', text)
        following = found[1].replace("&amp;", "&") if found else ""
    return "".join(texts)


def test_no_door_shows_a_private_word_of_any_report(doors: Doors) -> None:
    for one in doors.planted:
        for address in (*addresses(one), *WHOLE):
            answer = doors.get(address)
            assert answer.status_code < 500, address
            text = answer.text.replace(one.canary, "") if "q=" in address else answer.text
            for secret in (f"{CANARY}", "080-0000-4321", "canary@secret.example", one.report.uuid):
                asked = "q=" in address and secret == CANARY
                assert secret not in text or asked, (address, secret)
            assert b"Exif" not in answer.content, address
            assert b"http://ns.adobe" not in answer.content, address


@pytest.mark.parametrize("publish", PUBLISH)
def test_a_report_that_is_not_public_is_behind_no_door_at_all(doors: Doors, publish: str) -> None:
    hidden = [one for one in doors.planted if one.publish == publish and not one.shown]
    assert len(hidden) == {"at_once": 0, "after_check": 3, "never": 3}[publish]
    listed = every_page(doors, "/map/list")
    for one in hidden:
        number = one.report.public_id
        for address in addresses(one):
            answer = doors.get(address)
            known = number in address or one.canary in address
            # an answer may repeat what it was asked for, never more
            text = answer.text.replace(number, "") if known else answer.text
            assert number not in text, address
            assert str(one.report.place.lon) not in text or "lon=" in address, address
        for address in WHOLE:
            assert number not in doors.get(address).text, address
        assert number not in listed
        for address in (
            f"/live/reports/{number}.json", f"/map/r/{number}", f"/feeds/report/{number}.atom",
            f"/map/list?after={number}", f"/live/list.json?bbox=136,35,138,36&z=8&after={number}",
        ):  # fmt: skip
            nothing = address.replace(number, "R8-999999")
            assert doors.get(address).status_code == doors.get(nothing).status_code == 404, address
            assert without_ids(doors.get(address)) == without_ids(doors.get(nothing)), address


def without_ids(answer: httpx.Response) -> str:
    return re.sub(r"R8-\d{6}", "", answer.text)


@pytest.mark.parametrize("released", [False, True])
def test_no_photo_is_reachable_before_a_person_has_let_it_go(doors: Doors, released: bool) -> None:
    for one in doors.planted:
        if one.released is not released:
            continue
        found = {address: doors.get(address) for address in addresses(one) if "/photos/" in address}
        opened = {address for address, answer in found.items() if answer.status_code == 200}
        assert opened == (
            {f"/photos/{one.photo}.jpg", f"/photos/{one.photo}.320.jpg"} if one.released else set()
        ), one.name
        for address in opened:
            assert Image.open(io.BytesIO(found[address].content)).getexif() == {}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("publish", PUBLISH)
def test_clusters_counts_and_figures_know_of_the_public_reports_only(
    doors: Doors, publish: str, place: str
) -> None:
    code = code_of(publish, place)
    mine = [one for one in doors.planted if one.report.category == code]
    shown = [one for one in mine if one.shown]
    placed = [one for one in shown if one.place != "area"]
    for zoom in (5, 10, 14, 18):
        found = doors.get(f"/live/reports.json?bbox=136,35,138,36&z={zoom}&category={code}").json()[
            "features"
        ]
        assert sum(one["properties"].get("cluster", 1) for one in found) == len(placed), zoom
    assert doors.get(f"/live/list.json?bbox=136,35,138,36&z=8&category={code}").json()["total"] == len(placed)
    assert f"{len(shown)}件</h2>" in doors.get(f"/map/list?category={code}").text
    numbers = {one.report.public_id for one in mine}
    features = doors.get("/opendata/reports.geojson").json()["features"]
    assert {one["id"] for one in features} & numbers == {one.report.public_id for one in shown}
    rows = [line.split(",") for line in doors.get("/map/figures.csv").text.splitlines()]
    name = "種類" + "甲乙丙丁戊己庚辛壬"[list(itertools.product(PUBLISH, PLACES)).index((publish, place))]
    whole = [row for row in rows if row[0] == name and row[1] == "すべて"]
    assert [int(row[2]) for row in whole] == ([len(shown)] if shown else [])


def test_a_place_is_shown_exactly_roughly_or_not_at_all_as_its_category_says(doors: Doors) -> None:
    features = {one["id"]: one for one in doors.get("/opendata/reports.geojson").json()["features"]}
    for one in doors.planted:
        if not one.shown:
            continue
        feature, exact = features[one.report.public_id], one.report.place
        wanted = shown_place(exact, PublicPlace(one.place))
        if wanted is None:
            assert feature["geometry"] is None
            lines = doors.get(
                f"/live/list.json?bbox={around(one)}&z=18&category={one.report.category}"
            ).json()
            assert lines == {"lines": [], "total": 0, "older": None}
        else:
            assert feature["geometry"]["coordinates"] == [wanted.lon, wanted.lat]
        if one.place == "exact":
            continue
        for address in (*addresses(one), *WHOLE):
            if f"lon={exact.lon}" in address or f"{exact.lon - 0.0008}" in address:
                continue  # an answer may repeat what it was asked for
            text = doors.get(address).text
            assert not (str(exact.lon) in text and str(exact.lat) in text), (one.name, address)
        page = doors.get(f"/map/r/{one.report.public_id}").text
        assert ("およその位置" in page) is (one.place == "grid50")
        assert ("場所は公開していません" in page) is (one.place == "area")


def test_the_public_reports_are_at_the_doors_so_that_the_search_could_have_found_the_others(
    doors: Doors,
) -> None:
    for one in doors.planted:
        if one.shown:
            number = one.report.public_id
            seen = [address for address in (*addresses(one), *WHOLE) if number in doors.get(address).text]
            assert len(seen) >= 8, (one.name, seen)
    assert CANARY.encode() in b"".join(
        path.read_bytes() for path in doors.server.data.glob("reports.sqlite*")
    )


def test_a_clerk_cannot_publish_what_is_never_public_and_a_move_into_such_a_kind_takes_it_back(
    sample_town: Path, tmp_path: Path
) -> None:

    file = tmp_path / "categories.toml"
    kind = KIND.format(code="quiet", symbol="静", place="exact", publish="never")
    file.write_text(SHIPPED.read_text(encoding="utf-8") + kind)
    with ReportStore.open(tmp_path / "town.sqlite", Categories.load(file)) as store:
        quiet = store.add(pothole(category="quiet")).report
        with pytest.raises(ChangeRefused):
            store.append(quiet.id, step(EventKind.VISIBILITY, {"visibility": "public"}), seen=1)
        loud = store.add(pothole()).report
        assert store.count(Filters(public=True)) == 1

        moved = store.append(loud.id, step(EventKind.CATEGORY, {"category": "quiet"}), seen=1)

        assert moved.visibility.value == "private"
        assert store.count(Filters(public=True)) == 0
        back = store.append(loud.id, step(EventKind.CATEGORY, {"category": "road_damage"}), seen=2)
        assert back.visibility.value == "private", "a person has to publish it anew"
        assert back.status is Status.RECEIVED


def test_a_kind_that_the_town_makes_private_takes_back_what_was_public(tmp_path: Path) -> None:

    file = tmp_path / "categories.toml"
    with ReportStore.open(tmp_path / "town.sqlite") as store:
        store.add(pothole())
        assert store.count(Filters(public=True)) == 1
    text = SHIPPED.read_text(encoding="utf-8")
    file.write_text(text.replace('publish = "at_once"', 'publish = "never"', 1))
    for categories in (Categories.load(file), Categories.load()):
        with ReportStore.open(tmp_path / "town.sqlite", categories) as store:
            assert store.count(Filters(public=True)) == 0
            assert store.cell_counts((136.0, 35.0, 138.0, 36.0), 8, Filters(public=True)) == []
            assert store.count(Filters()) == 1
