"""Every sentence a person reads, by language and key, so that no page invents its own."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

DEFAULT = "ja"


class UnknownSentence(KeyError):
    """A key that no language file has; a test looks for these before a person can."""


def say(key: str, /, **values: object) -> str:
    """The sentence of a key such as "report.sent", with its {fields} filled in.

    Values are put in as they are and never read as a template. Raises UnknownSentence for an unknown key.
    """
    return sentences(DEFAULT)[key].format_map({name: _shown(value) for name, value in values.items()})


def section(name: str, lang: str = DEFAULT) -> dict[str, str]:
    """All sentences of one file, without the file's name in front: what the map's script is given."""
    start = f"{name}."
    return {key[len(start) :]: text for key, text in sentences(lang).items() if key.startswith(start)}


class _Sentences(dict[str, str]):
    def __missing__(self, key: str) -> str:
        raise UnknownSentence(key)


@cache
def sentences(lang: str = DEFAULT) -> MappingProxyType[str, str]:
    """Every key and sentence of a language; keys are file.table.key."""
    found = _Sentences()
    for path in sorted((Path(__file__).parent / lang).glob("*.toml")):
        found.update(_flat(path.stem, tomllib.loads(path.read_text(encoding="utf-8"))))
    if not found:
        raise UnknownSentence(f"no words for the language {lang!r}")
    return MappingProxyType(found)


def _flat(start: str, table: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in table.items():
        name = f"{start}.{key}"
        found.update(_flat(name, value) if isinstance(value, dict) else {name: str(value)})
    return found


def _shown(value: object) -> str:
    return "" if value is None else str(value)
