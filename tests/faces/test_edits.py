"""Editing over the wire: who may, what is answered, and that nothing is changed by a refusal."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from gisapp.assets import OWN
from gisapp.auth.demo import DEMO_PASSWORD
from gisapp.words import section
from tests.conftest import ROOT
from tests.serving import Server, copied, serving

LAYER = "garbage_station"
# Words whose key the scripts put together.
BUILT = [
    *(("tab_", end) for end in ("map", "table")),
    *(("work_", end) for end in ("create", "update", "delete")),
    *((stem, end) for stem in ("new_", "draw_") for end in ("point", "linestring", "polygon")),
    *(("side_", end) for end in ("base", "theirs", "mine")),
    *(("versions_", end) for end in ("added", "removed", "moved", "changed")),
]


@pytest.fixture(scope="module")
def town(sample_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An app of its own: these tests change the layers."""
    with serving(copied(sample_town, tmp_path_factory.mktemp("edits") / "var")) as server:
        yield server


@contextmanager
def client(town: Server, login: str = "") -> Iterator[httpx.Client]:
    """A browser's way of asking, signed in or not."""
    with httpx.Client(base_url=town.url, headers={"Origin": town.url}, timeout=60) as asking:
        if login:
            answer = asking.post("/login", data={"login": login, "password": DEMO_PASSWORD})
            assert answer.status_code == 303, answer.text
        yield asking


@pytest.fixture(scope="module")
def owner(town: Server) -> Iterator[httpx.Client]:
    with client(town, "kankyo") as asking:
        yield asking


@pytest.fixture(scope="module")
def neighbour(town: Server) -> Iterator[httpx.Client]:
    with client(town, "kiki") as asking:
        yield asking


@pytest.fixture(scope="module")
def resident(town: Server) -> Iterator[httpx.Client]:
    with client(town) as asking:
        yield asking


def version(asking: httpx.Client) -> int:
    return int(asking.get(f"/edits/{LAYER}/form.json").json()["version"])


def station(asking: httpx.Client, at: int = 0) -> dict[str, Any]:
    """One station as the form gets it."""
    row = asking.get(f"/edits/{LAYER}/rows.json").json()["rows"][at]
    found: dict[str, Any] = asking.get(f"/edits/{LAYER}/features/{row['feature_id']}.json").json()
    return found


def change(feature: dict[str, Any], **more: Any) -> dict[str, Any]:
    known = {"act": "update", "feature_id": feature["feature_id"], "seen": feature["version"]}
    return {**known, "values": {}, "geometry": None, **more}


def test_the_form_is_made_from_the_kind(owner: httpx.Client) -> None:
    form = owner.get(f"/edits/{LAYER}/form.json").json()

    fields = {field["name"]: field for field in form["fields"]}
    assert form["geometry"] == ["Point"]
    assert (fields["association"]["label"], fields["association"]["type"]) == ("管理自治会", "text")
    assert (fields["households"]["type"], fields["households"]["unit"]) == ("int", "世帯")
    assert "東町" in fields["association"]["suggested"]
    assert fields["note"]["multiline"]
    assert form["words"]["save"] == "保存する"


def test_a_moved_station_is_seen_by_residents_at_once(owner: httpx.Client, resident: httpx.Client) -> None:
    feature = station(owner)
    lon, lat = feature["geometry"]["coordinates"]
    moved = {"type": "Point", "coordinates": [lon + 0.0005, lat]}
    before = resident.get("/live/config.json").json()

    saved = owner.post(
        f"/edits/{LAYER}", json=[change(feature, geometry=moved, values={"association": "西町"})]
    )

    after = resident.get("/live/config.json").json()
    assert (saved.status_code, saved.json()["version"]) == (200, feature["version"] + 1)
    assert after["stamp"]["layers"] != before["stamp"]["layers"]
    shown = next(layer for layer in after["layers"] if layer["id"] == LAYER)
    assert shown["version"] == feature["version"] + 1
    box = f"{lon},{lat - 0.001},{lon + 0.001},{lat + 0.001}"
    seen = resident.get(f"/live/layers/{LAYER}.json?v={shown['version']}&bbox={box}&z=18").json()["features"]
    mine = next(one for one in seen if one["properties"]["id"] == feature["feature_id"])
    assert mine["geometry"]["coordinates"][0] == pytest.approx(lon + 0.0005, abs=1e-6)
    assert ["管理自治会", "西町"] in mine["properties"]["rows"]


