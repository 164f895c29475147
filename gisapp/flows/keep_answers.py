"""Keeps an answered table until the person who asked has fetched it; a day later it is gone."""

from __future__ import annotations

import json
import math
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from gisapp.flows.answer_files import numeric, write_csv, write_xlsx
from gisapp.flows.ask_many import Answered
from gisapp.person import Person
from layers.durable import write_durably

SHOWN_ON_MAP = 2_000
TITLE_LETTERS = 80
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
_CSV, _XLSX, _POINTS, _ABOUT = "answer.csv", "answer.xlsx", "points.json", "about.json"


class UnknownAnswer(Exception):
    """There is no such answer, or it belongs to somebody else; the two are told alike."""


@dataclass(frozen=True, slots=True)
class About:
    """Whose answer it is and under what name it is fetched. placed counts the rows whose place is known, shown
    those that the map is given; numbers are the columns that hold numbers of ours.
    """

    login: str
    name: str
    made_at: str
    rows: int
    placed: int
    shown: int
    numbers: tuple[int, ...]


class Answers:
    """One folder of answered tables, each under a name that cannot be guessed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, answered: Answered, name: str, person: Person, at: datetime) -> str:
        """Keep an answer for a person, who knows it by a name; the token under which it is fetched."""
        token = secrets.token_urlsafe(16)
        place = self.folder / token
        place.mkdir(parents=True)
        write_csv(answered, place / _CSV)
        points = list(islice(_points(answered), SHOWN_ON_MAP))
        write_durably(place / _POINTS, orjson.dumps({"points": points}))
        rows = len(answered.rows)
        about = About(
            person.login, name, at.isoformat(), rows, rows - answered.unread, len(points),
            tuple(sorted(numeric(answered))),
        )  # fmt: skip
        # last: without it the answer does not exist
        write_durably(place / _ABOUT, json.dumps(asdict(about), ensure_ascii=False).encode())
        return token

    def about(self, token: str, person: Person) -> About:
        """What is known of an answer. Raises UnknownAnswer for another person's as for none."""
        try:
            found = json.loads((self._place(token) / _ABOUT).read_bytes())
        except (OSError, ValueError):
            raise UnknownAnswer from None
        about = About(**{**found, "numbers": tuple(found["numbers"])})
        if not person.signed_in or about.login != person.login:
            raise UnknownAnswer
        return about

    def csv(self, token: str, person: Person) -> Path:
        """The answer as CSV."""
        self.about(token, person)
        return self._place(token) / _CSV

    def xlsx(self, token: str, person: Person) -> Path:
        """The answer as an Excel file, made when first wanted."""
        about, place = self.about(token, person), self._place(token)
        if not (place / _XLSX).exists():
            write_xlsx(place / _CSV, place / _XLSX, set(about.numbers))
        return place / _XLSX

    def points(self, token: str, person: Person) -> bytes:
        """The first places of the answer for a map, as JSON."""
        self.about(token, person)
        return (self._place(token) / _POINTS).read_bytes()

    def sweep(self, before: datetime) -> int:
        """Remove what was made before a moment, and what a crash left unfinished; how many."""
        removed = 0
        for place in self.folder.glob("*"):
            if place.is_dir() and place.stat().st_mtime < before.timestamp():
                shutil.rmtree(place, ignore_errors=True)
                removed += 1
        return removed

    def _place(self, token: str) -> Path:
        if not _TOKEN.fullmatch(token):
            raise UnknownAnswer
        return self.folder / token


def _points(answered: Answered) -> Iterator[dict[str, Any]]:
    """The rows whose place is known, each with the sign of its gravest zone and what was answered."""
    given = answered.given
    added = answered.columns[given:]
    placed = zip(answered.places.lons.tolist(), answered.places.lats.tolist(), strict=True)
    for number, ((lon, lat), row, sign) in enumerate(
        zip(placed, answered.rows, answered.signs, strict=True), 1
    ):
        if math.isnan(lon) or math.isnan(lat):
            continue
        told = zip(added, row[given:], strict=True)
        yield {
            "lon": round(lon, 6),
            "lat": round(lat, 6),
            "n": number,
            "title": next((cell for cell in row[:given] if isinstance(cell, str) and cell), "")[
                :TITLE_LETTERS
            ],
            "letter": sign.letter if sign else "",
            "fill": sign.fill if sign else "",
            "stroke": sign.stroke if sign else "",
            "text": sign.text_ja if sign else "",
            "rows": [[title, str(cell)] for title, cell in told if cell not in (None, "")],
        }
