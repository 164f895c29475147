"""The receipt as pages and scripts show it: two numbers, a QR code, what became of each photo, what happens next."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import segno
from starlette.requests import Request

from gisapp.flows.category_words import category_words
from gisapp.flows.submit import Receipt
from gisapp.flows.take_photo import PhotoSeen, photos_seen
from gisapp.town import Town
from gisapp.web.shell import is_https
from gisapp.words import UnknownSentence, say
from reports_store import Report
from reports_store.vocabulary import PhotoState

MASK = 3


def track_url(code: str) -> str:
    """Where a report is followed. The code stands behind #, which browsers send to nobody."""
    return f"/track/#{code}"


@lru_cache(maxsize=256)
def qr_of(address: str) -> str:
    """A QR code (ISO/IEC 18004, correction level M) as an address that an <img> shows.

    The mask is given: every mask can be read, and trying all eight costs more than all the rest of an answer.
    """
    return segno.make(address, error="m", micro=False, mask=MASK).svg_data_uri(
        scale=5, border=4, light="#fff"
    )


def full_address(request: Request, path: str) -> str:
    """The address with our name as the browser knows it."""
    scheme = "https" if is_https(request.scope) else "http"
    return f"{scheme}://{request.headers.get('host', '')}{path}"


def answer_of(receipt: Receipt, here: Town) -> dict[str, Any]:
    """What the form's script is answered; it draws the QR code of the address itself."""
    return {
        "number": receipt.number,
        "code": receipt.tracking_code,
        "photos": [photo_json(one) for one in photos_seen(receipt.report)],
        "complete": receipt.report.complete,
        "track": track_url(receipt.tracking_code),
        "next": next_words(receipt.report, here),
    }


def photo_json(photo: PhotoSeen) -> dict[str, str]:
    """One photo's state; where it cannot be used, why."""
    told = {"sha256": photo.sha256, "state": photo.state.value}
    return {**told, "message": refused_words(photo.fault)} if photo.state is PhotoState.REFUSED else told


def refused_words(fault: str) -> str:
    """Why a photo could not be used, and what to do."""
    try:
        return say(f"door.photo_fault.{fault}")
    except UnknownSentence:
        return say("door.photo_fault.other")


def next_words(report: Report, here: Town) -> str:
    """What the town does now and by when."""
    category = here.categories[report.category]
    text = say("door.receipt.next", department=category.department, days=category.deadline_days)
    return f"{text} {say('door.receipt.suspect')}" if report.suspect else text


def category_title(report: Report, here: Town) -> str:
    """The category's name in the language of the request."""
    return category_words(here.categories[report.category])["name"]
