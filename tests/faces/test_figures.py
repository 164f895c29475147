"""The figures are what anybody would count by hand, and say nothing where there is too little to say."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import httpx
import pytest

from gisapp.flows.figures import FEWEST, KeptFigures, figures
from reports_store import ActorType, Categories, EventKind, Filters, PublicState, Report, ReportStore, Status
from reports_store.fiscal import JST
from reports_store.workflow import PUBLIC_STATE
from tests.report_makers import NOON, moved, pothole, step
from tests.serving import Server

KINDS = Categories.load()
SHUT = (PublicState.DONE, PublicState.CLOSED)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ReportStore]:
    with ReportStore.open(tmp_path / "town.sqlite") as opened:
        yield opened


def counted(store: ReportStore) -> dict[tuple[str, str | None], tuple[int, int, int, int, float | None]]:
    found = figures(store.lives(), KINDS, NOON)
    return {
        (line.category, line.month): (
            line.received, line.open_now, line.closed, line.done.n, line.done.median_d,
        )
        for line in found.lines
    }  # fmt: skip


def walk(store: ReportStore, report: Report, *steps: tuple[Status, float], **more: object) -> Report:
    """The report after steps into states, each so many days after its arrival."""
    for status, days in steps:
        at = report.received_at + timedelta(days=days)
        report = store.append(report.id, moved(status, said="お知らせ", at=at, **more), seen=report.version)
    return report


DONE_AFTER = ((Status.TRIAGED, 1), (Status.IN_PROGRESS, 2))


def resolved(store: ReportStore, days: float, **more: object) -> Report:
    report = store.add(pothole(**more)).report  # type: ignore[arg-type]
    return walk(store, report, *DONE_AFTER, (Status.RESOLVED, days))


def test_the_figures_of_the_sample_town_equal_a_plain_count_of_its_reports_and_events(app: Server) -> None:
    with ReportStore.open(app.data / "reports.sqlite") as store:
        found = figures(store.lives(), KINDS, NOON)
        plain: dict[tuple[str, str | None], list[tuple[float | None, float | None, bool]]] = {}
        for report in store.stream(Filters(public=True)):
            if report.duplicate_of is not None:
                continue
            month = report.received_at.astimezone(JST).strftime("%Y-%m")
            for key in ((report.category, None), (report.category, month)):
                plain.setdefault(key, []).append(by_hand(store, report))

    assert found.total == sum(len(lives) for (_, month), lives in plain.items() if month is None)
    assert {(line.category, line.month) for line in found.lines} == set(plain)
    for line in found.lines:
        lives = plain[line.category, line.month]
        answered = [first for first, _, _ in lives if first is not None]
        done = [last for _, last, _ in lives if last is not None]
        assert (line.received, line.closed) == (len(lives), sum(shut for _, _, shut in lives))
        assert line.open_now == line.received - line.closed
        assert (line.answered.n, line.done.n) == (len(answered), len(done))
        for waiting, days in ((line.answered, answered), (line.done, done)):
            assert waiting.median_d == (pytest.approx(median(days)) if len(days) >= FEWEST else None)
    assert sum(line.done.n for line in found.whole()) > 50, (
        "the sample town has closed reports to be compared"
    )


def by_hand(store: ReportStore, report: Report) -> tuple[float | None, float | None, bool]:
    """Days to the first answer and to the last closing, and whether the report is closed: one event after another."""
    first = last = None
    shut = False
    for event in store.events(report.id):
        days = max(0.0, (event.at - report.received_at).total_seconds() / 86400)
        ours = event.actor_type is not ActorType.RESIDENT
        if ours and event.seq > 1 and (event.kind is EventKind.STATUS or event.public_message):
            first = days if first is None else min(first, days)
        if event.kind in (EventKind.STATUS, EventKind.CREATED) and "status" in event.to:
            was_shut, shut = shut, state_of(str(event.to["status"])) in SHUT
            if not shut:
                last = None
            elif not was_shut:
                last = days if ours else None
    return first, last, shut


def state_of(status: str) -> PublicState:
    return PUBLIC_STATE[Status(status)]


def test_fewer_than_five_have_no_median_and_no_mix_of_ways(store: ReportStore) -> None:
    for days in (3, 4, 5, 9):
        resolved(store, days)
    assert counted(store)["road_damage", None] == (4, 0, 4, 4, None)
    assert figures(store.lives(), KINDS, NOON).ways == {"road_damage": None}

    resolved(store, 30)

    assert counted(store)["road_damage", None] == (5, 0, 5, 5, 5.0)
    assert figures(store.lives(), KINDS, NOON).ways["road_damage"] == {"web": 5}


def test_a_reopened_report_is_open_and_its_waiting_ends_with_the_last_closing(store: ReportStore) -> None:
    report = resolved(store, 3)
    report = walk(store, report, (Status.REOPENED, 10))
    assert counted(store)["road_damage", None][:4] == (1, 1, 0, 0)

    walk(store, report, (Status.IN_PROGRESS, 11), (Status.RESOLVED, 20), (Status.ARCHIVED, 60))
    for _ in range(4):
        resolved(store, 20)

    assert counted(store)["road_damage", None] == (5, 0, 5, 5, 20.0)


def test_what_the_resident_did_is_no_answer_of_the_town(store: ReportStore) -> None:
    report = store.add(pothole()).report
    said = step(EventKind.NOTE, said="まだですか", actor_type=ActorType.RESIDENT)
    store.append(report.id, said, seen=report.version)

    (line,) = figures(store.lives(), KINDS, NOON).whole()

    assert line.answered.n == 0


def test_reports_that_are_not_public_and_duplicates_are_not_in_the_figures(store: ReportStore) -> None:
    first = store.add(pothole()).report
    again = store.add(pothole()).report
    walk(store, again, (Status.DUPLICATE, 1), duplicate_of=first.public_id)
    store.add(pothole(category="water_leak"))  # waits for a check

    assert {key: line[0] for key, line in counted(store).items() if key[1] is None} == {
        ("road_damage", None): 1
    }


def test_the_month_is_that_of_japan(store: ReportStore) -> None:
    store.add(pothole(received_at=datetime(2026, 5, 31, 15, 0, tzinfo=UTC)))
    store.add(pothole(received_at=datetime(2026, 5, 31, 14, 59, tzinfo=UTC)))
    assert {month for _, month in counted(store)} == {None, "2026-05", "2026-06"}


def test_the_figures_are_counted_anew_when_the_store_has_changed(store: ReportStore) -> None:
    kept = KeptFigures()
    store.add(pothole())
    first = kept.get(store, KINDS, lambda: NOON)
    assert kept.get(store, KINDS, lambda: NOON) is first

    store.add(pothole())

    until = time.monotonic() + 30  # a change waits for twenty times as long as the counting took
    while (again := kept.get(store, KINDS, lambda: NOON)) is first and time.monotonic() < until:
        pass
    assert again.total == 2


def test_page_and_csv_say_the_same_figures(app: Server) -> None:
    page = httpx.get(f"{app.url}/map/figures", headers={"Accept-Language": "ja"}).text
    answer = httpx.get(f"{app.url}/map/figures.csv", headers={"Accept-Language": "ja"})
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))

    assert "attachment" in answer.headers["content-disposition"]
    whole = [row for row in rows if row["受け付けた月"] == "すべて"]
    assert {row["種類"] for row in whole} == {kind.name() for kind in KINDS.values()}
    for row in whole:
        assert f'<th scope="row">{row["種類"]}</th>' in page
        if row["終わるまでの日数（中央値）"]:
            assert f"{row['終わるまでの日数（中央値）']}日（{row['町が終えた件数']}件）" in page
    few = [row for row in rows if not row["終わるまでの日数（中央値）"]]
    assert few, "the sample town has months with too few reports"
    assert "少なくて言えない" in page
    assert not any(word in page for word in ("自治会ごと", "担当者"))
