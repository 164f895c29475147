"""Reading the files departments hold: the reader is chosen by looking inside, never by a file's name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from layers.kinds import Kind
from layers.limits import MAX_BYTES, MAX_VERTICES
from layers.readers.choice import READERS, Choice, chosen, guess_kind, sure_of
from layers.readers.opening import look, tables_in
from layers.readers.table import Read, Table

__all__ = [
    "MAX_BYTES", "MAX_VERTICES", "READERS", "Choice", "Read", "Table", "choose", "guess_kind", "look", "read",
    "sure_of", "tables_in",
]  # fmt: skip


def read(path: Path, kind: Kind, *, crs: int | None = None, sublayer: str = "") -> Read:
    """A file as a layer of a kind. Raises UnreadableFile naming what was found and what was expected.

    crs is the EPSG number that a person states for the file, sublayer the one of its tables that is meant.
    """
    choice = choose(path, kind, crs=crs, sublayer=sublayer)
    return replace(choice.read(), seen=choice.sample.seen)


def choose(path: Path, kind: Kind, *, crs: int | None = None, sublayer: str = "") -> Choice:
    """The reader that is surest of the file. Raises UnreadableFile if it holds another kind, or nothing
    known.
    """
    return chosen(look(path, crs=crs, sublayer=sublayer, shapes=kind.geometry), kind)
