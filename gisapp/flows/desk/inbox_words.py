"""The inbox's choices in words: what its form offers, and what is chosen just now, each with the way out of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gisapp.flows.category_words import category_name
from gisapp.flows.desk.bulk import BULK_STATES
from gisapp.flows.desk.inbox import GROUPS, InboxChoice, Whose
from gisapp.person import Person
from gisapp.words import say
from reports_store import Categories, Channel, Priority, Status
from reports_store.inbox import Order

Named = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Offered:
    """What the form and the bulk steps offer: codes with their names, in the order they are shown."""

    groups: list[tuple[str, str, Named]]  # a group of states, its name, its statuses
    categories: list[tuple[str, str, str]]  # code, name, symbol
    departments: list[str]
    people: list[tuple[str, Named]]  # by department
    areas: list[str]
    priorities: Named
    channels: Named
    orders: Named
    bulk_states: Named


def offered(categories: Categories, people: Iterable[Person], areas: Iterable[str]) -> Offered:
    """All that may be chosen, in the reader's language."""
    staff = list(people)
    departments = dict.fromkeys([each.department for each in categories.values()])
    departments |= dict.fromkeys(each.department for each in staff if each.department)
    return Offered(
        groups=[(code, group_name(code), [(one, _status(one)) for one in of]) for code, of in GROUPS.items()],
        categories=[(code, category_name(each), each.symbol) for code, each in categories.items()],
        departments=list(departments),
        people=[
            (name, [(each.login, each.name) for each in staff if each.department == name])
            for name in departments
        ],
        areas=list(areas),
        priorities=[(one.value, say(f"desk_inbox.priority.{one}")) for one in reversed(Priority)],
        channels=[(one.value, say(f"public_map.channel.{one}")) for one in Channel],
        orders=[(one.value, say(f"desk_inbox.order.{one}")) for one in Order],
        bulk_states=[(one.value, _status(one)) for one in BULK_STATES],
    )


def chosen(choice: InboxChoice, categories: Categories) -> list[tuple[str, InboxChoice]]:
    """What restricts the list, in words, each with the choice that is left without it."""
    found: list[tuple[str, InboxChoice]] = []
    if choice.whose is not Whose.ALL:
        found.append((say(f"desk_inbox.whose.{choice.whose}"), replace(choice, whose=Whose.ALL)))
    for name, values in _many(choice, categories).items():
        for value, words in values.items():
            left = tuple(one for one in getattr(choice, name) if one != value)
            found.append((words, _with(choice, name, left)))
    for name, words in _single(choice).items():
        found.append((words, _with(choice, name, getattr(InboxChoice(), name))))
    return found


def _with(choice: InboxChoice, name: str, value: Any) -> InboxChoice:
    changed: dict[str, Any] = {name: value}
    return replace(choice, **changed)


def _many(choice: InboxChoice, categories: Categories) -> Mapping[str, Mapping[str, str]]:
    return {
        "states": {one: group_name(one) if one in GROUPS else _status(one) for one in choice.states},
        "categories": {one: category_name(categories[one]) for one in choice.categories},
        "departments": {one: one for one in choice.departments},
        "areas": {one: one for one in choice.areas},
        "priorities": {one: say(f"desk_inbox.priority.{one}") for one in choice.priorities},
        "channels": {one: say(f"public_map.channel.{one}") for one in choice.channels},
    }


def _single(choice: InboxChoice) -> Mapping[str, str]:
    found: dict[str, Any] = {
        "due": choice.due and say(f"desk_inbox.due.{choice.due}"),
        "unassigned": choice.unassigned and say("desk_inbox.filter.unassigned"),
        "photo": choice.photo is not None
        and say("desk_inbox.filter.photo_yes" if choice.photo else "desk_inbox.filter.photo_no"),
        "since": choice.since and say("desk_inbox.filter.since_day", day=choice.since.isoformat()),
        "until": choice.until and say("desk_inbox.filter.until_day", day=choice.until.isoformat()),
        "text": choice.text and say("desk_inbox.filter.text_of", text=choice.text),
        "box": choice.box and say("desk_inbox.filter.box"),
    }
    return {name: words for name, words in found.items() if words}


def group_name(code: str) -> str:
    """未対応, 対応中 or 終了."""
    return say(f"desk_inbox.group.{code}")


def _status(status: Status | str) -> str:
    return say(f"report.status.{status}")
