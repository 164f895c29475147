"""写真の確認 through the running app: nothing leaves before a person has looked, and what is blackened stays black."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from PIL import Image

from gisapp.flows.desk.reading import report_for
from gisapp.person import Person, Role
from gisapp.settings import Settings
from gisapp.town import open_town
from reports_store import Categories, Filters, PiiState, Report, ReportPhoto, ReportStore, Visibility
from reports_store.looking import Whose
from tests.faces.test_signing_in import signed_in
from tests.report_makers import photo as a_photo
from tests.report_makers import pothole
from tests.serving import Server, copied, serving

NOW = datetime.now(UTC)


@dataclass(frozen=True)
class Office:
    """The running app, a resident's browser, and one of each of three people."""

    server: Server
    resident: httpx.Client
    kankyo: httpx.Client
    doboku: httpx.Client
    clerk: httpx.Client


@pytest.fixture(scope="module")
def office(sample_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    data = copied(sample_town, tmp_path_factory.mktemp("photos") / "var")
    with serving(data) as server, ExitStack() as stack:
        resident = httpx.Client(base_url=server.url, headers={"Origin": server.url}, timeout=30)
        hall = [signed_in(server, login) for login in ("kankyo", "doboku", "madoguchi")]
        for browser in (resident, *hall):
            stack.enter_context(closing(browser))
        yield Office(server, resident, *hall)


@pytest.fixture(scope="module")
def reports(office: Office) -> Iterator[ReportStore]:
    town = open_town(Settings.from_env({"GISAPP_DATA": str(office.server.data)}))
    yield town.reports
    town.close()


@pytest.fixture
def waiting(reports: ReportStore) -> tuple[Report, ReportPhoto]:
    """A public report of 建設課 with a photo of its own that nobody has looked at."""
    for found in reports.photos_to_look_at(Whose(department="建設課"), 200):
        report = reports.get(found.public_id)
        if report.visibility is Visibility.PUBLIC:
            return report, next(each for each in report.photos if each.sha256 == found.sha256)
    raise LookupError("the sample town has no such photo")


def decision(report: Report, state: str, boxes: object = None) -> dict[str, str]:
    return {
        "decision": state,
        "seen": str(report.version),
        "uuid": str(uuid4()),
        "boxes": json.dumps(boxes or []),
    }


def seen_by_residents(office: Office, sha256: str) -> bool:
    answers = [office.resident.get(f"/photos/{sha256}{size}.jpg").status_code for size in ("", ".320")]
    assert answers in ([200, 200], [404, 404])
    return answers == [200, 200]


def test_a_photo_waits_in_the_queue_of_its_department_and_of_the_clerks(
    office: Office, waiting: tuple[Report, ReportPhoto]
) -> None:
    report, photo = waiting
    link = f"/desk/photos/{report.public_id}/{photo.sha256}"

    assert link in office.doboku.get("/desk/photos").text
    assert link in office.clerk.get("/desk/photos").text
    assert link not in office.kankyo.get("/desk/photos").text
    assert office.resident.get("/desk/photos").status_code == 303
    assert not seen_by_residents(office, photo.sha256)


def test_what_was_blackened_is_black_in_the_only_copy_that_leaves(
    office: Office, reports: ReportStore, waiting: tuple[Report, ReportPhoto]
) -> None:
    report, photo = waiting
    box = {"x": 0.25, "y": 0.25, "w": 0.5, "h": 0.5}

    answer = office.doboku.post(
        f"/desk/photos/{report.public_id}/{photo.sha256}", data=decision(report, "redacted", [box])
    )

    assert answer.status_code == 303
    kept = next(p for p in reports.get(report.public_id).photos if p.sha256 == photo.sha256)
    assert kept.pii_state is PiiState.REDACTED
    assert kept.shown_as is not None
    assert seen_by_residents(office, kept.shown_as)
    assert not seen_by_residents(office, photo.sha256)
    public = Image.open(io.BytesIO(office.resident.get(f"/photos/{kept.shown_as}.jpg").content)).convert("L")
    wide, high = public.size
    inside = public.crop((int(wide * 0.25), int(high * 0.25), int(wide * 0.75), int(high * 0.75)))
    assert inside.getextrema()[1] <= 8
    assert any(
        one.target == report.public_id and one.actor == "doboku"
        for one in reports.audit_lines(0, 10_000)
        if one.action == "release"
    )


def test_a_released_photo_can_be_taken_back_at_once(
    office: Office, reports: ReportStore, waiting: tuple[Report, ReportPhoto]
) -> None:
    report, photo = waiting
    address = f"/desk/photos/{report.public_id}/{photo.sha256}"
    assert office.clerk.post(address, data=decision(report, "clear")).status_code == 303
    assert seen_by_residents(office, photo.sha256)

    after = reports.get(report.public_id)
    assert office.clerk.post(address, data=decision(after, "blocked")).status_code == 303

    assert not seen_by_residents(office, photo.sha256)
    assert "公開しない" in office.doboku.get(address).text


def test_another_department_a_stale_page_and_a_broken_box_change_nothing(
    office: Office, reports: ReportStore, waiting: tuple[Report, ReportPhoto]
) -> None:
    report, photo = waiting
    address = f"/desk/photos/{report.public_id}/{photo.sha256}"
    stale = decision(report, "clear") | {"seen": str(report.version - 1)}

    assert office.kankyo.post(address, data=decision(report, "clear")).status_code in (403, 422)
    assert office.doboku.post(address, data=stale).status_code == 409
    outside = [{"x": 1, "y": 1, "w": 0, "h": 0}], [{"x": 0.9, "y": 0, "w": 0.5, "h": 0.1}]
    for boxes in (*outside, [], [{"x": 2, "y": 0, "w": 1, "h": 1}], [{"x": "0"}], {"x": 1}, [{}] * 101):
        assert office.doboku.post(address, data=decision(report, "redacted", boxes)).status_code in (400, 422)
    assert office.doboku.post(address, data=decision(report, "everything")).status_code == 400
    endless = decision(report, "clear") | {"seen": "9" * 5000}
    assert office.doboku.post(address, data=endless).status_code == 400

    assert reports.get(report.public_id) == report
    assert not seen_by_residents(office, photo.sha256)


def test_a_photo_under_the_number_of_another_report_is_not_found(
    office: Office, reports: ReportStore, waiting: tuple[Report, ReportPhoto]
) -> None:
    _, photo = waiting
    other = next(each for each in reports.photos_to_look_at(Whose(), 200) if each.sha256 != photo.sha256)
    assert office.clerk.get(f"/desk/photos/{other.public_id}/{photo.sha256}").status_code == 404
    assert office.clerk.get(f"/desk/photos/none/{photo.sha256}").status_code == 404


def test_a_photo_of_a_merged_report_is_released_on_that_report_and_on_no_other(
    office: Office, reports: ReportStore
) -> None:
    """Seen from an attack: whoever had the original could publish a photo of another department's report."""
    report = reports.add(pothole(photos=(a_photo("one"),))).report
    (kept,) = report.own_photos
    original = reports.newest(Filters(categories=("illegal_dumping",)), limit=1)[0]
    reports.merge(report.id, original.id, actor="admin", at=NOW, seen=report.version)
    now = reports.get(original.public_id)
    assert kept.sha256 in {each.sha256 for each in now.photos}

    answer = office.kankyo.post(f"/desk/photos/{now.public_id}/{kept.sha256}", data=decision(now, "clear"))

    assert answer.status_code == 403
    assert reports.get(report.public_id).own_photos[0].pii_state is PiiState.UNCHECKED
    assert not seen_by_residents(office, kept.sha256)


def test_photos_of_a_merged_report_that_is_kept_from_a_department_are_kept_with_it(
    office: Office, reports: ReportStore
) -> None:
    report = reports.add(pothole(photos=(a_photo("two"),))).report
    (kept,) = report.own_photos
    original = reports.newest(Filters(categories=("illegal_dumping",)), limit=1)[0]
    reports.merge(report.id, original.id, actor="admin", at=NOW, seen=report.version)
    categories = Categories.load()
    secret = {**categories, report.category: replace(categories[report.category], seen_by=("危機管理課",))}
    stranger = Person("x", "見本", "環境課", frozenset({Role.STAFF}))

    seen = report_for(stranger, original.public_id, reports, Categories(secret))
    unkept = report_for(stranger, original.public_id, reports, categories)

    assert kept.sha256 not in {each.sha256 for each in seen.photos}
    assert kept.sha256 in {each.sha256 for each in unkept.photos}
