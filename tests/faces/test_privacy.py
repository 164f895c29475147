"""A name, a telephone number and an e-mail address are planted everywhere a person can put them; nobody outside sees them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from PIL import Image

from gisapp.flows.submit import Draft, submit
from gisapp.rules import rules_of
from gisapp.settings import Settings
from gisapp.town import open_town
from reports_store import ActorType, Contact, EventKind, GeomSource, NewEvent, Place
from tests.photo_makers import phone_photo
from tests.serving import Server, command, copied, serving

NAME, PHONE, EMAIL = "秘密山花子", "080-9876-5432", "canary@secret.example"
CANARIES = (NAME, PHONE, EMAIL)
UUID = "5b0f1f0e-0d4e-4f0c-9f43-1d9f5a9e7c11"


@dataclass(frozen=True)
class Planted:
    server: Server
    number: str
    code: str
    photo: str


def photo_with_names() -> bytes:
    picture = Image.open(io.BytesIO(phone_photo(137.0463, 35.6446)))
    exif = picture.getexif()
    exif[0x010E], exif[0x013B], exif[0x8298] = EMAIL, NAME.encode().decode("latin-1"), PHONE
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif, comment=EMAIL.encode())
    assert EMAIL.encode() in out.getvalue()
    return out.getvalue()


@pytest.fixture(scope="module")
def planted(sample_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    folder = copied(sample_town, tmp_path_factory.mktemp("canary") / "var")
    town = open_town(Settings.from_env({"GISAPP_DATA": str(folder)}))
    photo = town.photos.put(photo_with_names())
    everything = f"{NAME} {PHONE} {EMAIL}"
    question = next(q for q in town.categories["road_damage"].questions)
    draft = Draft(
        UUID, "road_damage", Place(137.0463, 35.6446, GeomSource.EXIF), everything, {question.id: everything},
        Contact(NAME, PHONE, EMAIL, wants_reply=True), (photo,),
    )  # fmt: skip
    receipt = submit(draft, town.reports, rules_of(town))
    report = town.reports.get(receipt.number)
    note = NewEvent(EventKind.NOTE, town.now(), ActorType.STAFF, NAME, internal_message=everything)
    report = town.reports.append(report.id, note, seen=report.version)
    clear = NewEvent(
        EventKind.REDACT,
        town.now(),
        ActorType.STAFF,
        NAME,
        {"to": {"photo": photo.sha256, "pii_state": "clear"}},
    )
    town.reports.append(report.id, clear, seen=report.version)
    town.close()
    with serving(folder) as server:
        yield Planted(server, receipt.number, receipt.tracking_code, photo.sha256)


def addresses(planted: Planted) -> list[str]:
    everywhere = "bbox=136,35,138,36"
    return [
        "/", "/report/", "/track/", "/map/", "/map/list", "/map/figures", "/data", "/healthz", "/live/config.json",
        *(f"/live/reports.json?{everywhere}&z={zoom}" for zoom in (8, 13, 18)),
        f"/live/reports/{planted.number}.json", f"/live/search.json?q={NAME}", f"/live/search.json?q={PHONE}",
        f"/live/search.json?q={EMAIL}", "/opendata/reports.geojson", "/opendata/reports.csv",
        f"/photos/{planted.photo}.jpg", f"/photos/{planted.photo}.320.jpg", "/no/such/page", "/live/reports/none.json",
    ]  # fmt: skip


def test_no_public_answer_holds_a_planted_name_number_or_address(planted: Planted) -> None:
    seen = 0
    for address in addresses(planted):
        answer = httpx.get(f"{planted.server.url}{address}", timeout=30)
        seen += planted.number in answer.text
        for canary in CANARIES:
            asked = canary in address
            assert canary.encode() not in answer.content or (asked and answer.json() == {"found": []}), (
                address
            )
        for trace in (UUID, planted.code, planted.code.replace("-", "")):
            assert trace not in answer.text, address
        assert b"Exif" not in answer.content
    assert seen >= 3, "the report itself is public, so the search above looked in the right places"


def test_the_released_photo_has_no_bytes_of_its_exif(planted: Planted) -> None:
    for size in ("", ".320"):
        photo = httpx.get(f"{planted.server.url}/photos/{planted.photo}{size}.jpg")
        assert photo.status_code == 200
        assert Image.open(io.BytesIO(photo.content)).getexif() == {}
        for canary in CANARIES:
            assert canary.encode() not in photo.content


def test_no_exported_file_and_no_log_line_holds_them(planted: Planted, tmp_path: Path) -> None:
    texts = [planted.server.log.read_bytes()]
    for form in ("geojson", "csv"):
        out = tmp_path / f"reports.{form}"
        command(planted.server.data, "export", "reports", "--format", form, "--out", str(out))
        texts.append(out.read_bytes())
        assert planted.number.encode() in texts[-1]
    for text in texts:
        for canary in (*CANARIES, UUID, planted.code):
            assert canary.encode() not in text


def test_the_canary_is_in_the_store_so_that_the_search_could_have_found_it(planted: Planted) -> None:
    raw = b"".join(path.read_bytes() for path in planted.server.data.glob("reports.sqlite*"))
    assert NAME.encode() in raw
