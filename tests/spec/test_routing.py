"""Where a report goes: by the first rule that fits, with the reason in words, and never nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gisapp.flows.desk.rerouting import (
    RoutingMoved,
    apply,
    dry_run,
    since,
    suggestions,
    version_text,
    versions,
    with_suggested,
)
from gisapp.flows.desk.routing import Facts, Routed, RoutingTable, facts_of, road_of
from gisapp.flows.desk.routing_file import RoutingFaults, current, own_file, parsed, with_first, written
from gisapp.flows.desk.routing_words import Known, doubts, then_words, when_words
from reports_store import Categories, Channel, EventKind, Filters, Mode, NewReport, Priority, ReportStore
from reports_store.corrections import Corrected
from reports_store.deadlines import Deadlines
from tests.report_makers import NOON, pothole, step

CATEGORIES = Categories.load()
CALENDAR = Deadlines()
TABLE = """
[[rules]]
name = "休みの日は当直へ"
when = { category = "road_damage", days = "closed" }
then = { department = "総務課", priority = "high" }

[[rules]]
name = "夜は当直へ"
when = { hours = "17:15-08:30" }
then = { department = "総務課" }

[[rules]]
name = "県道は建設課が県へ引継ぎ"
when = { category = ["road_damage"], road_manager = ["県道"] }
then = { department = "建設課", person = "doboku", suggest_body = "県土木事務所" }

[[rules]]
name = "本町の防犯灯"
when = { area = ["本町自治会"], asset = ["street_light"] }
then = { department = "都市計画課" }

[[rules]]
name = "使わない規則"
active = false
then = { department = "環境課" }

