"""What the form's script is given once and keeps for when there is no signal: words, categories, limits, a token."""

from __future__ import annotations

from typing import Any

from gisapp.flows.category_words import category_words_written
from gisapp.flows.sealed import WORK_BITS, new_token
from gisapp.town import Town
from gisapp.web.gate import BODY_LIMIT
from gisapp.web.report.given import PHOTOS
from gisapp.words import language, written
from reports_store import Category
from reports_store.photo_raws import LIMIT_BYTES

SCRIPT_WORDS = "door_js."
NEAR_DEG = 0.006  # the farthest place that is still taken lies some 500 m outside


def door_json(here: Town) -> dict[str, Any]:
    """The door of a town in the language of the request. Words keep their readings: {漢字|かんじ}."""
    west, south, east, north = here.profile.bounds
    return {
        "town": here.profile.name,
        "lang": language(),
        "bounds": [west - NEAR_DEG, south - NEAR_DEG, east + NEAR_DEG, north + NEAR_DEG],
        "phones": [
            {"label": one.label, "number": one.number, "hours": one.hours} for one in here.profile.phones
        ],
        "categories": [_category(one) for one in here.categories.values()],
        "words": _script_words(),
        "limits": {"photos": PHOTOS, "photo_bytes": LIMIT_BYTES, "body": BODY_LIMIT},
        "token": new_token(here.secret, here.now()),
        "work": {"bits": WORK_BITS},
        "similar_within_m": here.profile.similar_within_m,
        "places": "/api/places",
    }


def _script_words() -> dict[str, str]:
    return {
        key.removeprefix(SCRIPT_WORDS): text
        for key, text in written().items()
        if key.startswith(SCRIPT_WORDS)
    }


def _category(category: Category) -> dict[str, Any]:
    words = category_words_written(category)
    return {
        "code": category.code,
        "name": words["name"],
        "hint": words["hint"],
        "symbol": category.symbol,
        "danger": words["danger"],
        "questions": [
            {
                "id": one["id"],
                "ask": one["ask"],
                "choices": [{"value": value, "text": text} for value, text in one["choices"]],
            }
            for one in words["questions"]
        ],
    }
