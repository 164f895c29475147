"""Which letters a file's bytes stand for: UTF-8, the cp932 of Windows or Excel's UTF-16; others are named, not
guessed. A file is looked through piece by piece, so its size costs no memory.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from layers.errors import Fault, UnreadableFile
from layers.readers.table import refusal

_HALF_KANA = re.compile("[\uff61-\uff9f]")
# Python maps four bytes that mean nothing in cp932 to these private letters instead of refusing them
_NO_LETTERS = re.compile("[\uf8f0-\uf8f3]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_EXPECTED = "UTF-8, cp932"
_PIECE = 1 << 20
_SAMPLE = 20_000  # letters


def encoding_of(path: Path) -> str:
    """utf-8-sig, utf-8, cp932 or utf-16: what the whole file can be decoded with.

    Raises UnreadableFile naming the encoding found, or the row of the first broken byte.
    """
    with path.open("rb") as file:
        start = file.read(_PIECE)
    name = _decided(path, start)
    text = _head(start, name)
    if "\x00" in text[:1000]:
        raise UnreadableFile([refusal("not_text", "NUL", "CSV, GeoJSON")])
    if _was_read_wrongly(text):
        raise UnreadableFile([refusal("text_garbled", text[:40], "UTF-8")])
    return name


def _decided(path: Path, start: bytes) -> str:
    if start.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        raise UnreadableFile([refusal("encoding_unsupported", "UTF-32", _EXPECTED)])
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        at = _first_broken(path, "utf-16")
        if at is not None:
            raise UnreadableFile([_broken(path, at, "UTF-16")])
        return "utf-16"
    at = _first_broken(path, "utf-8")
    if at is None:
        return "utf-8-sig" if start.startswith(codecs.BOM_UTF8) else "utf-8"
    if _makes_sense_around(path, at):
        raise UnreadableFile([_broken(path, at, "UTF-8")])
    _refuse_unless_cp932(path, start)
    return "cp932"


def _makes_sense_around(path: Path, at: int) -> bool:
    """Whether a file is UTF-8 but for a few bytes; otherwise it is in another encoding."""
    with path.open("rb") as file:
        file.seek(max(0, at - _PIECE))
        lenient = file.read(2 * _PIECE).decode("utf-8", errors="replace")
    lost = lenient.count("\ufffd")
    return len(_NOT_ASCII.findall(lenient)) - lost > 10 * lost


def _refuse_unless_cp932(path: Path, start: bytes) -> None:
    at = _first_broken(path, "cp932")
    if at is not None:
        if _first_broken(path, "euc_jp") is None:
            raise UnreadableFile([refusal("encoding_unsupported", "EUC-JP", _EXPECTED)])
        raise UnreadableFile([_broken(path, at, "cp932")])
    # EUC-JP often passes for cp932, as a soup of half-width kana
    if _share(_HALF_KANA, _head(start, "cp932")) > 0.3 and _first_broken(path, "euc_jp") is None:
        raise UnreadableFile([refusal("encoding_unsupported", "EUC-JP", _EXPECTED)])


def _first_broken(path: Path, name: str) -> int | None:
    """Where the first byte lies that means nothing in an encoding; None if all of them mean something."""
    decoder = codecs.getincrementaldecoder(name)()
    at = 0
    for piece in _pieces(path):
        waiting = len(decoder.getstate()[0])
        try:
            text = decoder.decode(piece)
        except UnicodeDecodeError as error:
            return at - waiting + error.start
        if name == "cp932" and (nothing := _NO_LETTERS.search(text)):
            return at - waiting + len(text[: nothing.start()].encode("cp932"))
        at += len(piece)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return at - len(decoder.getstate()[0])
    return None


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _broken(path: Path, at: int, name: str) -> Fault:
    row, left, byte = 1, at, b""
    for piece in _pieces(path):
        row += piece[:left].count(b"\n")
        if left < len(piece):
            byte = piece[left : left + 1]
            break
        left -= len(piece)
    return refusal("encoding_broken", f"{name}: 0x{byte.hex()}", _EXPECTED, row=row)


def _head(start: bytes, name: str) -> str:
    return start.decode(name, errors="replace")[:_SAMPLE]


def _was_read_wrongly(text: str) -> bool:
    """Whether somebody's program took UTF-8 for cp932 and saved the result: undone, it makes sense again."""
    undone = text.encode("cp932", errors="ignore").decode("utf-8", errors="replace")
    lost = undone.count("\ufffd")
    return len(_NOT_ASCII.findall(undone)) - lost > max(2 * lost, 4)


def _share(pattern: re.Pattern[str], text: str) -> float:
    return len(pattern.findall(text)) / max(1, len(_NOT_ASCII.findall(text)))
