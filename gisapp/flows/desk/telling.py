"""The whole history of a report in words, for the town hall: who did what and when, and what it was before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gisapp.flows.category_words import category_name
from gisapp.flows.describe import JST
from gisapp.words import UnknownSentence, say
from reports_store import ActorType, Categories, Event, EventKind

# What changes of an event are told, in this order; the rest only the program needs.
_TOLD = (
    "status", "duplicate_of", "duplicate", "referred_to", "category", "department", "assignee", "priority",
    "visibility", "body_public", "asset", "held", "pii_state", "parent", "children",
)  # fmt: skip
_NAMED_BY_CODE = {
    "status": "report.status", "priority": "desk_report.priority", "visibility": "desk_report.visibility",
    "pii_state": "desk_report.pii",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One event. side is resident, town or system; what are its changes in words. public is what the town told
    residents, internal what stays inside, own what the reporter wrote. kind names its shape on the page.
    """

    seq: int
    at: datetime
    who: str
    side: str
    kind: str
    what: tuple[str, ...]
    public: str = ""
    internal: str = ""
    own: str = ""

    @property
    def time(self) -> str:
        return clock(self.at)


def clock(moment: datetime) -> str:
    """A moment as the town hall reads it, in Japan's time."""
    return moment.astimezone(JST).strftime("%Y-%m-%d %H:%M")


def history(events: Iterable[Event], categories: Categories, names: Mapping[str, str]) -> tuple[Line, ...]:
    """Every event, oldest first; names are those of people by login and of equipment by layer:feature."""
    return tuple(_line(event, categories, names) for event in events)


def _line(event: Event, categories: Categories, names: Mapping[str, str]) -> Line:
    resident = event.actor_type is ActorType.RESIDENT
    return Line(
        seq=event.seq,
        at=event.at,
        who=_who(event, names),
        side="resident" if resident else "system" if event.actor_type is ActorType.SYSTEM else "town",
        kind=event.kind.value,
        what=tuple(_what(event, categories, names)) or (_kind(event),),
        public="" if resident else event.public_message,
        internal=event.internal_message,
        own=event.public_message if resident else "",
    )


def _who(event: Event, names: Mapping[str, str]) -> str:
    if event.kind is EventKind.CREATED:
        return say(
            "desk_report.who.created", channel=_known(f"desk_report.channel.{event.actor}", event.actor)
        )
    if event.actor_type is ActorType.RESIDENT:
        return say("desk_report.who.resident")
    if event.actor_type is ActorType.SYSTEM:
        return say("desk_report.who.system")
    return names.get(event.actor, event.actor)


def _what(event: Event, categories: Categories, names: Mapping[str, str]) -> Iterable[str]:
    created = event.kind is EventKind.CREATED
    if created:
        yield _kind(event)
    to, before = event.to, event.changes.get("from", {})
    for name in _TOLD:
        if name not in to or (created and (name in ("status", "category") or to[name] is None)):
            continue
        new = _value(name, to[name], categories, names)
        label = say(f"desk_report.field.{name}")
        if name in before and before[name] != to[name]:
            old = _value(name, before[name], categories, names)
            yield say("desk_report.history.changed", field=label, old=old, new=new)
        elif name not in before or created:
            yield say("desk_report.history.set", field=label, new=new)
    if "lon" in to:
        yield _place(before, to)
    if to.get("contact_removed"):
        yield say("desk_report.history.contact_removed")
    if to.get("why"):
        yield say("desk_report.history.why", why=to["why"])


def _kind(event: Event) -> str:
    return _known(f"desk_report.kind.{event.kind.value}", event.kind.value)


def _place(before: Mapping[str, Any], to: Mapping[str, Any]) -> str:
    old = f"{before['lat']:.6f}, {before['lon']:.6f}" if "lon" in before else say("desk_report.none")
    return say("desk_report.history.place", old=old, new=f"{to['lat']:.6f}, {to['lon']:.6f}")


def _value(name: str, value: object, categories: Categories, names: Mapping[str, str]) -> str:
    if value is None or value == "":
        return say("desk_report.none")
    if isinstance(value, bool):
        return say("desk_report.yes" if value else "desk_report.no")
    if name in _NAMED_BY_CODE:
        return _known(f"{_NAMED_BY_CODE[name]}.{value}", str(value))
    return _SAID[name](value, categories, names) if name in _SAID else str(value)


def _asset(value: object, categories: Categories, names: Mapping[str, str]) -> str:
    key = f"{value['layer']}:{value['feature_id']}" if isinstance(value, Mapping) else str(value)
    return names.get(key, key)


def _category(value: object, categories: Categories, names: Mapping[str, str]) -> str:
    return category_name(categories[str(value)]) if value in categories else str(value)


_SAID: Mapping[str, Callable[[object, Categories, Mapping[str, str]], str]] = {
    "category": _category,
    "assignee": lambda value, categories, names: names.get(str(value), str(value)),
    "asset": _asset,
    "children": lambda value, categories, names: (
        "、".join(map(str, value)) if isinstance(value, list) else ""
    ),
}


def _known(key: str, otherwise: str) -> str:
    """A sentence, or the code itself where nobody has written one yet."""
    try:
        return say(key)
    except UnknownSentence:
        return otherwise