[[rules]]
name = "自治会の要望"
when = { channel = ["jichikai"], mode = "normal" }
then = { department = "総務課" }
"""


def routed(table: str = TABLE, **facts: object) -> Routed:
    asked = Facts(**{"category": "road_damage", "at": NOON, **facts})  # type: ignore[arg-type]
    return parsed(table, CATEGORIES).route(asked, CATEGORIES, CALENDAR.is_working)


def test_the_first_rule_that_fits_decides_and_says_why() -> None:
    found = routed(road="県道")

    assert (found.department, found.assignee, found.suggest_body) == ("建設課", "doboku", "県土木事務所")
    assert (
        found.why == "道路の損傷・県道のため「県道は建設課が県へ引継ぎ」の規則。引継ぎ先の候補：県土木事務所"
    )


def test_a_report_that_no_rule_fits_goes_to_the_department_of_its_kind() -> None:
    found = routed(category="illegal_dumping")

    assert (found.department, found.assignee, found.priority, found.rule) == (
        "環境課",
        None,
        Priority.NORMAL,
        "",
    )
    assert found.why == "「不法投棄」の担当課（当てはまる規則がないため）"


@pytest.mark.parametrize(
    ("at", "rule"),
    [
        ("2026-06-01T12:00+09:00", ""),  # a Monday
        ("2026-06-01T08:29+09:00", "夜は当直へ"),
        ("2026-06-01T08:30+09:00", ""),
        ("2026-06-01T17:15+09:00", "夜は当直へ"),
        ("2026-06-06T12:00+09:00", "休みの日は当直へ"),  # a Saturday
        ("2026-05-04T12:00+09:00", "休みの日は当直へ"),  # みどりの日
        ("2026-05-06T12:00+09:00", "休みの日は当直へ"),  # 振替休日
        ("2026-12-29T12:00+09:00", "休みの日は当直へ"),
        ("2026-05-31T15:00+00:00", "夜は当直へ"),  # Monday in Japan, still Sunday in Greenwich
    ],
)
def test_nights_and_days_off_are_those_of_japan(at: str, rule: str) -> None:
    assert routed(at=datetime.fromisoformat(at)).rule == rule


def test_place_thing_channel_and_mode_are_asked_for() -> None:
    assert routed(area="本町自治会", asset="street_light").rule == "本町の防犯灯"
    assert routed(area="本町自治会").rule == ""
    assert routed(channel=Channel.JICHIKAI).rule == "自治会の要望"
    assert routed(channel=Channel.JICHIKAI, mode=Mode.DISASTER).rule == ""


@pytest.mark.parametrize(
    ("written_so", "road"),
    [
        ("町道（見本町）", "市町村道"),
        ("市道", "市町村道"),
        ("府道（京都府）", "県道"),
        ("国道", "国道"),
        ("農道", ""),
        ("", ""),
    ],
)
def test_the_kind_of_road_is_told_from_the_layers_words(written_so: str, road: str) -> None:
    assert road_of(written_so) == road


def test_the_shipped_table_sends_no_report_to_a_department_a_town_may_not_have(tmp_path: Path) -> None:
    now = current(tmp_path, CATEGORIES)

    assert not now.own
    assert not now.faults
    assert [rule.then.department for rule in now.table.rules] == [""] * len(now.table.rules)
    for code, category in CATEGORIES.items():
        found = now.table.route(Facts(code, NOON, road="県道"), CATEGORIES, CALENDAR.is_working)
        assert found.department == category.department


BROKEN = """
surplus = 1
[[rules]]
name = ""
when = { category = ["no_such_kind", "road_damage"], hours = "25:00", road = "県道", days = "someday" }
then = { department = 3, priority = "urgent" }
[[rules]]
name = "同じ"
active = "yes"
when = { road_manager = ["農道"], mode = "war", channel = "pigeon", area = "" }
[[rules]]
name = "同じ"
then = { department = "環境課" }
"""


def test_every_fault_of_a_file_is_told_at_once_in_words() -> None:
    with pytest.raises(RoutingFaults) as refused:
        parsed(BROKEN, CATEGORIES)

    keys = {(one.rule, one.key) for one in refused.value.faults}
    assert keys == {
        (0, "surplus"), (1, "name"), (1, "when.category"), (1, "when.hours"), (1, "when.road"), (1, "when.days"),
        (1, "then.department"), (1, "then.priority"), (2, "active"), (2, "when.road_manager"), (2, "when.mode"),
        (2, "when.channel"), (2, "when.area"), (2, "then"), (3, "name"),
    }  # fmt: skip
    texts = [str(one) for one in refused.value.faults]
    assert (
        "1番目の規則「」：when.category の「no_such_kind」は使えません。使えるもの：road_damage, "
        in "\n".join(texts)
    )


@pytest.mark.parametrize(
    "text",
    ["[[rules]", "rules = 3", "\x00", "rules = [1]", "x" * 300_000, "[[rules]]\nname='a'\nthen={department=\"a\\nb\"}",
     "a = " + "[" * 5000],
)  # fmt: skip
def test_what_is_no_table_at_all_is_refused_in_words(text: str) -> None:
    with pytest.raises(RoutingFaults) as refused:
        parsed(text, CATEGORIES)
    assert all(str(one) for one in refused.value.faults)


def test_a_broken_own_file_stops_no_report(tmp_path: Path) -> None:
    own_file(tmp_path).write_text(BROKEN)

    now = current(tmp_path, CATEGORIES)

    assert now.own
    assert len(now.faults) == 15
    found = now.table.route(Facts("water_leak", NOON), CATEGORIES, CALENDAR.is_working)
    assert found.department == "上下水道課"


def test_a_file_that_is_changed_is_in_force_at_once(tmp_path: Path) -> None:
    own_file(tmp_path).write_text(TABLE)
    assert len(current(tmp_path, CATEGORIES).table.rules) == 6
    own_file(tmp_path).write_text("rules = []")
    assert current(tmp_path, CATEGORIES).table == RoutingTable()


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_table_written_out_and_read_again_is_the_same(data: st.DataObject) -> None:
    words = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20)
    some = st.lists(words, max_size=2, unique=True)
    rules = [
        {
            "name": f"{n}{data.draw(words)}",
            "active": data.draw(st.booleans()),
            "when": {"area": data.draw(some), "category": ["road_damage"], "hours": "00:00-06:30"},
            "then": {"department": data.draw(words), "priority": "low"},
        }
        for n in range(data.draw(st.integers(0, 3)))
    ]
    text = ""
    for rule in reversed(rules):
        text = with_first(rule, parsed(text, CATEGORIES))
    table = parsed(text, CATEGORIES)

    assert [one.name for one in table.rules] == [one["name"] for one in rules]
    assert parsed(written(table), CATEGORIES) == table


def test_the_table_is_told_in_plain_words_and_slips_are_pointed_out() -> None:
    table = parsed(TABLE, CATEGORIES)
    rule = table.rules[2]
    assert when_words(rule.when, CATEGORIES) == ["種類：道路の損傷", "道路：県道"]
    assert then_words(rule.then) == ["建設課へ", "担当者 doboku", "引継ぎ先の候補 県土木事務所"]

    slips = doubts(table, Known({"総務課", "建設課", "環境課"}, {"kankyo"}, {"東町"}, {"parcel"}))

    assert len(slips) == 4
    assert "「都市計画課」" in "".join(slips)


# --- before a change, and the change


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ReportStore]:
    with ReportStore.open(tmp_path / "town.sqlite", CATEGORIES) as opened:
        yield opened


def test_a_dry_run_tells_which_past_reports_would_have_gone_elsewhere(store: ReportStore) -> None:
    kept = [store.add(pothole(minutes=n)).report for n in range(3)]
    leak = store.add(pothole(category="water_leak")).report
    store.append(kept[0].id, step(EventKind.ASSIGN, {"department": "環境課"}), seen=1)
    new = parsed(
        '[[rules]]\nname="道路は環境課"\nwhen={category="road_damage"}\nthen={department="環境課"}\n'
        '[[rules]]\nname="漏水は急ぐ"\nwhen={category="water_leak"}\nthen={priority="high"}',
        CATEGORIES,
    )

    found = dry_run(
        RoutingTable(), new, store.newest(Filters(since=since(NOON))), CATEGORIES, CALENDAR.is_working
    )

    assert found.looked_at == 4
    assert {one.number for one in found.moved} == {one.public_id for one in kept}
    assert found.by_way == (("建設課", "環境課", 3),)
    assert (found.agreeing, found.otherwise) == (1, 1)
    assert found.used == (("道路は環境課", 3), ("漏水は急ぐ", 1))
    assert store.get(leak.public_id).version == 1  # nothing was changed by looking


def test_what_hands_correct_is_counted_and_only_suggested(store: ReportStore) -> None:
    for n in range(4):
        new = pothole(category="illegal_dumping", minutes=n)
        report = store.add(arrived(new, "建設課")).report
        if n:
            store.append(report.id, step(EventKind.ASSIGN, {"department": "環境課"}), seen=1)
    told_otherwise = store.add(arrived(pothole(category="illegal_dumping"), "建設課")).report
    store.append(told_otherwise.id, step(EventKind.CATEGORY, {"category": "other"}), seen=1)

    corrected = store.outgoing.corrections(since(NOON, 90))

    assert corrected == [
        Corrected("illegal_dumping", "建設課", "建設課", 1),
        Corrected("illegal_dumping", "建設課", "環境課", 3),
    ]
    (found,) = suggestions(corrected)
    assert (found.moved, found.of, found.new) == (3, 4, "環境課")
    assert store.outgoing.corrections(NOON + timedelta(days=1)) == []
    more = with_suggested(RoutingTable(), found, "不法投棄")
    assert routed(written(more), category="illegal_dumping").department == "環境課"


def arrived(new: NewReport, department: str) -> NewReport:
    """A report that a rule gave to a department."""
    return replace(new, department=department, routed_why="試しの規則")


def test_two_or_few_corrections_suggest_nothing() -> None:
    few = [Corrected("other", "総務課", "環境課", 2)]
    rare = [Corrected("other", "総務課", "環境課", 3), Corrected("other", "総務課", "総務課", 30)]
    assert suggestions(few) == suggestions(rare) == []


def test_a_change_keeps_what_was_before_and_two_editors_notice_each_other(tmp_path: Path) -> None:
    first = current(tmp_path, CATEGORIES)
    at = datetime(2026, 6, 1, tzinfo=UTC)

    apply(tmp_path, TABLE, first.seen, CATEGORIES, at)
    with pytest.raises(RoutingMoved):
        apply(tmp_path, "rules = []", first.seen, CATEGORIES, at)
    with pytest.raises(RoutingFaults):
        apply(tmp_path, BROKEN, current(tmp_path, CATEGORIES).seen, CATEGORIES, at)

    now = current(tmp_path, CATEGORIES)
    assert now.text == TABLE
    (kept,) = versions(tmp_path)
    assert version_text(tmp_path, kept) == first.text
    assert version_text(tmp_path, "../secret.key") is None
    assert [one.name for one in tmp_path.iterdir() if one.name.endswith(".part")] == []


def test_a_report_says_of_itself_what_the_rules_ask() -> None:
    new = pothole()
    assert facts_of(new) == Facts("road_damage", NOON, area="本町自治会", channel=Channel.WEB)
