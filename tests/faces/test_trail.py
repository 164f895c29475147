"""The trail on screen, as a table and on the command line: for those who answer for it, and nobody can bend it unseen."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from gisapp import commands
from gisapp.cli import parser
from gisapp.flows.desk.trail import heads_file
from gisapp.settings import Settings
from gisapp.town import open_town
from reports_store.audit import EXPORT, RULES_CHANGED, VIEW_CONTACT
from tests.faces.test_signing_in import signed_in
from tests.serving import Server, copied, serving

AT = datetime(2026, 6, 1, 3, tzinfo=UTC)


@pytest.fixture(scope="module")
def data(sample_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copied(sample_town, tmp_path_factory.mktemp("trail") / "var")
    town = open_town(Settings.from_env({"GISAPP_DATA": str(folder)}))
    for number in range(60):
        town.reports.note_audit("kankyo", EXPORT, f"一覧{number}", {"rows": number}, AT)
    town.reports.note_audit("doboku", VIEW_CONTACT, "R8-000001", {"why": "<script>=1"}, AT)
    town.reports.note_audit("admin", RULES_CHANGED, "=cmd()", {}, AT)
    town.close()
    return folder


@pytest.fixture(scope="module")
def app(data: Path) -> Iterator[Server]:
    with serving(data) as server:
        yield server


@pytest.fixture(scope="module")
def admin(app: Server) -> Iterator[httpx.Client]:
    client = signed_in(app, "admin")
    yield client
    client.close()


def test_the_newest_lines_come_first_and_older_ones_by_the_page(admin: httpx.Client) -> None:
    first = admin.get("/desk/admin/trail?actor=kankyo&action=export")

    assert first.status_code == 200
    assert "一覧59" in first.text
    assert "一覧9<" not in first.text
    older = first.text.split('href="?action=export&amp;actor=kankyo&amp;before=')[1].split('"')[0]
    second = admin.get(f"/desk/admin/trail?actor=kankyo&action=export&before={older}")
    assert "一覧9<" in second.text
    assert "一覧59" not in second.text


def test_lines_are_narrowed_down_by_day_and_action_and_what_was_typed_is_text(admin: httpx.Client) -> None:
    found = admin.get("/desk/admin/trail?action=view_contact&since=2026-06-01&until=2026-06-01").text
    none = admin.get("/desk/admin/trail?until=2026-05-31&actor=kankyo").text

    assert "連絡先を見た" in found
    assert "&lt;script&gt;=1" in found
    assert "<script>=1" not in found
    assert "この条件に合う記録はありません" in none


@pytest.mark.parametrize("odd", ["before=x", "before=99999999999999999999", "since=9999-99-99", "until=9999-12-31",
                                 "action=nothing", "actor=%00"])  # fmt: skip
def test_an_odd_address_is_answered_with_a_page(admin: httpx.Client, odd: str) -> None:
    assert admin.get(f"/desk/admin/trail?{odd}").status_code == 200


def test_the_table_is_saved_without_formulas_and_saving_it_is_a_line_itself(admin: httpx.Client) -> None:
    answer = admin.get("/desk/admin/trail.csv?action=rules_changed")

    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0] == ["番号", "日時", "だれが", "何を", "対象", "内容"]
    assert [row[4] for row in rows[1:]] == ["'=cmd()"]
    assert "操作の記録" in admin.get("/desk/admin/trail?actor=admin&action=export").text


def test_a_clerk_is_told_that_the_trail_is_not_theirs(app: Server) -> None:
    clerk = signed_in(app, "kankyo")

    assert clerk.get("/desk/admin/trail").status_code == 403
    assert clerk.get("/desk/admin/trail.csv").status_code == 403
    clerk.close()


def told(*words: str) -> tuple[int, str]:
    """What a command answers, and says."""
    out = io.StringIO()
    code = commands.run(parser().parse_args(words), out, out)
    return code, out.getvalue()


def test_on_the_command_line_a_whole_trail_is_0_and_a_bent_one_1(
    sample_town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copied(sample_town, tmp_path / "var")
    monkeypatch.setenv("GISAPP_DATA", str(folder))
    town = open_town(Settings.from_env())
    town.reports.note_audit("kankyo", EXPORT, "一覧", {"rows": 3}, AT)
    town.close()

    assert "控えを書きました" in told("audit", "seal")[1]
    whole = told("audit", "verify")
    assert "一覧" in told("audit", "list", "--last", "1")[1]
    last = int(heads_file(folder).read_text().split()[1])
    with closing(sqlite3.connect(folder / "reports.sqlite")) as raw:
        raw.execute("DROP TRIGGER audit_no_update")
        raw.execute("UPDATE audit SET actor = 'doboku' WHERE id = ?", (last,))
        raw.commit()
    bent = told("audit", "verify")

    assert (whole[0], bent[0]) == (0, 1)
    assert "書きかえられていません" in whole[1]
    assert f"{last}行目：内容が書きかえられています" in bent[1]
