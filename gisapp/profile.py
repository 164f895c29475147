"""Who the town is: name, code, plane zone, extent and the telephone numbers shown in an emergency."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomli_w

Bounds = tuple[float, float, float, float]


class ProfileError(Exception):
    """The town's file is missing or cannot be used; the message names the file and the key."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A number a resident may have to ring; label and hours are words on screen."""

    label: str
    number: str
    hours: str = ""


@dataclass(frozen=True, slots=True)
class TownProfile:
    """One town. zone is the EPSG code of its plane rectangular zone; bounds are west, south, east, north."""

    name: str
    code: str
    prefecture: str
    zone: int
    bounds: Bounds
    sample: bool = False
    phones: tuple[Phone, ...] = field(default=())

    @property
    def center(self) -> tuple[float, float]:
        """The middle of the town as (lon, lat)."""
        west, south, east, north = self.bounds
        return (west + east) / 2, (south + north) / 2


def read_profile(path: Path) -> TownProfile:
    """Read a town's TOML file. Raises ProfileError naming the key that is missing or wrong."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProfileError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileError(f"{path}: {error}") from error
    return _profile(raw, path)


def _profile(raw: Mapping[str, Any], path: Path) -> TownProfile:
    try:
        west, south, east, north = (float(value) for value in raw["bounds"])
        return TownProfile(
            name=str(raw["name"]),
            code=str(raw["code"]),
            prefecture=str(raw["prefecture"]),
            zone=int(raw["zone"]),
            bounds=(west, south, east, north),
            sample=bool(raw.get("sample", False)),
            phones=tuple(Phone(**phone) for phone in raw.get("phones", ())),
        )
    except KeyError as error:
        raise ProfileError(f"{path}: the key {error.args[0]!r} is missing") from error
    except (TypeError, ValueError) as error:
        raise ProfileError(f"{path}: {error}") from error


def write_profile(profile: TownProfile, path: Path) -> None:
    """Write the town's file whole: a crash leaves the old one or the new one."""
    raw = {
        "name": profile.name,
        "code": profile.code,
        "prefecture": profile.prefecture,
        "zone": profile.zone,
        "bounds": list(profile.bounds),
        "sample": profile.sample,
        "phones": [{"label": p.label, "number": p.number, "hours": p.hours} for p in profile.phones],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        tomli_w.dump(raw, file)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
