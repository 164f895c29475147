"""Every sentence a person reads, by language and key, so that no page invents its own.

A language is a folder with a language.toml; nothing else has to be told of it. A sentence that a language
lacks is said in the languages its language.toml names, and last in Japanese.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from markupsafe import Markup, escape

DEFAULT = "ja"
LANGUAGE_COOKIE = "gisapp_lang"
FOLDER = Path(__file__).parent
# 漢字 with its reading: {漢字|かんじ}. A field such as {name} never holds a bar, so the two cannot be confused.
RUBY = re.compile(r"\{([^{}|]+)\|([^{}|]+)\}")
_present: ContextVar[str] = ContextVar("language", default=DEFAULT)


class UnknownSentence(KeyError):
    """A key that no language file has; a test looks for these before a person can."""


class _Languages(Mapping[str, str]):
    """The languages on offer by their own names, in their order; read when first asked for."""

    def __getitem__(self, lang: str) -> str:
        return _about(lang)["name"]

    def __iter__(self) -> Iterator[str]:
        return iter(_folders())

    def __len__(self) -> int:
        return len(_folders())


LANGUAGES: Mapping[str, str] = _Languages()


def language() -> str:
    """The language of the present request or script run."""
    return _present.get()


def language_with(name: str) -> str:
    """The present language, or the nearest it borrows from, that has a file of its own, such as "paper"."""
    for lang in (language(), *_about(language())["borrows"].split()):
        if (FOLDER / lang / f"{name}.toml").is_file():
            return lang
    return DEFAULT


def html_lang() -> str:
    """The same as <html lang> names it: やさしい日本語 is Japanese."""
    return _about(language())["html"]


def speak(lang: str) -> None:
    """Speak a language from here to the end of the thread's or task's context; an unknown one is Japanese."""
    _present.set(lang if lang in LANGUAGES else DEFAULT)


@contextmanager
def speaking(lang: str) -> Iterator[None]:
    """Speak a language until the block ends; an unknown one is Japanese."""
    token = _present.set(lang if lang in LANGUAGES else DEFAULT)
    try:
        yield
    finally:
        _present.reset(token)


def language_of(asked: str | None, cookie: str | None, accept_language: str | None) -> str:
    """The language to speak: the one asked for, else the one chosen before, else what the browser prefers."""
    for wanted in (asked, cookie):
        if wanted is not None and wanted in LANGUAGES:
            return wanted
    for wanted in _preferred(accept_language or ""):
        for lang in (wanted, wanted.partition("-")[0]):
            if lang in LANGUAGES:
                return lang
    return DEFAULT


def say(key: str, /, **values: object) -> str:
    """The sentence of a key such as "report.sent", with its {fields} filled in.

    Values are put in as they are and never read as a template. Raises UnknownSentence for an unknown key.
    """
    return sentences()[key].format_map({name: _shown(value) for name, value in values.items()})


def say_ruby(key: str, /, **values: object) -> Markup:
    """The same for a page of HTML: with readings over the 漢字 where the language has them, values escaped."""
    shown = {name: value if isinstance(value, Markup) else _shown(value) for name, value in values.items()}
    return Markup("").join(
        _over(*piece) if isinstance(piece, tuple) else escape(piece).format_map(shown)
        for piece in _pieces(written()[key])
    )


def ruby(text: str) -> Markup:
    """A text with {漢字|かんじ} as HTML; all else in it is escaped."""
    return Markup("").join(
        _over(*piece) if isinstance(piece, tuple) else escape(piece) for piece in _pieces(text)
    )


def bare(text: str) -> str:
    """A text without its readings, for attributes, JSON and wherever markup has no place."""
    return RUBY.sub(r"\1", text)


def section(name: str, lang: str | None = None) -> dict[str, str]:
    """All sentences of one file, without the file's name in front: what the map's script is given."""
    start = f"{name}."
    return {key[len(start) :]: text for key, text in sentences(lang).items() if key.startswith(start)}


class _Sentences(dict[str, str]):
    def __missing__(self, key: str) -> str:
        raise UnknownSentence(key)


def sentences(lang: str | None = None) -> MappingProxyType[str, str]:
    """Every key and sentence of a language, readings left out; keys are file.table.key."""
    return _bared(lang or language())


def written(lang: str | None = None) -> MappingProxyType[str, str]:
    """The same as it is written in the files, with {漢字|かんじ}."""
    return _merged(lang or language())


@cache
def own_sentences(lang: str) -> MappingProxyType[str, str]:
    """What the folder of one language holds, nothing borrowed, as it is written."""
    found = _Sentences()
    for path in sorted((FOLDER / lang).glob("*.toml")):
        found.update(_flat(path.stem, tomllib.loads(path.read_text(encoding="utf-8"))))
    if not found:
        raise UnknownSentence(f"no words for the language {lang!r}")
    return MappingProxyType(found)


@cache
def _bared(lang: str) -> MappingProxyType[str, str]:
    return MappingProxyType(_Sentences({key: bare(text) for key, text in _merged(lang).items()}))


@cache
def _merged(lang: str) -> MappingProxyType[str, str]:
    found = _Sentences(own_sentences(DEFAULT))
    for one in (*reversed(_about(lang)["borrows"].split()), lang):
        found.update(own_sentences(one))
    return MappingProxyType(found)


@cache
def _folders() -> tuple[str, ...]:
    folders = [path.parent.name for path in FOLDER.glob("*/language.toml")]
    return tuple(sorted(folders, key=lambda lang: (int(_about(lang)["order"]), lang)))


@cache
def _about(lang: str) -> dict[str, str]:
    """language.toml: name (in the language itself), html (its tag), borrows (languages, nearest first), order."""
    try:
        text = (FOLDER / lang / "language.toml").read_text(encoding="utf-8")
    except OSError:
        raise UnknownSentence(f"no words for the language {lang!r}") from None
    return {name: str(value) for name, value in tomllib.loads(text).items()}


def _preferred(header: str) -> list[str]:
    """The tags of an Accept-Language header in small letters, the most wanted first."""
    weighed = []
    for part in header.lower().split(",")[:20]:
        tag, _, weight = part.partition(";")
        try:
            weighed.append((float(weight.strip().removeprefix("q=") or 1), tag.strip()))
        except ValueError:
            continue
    return [tag for weight, tag in sorted(weighed, key=lambda one: -one[0]) if weight > 0]


def _pieces(text: str) -> Iterator[str | tuple[str, str]]:
    """The text cut into plain parts and (漢字, reading) pairs."""
    end = 0
    for found in RUBY.finditer(text):
        yield text[end : found.start()]
        yield found[1], found[2]
        end = found.end()
    yield text[end:]


def _over(base: str, reading: str) -> Markup:
    """Ruby; a browser without it, and a copied text, show the reading in brackets."""
    return Markup("<ruby>{}<rp>（</rp><rt>{}</rt><rp>）</rp></ruby>").format(base, reading)


def _flat(start: str, table: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in table.items():
        name = f"{start}.{key}"
        found.update(_flat(name, value) if isinstance(value, dict) else {name: str(value)})
    return found


def _shown(value: object) -> str:
    return "" if value is None else str(value)
