"""Which letters a file's bytes stand for: UTF-8 or the cp932 of Windows; others are named, not guessed."""

from __future__ import annotations

import re

from layers.errors import Fault, UnreadableFile
from layers.readers.table import refusal

_HALF_KANA = re.compile("[\uff61-\uff9f]")
# Python maps four bytes that mean nothing in cp932 to these private letters instead of refusing them
_NO_LETTERS = re.compile("[\uf8f0-\uf8f3]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_EXPECTED = "UTF-8, cp932"


def decoded(raw: bytes) -> str:
    """The text of a file. Raises UnreadableFile naming the encoding found, or the row of the first broken
    byte.
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableFile([refusal("encoding_unsupported", "UTF-16", _EXPECTED)])
    text = _as_utf8(raw)
    if text is None:
        text = _as_cp932(raw)
    if "\x00" in text[:1000]:
        raise UnreadableFile([refusal("not_text", "NUL", "CSV, GeoJSON")])
    if _was_read_wrongly(text):
        raise UnreadableFile([refusal("text_garbled", text[:40], "UTF-8")])
    return text


def _as_utf8(raw: bytes) -> str | None:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        lenient = raw.decode("utf-8", errors="replace")
        lost = lenient.count("\ufffd")
        if len(_NOT_ASCII.findall(lenient)) - lost <= 10 * lost:
            return None  # hardly anything made sense: another encoding
        raise UnreadableFile([_broken(raw, error.start, "UTF-8")]) from None


def _as_cp932(raw: bytes) -> str:
    try:
        text = raw.decode("cp932")
    except UnicodeDecodeError as error:
        if _decodes(raw, "euc_jp"):
            raise UnreadableFile([refusal("encoding_unsupported", "EUC-JP", _EXPECTED)]) from None
        raise UnreadableFile([_broken(raw, error.start, "cp932")]) from None
    if nothing := _NO_LETTERS.search(text):
        at = len(text[: nothing.start()].encode("cp932"))
        raise UnreadableFile([_broken(raw, at, "cp932")])
    # EUC-JP often passes for cp932, as a soup of half-width kana
    if _share(_HALF_KANA, text) > 0.3 and _decodes(raw, "euc_jp"):
        raise UnreadableFile([refusal("encoding_unsupported", "EUC-JP", _EXPECTED)])
    return text


def _broken(raw: bytes, at: int, name: str) -> Fault:
    return refusal(
        "encoding_broken", f"{name}: 0x{raw[at : at + 1].hex()}", _EXPECTED, row=raw[:at].count(b"\n") + 1
    )


def _was_read_wrongly(text: str) -> bool:
    """Whether somebody's program took UTF-8 for cp932 and saved the result: undone, it makes sense again."""
    undone = text[:20_000].encode("cp932", errors="ignore").decode("utf-8", errors="replace")
    lost = undone.count("\ufffd")
    return len(_NOT_ASCII.findall(undone)) - lost > max(2 * lost, 4)


def _decodes(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _share(pattern: re.Pattern[str], text: str) -> float:
    sample = text[:20_000]
    return len(pattern.findall(sample)) / max(1, len(_NOT_ASCII.findall(sample)))
