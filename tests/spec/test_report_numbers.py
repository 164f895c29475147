"""Receipt numbers follow the Japanese fiscal year; tracking codes survive the telephone; texts are kept whole or refused."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from itertools import combinations

import pytest

from reports_store import (
    BadCharacter,
    Contact,
    GeomSource,
    InvalidCode,
    InvalidPlace,
    InvalidTime,
    InvalidValue,
    NumberTooLarge,
    Place,
    TextTooLong,
    fiscal_year,
)
from reports_store.fiscal import public_id
from reports_store.tracking import ALPHABET, code_for, hash_of, normalise
from tests.report_makers import pothole, step

SECRET = b"a secret of the town hall"
CODE = code_for(SECRET, "12345678-1234-4234-9234-123456789abc")


def test_the_fiscal_year_turns_at_midnight_in_japan() -> None:
    assert fiscal_year(datetime(2026, 3, 31, 14, 59, tzinfo=UTC)) == 2025
    assert fiscal_year(datetime(2026, 3, 31, 15, 0, tzinfo=UTC)) == 2026
    assert fiscal_year(datetime(2026, 1, 1, 0, 0, tzinfo=UTC)) == 2025


@pytest.mark.parametrize(
    ("year", "number", "written"),
    [
        (2026, 123, "R8-000123"),
        (2019, 1, "R1-000001"),
        (2018, 9, "H30-000009"),
        (2026, 1234567, "R8-1234567"),
    ],
)
def test_receipt_numbers_carry_the_year_of_the_era(year: int, number: int, written: str) -> None:
    assert public_id(year, number) == written


def test_a_resend_is_told_the_same_code_and_another_town_another() -> None:
    again = code_for(SECRET, "12345678-1234-4234-9234-123456789ABC")

    assert again == CODE
    assert code_for(b"another town's secret", "12345678-1234-4234-9234-123456789abc") != CODE


def test_a_code_is_sixteen_letters_and_a_check_letter_in_groups_of_four() -> None:
    assert [len(group) for group in CODE.split("-")] == [4, 4, 4, 4, 1]
    assert set(CODE) <= set(ALPHABET + "-")
    assert len({code_for(SECRET, str(uuid.uuid4())) for _ in range(500)}) == 500


def test_a_code_is_understood_however_it_is_typed() -> None:
    wide = CODE.translate({ord(a): ord(a) + 0xFEE0 for a in CODE})
    misread = CODE.replace("0", "o").replace("1", "l")
    for typed in (CODE.lower(), CODE.replace("-", ""), CODE.replace("-", "ー"), wide, misread, f" {CODE}\n"):
        assert normalise(typed) == CODE
        assert hash_of(typed) == hash_of(CODE)
    assert CODE.encode() not in hash_of(CODE)


def test_every_slip_of_one_letter_is_noticed() -> None:
    letters = CODE.replace("-", "")
    for place, right in enumerate(letters):
        for wrong in set(ALPHABET) - {right}:
            with pytest.raises(InvalidCode) as refused:
                normalise(letters[:place] + wrong + letters[place + 1 :])
            assert refused.value.why == "check"


def test_every_swap_of_two_letters_is_noticed() -> None:
    letters = list(CODE.replace("-", ""))
    for first, second in combinations(range(len(letters)), 2):
        if letters[first] != letters[second]:
            swapped = list(letters)
            swapped[first], swapped[second] = letters[second], letters[first]
            with pytest.raises(InvalidCode):
                normalise("".join(swapped))


@pytest.mark.parametrize(
    ("typed", "why"),
    [("", "length"), (CODE[:-1], "length"), ("U" + CODE[1:], "letter"), ("A" * 5000, "length")],
)
def test_what_is_no_code_is_told_from_a_slip(typed: str, why: str) -> None:
    with pytest.raises(InvalidCode) as refused:
        normalise(typed)
    assert refused.value.why == why


def test_a_text_is_kept_whole_or_refused_by_name() -> None:
    assert len(pothole(body="あ" * 4000).body) == 4000
    with pytest.raises(TextTooLong) as long:
        pothole(body="あ" * 4001)
    assert long.value.fields == {"field": "body", "length": 4001, "limit": 4000}
    for bad in ("a\x00b", "a\ud800b", "\udfff"):
        with pytest.raises(BadCharacter) as refused:
            pothole(body=bad)
        assert refused.value.field == "body"
    with pytest.raises(BadCharacter):
        pothole(answers={"number": "\x00"})
    with pytest.raises(BadCharacter):
        Contact(phone="\ud83d")
    with pytest.raises(TextTooLong):
        Contact(name="あ" * 201)


def test_numbers_that_no_column_can_hold_are_refused() -> None:
    with pytest.raises(NumberTooLarge):
        step(to={"anything": 2**63}, kind="sla")  # type: ignore[arg-type]
    with pytest.raises(InvalidValue):
        step(to={"anything": float("nan")}, kind="sla")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lon", "lat"),
    [(float("nan"), 35), (136, float("inf")), (35.36, 136.47), (181, 0), ("136", 35), (True, 35)],
)
def test_a_place_that_is_nowhere_is_refused(lon: object, lat: object) -> None:
    with pytest.raises(InvalidPlace):
        Place(lon, lat, GeomSource.GPS)  # type: ignore[arg-type]


@pytest.mark.parametrize("accuracy", [-1, float("nan"), float("inf"), "5", True])
def test_an_accuracy_is_metres_or_unknown(accuracy: object) -> None:
    assert Place(136, 35, GeomSource.GPS).accuracy_m is None
    with pytest.raises(InvalidPlace):
        Place(136, 35, GeomSource.GPS, accuracy)  # type: ignore[arg-type]


def test_a_time_without_its_zone_is_refused() -> None:
    with pytest.raises(InvalidTime):
        pothole(received_at=datetime(2026, 6, 1, 12, 0))  # noqa: DTZ001


def test_a_key_that_is_no_uuid_is_refused() -> None:
    for text in ("", "../../x", "1' OR '1'='1"):
        with pytest.raises(InvalidValue):
            code_for(SECRET, text)