def test_another_department_is_told_whose_layer_it_is(owner: httpx.Client, neighbour: httpx.Client) -> None:
    feature, before = station(owner), version(owner)

    for answer in (
        neighbour.get(f"/edits/{LAYER}/form.json"),
        neighbour.get(f"/edits/{LAYER}/rows.json"),
        neighbour.get(f"/edits/{LAYER}/waiting.json"),
        neighbour.post(f"/edits/{LAYER}", json=[change(feature, values={"association": "乗取"})]),
        neighbour.post(f"/edits/{LAYER}/waiting/{'0' * 24}/drop", json={}),
    ):
        assert answer.status_code == 403
        assert "環境課" in answer.json()["message"]
    assert version(owner) == before


@pytest.mark.parametrize("path", ["form.json", "rows.json", "waiting.json", "features/garbage-0001.json",
                                  "compare.json?old=1&new=1", "compare.csv?old=1&new=1"])  # fmt: skip
def test_a_resident_is_asked_to_sign_in(resident: httpx.Client, path: str) -> None:
    assert resident.get(f"/edits/{LAYER}/{path}").status_code == 401
    assert resident.post(f"/edits/{LAYER}", json=[]).status_code == 401


def test_a_layer_one_may_not_see_is_not_found(resident: httpx.Client, owner: httpx.Client) -> None:
    hidden = resident.get("/edits/water_pipe/form.json")
    nothing = resident.get("/edits/no_such_layer/form.json")

    assert hidden.status_code == nothing.status_code == 404
    assert hidden.json() == nothing.json()
    assert owner.get("/edits/no_such_layer/compare.csv?old=1&new=2").status_code == 404


def test_a_page_elsewhere_cannot_save_in_somebodys_name(owner: httpx.Client) -> None:
    body = [change(station(owner), values={"association": "乗取"})]
    before = version(owner)

    for origin in ("https://evil.example", "null"):
        assert owner.post(f"/edits/{LAYER}", json=body, headers={"Origin": origin}).status_code == 403
    assert version(owner) == before


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b"[1]", b'[{"act":"update"}]', b"[" * 5000,
    b'[{"act":"explode","feature_id":"a","seen":1}]', b'[{"act":"update","feature_id":"a","seen":"1"}]',
    b'[{"act":"update","feature_id":"a","seen":1,"geometry":{"type":"Point","coordinates":"x"}}]',
    b'[{"act":"update","feature_id":"a","seen":1,"geometry":{"type":"GeometryCollection","geometries":[]}}]',
    b'[{"act":"update","feature_id":"a","seen":1,"geometry":{"type":"Polygon","coordinates":[[[1,2],[3,4]]]}}]',
    b'[{"act":"update","feature_id":"\xff","seen":1}]'])  # fmt: skip
def test_what_is_no_list_of_changes_is_refused_in_words(owner: httpx.Client, body: bytes) -> None:
    before = version(owner)

    answer = owner.post(f"/edits/{LAYER}", content=body)

    assert answer.status_code == 400
    assert "何も変わっていません" in answer.json()["message"]
    assert version(owner) == before


