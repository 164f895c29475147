"""受付番号: the running number of a report within its Japanese fiscal year, such as R8-000123."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from reports_store.errors import InvalidTime

JST = timezone(timedelta(hours=9), "JST")
# (first fiscal year, letter): a fiscal year takes the era of most of its days, so 2019 is R1.
_ERAS = ((2019, "R"), (1989, "H"), (1926, "S"))


def fiscal_year(moment: datetime) -> int:
    """The year whose 1 April, midnight in Japan, is the latest one before this moment."""
    local = moment.astimezone(JST)
    return local.year if local.month >= 4 else local.year - 1


def public_id(year: int, number: int) -> str:
    return f"{era_year(year)}-{number:06d}"


def era_year(year: int) -> str:
    """A fiscal year as the town writes it in numbers: R8 for 2026."""
    for first, letter in _ERAS:
        if year >= first:
            return f"{letter}{year - first + 1}"
    raise InvalidTime("received_at", str(year), "fiscal year 1926 or later")
