"""Who sent a request."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from gisapp.person import Person
from gisapp.town import Town

SESSION_COOKIE = "gisapp_session"


def person_of(request: HTTPConnection, town: Town) -> Person:
    """The signed-in person whose session the request carries, or a resident."""
    return town.person(request.cookies.get(SESSION_COOKIE, ""))
