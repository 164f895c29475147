"""Changing one table of a TOML file, and leaving the rest as people wrote it."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import tomli_w

_KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")
_SPEECHLESS = re.compile(r"\s*(#.*)?$")  # a blank line or a comment


def with_table(text: str, name: str, values: Mapping[str, Any]) -> str:
    """The text with a table that holds exactly these values; values that are mappings are tables inside it.

    Comments, order and every other table stay. A file written in a way that cannot be changed line by line
    (dotted keys, values over several lines) is written anew with the same content, without its comments.
    """
    wanted = {**tomllib.loads(text), name: dict(values)}
    changed = "".join(_changed(text.splitlines(keepends=True), name, values))
    return changed if _reads_as(changed, wanted) else tomli_w.dumps(wanted)


def _reads_as(text: str, wanted: dict[str, Any]) -> bool:
    try:
        return tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        return False


def _changed(lines: list[str], name: str, values: Mapping[str, Any]) -> Iterator[str]:
    blocks = _blocks(lines)
    own = [at for at, (path, _) in enumerate(blocks) if path == (name,)]
    own += [
        at for at, (path, _) in enumerate(blocks) if path[:1] == (name,)
    ]  # a table may be only inner ones
    if not own:
        yield from _ended(lines)
        yield "\n" if lines else ""
        yield from _written(name, values)
        return
    for at, (path, block) in enumerate(blocks):
        if at == own[0]:
            body, tail = _without_tail(block)
            if path == (name,):
                yield from _rewritten(body, values)
                yield from _inner_tables(name, values)
            else:
                yield from _written(name, values)
            yield from tail
        elif path[:1] == (name,):
            yield from _without_tail(block)[1]  # written with the table; what follows it is the next one's
        else:
            yield from block


def _blocks(lines: list[str]) -> list[tuple[tuple[str, ...], list[str]]]:
    """The lines before the first table, then each table with its lines."""
    blocks: list[tuple[tuple[str, ...], list[str]]] = [((), [])]
    for line in _ended(lines):
        path = _header(line)
        if path:
            blocks.append((path, []))
        blocks[-1][1].append(line)
    return blocks


def _ended(lines: list[str]) -> list[str]:
    """The lines, the last one with its line end too."""
    return [line if line.endswith("\n") else line + "\n" for line in lines]


def _header(line: str) -> tuple[str, ...]:
    """The path of the table that a line opens; empty for any other line."""
    if not line.lstrip().startswith("["):
        return ()
    try:
        opened: object = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return ()
    path: list[str] = []
    while isinstance(opened, dict) and opened:
        (key, opened), *_ = opened.items()
        path.append(key)
    return tuple(path)


def _without_tail(block: list[str]) -> tuple[list[str], list[str]]:
    """A table's own lines, and the blank lines and comments after them, which belong to what comes next."""
    end = len(block)
    while end > 1 and _SPEECHLESS.match(block[end - 1]):
        end -= 1
    return block[:end], block[end:]


def _rewritten(body: list[str], values: Mapping[str, Any]) -> Iterator[str]:
    """A table's header and keys: unchanged lines as they are, changed ones with their comment, new ones last."""
    left = {key: value for key, value in values.items() if not isinstance(value, Mapping)}
    for line in body:
        found = _KEY.match(line)
        if found is None:
            yield line
        elif found.group(1) in left:
            key = found.group(1)
            yield _line(line, key, left.pop(key))
    yield from (f"{key} = {_value(value)}\n" for key, value in left.items())


def _line(line: str, key: str, value: object) -> str:
    try:
        stated = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return line
    if stated == {key: value}:
        return line
    return f"{key} = {_value(value)}{_comment(line, stated)}\n"


def _comment(line: str, stated: dict[str, Any]) -> str:
    """The comment behind a value: from the first # at which the line could end and say the same."""
    for found in re.finditer("#", line):
        try:
            if tomllib.loads(line[: found.start()]) == stated:
                return "  " + line[found.start() :].rstrip()
        except tomllib.TOMLDecodeError:
            continue
    return ""


def _written(name: str, values: Mapping[str, Any]) -> Iterator[str]:
    if not values or any(not isinstance(value, Mapping) for value in values.values()):
        yield f"[{name}]\n"
    yield from (
        f"{key} = {_value(value)}\n" for key, value in values.items() if not isinstance(value, Mapping)
    )
    yield from _inner_tables(name, values)


def _inner_tables(name: str, values: Mapping[str, Any]) -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            path = f"{name}.{key}"
            if any(not isinstance(part, Mapping) for part in value.values()):
                yield "\n"
                yield from _written(path, value)
            else:
                yield from _inner_tables(path, value)


def _value(value: object) -> str:
    # A JSON string is a TOML basic string, but for DEL, which only TOML wants escaped; so are true, false,
    # numbers and lists of them.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
