"""What is asked of the inbox: said in an address and read back the same, and never more than a person may see."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gisapp.flows.desk.inbox import GROUPS, Due, InboxChoice, Whose, choice_of, filters_of, first_choice
from gisapp.flows.desk.inbox_words import chosen
from gisapp.person import Person, Role
from reports_store import Categories, Channel, Priority, Status
from reports_store.inbox import Order
from reports_store.workflow import OPEN

CATEGORIES = Categories.load()
NOW = datetime(2026, 6, 1, 3, 0, tzinfo=UTC)  # noon of 1 June in Japan
STAFF = Person("doboku", "建設課の職員", "建設課", frozenset({Role.STAFF}))
CLERK = Person("madoguchi", "総合窓口の受付", "総合窓口", frozenset({Role.CLERK}))
# Where plain words may be typed: letters of any script, signs of addresses, spaces inside.
WORDS = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=30)
SIDES = st.tuples(
    st.floats(122, 154), st.floats(20, 46), st.floats(0, 1), st.floats(0, 1)
).map(lambda s: tuple(round(one, 5) for one in (s[0], s[1], min(154.5, s[0] + s[2]), min(46.0, s[1] + s[3]))))  # fmt: skip
DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))


def some(known: list[str]) -> st.SearchStrategy[tuple[str, ...]]:
    """Some of a list, in its order."""
    return st.sets(st.sampled_from(known), max_size=4).map(
        lambda picked: tuple(one for one in known if one in picked)
    )


CHOICES = st.builds(
    InboxChoice,
    whose=st.sampled_from(Whose),
    states=some([*GROUPS, *(one.value for one in Status)]),
    due=st.none() | st.sampled_from(Due),
    unassigned=st.booleans(),
    categories=some(list(CATEGORIES)),
    departments=st.lists(WORDS, max_size=3, unique=True).map(tuple),
    areas=st.lists(WORDS, max_size=3, unique=True).map(tuple),
    priorities=some(list(Priority)),  # type: ignore[arg-type]
    channels=some(list(Channel)),  # type: ignore[arg-type]
    photo=st.none() | st.booleans(),
    since=st.none() | DAYS,
    until=st.none() | DAYS,
    text=st.just("") | WORDS,
    box=st.none() | SIDES,
    order=st.sampled_from(Order),
)


@given(CHOICES)
def test_an_address_brings_back_the_very_choice_it_was_made_of(choice: InboxChoice) -> None:
    assert choice_of(parse_qsl(urlencode(choice.query())), CATEGORIES) == choice


NAMES = st.sampled_from(["of", "state", "due", "box", "since", "q", "area", "photo", "order", "other"])


@given(st.lists(st.tuples(NAMES, st.text(max_size=60))))
def test_a_broken_address_restricts_nothing_it_does_not_understand_and_is_always_answered(
    asked: list[tuple[str, str]],
) -> None:
    choice = choice_of(asked, CATEGORIES)

    assert choice_of(choice.query(), CATEGORIES) == choice
    filters_of(choice, STAFF, CATEGORIES, NOW)


@given(CHOICES)
def test_each_condition_in_words_can_be_taken_off_one_by_one_until_nothing_is_left(
    choice: InboxChoice,
) -> None:
    left = choice
    for _ in range(len(chosen(choice, CATEGORIES))):
        left = chosen(left, CATEGORIES)[0][1]

    assert left.everything


def test_every_state_is_in_one_group_and_the_first_two_are_the_open_work() -> None:
    grouped = [status for group in GROUPS.values() for status in group]
    assert sorted(grouped) == sorted(Status)
    assert {*GROUPS["open"], *GROUPS["working"]} == OPEN


def test_a_department_begins_with_its_own_open_work_and_the_counter_with_everybodys() -> None:
    assert first_choice(STAFF).whose is Whose.DEPARTMENT
    assert first_choice(CLERK).whose is Whose.ALL
    assert filters_of(first_choice(STAFF), STAFF, CATEGORIES, NOW).departments == ("建設課",)
    assert filters_of(first_choice(CLERK), CLERK, CATEGORIES, NOW).open_only


@pytest.mark.parametrize("whose", Whose)
def test_whatever_is_asked_what_is_not_for_ones_eyes_stays_out(whose: Whose) -> None:
    kept = replace(CATEGORIES["road_damage"], department="環境課", seen_by=("環境課",))
    secret = Categories({**CATEGORIES, "road_damage": kept})

    filters = filters_of(InboxChoice(whose=whose, categories=("road_damage",)), STAFF, secret, NOW)

    assert "road_damage" in filters.hidden
    assert filters.own == "建設課"


def test_days_are_those_of_japan_and_both_are_within() -> None:
    day = date(2026, 4, 1)
    filters = filters_of(InboxChoice(since=day, until=day), STAFF, CATEGORIES, NOW)
    assert filters.since == datetime(2026, 3, 31, 15, 0, tzinfo=UTC)
    assert filters.until == datetime(2026, 4, 1, 15, 0, tzinfo=UTC)


def test_what_is_due_today_is_due_before_midnight_in_japan() -> None:
    due = filters_of(InboxChoice(due=Due.TODAY), STAFF, CATEGORIES, NOW).due_before
    assert due == datetime(2026, 6, 1, 15, 0, tzinfo=UTC)
    assert filters_of(InboxChoice(due=Due.LATE), STAFF, CATEGORIES, NOW).late_at == NOW
