"""全国地方公共団体コード: the six digits that name a town, the last of which proves the other five."""

from __future__ import annotations

from layers.errors import BadCode

_WEIGHTS = (6, 5, 4, 3, 2)


def complete_code(five_digits: str) -> str:
    """The six-digit code of a five-digit one: "21362" becomes "213624"."""
    if len(five_digits) != 5 or not (five_digits.isascii() and five_digits.isdigit()):
        raise BadCode(five_digits, "five digits")
    return five_digits + _check_digit(five_digits)


def prefecture_of(code: str) -> str:
    """The two digits of the prefecture a code belongs to."""
    return _proved(code)[:2]


def city_part(code: str) -> str:
    """The five digits older files use, without the check digit."""
    return _proved(code)[:5]


def is_prefecture(code: str) -> bool:
    """Whether the code names a prefecture itself, as "210005" names 岐阜県."""
    return _proved(code)[2:5] == "000"


def _check_digit(five_digits: str) -> str:
    # 総務省「全国地方公共団体コード仕様」: below 11 the sum is taken as it is, otherwise its remainder by 11;
    # the last digit of what 11 lacks. Both branches are one formula, because a sum below 11 is its own
    # remainder.
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, five_digits, strict=True))
    return str((11 - total % 11) % 10)


def _proved(code: str) -> str:
    if len(code) != 6 or not (code.isascii() and code.isdigit()):
        raise BadCode(code, "six digits")
    if code[5] != _check_digit(code[:5]):
        raise BadCode(code, complete_code(code[:5]))
    if not 1 <= int(code[:2]) <= 47:
        raise BadCode(code, "a prefecture from 01 to 47")
    return code
