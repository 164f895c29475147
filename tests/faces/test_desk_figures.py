"""集計・分析 over a real server: figures with their denominators, density, hot spots and a patrol; staff only."""

from __future__ import annotations

import csv
import io
import random
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from reports_store import Filters, ReportStore
from reports_store.audit import EXPORT
from tests.faces.test_signing_in import signed_in
from tests.report_makers import PLANTED, pothole
from tests.serving import Server, copied, serving

NOW = datetime.now(UTC)
DUMPED = (137.0463, 35.6443)
PATHS = (
    "/desk/figures", "/desk/figures.csv", "/desk/figures/density", "/desk/hotspots", "/desk/hotspots.csv",
    "/desk/patrol", "/desk/patrol.gpx", "/desk/patrol.geojson",
)  # fmt: skip


@pytest.fixture(scope="module")
def served(sample_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The sample town, with dumping planted at one corner and hostile names of areas."""
    data = copied(sample_town, tmp_path_factory.mktemp("figures") / "var")
    dice = random.Random(4)
    with ReportStore.open(data / "reports.sqlite") as store:
        store.add_many(
            pothole(
                key=f"dumped {number}", category="illegal_dumping", received_at=NOW - timedelta(days=number + 1),
                lon=dice.gauss(DUMPED[0], 0.0007), lat=dice.gauss(DUMPED[1], 0.0005), area=PLANTED[number % 6],
            )
            for number in range(24)
        )  # fmt: skip
    with serving(data) as server:
        yield server


@pytest.fixture(scope="module")
def clerk(served: Server) -> Iterator[httpx.Client]:
    client = signed_in(served)
    client.timeout = httpx.Timeout(120)
    yield client
    client.close()


@pytest.mark.parametrize("path", PATHS)
def test_a_resident_is_shown_the_way_in(served: Server, path: str) -> None:
    answer = httpx.get(f"{served.url}{path}", follow_redirects=False)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?next=%2Fdesk%2F")


def test_each_figure_stands_with_how_many_it_is_made_of(clerk: httpx.Client) -> None:
    text = clerk.get("/desk/figures?period=all").text

    assert re.search(r"\d+件中\d+件", text)
    assert "少ないため日数は出しません" in text
    assert 'role="img"' in text
    assert "style=" not in text
    assert "<script>" not in text
    assert "{{ 7*191 }}" in text  # the name of an area, as it was written
    for planted in PLANTED:
        assert "<" not in planted or planted not in text


def test_the_file_says_the_same_as_the_page_and_is_filtered_alike(clerk: httpx.Client) -> None:
    answer = clerk.get("/desk/figures.csv?period=all&category=illegal_dumping")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))

    assert answer.headers["content-disposition"] == 'attachment; filename="figures.csv"'
    assert answer.headers["cache-control"] == "no-store"
    assert [row["項目"] for row in rows if row["区分"] == "種類"] == ["不法投棄"]
    page = clerk.get("/desk/figures?period=all&category=illegal_dumping").text
    assert f"この条件の通報：{rows[0]['受付件数']}件" in page


def test_each_file_of_figures_is_in_the_trail_and_places_go_only_with_who_works_there(served: Server) -> None:
    """閲覧のみ sees the numbers and the round, and takes no places out of the house."""
    files = ("figures.csv", "hotspots.csv", "patrol.gpx", "patrol.geojson")
    asked = "over=choice&period=quarter&category=water_leak"
    for login, expected in (("etsuran", [200, 403, 403, 403]), ("genba", [200] * 4)):
        with closing(signed_in(served, login)) as browser:
            answers = [browser.get(f"/desk/{name}?{asked}") for name in files]
            assert [one.status_code for one in answers] == expected, login
            page = browser.get(f"/desk/patrol?{asked}&open=0").text
        assert ("/desk/patrol.gpx?" in page) == (login == "genba")
    with ReportStore.open(served.data / "reports.sqlite") as store:
        lines = [(one.actor, one.target) for one in store.audit_lines() if one.action == EXPORT]
    ours = [one for one in lines if one[0] in ("etsuran", "genba")]
    assert ours == [("etsuran", "figures.csv"), *(("genba", name) for name in files)]


def test_density_counts_the_filtered_reports_by_place(clerk: httpx.Client) -> None:
    box = "bbox=137,35.6,137.1,35.7&z=13"

    every = clerk.get(f"/desk/figures/density.json?period=all&{box}").json()
    dumped = clerk.get(f"/desk/figures/density.json?period=all&category=illegal_dumping&{box}").json()

    assert every["total"] > dumped["total"] >= 24
    assert sum(cell[4] for cell in dumped["cells"]) == dumped["total"]
    for cell in dumped["cells"]:
        low, high = dumped["classes"][cell[5]]
        assert low <= cell[4] <= high
    assert clerk.get("/desk/figures/density.json?bbox=x&z=13").status_code == 400
    assert "多い場所" in clerk.get("/desk/figures/density?period=all").text


def test_the_crowd_is_told_with_reasons_and_leads_to_a_round(served: Server, clerk: httpx.Client) -> None:
    text = clerk.get("/desk/hotspots").text

    assert re.search(r"道路か通報のある\d+マス中\d+マスが", text)
    assert "理由：マス" in text
    assert "調整した確率" in text
    rows = list(csv.DictReader(io.StringIO(clerk.get("/desk/hotspots.csv").content.decode("utf-8-sig"))))
    assert sum(bool(row["番号（集まっているマス）"]) for row in rows) >= 1
    round_ = clerk.get("/desk/patrol").text
    assert "見本町役場" in round_
    assert "ホットスポット1" in round_
    with ReportStore.open(served.data / "reports.sqlite") as store:
        assert "hotspots.csv" in [line.target for line in store.audit_lines() if line.action == EXPORT]


def test_few_reports_are_not_judged(clerk: httpx.Client) -> None:
    answer = clerk.get("/desk/hotspots?period=quarter&category=water_leak")

    assert "件数が少ないため判定できません" in answer.text


def test_a_round_over_chosen_reports_is_a_list_and_a_track(served: Server, clerk: httpx.Client) -> None:
    with ReportStore.open(served.data / "reports.sqlite") as store:
        numbers = [one.public_id for one in store.newest(Filters(), 5)]
    asked = f"ids={','.join(numbers)},R8-999999"

    page = clerk.get(f"/desk/patrol?{asked}").text
    track = ET.fromstring(clerk.get(f"/desk/patrol.gpx?{asked}").content)
    lines = clerk.get(f"/desk/patrol.geojson?{asked}").json()["features"]

    assert all(f"/desk/r/{number}" in page for number in numbers)
    assert "選んだ6件のうち5件を回ります" in page
    assert len(track.findall("{*}wpt")) == 6  # the town hall, too
    assert len(track.findall("{*}trk/{*}trkseg/{*}trkpt")) > 6
    assert sum(one["geometry"]["type"] == "LineString" for one in lines) >= 1


def test_a_round_over_reports_leaves_out_what_is_finished_unless_it_is_asked_for(
    served: Server, clerk: httpx.Client
) -> None:
    with ReportStore.open(served.data / "reports.sqlite") as store:
        every = store.newest(Filters(categories=("water_leak",)), 50)
        open_ = store.newest(Filters(categories=("water_leak",), open_only=True), 50)
    asked = "over=choice&category=water_leak&period=all"

    usual, all_ = clerk.get(f"/desk/patrol?{asked}").text, clerk.get(f"/desk/patrol?{asked}&open=0").text

    assert 0 < len(open_) < len(every) < 50
    assert set(re.findall(r"R\d+-\d{6}", usual)) == {one.public_id for one in open_}
    assert set(re.findall(r"R\d+-\d{6}", all_)) == {one.public_id for one in every}
    assert 'name="open" value="1" checked' in usual
    assert "open=0" in re.search(r"/desk/patrol\.gpx\?([^\"]+)", all_)[1]  # type: ignore[index]


def test_an_address_that_means_nothing_is_answered_all_the_same(clerk: httpx.Client) -> None:
    for query in ("period=x&since=2026-99-99&category=none&area=%00", "ids=%27%3B--", "until=9999-12-31"):
        for path in ("/desk/figures", "/desk/figures/density"):
            assert clerk.get(f"{path}?{query}").status_code == 200
    assert "見つかりませんでした" in clerk.get("/desk/patrol?ids=%27%3B--").text
