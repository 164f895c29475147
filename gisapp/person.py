"""Who is asking, and what they may see and change: one table of rights, deny by default."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from layers.catalogue import Entry


class Role(StrEnum):
    """What a signed-in person may do besides reading what the town hall may read."""

    STAFF = "staff"
    EDITOR = "editor"
    ADMIN = "admin"


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
