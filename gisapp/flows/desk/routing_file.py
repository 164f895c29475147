"""Reads the routing table from its file; every fault is told at once, in words, with the rule it stands in."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import tomli_w

from gisapp.flows.desk.routing import CLOSED, ROADS, WEEKDAYS, WORKING, Hours, RoutingTable, Rule, Then, When
from gisapp.words import say
from reports_store import Channel, Mode, Priority

E = TypeVar("E", bound=StrEnum)
SHIPPED = Path(__file__).parent.parent.parent / "routing.toml"
LONGEST_FILE = 200_000  # bytes
MOST_RULES = 200
NAME_LETTERS, WORD_LETTERS = 60, 100
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_WHEN = ("category", "area", "road_manager", "asset", "days", "hours", "mode", "channel")
_THEN = ("department", "person", "priority", "suggest_body")
_RULE = ("name", "active", "when", "then")


@dataclass(frozen=True, slots=True)
class RoutingFault:
    """One fault: the rule's place (from 1; 0 for the file itself), its name, the key, what stood there."""

    rule: int
    name: str
    key: str
    found: str
    expected: str

    def __str__(self) -> str:
        """The fault as a sentence."""
        at = say("desk_routing.fault.rule", n=self.rule, name=self.name) if self.rule else ""
        words = say("desk_routing.fault.text", key=self.key, found=self.found, expected=self.expected)
        return at + (words if self.key else say("desk_routing.fault.file", why=self.found))


class RoutingFaults(Exception):
    """The table cannot be used; all its faults."""

    def __init__(self, faults: Sequence[RoutingFault]) -> None:
        super().__init__(*faults)
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Current:
    """The table in force. seen names this version of it; with faults, the table has no rule and the text is theirs."""

    table: RoutingTable
    text: str
    seen: str
    own: bool
    faults: tuple[RoutingFault, ...] = ()


def own_file(data: Path) -> Path:
    """The town's own table in its data folder."""
    return data / "routing.toml"


def current(data: Path, codes: Iterable[str]) -> Current:
    """The town's own table, else the shipped one. codes are the categories the town has.

    One look at the file's date each time; it is read when that has changed. A broken file gives a table without
    rules: a resident's report then goes to its category's department, and is never turned away.
    """
    try:
        found = own_file(data).stat()
    except FileNotFoundError:
        return _read(SHIPPED, 0, 0, tuple(codes), False)
    except OSError:
        found = None
    stamp = (found.st_mtime_ns, found.st_size) if found else (-1, -1)
    return _read(own_file(data), *stamp, tuple(codes), True)


@lru_cache(maxsize=8)
def _read(path: Path, changed_ns: int, size: int, codes: tuple[str, ...], own: bool) -> Current:
    try:
        raw = path.read_bytes()
    except OSError as error:
        return Current(RoutingTable(), "", "", own, (_of_file(error.strerror or str(error)),))
    text, seen = raw.decode("utf-8-sig", "replace"), version_of(raw)
    try:
        # The shipped rules are for the shipped kinds of report: those a town does not have ask for nothing.
        return Current(parsed(text, codes if own else None), text, seen, own)
    except RoutingFaults as error:
        return Current(RoutingTable(), text, seen, own, error.faults)


def version_of(raw: bytes) -> str:
    """What names one version of the file, so that two editors notice each other."""
    return sha256(raw).hexdigest()[:16]


def parsed(text: str, codes: Iterable[str] | None = None) -> RoutingTable:
    """The table of a file's text. Raises RoutingFaults with all faults; codes are the categories there are."""
    if len(text.encode("utf-8", "replace")) > LONGEST_FILE:
        raise RoutingFaults([_of_file(say("desk_routing.fault.too_long", limit=LONGEST_FILE))])
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise RoutingFaults([_of_file(str(error))]) from None
    rules, faults = raw.get("rules", []), [_stray(key, ("rules",)) for key in raw if key != "rules"]
    if not isinstance(rules, list) or len(rules) > MOST_RULES:
        faults.append(RoutingFault(0, "", "rules", _shown(rules), f"[[rules]] 0-{MOST_RULES}"))
        raise RoutingFaults(faults)
    known = None if codes is None else tuple(codes)
    found = [_Entry(place, one, known, faults).rule() for place, one in enumerate(rules, 1)]
    _told_apart(found, faults)
    if faults:
        raise RoutingFaults(faults)
    return RoutingTable(tuple(found))


def _told_apart(rules: list[Rule], faults: list[RoutingFault]) -> None:
    seen: set[str] = set()
    for place, rule in enumerate(rules, 1):
        if rule.name and rule.name in seen:
            faults.append(RoutingFault(place, rule.name, "name", rule.name, say("desk_routing.fault.unique")))
        seen.add(rule.name)


def written(table: RoutingTable) -> str:
    """The text of a table; what it was read from may have had comments, this has none."""
    return _text_of(_as_toml(rule) for rule in table.rules)


def with_first(rule: Mapping[str, Any], table: RoutingTable) -> str:
    """The text of a table with one more rule before all others, as a form gives it: its faults are told on reading."""
    return _text_of([rule, *(_as_toml(one) for one in table.rules)])


