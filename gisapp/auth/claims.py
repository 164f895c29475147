"""Who of the single sign-on is who at the town hall: read from sign_in.toml in the data folder.

What no line of it names gives no role, and without a role nobody gets in.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gisapp.person import Person, Role

KNOWN = frozenset({"login", "name", "department", "role", "departments", "roles"})


@dataclass(frozen=True, slots=True)
class Admission:
    """How to read a person out of what the provider says.

    login, name, department and role are the names of claims; a dot goes into a nested one. departments turns
    the provider's word for a department into the town's (a word it does not list stays as it is), roles turns
    a group or role of the provider into roles here.
    """

    login: str = "preferred_username"
    name: str = "name"
    department: str = "department"
    role: str = "groups"
    departments: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, tuple[Role, ...]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Admission:
        """Read the file; where there is none, nobody has a role. Raises ValueError naming what is wrong in it."""
        try:
            given = tomllib.loads(path.read_text(encoding="utf-8-sig")) if path.exists() else {}
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"{path.name}: {error}") from error
        if stray := sorted(set(given) - KNOWN):
            raise ValueError(f"{path.name}: {stray[0]!r}: expected one of {', '.join(sorted(KNOWN))}")
        claims = {
            key: _text(path, key, given[key])
            for key in ("login", "name", "department", "role")
            if key in given
        }
        departments = _table(path, "departments", given)
        return cls(
            **claims,
            departments={
                word: _text(path, f"departments.{word}", ours) for word, ours in departments.items()
            },
            roles={word: _roles(path, word, ours) for word, ours in _table(path, "roles", given).items()},
        )

    def person(self, claims: Mapping[str, Any]) -> Person:
        """The person of these claims; without a role where none of theirs is listed."""
        login = _word(_claim(claims, self.login))
        found = _claim(claims, self.department)
        department = _word(found[0] if isinstance(found, list) and found else found)
        groups = _claim(claims, self.role)
        held = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
        roles = {role for group in held if isinstance(group, str) for role in self.roles.get(group, ())}
        return Person(
            login, _word(_claim(claims, self.name)) or login, self.departments.get(department, department),
            frozenset(roles),
        )  # fmt: skip


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """A claim by its name, or by its way through nested ones: realm_access.roles."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for step in name.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def _word(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _text(path: Path, key: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{path.name}: {key} = {value!r}: expected a text")
    return value


def _table(path: Path, key: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    value = given.get(key, {})
    if not isinstance(value, dict):
        raise ValueError(f"{path.name}: {key} = {value!r}: expected a table [{key}]")
    return value


def _roles(path: Path, word: str, value: object) -> tuple[Role, ...]:
    names = value if isinstance(value, list) else [value]
    if wrong := [name for name in names if name not in list(Role)]:
        raise ValueError(f"{path.name}: roles.{word}: {wrong[0]!r}: expected one of {', '.join(Role)}")
    return tuple(Role(str(name)) for name in names)
