"""A file on its way into a layer: sent by those who may, examined whole, and taken only after a yes."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from gisapp.auth.demo import DEMO
from gisapp.flows.explain import fault_sentence
from gisapp.flows.import_draft import (
    FaultsChanged,
    NewLayer,
    NotYourLayer,
    When,
    accept,
    ask_anew,
    importable,
    look,
    new_entry,
    opened,
)
from gisapp.flows.layer_overview import overview
from gisapp.person import ANYONE, Person
from gisapp.settings import Settings
from gisapp.town import Town, open_town, own_catalogue
from gisapp.words import sentences
from layers.drafts import Draft, UnknownDraft
from layers.errors import CatalogueError, Fault, Grade, ImportRefused, VersionMoved
from tests.conftest import ROOT
from tests.faces.test_signing_in import signed_in
from tests.import_makers import LAT, LON, bowtie_parks, stations
from tests.serving import Server, command

NOW = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
PEOPLE = {person.login: person for person in DEMO}
FAULTY = (
    f"本町第1,３５．６４４,{LON},本町,月・木,第2水",
    f"駅前,{LON},{LAT},駅前,火・金,第2水",
    "零,0,0,本町,月・木,第2水",
    f"零2,{LAT},不明,本町,月・木,第2水",
)


@pytest.fixture
def town(sample_town: Path, tmp_path: Path) -> Iterator[Town]:
    data = shutil.copytree(sample_town, tmp_path / "var", ignore=shutil.ignore_patterns("photos"))
    here = open_town(Settings.from_env({"GISAPP_DATA": str(data)}))
    yield here
    here.close()


def sent(town: Town, file: Path, layer: str, by: str = "kankyo") -> Draft:
    """A file as it lies after it was sent, not yet looked at."""
    entry = importable(PEOPLE[by], town.layers.catalogue.entry(layer))
    with town.drafts.arriving() as folder:
        (folder / file.name).write_bytes(file.read_bytes())
        return town.drafts.keep(folder / file.name, by=by, at=NOW, entry=entry, new=False)


def looked(town: Town, draft: Draft) -> Draft:
    return look(draft, town.drafts, town.layers, town.area())


def taken(town: Town, draft: Draft, by: str = "kankyo", as_of: date | None = None) -> int:
    done = accept(
        draft,
        town.drafts,
        town.layers,
        own_catalogue(town.settings),
        town.area(),
        PEOPLE[by],
        When(NOW, as_of),
    )
    return done.version.number


def test_a_faultless_file_becomes_a_version_that_says_who_when_and_from_what(
    town: Town, tmp_path: Path
) -> None:
    draft = looked(town, sent(town, stations(tmp_path), "garbage_station"))
    before = town.layers.current("garbage_station").number

    number = taken(town, draft, as_of=date(2026, 3, 31))

    version = town.layers.current("garbage_station")
    assert (number, version.rows, version.as_of) == (before + 1, 2, date(2026, 3, 31))
    assert (version.by, version.source_name) == ("環境課の職員（kankyo）", "gomi.csv")
    with pytest.raises(UnknownDraft):
        town.drafts.get(draft.token)


def test_all_faults_of_a_file_are_told_at_once_and_nothing_is_imported(town: Town, tmp_path: Path) -> None:
    before = town.layers.stamp()
    draft = looked(town, sent(town, stations(tmp_path, *FAULTY), "garbage_station"))

    faults = {(fault.code, fault.row, fault.grade) for fault in draft.faults()}

    assert {
        ("full_width_digits", 2, Grade.REPAIR),
        ("lonlat_swapped", 3, Grade.REPAIR),
        ("zero_position", 4, Grade.REFUSE),
        ("position_unreadable", 5, Grade.REFUSE),
    } <= faults
    assert draft.found is not None and not draft.found.usable
    with pytest.raises(ImportRefused):
        taken(town, draft)
    assert town.layers.stamp() == before


def test_a_repair_is_shown_before_and_after_and_done_with_the_yes(town: Town, tmp_path: Path) -> None:
    draft = looked(town, sent(town, bowtie_parks(tmp_path), "park", by="admin"))

    assert draft.found is not None
    assert (draft.found.usable, draft.found.needs_consent, draft.found.changed) == (True, True, 2)
    assert draft.found.difference == {"added": 3, "removed": 7, "moved": 0, "changed": 0, "unchanged": 0}
    taken(town, draft, by="admin")

    version = town.layers.current("park")
    assert version.frame.geometry.is_valid.all()
    assert [repair["code"] for repair in version.repairs] == ["geometry_invalid"] * 2


def test_a_neighbour_department_can_neither_send_look_nor_accept(town: Town, tmp_path: Path) -> None:
    draft = looked(town, sent(town, stations(tmp_path), "garbage_station"))
    catalogue = town.layers.catalogue

    for person in (PEOPLE["kiki"], PEOPLE["madoguchi"], ANYONE):
        with pytest.raises(NotYourLayer):
            importable(person, catalogue.entry("garbage_station"))
        with pytest.raises(NotYourLayer):
            opened(draft.token, person, town.drafts, catalogue)
        with pytest.raises(NotYourLayer):
            accept(
                draft, town.drafts, town.layers, own_catalogue(town.settings), town.area(), person, When(NOW)
            )


def test_what_was_not_shown_is_not_imported(town: Town, tmp_path: Path) -> None:
    draft = looked(town, sent(town, stations(tmp_path), "garbage_station"))
    stations(draft.source.parent, f"遠い,{LAT + 0.2},{LON},本町,月・木,第2水", f"a,{LAT},{LON},,,")

    with pytest.raises(FaultsChanged):
        taken(town, draft)

    again = town.drafts.get(draft.token)
    assert "outside_town" in {fault.code for fault in again.faults()}
    assert town.layers.current("garbage_station").number == 1


def test_a_version_that_somebody_made_meanwhile_is_not_covered_up(town: Town, tmp_path: Path) -> None:
    mine = looked(town, sent(town, stations(tmp_path), "garbage_station"))
    other = looked(town, sent(town, stations(tmp_path), "garbage_station", by="admin"))
    taken(town, other, by="admin")

    with pytest.raises(VersionMoved):
        taken(town, mine)

    assert town.layers.current("garbage_station").number == 2
    again = town.drafts.get(mine.token)
    assert again.found is not None and again.found.against == 2
    assert taken(town, again) == 3


def test_metres_without_a_system_are_asked_for_and_then_used(shared_data: Path, tmp_path: Path) -> None:
    data = tmp_path / "var"
    command(data, "town", "create", "--name", "各務原市", "--code", "212130")
    town = open_town(Settings.from_env({"GISAPP_DATA": str(data)}))
    file = shared_data / "admin" / "kakamigahara_boundary_6675.geojson"
    draft = looked(town, sent(town, file, "boundary", by="admin"))
    assert [(fault.code, fault.expected) for fault in draft.faults() if fault.grade is Grade.REFUSE] == [
        ("metres_without_crs", "EPSG:6675")
    ]

    stated = looked(town, ask_anew(draft, town.drafts, kind="", crs=6675, sublayer=""))

    assert stated.found is not None and stated.found.usable
    town.close()


def test_a_file_that_no_reader_takes_is_a_finding_and_no_error(town: Town, tmp_path: Path) -> None:
    file = tmp_path / "gomi.csv"
    file.write_bytes(b"\x00")

    draft = looked(town, sent(town, file, "garbage_station"))

    assert draft.found is not None
    assert (draft.found.usable, draft.found.rows) == (False, 0)
    assert [fault.grade for fault in draft.faults()] == [Grade.REFUSE]


def test_an_aerial_image_is_kept_with_its_outline(town: Town, tmp_path: Path) -> None:
    file = tmp_path / "drone_20260401.tif"
    shape = {"width": 40, "height": 30, "count": 3, "dtype": "uint8", "crs": "EPSG:4326"}
    north_west = from_origin(LON, LAT, 1e-6, 1e-6)
    with rasterio.open(file, "w", driver="GTiff", transform=north_west, **shape) as picture:
        picture.write(np.zeros((3, 30, 40), dtype="uint8"))

    draft = looked(town, sent(town, file, "aerial_image", by="admin"))
    taken(town, draft, by="admin")

    version = town.layers.current("aerial_image")
    assert version.rows == 1
    assert version.raster is not None and version.raster.read_bytes() == file.read_bytes()


def test_a_department_makes_a_layer_of_its_own_whose_kind_the_file_tells(town: Town, tmp_path: Path) -> None:
    kankyo = PEOPLE["kankyo"]
    entry = new_entry(NewLayer("gomi_new", "新しい集積所", "internal"), "", kankyo, town.layers.catalogue)
    with town.drafts.arriving() as folder:
        path = stations(folder)
        draft = town.drafts.keep(path, by="kankyo", at=NOW, entry=entry, new=True)

    draft = looked(town, draft)
    taken(town, draft)

    made = town.layers.catalogue.entry("gomi_new")
    assert (made.title, made.kind, made.department, made.visibility) == (
        "新しい集積所", "garbage_station", "環境課", "internal"
    )  # fmt: skip
    assert town.layers.current("gomi_new").rows == 2


@pytest.mark.parametrize("layer_id", ["garbage_station", "Gomi", "../x", "", "a b"])
def test_a_new_layers_id_is_free_and_plain(town: Town, layer_id: str) -> None:
    with pytest.raises(CatalogueError):
        new_entry(NewLayer(layer_id, "題", "public"), "park", PEOPLE["kankyo"], town.layers.catalogue)


def test_the_overview_shows_a_person_what_they_may_see(town: Town) -> None:
    def ids(person: Person) -> set[str]:
        return {line.id for line in overview(town.layers, person)}

    hidden = {entry.id for entry in town.layers.catalogue if entry.visibility != "public"}
    assert hidden
    assert ids(ANYONE) & hidden == set()
    assert hidden <= ids(PEOPLE["admin"])
    lines = {line.id: line for line in overview(town.layers, PEOPLE["kankyo"])}
    assert lines["garbage_station"].editable and not lines["evacuation_site"].editable


def test_a_broken_layer_is_listed_as_failed_with_its_last_good_date(town: Town) -> None:
    (town.settings.layer_folder / "park" / "v0001.parquet").write_bytes(b"x")

    line = next(line for line in overview(town.layers, PEOPLE["admin"]) if line.id == "park")

    assert line.state == "failed"
    assert re.search(r"最後に正常だった版：\d{4}-\d\d-\d\d", line.state_text)


def posted(client: httpx.Client, file: Path, **fields: str) -> httpx.Response:
    return client.post("/imports/", data=fields, files={"file": (file.name, file.read_bytes())})


def test_a_file_is_sent_by_a_form_and_its_faults_come_back_as_a_table(app: Server, tmp_path: Path) -> None:
    with closing(signed_in(app)) as client:
        answer = posted(client, stations(tmp_path, *FAULTY), layer="garbage_station")
        assert answer.status_code == 303
        token = answer.headers["location"].removeprefix("/layers?draft=")
        data = app.data / "imports" / token
        assert (data / "source" / "gomi.csv").is_file()
        assert client.get(f"/imports/{token}/faults.csv").status_code == 404  # not looked at yet

        town = open_town(Settings.from_env({"GISAPP_DATA": str(app.data)}))
        looked(town, town.drafts.get(token))
        town.close()
        table = client.get(f"/imports/{token}/faults.csv")
        shapes = client.get(f"/imports/{token}/before.json").json()

    rows = list(csv.reader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert rows[0][:2] == ["重さ", "行"]
    assert any("逆" in row[-1] and row[1] == "3" for row in rows)
    assert "attachment" in table.headers["content-disposition"]
    assert [feature["properties"]["code"] for feature in shapes["features"]] == ["lonlat_swapped"]
    with closing(signed_in(app, "kiki")) as other:
        for name in ("faults.csv", "before.json", "after.json"):
            assert other.get(f"/imports/{token}/{name}").status_code == 403
            assert httpx.get(f"{app.url}/imports/{token}/{name}").status_code == 403


def test_a_neighbours_and_a_residents_file_is_refused_in_words(app: Server, tmp_path: Path) -> None:
    file = stations(tmp_path)
    with closing(signed_in(app, "kiki")) as client:
        refused = posted(client, file, layer="garbage_station")
    assert refused.status_code == 403
    assert "環境課のレイヤーです" in refused.text
    with closing(signed_in(app, "madoguchi")) as client:
        assert posted(client, file, layer="garbage_station").status_code == 403
    with httpx.Client(base_url=app.url, headers={"Origin": app.url}) as resident:
        assert posted(resident, file, layer="garbage_station").status_code == 403


def test_a_form_of_another_site_is_refused(app: Server, tmp_path: Path) -> None:
    with closing(signed_in(app)) as client:
        client.headers["Origin"] = "https://evil.example"
        assert posted(client, stations(tmp_path), layer="garbage_station").status_code == 403


@pytest.mark.parametrize(
    ("fields", "status", "word"),
    [
        ({"layer": "no_such_layer"}, 404, "no_such_layer"),
        ({"new_id": "Bad Id", "new_title": "題", "new_kind": "", "new_visibility": "internal"}, 400, "ID"),
        (
            {"new_id": "fresh", "new_title": "題", "new_kind": "", "new_visibility": "everyone"},
            400,
            "everyone",
        ),
    ],
)
def test_a_form_that_cannot_be_meant_is_answered_in_words(
    app: Server, tmp_path: Path, fields: dict[str, str], status: int, word: str
) -> None:
    with closing(signed_in(app)) as client:
        answer = posted(client, stations(tmp_path), **fields)

    assert answer.status_code == status
    assert word in answer.text
    assert 'href="/layers"' in answer.text


def test_a_form_without_a_file_is_answered_in_words(app: Server) -> None:
    with closing(signed_in(app)) as client:
        answer = client.post("/imports/", data={"layer": "garbage_station"})

    assert answer.status_code == 400
    assert "ファイルが選ばれていません" in answer.text


def test_the_command_line_groups_the_faults_and_writes_them_all(town: Town, tmp_path: Path) -> None:
    rows = [f"第{n}ステーション,{LAT},不明,本町,月・木,第2水" for n in range(60)]
    file = stations(tmp_path, *rows)
    out = tmp_path / "faults.csv"

    words = ("layer", "import", str(file), "--as", "garbage_station", "--faults", str(out))
    refused = command(town.settings.data, *words, check=False)

    assert refused.returncode == 1
    assert refused.stderr.count("【使えません】") == 1
    assert refused.stderr.count("行目：") == 40
    assert "ほか20件" in refused.stderr
    assert len(list(csv.reader(io.StringIO(out.read_bytes().decode("utf-8-sig"))))) == 61


def test_a_dry_run_says_what_would_be_and_changes_nothing(town: Town, tmp_path: Path) -> None:
    before = town.layers.stamp()
    file = stations(tmp_path)

    told = command(town.settings.data, "layer", "import", str(file), "--dry-run")

    assert "何も変わっていません" in told.stdout
    assert "2件" in told.stdout
    assert town.layers.stamp() == before


def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless(town: Town, tmp_path: Path) -> None:
    file = stations(tmp_path, f'=HYPERLINK("http://evil"),{LAT},不明,本町,月・木,第2水')
    out = tmp_path / "faults.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("不明", "=1+1"), encoding="utf-8")

    command(town.settings.data, "layer", "import", str(file), "--as", "garbage_station", "--faults", str(out),
            check=False)  # fmt: skip

    assert not re.search(r"(^|,)\"?=", out.read_bytes().decode("utf-8-sig"), re.M)


def test_every_fault_that_the_layers_tell_has_its_sentence() -> None:
    told = re.compile(r'\b(?:Fault|refusal)\(\s*"([a-z0-9_]+)"')
    codes = {
        code for path in (ROOT / "layers").rglob("*.py") for code in told.findall(path.read_text("utf-8"))
    }
    assert {"geometry_invalid", "outside_town", "column_missing"} <= codes

    assert sorted(code for code in codes if f"faults.{code}" not in sentences("ja")) == []


def test_a_librarys_own_words_are_told_in_japanese() -> None:
    reason = "Ring Self-intersection[138.334746329084 34.8822760659357]"

    text = fault_sentence(Fault("geometry_invalid", Grade.REPAIR, 1, None, reason, "+0.0000 %"))

    assert "輪が自分に触れています：138.334746, 34.882276" in text
