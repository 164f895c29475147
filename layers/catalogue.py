"""The list of layers: what each is called, who keeps it, who may see it, and on what terms it may be used."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

from layers.durable import alone, write_durably
from layers.errors import CatalogueError, Fault, Grade, UnknownLayer
from layers.kinds import KINDS

SHIPPED = Path(__file__).with_name("catalogue.toml")
_ID = re.compile(r"[a-z][a-z0-9_]{0,62}")  # also a folder's name, so nothing a path could misread
_VISIBILITIES = ("public", "internal")


@dataclass(frozen=True)
class Entry:
    """One layer of the catalogue. order sorts the legend, small first."""

    id: str
    title: str
    kind: str
    theme: str
    department: str
    visibility: Literal["public", "internal"]
    licence: str
    attribution: str
    default_on: bool = False
    order: int = 500


_TYPES: dict[str, type] = {"default_on": bool, "order": int}
_FIELDS = tuple(part.name for part in fields(Entry) if part.name != "id")
_NEEDED = ("title", "kind", "department", "visibility", "licence", "attribution")


@dataclass(frozen=True)
class Catalogue:
    """The layers a town has, by id."""

    entries: Mapping[str, Entry] = field(default_factory=dict)

    @classmethod
    def load(cls, *paths: Path) -> Catalogue:
        """The shipped catalogue, then each file: a later entry adds a layer, or changes fields of an
        earlier one.

        A path that does not exist is a town that has added nothing. Raises CatalogueError with every fault
        found.
        """
        merged: dict[str, dict[str, Any]] = {}
        faults: list[Fault] = []
        for path in (SHIPPED, *paths):
            for entry_id, raw in _tables(path, faults):
                merged[entry_id] = {**merged.get(entry_id, {}), **raw}
        faults += [fault for entry_id, raw in merged.items() for fault in _faults(entry_id, raw)]
        if faults:
            raise CatalogueError(faults)
        return cls({entry_id: _entry(entry_id, raw) for entry_id, raw in merged.items()})

    def entry(self, layer_id: str) -> Entry:
        if layer_id not in self.entries:
            raise UnknownLayer(layer_id)
        return self.entries[layer_id]

    def with_entry(self, entry: Entry) -> Catalogue:
        """A catalogue that has this entry too, or in place of the one with its id."""
        _refuse_faulty(entry)
        return replace(self, entries={**self.entries, entry.id: entry})

    def __iter__(self) -> Iterator[Entry]:
        return iter(sorted(self.entries.values(), key=lambda entry: (entry.order, entry.id)))

    def __contains__(self, layer_id: object) -> bool:
        return layer_id in self.entries


def append_entry(path: Path, entry: Entry) -> None:
    """Write one more entry into a town's own catalogue file; the file is complete before and after.

    Raises CatalogueError if the file already has an entry of that id, or would not be readable afterwards.
    """
    _refuse_faulty(entry)
    path.parent.mkdir(parents=True, exist_ok=True)
    with alone(path.with_name(f".{path.name}.lock")):
        faults: list[Fault] = []
        present = dict(_tables(path, faults))
        if entry.id in present:
            faults.append(_fault("entry_exists", entry.id, "", entry.id, "a new id"))
        if faults:
            raise CatalogueError(faults)
        former = path.read_bytes() if path.exists() else b""
        gap = b"\n" if former.endswith(b"\n") or not former else b"\n\n"
        write_durably(path, former + gap + _as_toml(entry).encode())


def _tables(path: Path, faults: list[Fault]) -> list[tuple[str, dict[str, Any]]]:
    if not path.exists():
        return []
    try:
        parsed = tomllib.loads(path.read_bytes().decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        faults.append(Fault("catalogue_broken", Grade.REFUSE, None, path.name, str(error), "TOML in UTF-8"))
        return []
    loose = [key for key, value in parsed.items() if not isinstance(value, dict)]
    faults += [_fault("entry_not_a_table", key, "", repr(parsed[key]), f"[{key}]") for key in loose]
    return [(key, value) for key, value in parsed.items() if isinstance(value, dict)]


def _faults(entry_id: str, raw: Mapping[str, Any]) -> Iterator[Fault]:
    if not _ID.fullmatch(entry_id):
        yield _fault("entry_id_shape", entry_id, "", entry_id, "a-z, 0-9, _")
    for name in raw.keys() - set(_FIELDS):
        yield _fault("entry_field_unknown", entry_id, name, name, ", ".join(_FIELDS))
    for name in _NEEDED:
        if raw.get(name) in (None, ""):
            yield _fault("entry_field_missing", entry_id, name, "", name)
    for name in raw.keys() & set(_FIELDS):
        wanted = _TYPES.get(name, str)
        if type(raw[name]) is not wanted:  # a bool is an int to isinstance
            yield _fault("entry_field_type", entry_id, name, repr(raw[name]), wanted.__name__)
    if str(raw.get("kind") or "") not in {"", *KINDS}:
        yield _fault("entry_kind_unknown", entry_id, "kind", str(raw["kind"]), ", ".join(KINDS))
    if raw.get("visibility") not in {None, "", *_VISIBILITIES}:
        yield _fault(
            "entry_visibility", entry_id, "visibility", str(raw["visibility"]), ", ".join(_VISIBILITIES)
        )


def _fault(code: str, entry_id: str, name: str, found: str, expected: str) -> Fault:
    return Fault(code, Grade.REFUSE, None, f"[{entry_id}] {name}".strip(), found, expected)


def _entry(entry_id: str, raw: Mapping[str, Any]) -> Entry:
    return Entry(**{"id": entry_id, "theme": KINDS[raw["kind"]].theme, **raw})


def _refuse_faulty(entry: Entry) -> None:
    raw = {name: getattr(entry, name) for name in _FIELDS}
    faults = tuple(_faults(entry.id, {**raw, "theme": raw["theme"] or "-"}))
    if faults:
        raise CatalogueError(faults)


def _as_toml(entry: Entry) -> str:
    lines = [f"{name} = {_toml_value(getattr(entry, name))}" for name in _FIELDS]
    return "\n".join([f"[{entry.id}]", *lines, ""])


def _toml_value(value: object) -> str:
    # A JSON string is a TOML basic string, but for DEL, which only TOML wants escaped; so are true, false
    # and integers.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
