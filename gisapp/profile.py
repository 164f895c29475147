"""Who the town is: name, code, plane zone, extent and the telephone numbers shown in an emergency."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import tomli_w

Bounds = tuple[float, float, float, float]


class ProfileError(Exception):
    """The town's file is missing or cannot be used; key names the sentence and values fill it."""

    def __init__(self, key: str, /, **values: object) -> None:
        super().__init__(key, values)
        self.key, self.values = key, values


@dataclass(frozen=True, slots=True)
class Phone:
    """A number a resident may have to ring; label and hours are words on screen."""

    label: str
    number: str
    hours: str = ""


@dataclass(frozen=True, slots=True)
class Office:
    """A department and the mailbox that its digest of the morning goes to."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class TownProfile:
    """One town. zone is the EPSG code of its plane rectangular zone; bounds are west, south, east, north.

    similar_within_m: how far apart two reports of one kind may lie and still be shown as perhaps the same.
    closed_days: when the town hall is closed besides weekends, 祝日 and 年末年始; deadlines pass over them.
    """

    name: str
    code: str
    prefecture: str
    zone: int
    bounds: Bounds
    sample: bool = False
    phones: tuple[Phone, ...] = field(default=())
    similar_within_m: int = 50
    closed_days: tuple[date, ...] = field(default=())
    departments: tuple[Office, ...] = field(default=())

    @property
    def center(self) -> tuple[float, float]:
        """The middle of the town as (lon, lat)."""
        west, south, east, north = self.bounds
        return (west + east) / 2, (south + north) / 2


def read_profile(path: Path) -> TownProfile:
    """Read a town's TOML file. Raises ProfileError naming the key that is missing or wrong."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ProfileError("town_missing", file=path) from None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileError("town_unreadable", file=path, why=error) from error
    checked = _Checked(raw, path)
    return TownProfile(
        name=checked.text("name"),
        code=checked.text("code"),
        prefecture=checked.text("prefecture"),
        zone=checked.zone(),
        bounds=checked.bounds(),
        sample=raw.get("sample") is True,
        phones=checked.phones(),
        similar_within_m=checked.metres("similar_within_m", 50),
        closed_days=checked.days("closed_days"),
        departments=checked.departments(),
    )


@dataclass(frozen=True, slots=True)
class _Checked:
    """The file's values, each refused by name unless it is what the town needs."""

    raw: Mapping[str, Any]
    path: Path

    def value(self, key: str) -> Any:
        if key not in self.raw:
            raise ProfileError("town_key_missing", file=self.path, key=key)
        return self.raw[key]

    def refuse(self, key: str, expected: str) -> ProfileError:
        found = self.raw.get(key)
        return ProfileError("town_value_wrong", file=self.path, key=key, found=found, expected=expected)

    def text(self, key: str) -> str:
        found = self.value(key)
        if not isinstance(found, str) or not found.strip():
            raise self.refuse(key, '"…"')
        return found

    def zone(self) -> int:
        found = self.value("zone")
        if type(found) is not int or not 6669 <= found <= 6687:
            raise self.refuse("zone", "6669–6687")
        return found

    def bounds(self) -> Bounds:
        found = self.value("bounds")
        if (
            not isinstance(found, list)
            or len(found) != 4
            or not all(type(side) in (int, float) for side in found)
        ):
            raise self.refuse("bounds", "[west, south, east, north]")
        west, south, east, north = (float(side) for side in found)
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):  # false for NaN as well
            raise self.refuse("bounds", "[west < east, south < north]")
        return west, south, east, north

    def metres(self, key: str, usual: int) -> int:
        found = self.raw.get(key, usual)
        if type(found) is not int or not 5 <= found <= 1000:
            raise self.refuse(key, "5–1000")
        return found

    def days(self, key: str) -> tuple[date, ...]:
        found = self.raw.get(key, [])
        if not isinstance(found, list) or not all(type(day) is date for day in found):
            raise self.refuse(key, "[2026-10-10, …]")
        return tuple(found)

    def phones(self) -> tuple[Phone, ...]:
        found = self.raw.get("phones", [])
        known = {"label", "number", "hours"}
        for one in found if isinstance(found, list) else [None]:
            if not isinstance(one, dict) or not {"label", "number"} <= set(one) <= known:
                raise self.refuse("phones", "label, number, hours")
            if not all(isinstance(value, str) for value in one.values()):
                raise self.refuse("phones", '"…"')
        return tuple(Phone(**one) for one in found)

    def departments(self) -> tuple[Office, ...]:
        found = self.raw.get("departments", [])
        for one in found if isinstance(found, list) else [None]:
            if not isinstance(one, dict) or set(one) != {"name", "email"}:
                raise self.refuse("departments", "name, email")
            name, email = one["name"], one["email"]
            if (
                not isinstance(name, str)
                or not name.strip()
                or not isinstance(email, str)
                or "@" not in email
            ):
                raise self.refuse("departments", 'name = "環境課", email = "kankyo@…"')
        return tuple(Office(one["name"], one["email"]) for one in found)


def write_profile(profile: TownProfile, path: Path) -> None:
    """Write the town's file whole: a crash leaves the old one or the new one."""
    raw = {
        "name": profile.name,
        "code": profile.code,
        "prefecture": profile.prefecture,
        "zone": profile.zone,
        "bounds": list(profile.bounds),
        "sample": profile.sample,
        "similar_within_m": profile.similar_within_m,
        "closed_days": list(profile.closed_days),
        "phones": [{"label": p.label, "number": p.number, "hours": p.hours} for p in profile.phones],
        "departments": [{"name": one.name, "email": one.email} for one in profile.departments],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        tomli_w.dump(raw, file)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