def test_each_fault_names_its_field_and_what_to_do(owner: httpx.Client) -> None:
    feature, before = station(owner), version(owner)
    tokyo = {"type": "Point", "coordinates": [139.76, 35.68]}

    answer = owner.post(
        f"/edits/{LAYER}", json=[change(feature, values={"households": "たくさん"}, geometry=tokyo)]
    )

    faults = {fault["column"]: fault["message"] for fault in answer.json()["faults"]}
    assert answer.status_code == 422
    assert "使用世帯数" in faults["households"]
    assert "町の外" in faults["geometry"]
    assert version(owner) == before


def test_the_second_of_two_is_asked_and_both_contents_are_kept(town: Server, owner: httpx.Client) -> None:
    feature = station(owner, 3)
    with client(town, "kankyo") as second:
        assert (
            owner.post(f"/edits/{LAYER}", json=[change(feature, values={"note": "一人目"})]).status_code
            == 200
        )

        answer = second.post(f"/edits/{LAYER}", json=[change(feature, values={"note": "二人目"})])

        assert answer.status_code == 409
        (conflict,) = answer.json()["conflicts"]
        sides = [conflict[side]["values"]["note"] for side in ("base", "theirs", "mine")]
        assert sides == [feature["values"]["note"], "一人目", "二人目"]
        assert conflict["their_name"].startswith("環境課")
        waiting = list((town.data / "layers" / LAYER / "conflicts").glob("*.json"))
        assert [orjson.loads(path.read_bytes())["change"]["values"] for path in waiting] == [
            {"note": "二人目"}
        ]
        assert [one["waiting"] for one in second.get(f"/edits/{LAYER}/waiting.json").json()] == [
            conflict["waiting"]
        ]

        chosen = change(feature, seen=conflict["now"], values={"note": "二人目"}, settles=conflict["waiting"])
        assert second.post(f"/edits/{LAYER}", json=[chosen]).status_code == 200
        assert second.get(f"/edits/{LAYER}/waiting.json").json() == []
    assert station(owner, 3)["values"]["note"] == "二人目"


def test_a_waiting_change_can_be_let_go_by_its_author(owner: httpx.Client) -> None:
    feature = station(owner, 4)
    owner.post(f"/edits/{LAYER}", json=[change(feature, values={"note": "先"})])
    (conflict,) = owner.post(f"/edits/{LAYER}", json=[change(feature, values={"note": "後"})]).json()[
        "conflicts"
    ]

    assert owner.post(f"/edits/{LAYER}/waiting/{conflict['waiting']}/drop", json={}).status_code == 200

    assert owner.get(f"/edits/{LAYER}/waiting.json").json() == []
    assert station(owner, 4)["values"]["note"] == "先"


def test_eight_clerks_at_once_on_eight_stations_all_get_through(owner: httpx.Client) -> None:
    features = [station(owner, at) for at in range(10, 18)]

    def save(feature: dict[str, Any]) -> int:
        return owner.post(f"/edits/{LAYER}", json=[change(feature, values={"note": "同時"})]).status_code

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(save, features)) == [200] * 8
    assert [station(owner, at)["values"]["note"] for at in range(10, 18)] == ["同時"] * 8


def test_the_table_is_searched_whatever_the_width_of_the_letters(owner: httpx.Client) -> None:
    found = owner.get(f"/edits/{LAYER}/rows.json", params={"q": "garbage　東町第１"}).json()

    assert found["total"] >= 1
    assert all("東町第1" in row["values"]["name"] for row in found["rows"])
    assert owner.get(f"/edits/{LAYER}/rows.json?start=99999").json()["rows"] == []


def test_a_feature_that_is_not_there_is_said_to_be_not_there(owner: httpx.Client) -> None:
    for feature_id in ("nothing", "a/b", "..%2F..%2Fcurrent", "%F0%9F%91%B7"):
        answer = owner.get(f"/edits/{LAYER}/features/{feature_id}.json")
        assert answer.status_code in {400, 404}  # a path that climbs is turned away before it reaches us