def _text_of(rules: Iterable[Mapping[str, Any]]) -> str:
    """Each rule on a line of its own for name, when and then, as a person would write it."""
    return "\n".join(
        "[[rules]]\n" + "".join(f"{key} = {_inline(value)}\n" for key, value in rule.items())
        for rule in rules
    )


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_inline(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return tomli_w.dumps({"it": value}).removeprefix("it = ").strip()


def _as_toml(rule: Rule) -> dict[str, Any]:
    when: dict[str, Any] = {
        key: [str(one) for one in getattr(rule.when, key)]
        for key in ("category", "area", "road_manager", "asset", "days", "channel")
        if getattr(rule.when, key)
    }
    when |= {key: str(value) for key in ("hours", "mode") if (value := getattr(rule.when, key)) is not None}
    then = {key: str(value) for key in _THEN if (value := getattr(rule.then, key))}
    off: dict[str, Any] = {} if rule.active else {"active": False}
    return {"name": rule.name, **off, "when": when, "then": then}


class _Entry:
    """One rule of the file on its way; faults are noted and a stand-in carries on."""

    def __init__(
        self, place: int, entry: object, codes: tuple[str, ...] | None, faults: list[RoutingFault]
    ) -> None:
        self.place, self.codes, self.faults = place, codes, faults
        self.entry: Mapping[str, Any] = entry if isinstance(entry, dict) else {}
        name = self.entry.get("name")
        self.name = name if isinstance(name, str) else ""

    def fault(self, key: str, found: object, expected: str) -> None:
        self.faults.append(RoutingFault(self.place, self.name[:NAME_LETTERS], key, _shown(found), expected))

    def rule(self) -> Rule:
        self.name = self.text(self.entry, "name", "", NAME_LETTERS)
        if not self.name:
            self.fault("name", self.entry.get("name"), say("desk_routing.fault.words", limit=NAME_LETTERS))
        active = self.entry.get("active", True)
        if not isinstance(active, bool):
            self.fault("active", active, "true, false")
        self.strays(self.entry, _RULE, "")
        return Rule(self.name, self.when(self.part("when", _WHEN)), self.then(), active is True)

    def part(self, key: str, known: tuple[str, ...]) -> Mapping[str, Any]:
        found = self.entry.get(key, {})
        if not isinstance(found, dict):
            self.fault(key, found, f"{{ {' , '.join(known)} }}")
            return {}
        self.strays(found, known, f"{key}.")
        return found

    def strays(self, found: Mapping[str, Any], known: tuple[str, ...], before: str) -> None:
        for key in found:
            if key not in known:
                self.fault(f"{before}{key}", key, ", ".join(known))

    def when(self, found: Mapping[str, Any]) -> When:
        return When(
            category=self.several(found, "category", self.codes),
            area=self.several(found, "area", None),
            road_manager=self.several(found, "road_manager", tuple(ROADS)),
            asset=self.several(found, "asset", None),
            days=self.several(found, "days", (WORKING, CLOSED, *WEEKDAYS)),
            hours=self.hours(found.get("hours")),
            mode=self.one_of(found, "when.mode", Mode),
            channel=tuple(Channel(one) for one in self.several(found, "channel", tuple(Channel))),
        )

    def then(self) -> Then:
        found = self.part("then", _THEN)
        then = Then(
            department=self.text(found, "department", "then."),
            person=self.text(found, "person", "then."),
            priority=self.one_of(found, "then.priority", Priority),
            suggest_body=self.text(found, "suggest_body", "then."),
        )
        if not found:
            self.fault("then", "", ", ".join(_THEN))
        return then

    def text(self, found: Mapping[str, Any], key: str, before: str, limit: int = WORD_LETTERS) -> str:
        value = found.get(key, "")
        if isinstance(value, str) and len(value) <= limit and (value.isprintable() or not value):
            return value.strip()
        self.fault(f"{before}{key}", value, say("desk_routing.fault.words", limit=limit))
        return ""

    def several(self, found: Mapping[str, Any], key: str, known: tuple[str, ...] | None) -> tuple[str, ...]:
        given = found.get(key, [])
        values = given if isinstance(given, list) else [given]
        expected = ", ".join(known) if known else say("desk_routing.fault.words", limit=WORD_LETTERS)
        good: list[str] = []
        for value in values:
            short = isinstance(value, str) and value.strip() and len(value) <= WORD_LETTERS
            if not short or not value.isprintable() or (known is not None and value not in known):
                self.fault(f"when.{key}", value, expected)
            else:
                good.append(value)
        return tuple(dict.fromkeys(good))

    def one_of(self, found: Mapping[str, Any], key: str, kinds: type[E]) -> E | None:
        value = found.get(key.partition(".")[2])
        if value is None:
            return None
        if isinstance(value, str) and value in list(kinds):
            return kinds(value)
        self.fault(key, value, ", ".join(kinds))
        return None

    def hours(self, value: object) -> Hours | None:
        if value is None:
            return None
        found = _HOURS.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            self.fault("when.hours", value, "17:15-08:30")
            return None
        begin_h, begin_m, end_h, end_m = map(int, found.groups())
        return Hours(time(begin_h, begin_m), time(end_h, end_m))


def _of_file(why: str) -> RoutingFault:
    return RoutingFault(0, "", "", why[:200], "")


def _stray(key: str, known: tuple[str, ...]) -> RoutingFault:
    return RoutingFault(0, "", key, key, ", ".join(known))


def _shown(value: object) -> str:
    return say("desk_routing.fault.nothing") if value in (None, "") else str(value)[:80]
