"""Who is asking, and what they may see and change: one table of rights, deny by default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from layers.catalogue import Entry
from reports_store import Category


class Role(StrEnum):
    """What a signed-in person is at the town hall. Residents have none; whoever has one may read."""

    READER = "reader"
    CLERK = "clerk"
    STAFF = "staff"
    FIELD = "field"
    HEAD = "head"
    HQ = "hq"
    EDITOR = "editor"
    ADMIN = "admin"


class Right(StrEnum):
    """What somebody may do. Each page and route of the desk asks for one."""

    READ = "read"  # the inbox, a report, the figures
    CONTACT = "contact"  # who reported it: each look is written down
    TAKE = "take"  # file a report that was told at the counter or by telephone
    NOTE = "note"  # internal notes and photos
    WORK = "work"  # states, priority, place, category, asset, referral
    REPLY = "reply"  # what residents read
    ASSIGN = "assign"  # another department or person, merging and splitting
    RELEASE = "release"  # what becomes public: words and photos
    PETITION = "petition"  # 自治会 要望書
    EXPORT = "export"
    HOLD = "hold"  # legal hold
    RULES = "rules"  # routing rules, webhooks, the state of what is sent out
    RETAIN = "retain"  # retention runs
    TRAIL = "trail"  # the audit
    USERS = "users"  # accounts and roles


class Scope(StrEnum):
    """How far a right reaches."""

    OWN = "own"  # reports of one's own department
    ALL = "all"


_R = Right
_READ = {_R.READ: Scope.ALL}
_STAFF = {
    **_READ, _R.TAKE: Scope.ALL, _R.NOTE: Scope.ALL, _R.EXPORT: Scope.ALL, _R.CONTACT: Scope.OWN,
    _R.WORK: Scope.OWN, _R.REPLY: Scope.OWN, _R.ASSIGN: Scope.OWN, _R.RELEASE: Scope.OWN, _R.PETITION: Scope.OWN,
}  # fmt: skip
_CLERK = dict.fromkeys(_STAFF, Scope.ALL)
# What each role may do, and how far. What is not named is refused.
RIGHTS: Mapping[Role, Mapping[Right, Scope]] = {
    Role.READER: _READ,  # 閲覧のみ
    Role.CLERK: _CLERK,  # 受付: receives for every department
    Role.STAFF: _STAFF,  # 担当課の職員
    Role.FIELD: {**_READ, _R.NOTE: Scope.ALL, _R.WORK: Scope.OWN},  # 現場
    Role.HEAD: {**_STAFF, _R.HOLD: Scope.OWN},  # 課長
    Role.HQ: _CLERK,  # 災害対策本部: in a disaster every report is its own
    Role.EDITOR: {**_READ, _R.EXPORT: Scope.ALL},  # オープンデータの編集; which layers, may_edit says
    Role.ADMIN: dict.fromkeys(Right, Scope.ALL),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who asks. A resident has no login, no department and no role."""

    login: str = ""
    name: str = ""
    department: str = ""
    roles: frozenset[Role] = field(default=frozenset())

    @property
    def signed_in(self) -> bool:
        return bool(self.login)


ANYONE = Person()


def reach(person: Person, right: Right) -> Scope | None:
    """How far a right of a person reaches; None where they do not have it."""
    scopes = {RIGHTS[role].get(right) for role in person.roles}
    return Scope.ALL if Scope.ALL in scopes else Scope.OWN if Scope.OWN in scopes else None


def may(person: Person, right: Right, department: str | None = None) -> bool:
    """Whether a person has a right, over a report of a department where one is named."""
    scope = reach(person, right)
    if scope is Scope.OWN and department is not None:
        return bool(person.department) and person.department == department
    return scope is not None


def hidden_from(person: Person, categories: Mapping[str, Category]) -> tuple[str, ...]:
    """The codes of the categories whose reports are shown to some departments only, and not to this person's.

    A report that is in the person's own hands, because it was given to their department, is shown all the same.
    Whoever works for every department (受付, 災害対策本部, 管理者) sees them all: what they take in, they must be
    able to open and to correct.
    """
    if reach(person, Right.WORK) is Scope.ALL:
        return ()
    return tuple(
        code
        for code, category in categories.items()
        if category.seen_by and person.department not in (category.department, *category.seen_by)
    )


def may_see(person: Person, entry: Entry) -> bool:
    """Whether a layer may be shown to a person: 公開 to all, 庁内 to the signed-in, the rest by department."""
    if entry.visibility == "public":
        return True
    if not person.roles:
        return False
    return entry.visibility == "internal" or Role.ADMIN in person.roles or _of(person, entry, entry.seen_by)


def may_edit(person: Person, entry: Entry) -> bool:
    """Whether a person may import, edit or roll back a layer: its own department's editors, those of the
    departments it names, and the administrator.
    """
    if Role.ADMIN in person.roles:
        return True
    return Role.EDITOR in person.roles and _of(person, entry, entry.edited_by)


def _of(person: Person, entry: Entry, others: tuple[str, ...]) -> bool:
    return bool(person.department) and person.department in (entry.department, *others)