def test_the_differences_of_two_versions_come_as_a_map_and_as_a_table_excel_opens(
    owner: httpx.Client,
) -> None:
    feature = station(owner, 6)
    lon, lat = feature["geometry"]["coordinates"]
    owner.post(f"/edits/{LAYER}", json=[
        change(feature, values={"note": "=cmd|' /C calc'!A0"}, geometry={"type": "Point", "coordinates": [lon, lat + 0.0001]}),
    ])  # fmt: skip
    new = version(owner)

    drawn = owner.get(f"/edits/{LAYER}/compare.json?old={new - 1}&new={new}").json()
    table = owner.get(f"/edits/{LAYER}/compare.csv?old={new - 1}&new={new}")

    (only,) = drawn["features"]
    assert only["properties"]["acts"] == ["moved", "changed"]
    assert only["properties"]["moved"] == "11.1 m"
    assert table.content.startswith(b"\xef\xbb\xbf")
    (line,) = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert (line["ID"], line["項目"], line["動いた距離（m）"]) == (feature["feature_id"], "備考", "11.09")
    assert line["後"] == "'=cmd|' /C calc'!A0"


@pytest.mark.parametrize("numbers", ["old=1&new=999999", "old=0&new=1", "old=x&new=1", ""])
def test_versions_that_do_not_exist_cannot_be_compared(owner: httpx.Client, numbers: str) -> None:
    assert owner.get(f"/edits/{LAYER}/compare.json?{numbers}").status_code == 404


def test_a_layer_whose_file_is_broken_is_not_edited_but_said_to_be_broken(
    town: Server, owner: httpx.Client
) -> None:
    folder = town.data / "layers" / LAYER
    current = folder / f"v{version(owner):04d}.parquet"
    kept = current.read_bytes()
    current.write_bytes(b"PAR1")
    try:
        answer = owner.get(f"/edits/{LAYER}/form.json")
        assert answer.status_code == 503
        assert "情報がないという意味ではありません" in answer.json()["message"]
    finally:
        current.write_bytes(kept)
    assert owner.get(f"/edits/{LAYER}/form.json").status_code == 200


def test_a_disk_that_takes_nothing_more_is_said_and_the_work_stays_with_the_person(
    town: Server, owner: httpx.Client
) -> None:
    folder, feature = town.data / "layers" / LAYER, station(owner, 7)
    number = version(owner)
    blocked = folder / f"v{number + 1:04d}.parquet.part"
    blocked.mkdir()  # a folder where the file would be written: no write can succeed
    try:
        answer = owner.post(f"/edits/{LAYER}", json=[change(feature, values={"note": "満杯"})])
        assert answer.status_code == 503
        assert "保存できません" in answer.json()["message"]
        assert version(owner) == number
    finally:
        shutil.rmtree(blocked)


def test_every_word_that_the_editing_scripts_ask_for_exists() -> None:
    asked: dict[str, set[str]] = {
        name: set() for name in ("edit.js", "edit_conflict.js", "edit_table.js", "versions.js")
    }
    for name, words in asked.items():
        script = (OWN / name).read_text()
        words |= set(re.findall(r"""\bsay\(["']([a-z_]+)["']""", script))
        words |= {stem + end for stem, end in BUILT if f"say(`{stem}$" in script}

    assert all(asked.values())
    known = section("editing.js") | section("map")
    assert sorted(key for words in asked.values() for key in words if key not in known) == []


def test_every_fault_of_a_change_has_its_sentence() -> None:
    rules = "".join((ROOT / "layers" / name).read_text() for name in ("edit_rules.py", "editing.py"))
    codes = set(
        re.findall(
            r'(?:_Unfit|fault)\("([a-z_]+)"|EditFault\([^()]*(?:\([^()]*\))?[^()]*?, "([a-z_]+)"', rules
        )
    )
    named = {code for pair in codes for code in pair if code and code != "geometry"}

    assert len(named) > 15
    assert sorted(code for code in named if f"fault.{code}" not in section("editing")) == []
