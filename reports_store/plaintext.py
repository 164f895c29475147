"""What words and numbers may be kept: no more than can be stored and given back unchanged."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime

from reports_store.errors import BadCharacter, InvalidTime, InvalidValue, NumberTooLarge, TextTooLong

BODY_LIMIT = 4000
MESSAGE_LIMIT = 4000
LINE_LIMIT = 200
ANSWERS_LIMIT = 50
NUMBER_LIMIT = 2**63 - 1

# A NUL cuts a text short in some databases; a lone surrogate cannot be written as UTF-8 at all.
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")


def check_text(field: str, value: str, limit: int) -> str:
    if not isinstance(value, str):
        raise InvalidValue(field, type(value).__name__, "text")
    if len(value) > limit:
        raise TextTooLong(field, len(value), limit)
    if bad := _UNKEEPABLE.search(value):
        raise BadCharacter(field, f"U+{ord(bad.group()):04X}")
    return value


def check_number(field: str, value: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidValue(field, type(value).__name__, "whole number")
    if not -NUMBER_LIMIT - 1 <= value <= NUMBER_LIMIT:
        raise NumberTooLarge(field, NUMBER_LIMIT)
    return value


def check_time(field: str, value: datetime) -> datetime:
    if not isinstance(value, datetime):
        raise InvalidTime(field, type(value).__name__, "a date and time")
    if value.tzinfo is None or value.utcoffset() is None:
        raise InvalidTime(field, value.isoformat(), "a time with its zone")
    return value


def check_answers(answers: Mapping[str, str]) -> dict[str, str]:
    if len(answers) > ANSWERS_LIMIT:
        raise InvalidValue("answers", str(len(answers)), f"at most {ANSWERS_LIMIT}")
    for question, answer in answers.items():
        check_text("answers", question, LINE_LIMIT)
        check_text(f"answers.{question}", answer, BODY_LIMIT)
    return dict(answers)


def check_json(field: str, value: object, depth: int = 0) -> None:
    """Refuse what JSON or a 64-bit column cannot hold, wherever it is nested."""
    if depth > 6:
        raise InvalidValue(field, "nested deeper than 6", "flat values")
    match value:
        case None | bool():
            return
        case str():
            check_text(field, value, BODY_LIMIT)
        case int():
            check_number(field, value)
        case float() if math.isfinite(value):
            return
        case Mapping():
            for key, inner in value.items():
                check_text(field, key, LINE_LIMIT)
                check_json(f"{field}.{key}", inner, depth + 1)
        case list() | tuple():
            for inner in value:
                check_json(field, inner, depth + 1)
        case _:
            raise InvalidValue(field, repr(value)[:60], "text, a finite number, yes/no, or lists of these")
