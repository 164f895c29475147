"""What the desk writes into files: nothing runs in a spreadsheet, no letter is lost in silence, every program opens it."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import pyogrio
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from gisapp.flows.desk.export import (
    Line,
    csv_blocks,
    geojson_blocks,
    lines,
    titles,
    write_cp932,
    write_gpkg,
    write_xlsx,
)
from reports_store import ActorType, Categories, Contact, EventKind, Filters, NewEvent, ReportStore
from reports_store.fiscal import JST
from tests.report_makers import LON, NOON, pothole

BODIES = ["=1+1", "＝HYPERLINK(1)", "\t-2", "髙﨑①㈱は書ける", "𠮷野家の前に👷がいる", 'a,"b"\r\nc']


def written(folder: Path, bodies: list[str] = BODIES) -> list[Line]:
    with ReportStore.open(folder / "town.sqlite") as store:
        contact = Contact(name="秘密太郎", phone="090-0000-0000")
        store.add_many(pothole(body=body, lon=-LON, contact=contact) for body in bodies)
        return list(lines(store.export_rows(Filters()), Categories.load()))


def test_a_formula_stays_a_text_and_a_number_a_number(tmp_path: Path) -> None:
    found = list(
        csv.reader(io.StringIO(b"".join(csv_blocks(written(tmp_path))).decode("utf-8-sig"), newline=""))
    )
    body, lon = found[0].index("内容"), found[0].index("経度")

    assert [row[body] for row in found[1:4]] == ["'=1+1", "'＝HYPERLINK(1)", "'\t-2"]
    assert [row[body] for row in found[4:]] == BODIES[3:]
    assert {row[lon] for row in found[1:]} == {str(-LON)}
    assert "秘密太郎" not in str(found) and "090-0000" not in str(found)


def test_an_old_encoding_names_every_letter_it_does_not_have(tmp_path: Path) -> None:
    missing = write_cp932(written(tmp_path), tmp_path / "list.zip")

    with zipfile.ZipFile(tmp_path / "list.zip") as archive:
        told = archive.read("書けなかった文字の一覧.csv").decode("utf-8-sig")
        kept = archive.read("通報一覧.csv").decode("cp932")
    assert missing == 2
    assert [row[1:] for row in csv.reader(io.StringIO(told))][1:] == [
        ["内容", "𠮷", "U+20BB7"],
        ["内容", "👷", "U+1F477"],
    ]
    assert "〓野家の前に〓がいる" in kept and "髙﨑①㈱は書ける" in kept and "?" not in kept


def test_excel_holds_texts_as_texts_numbers_as_numbers_and_times_as_times(tmp_path: Path) -> None:
    write_xlsx(written(tmp_path), tmp_path / "list.xlsx")

    rows = list(load_workbook(tmp_path / "list.xlsx").active.rows)
    names = [cell.value for cell in rows[0]]
    bodies = [row[names.index("内容")] for row in rows[1:]]
    assert [(cell.value, cell.quotePrefix) for cell in bodies[:2]] == [
        ("=1+1", True),
        ("＝HYPERLINK(1)", True),
    ]
    assert [cell.quotePrefix for cell in bodies[3:]] == [False] * 3
    assert {cell.data_type for row in rows for cell in row} <= {"s", "n", "d"}
    assert rows[1][names.index("経度")].value == -LON
    received = rows[1][names.index("受付日時")]
    assert received.value == NOON.astimezone(JST).replace(tzinfo=None)
    assert received.number_format == "yyyy-mm-dd hh:mm"
    assert rows[1][names.index("経度")].number_format == "General"
    assert rows[1][names.index("優先度")].value == "ふつう"


def test_excel_shows_the_heading_all_the_way_and_filters_every_column(tmp_path: Path) -> None:
    write_xlsx(written(tmp_path), tmp_path / "list.xlsx")

    sheet = load_workbook(tmp_path / "list.xlsx").active
    last = get_column_letter(len(titles()))
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("B2", f"A1:{last}{len(BODIES) + 1}")
    assert all(cell.font.bold for cell in sheet[1])
    assert sheet.column_dimensions[get_column_letter(titles().index("内容") + 1)].width == 60


def test_gdal_reads_the_same_from_both_map_formats(tmp_path: Path) -> None:
    found = written(tmp_path)
    (tmp_path / "list.geojson").write_bytes(b"".join(geojson_blocks(found)))
    write_gpkg(found, tmp_path / "list.gpkg", NOON)

    one, other = (pyogrio.read_dataframe(tmp_path / f"list.{each}") for each in ("geojson", "gpkg"))
    assert list(one["内容"]) == list(other["内容"]) == BODIES
    assert list(other.columns)[:-1] == titles()
    assert other.crs.to_epsg() == 4326 and {point.x for point in other.geometry} == {-LON}


def test_a_list_names_who_works_on_a_report_and_not_their_login(tmp_path: Path) -> None:
    with ReportStore.open(tmp_path / "town.sqlite") as store:
        report = store.add(pothole()).report
        to = {"to": {"department": "建設課", "assignee": "doboku"}}
        event = NewEvent(EventKind.ASSIGN, NOON, ActorType.STAFF, "doboku", to)
        store.append(report.id, event, seen=report.version)
        found = list(lines(store.export_rows(Filters()), Categories.load(), {"doboku": "建設課の職員"}))
    assert found[0][titles().index("担当者")] == "建設課の職員"
    assert "doboku" not in found[0]


def test_a_list_without_reports_is_a_whole_file(tmp_path: Path) -> None:
    found = written(tmp_path, [])
    write_gpkg(found, tmp_path / "list.gpkg", NOON)

    assert json.loads(b"".join(geojson_blocks(found)))["features"] == []
    assert pyogrio.read_info(tmp_path / "list.gpkg")["features"] == 0
    assert b"".join(csv_blocks(found)).count(b"\r\n") == 1
