"""The list of layers: what each is called, who keeps it, who may see it, and on what terms it may be used."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from layers.durable import alone, write_durably
from layers.entry import Entry, entry_fault, entry_faults, entry_of
from layers.errors import CatalogueError, Fault, Grade, UnknownLayer
from layers.toml_table import with_table

__all__ = ["SHIPPED", "Catalogue", "Entry", "append_entry", "change_entry"]

SHIPPED = Path(__file__).with_name("catalogue.toml")


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
        faults: list[Fault] = []
        merged = _merged([_tables(path, faults) for path in (SHIPPED, *paths)])
        faults += [fault for entry_id, table in merged.items() for fault in entry_faults(entry_id, table)]
        if faults:
            raise CatalogueError(faults)
        return cls({entry_id: entry_of(entry_id, table) for entry_id, table in merged.items()})

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

    def added(present: Mapping[str, Any]) -> dict[str, Any]:
        if entry.id in present:
            raise CatalogueError([entry_fault("entry_exists", entry.id, "", entry.id, "a new id")])
        return entry.table()

    _write_table(path, entry.id, added)


def change_entry(path: Path, layer_id: str, changes: Mapping[str, Any]) -> Entry:
    """Change fields of a layer in a town's own catalogue file, and return the entry as it is from then on.

    A field whose new value is None goes back to what the shipped catalogue, or the default, says. A shipped
    layer that the town's file does not mention yet gets a table with these fields only. Everything else in
    the file, comments too, stays; the file is complete before and after. style is a table of tables, as in
    the file. Raises UnknownLayer, or CatalogueError with every fault the entry would have.
    """
    entries: list[Entry] = []

    def changed(present: Mapping[str, Any]) -> dict[str, Any]:
        own = {**present.get(layer_id, {}), **changes}
        table = {name: value for name, value in own.items() if value is not None}
        shipped = dict(_tables(SHIPPED, []))
        if layer_id not in shipped and layer_id not in present:
            raise UnknownLayer(layer_id)
        whole = {**shipped.get(layer_id, {}), **table}
        if faults := tuple(entry_faults(layer_id, whole)):
            raise CatalogueError(faults)
        entries.append(entry_of(layer_id, whole))
        return table

    _write_table(path, layer_id, changed)
    return entries[0]


def _write_table(path: Path, layer_id: str, made: Callable[[Mapping[str, Any]], dict[str, Any]]) -> None:
    """Put a table made from those present into a catalogue file, alone and durably."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with alone(path.with_name(f".{path.name}.lock")):
        faults: list[Fault] = []
        present = dict(_tables(path, faults))
        if faults:
            raise CatalogueError(faults)
        table = made(present)
        former = path.read_text(encoding="utf-8") if path.exists() else ""
        write_durably(path, with_table(former, layer_id, table).encode())


def _merged(files: list[list[tuple[str, dict[str, Any]]]]) -> dict[str, dict[str, Any]]:
    merged: dict[str, dict[str, Any]] = {}
    for tables in files:
        for entry_id, table in tables:
            merged[entry_id] = {**merged.get(entry_id, {}), **table}
    return merged


def _tables(path: Path, faults: list[Fault]) -> list[tuple[str, dict[str, Any]]]:
    if not path.exists():
        return []
    try:
        parsed = tomllib.loads(path.read_bytes().decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        faults.append(Fault("catalogue_broken", Grade.REFUSE, None, path.name, str(error), "TOML in UTF-8"))
        return []
    loose = [key for key, value in parsed.items() if not isinstance(value, dict)]
    faults += [entry_fault("entry_not_a_table", key, "", repr(parsed[key]), f"[{key}]") for key in loose]
    return [(key, value) for key, value in parsed.items() if isinstance(value, dict)]


def _refuse_faulty(entry: Entry) -> None:
    table = entry.table()
    faults = tuple(entry_faults(entry.id, {**table, "theme": table["theme"] or "-"}))
    if faults:
        raise CatalogueError(faults)
