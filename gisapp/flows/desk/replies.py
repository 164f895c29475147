"""Ready words of the desk: replies to residents by kind and state, and the bodies a report may be referred to.

They stand in replies.toml; a town's own data/replies.toml takes the place of the shipped file.
"""

from __future__ import annotations

import logging
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from gisapp.flows.category_words import category_name
from gisapp.words import speaking
from reports_store import Category, Report, Status

log = logging.getLogger("gisapp.desk")
SHIPPED = Path(__file__).parents[2] / "replies.toml"
FIELDS = ("number", "category", "town")
_FIELD = re.compile(r"\{(\w*)\}")
_BRACES = re.compile(r"[{｛]([^{}｛｝\n]*)[}｝]")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class RepliesFault(Exception):
    """A file of ready words cannot be used; says which entry and what was expected."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One ready reply. states and categories are where it is offered; empty means everywhere."""

    id: str
    title: str
    states: frozenset[str]
    categories: frozenset[str]
    texts: Mapping[str, str]

    def offered(self, report: Report, states: Sequence[Status]) -> bool:
        """Whether it fits a report that is in, or may go into, one of some states."""
        kind_fits = not self.categories or report.category in self.categories
        return kind_fits and (not self.states or not self.states.isdisjoint(states))


@dataclass(frozen=True, slots=True)
class Body:
    """Somebody outside the town hall who may be responsible."""

    name: str
    manager: tuple[str, ...]
    categories: frozenset[str]


@dataclass(frozen=True, slots=True)
class ReadyWords:
    """All ready words of a town; own_broken says that its own file could not be used and the shipped one is."""

    replies: tuple[Reply, ...]
    bodies: tuple[Body, ...]
    own_broken: bool = False

    def for_report(self, report: Report, states: Sequence[Status]) -> list[Reply]:
        """The replies that fit a report, those of its own kind first."""
        found = [one for one in self.replies if one.offered(report, states)]
        return sorted(found, key=lambda one: not one.categories)

    def bodies_for(self, report: Report) -> list[Body]:
        """The bodies that may take a report, the manager of its road first."""
        road = report.road.name if report.road else ""
        fitting = [one for one in self.bodies if not one.categories or report.category in one.categories]
        return sorted(fitting, key=lambda one: not any(word in road for word in one.manager))


def ready_words(own: Path) -> ReadyWords:
    """The town's own ready words where it has a file of them, else the shipped ones."""
    try:
        stamp = own.stat().st_mtime_ns
    except OSError:
        return _read(SHIPPED, 0)
    try:
        return _read(own, stamp)
    except RepliesFault as fault:
        log.error("%s cannot be used, the shipped words are: %s", own, fault)
        shipped = _read(SHIPPED, 0)
        return ReadyWords(shipped.replies, shipped.bodies, own_broken=True)


def filled(text: str, report: Report, category: Category | None, town: str, lang: str = "ja") -> str:
    """A text with {number}, {category} and {town} filled in; any other braces stay as they are.

    category is None where the town has dropped the kind of the report: its code is then all that is left.
    """
    with speaking(lang):
        kind = category_name(category) if category else report.category
    values = {"number": report.public_id, "category": kind, "town": town}
    return _FIELD.sub(lambda found: values.get(found[1], found[0]), text)


def strange_field(text: str) -> str:
    """The first {…} of a text that nothing would be put in for, as it was typed; empty where there is none."""
    known = {f"{{{name}}}" for name in FIELDS}
    return next((found[0] for found in _BRACES.finditer(text) if found[0] not in known), "")


def text_for(reply: Reply, lang: str) -> tuple[str, str]:
    """A reply in the reporter's language where it has one, else in Japanese; and which it is."""
    base = lang.partition("-")[0]
    found = next((one for one in (lang, base, "ja") if one in reply.texts), "ja")
    return reply.texts[found], found


@lru_cache(maxsize=4)
def _read(path: Path, stamp: int) -> ReadyWords:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RepliesFault(str(error)) from error
    if stray := set(raw) - {"reply", "body"}:
        raise RepliesFault(f"{sorted(stray)[0]!r}: expected reply or body")
    replies = tuple(_reply(each) for each in _tables(raw, "reply"))
    if len({one.id for one in replies}) != len(replies):
        raise RepliesFault("two replies have the same id")
    return ReadyWords(replies, tuple(_body(each) for each in _tables(raw, "body")))


def _tables(raw: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = raw.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise RepliesFault(f"{name}: expected [[{name}]] tables")
    return found


def _reply(raw: Mapping[str, Any]) -> Reply:
    name = _text(raw, "id", "a reply")
    texts = {key: _text(raw, key, name) for key in raw if key not in ("id", "title", "states", "categories")}
    if stray := [key for key in texts if not _LANGUAGE.fullmatch(key)]:
        raise RepliesFault(f"reply {name!r}: {stray[0]!r} is neither a setting nor a language")
    if "ja" not in texts:
        raise RepliesFault(f"reply {name!r}: its text in ja is missing")
    for key, text in texts.items():
        if strange := set(_FIELD.findall(text)) - set(FIELDS):
            raise RepliesFault(
                f"reply {name!r}, {key}: {{{sorted(strange)[0]}}}: expected {', '.join(FIELDS)}"
            )
    states = _list(raw, "states", name)
    if unknown := set(states) - set(Status):
        raise RepliesFault(f"reply {name!r}: state {sorted(unknown)[0]!r}: expected {', '.join(Status)}")
    kinds = frozenset(_list(raw, "categories", name))
    return Reply(name, _text(raw, "title", name), frozenset(states), kinds, texts)


def _body(raw: Mapping[str, Any]) -> Body:
    name = _text(raw, "name", "a body")
    return Body(name, tuple(_list(raw, "manager", name)), frozenset(_list(raw, "categories", name)))


def _text(raw: Mapping[str, Any], key: str, name: str) -> str:
    found = raw.get(key)
    if not isinstance(found, str) or not found.strip():
        raise RepliesFault(f"{name!r}: {key} is {found!r}, expected words")
    return found.strip()


def _list(raw: Mapping[str, Any], key: str, name: str) -> list[str]:
    found = raw.get(key, [])
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise RepliesFault(f"{name!r}: {key} is {found!r}, expected a list of words")
    return found
