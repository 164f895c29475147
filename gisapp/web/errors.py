"""One table from what went wrong to an HTTP status, and the sentence a person reads with it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from html import escape
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from gisapp.flows.import_draft import NotYourLayer
from gisapp.words import html_lang, say
from layers.drafts import UnknownDraft
from layers.errors import LayersError, SourceUnavailable, UnknownLayer, UnknownVersion
from reports_store.errors import (
    InvalidFilter,
    NotPublic,
    ReportsError,
    UnknownPetition,
    UnknownPhoto,
    UnknownReport,
)

log = logging.getLogger("gisapp.web")

# Looked up along the error's own classes, nearest first.
STATUS: dict[type[Exception], tuple[int, str]] = {
    UnknownLayer: (404, "not_found"),
    UnknownVersion: (404, "not_found"),
    UnknownDraft: (404, "not_found"),
    NotYourLayer: (403, "not_yours"),
    # The same answer for a report that is not public as for none at all.
    UnknownReport: (404, "not_found"),
    NotPublic: (404, "not_found"),
    UnknownPhoto: (404, "not_found"),
    UnknownPetition: (404, "not_found"),
    InvalidFilter: (400, "bad_request"),
    SourceUnavailable: (503, "layer_unavailable"),
    LayersError: (503, "layer_unavailable"),
    ReportsError: (503, "busy"),
}


class BodyTooLarge(Exception):
    """A request's body grew over its limit, whatever its Content-Length had promised."""


class BodyTooSlow(Exception):
    """A request's body stopped arriving before its end."""


class BadRequest(Exception):
    """A request's parameter cannot be used; key is the sentence that says so."""

    def __init__(self, key: str = "bad_request") -> None:
        super().__init__(key)
        self.key = key


def refusal(status: int, key: str) -> Response:
    """A plain page in Japanese that says what to do, for a person who came by an address."""
    title, text = say(f"web.{key}.title"), say(f"web.{key}.text")
    body = (
        f'<!DOCTYPE html><html lang="{html_lang()}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><body style='font:18px/1.8 sans-serif;max-width:36em;margin:3em auto;"
        f"padding:0 1em'><h1 style='font-size:1.3em'>{escape(title)}</h1><p>{escape(text)}</p>"
        f'<p><a href="/">{escape(say("web.home"))}</a></p></body></html>'
    )
    return HTMLResponse(body, status_code=status, headers={"Cache-Control": "no-store"})


def trouble(status: int, key: str, error_id: str = "") -> Response:
    """The same for a program: JSON with a code, a sentence and, for our own faults, an id found in the log."""
    answer = {"error": key, "message": say(f"web.{key}.text")}
    if error_id:
        answer["id"] = error_id
    return JSONResponse(answer, status_code=status, headers={"Cache-Control": "no-store"})


def closing(answer: Response) -> Response:
    """An answer to a body of which the rest is not wanted: the connection ends with it."""
    answer.headers["Connection"] = "close"
    return answer


def answering(
    route: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """Wrap a route so that what it raises becomes an answer from the table, never a stack trace."""

    async def answer(request: Request) -> Response:
        try:
            return await route(request)
        except BadRequest as error:
            return trouble(400, error.key)
        except BodyTooLarge:
            return closing(trouble(413, "too_large"))
        except BodyTooSlow:
            return closing(trouble(408, "too_slow"))
        except tuple(STATUS) as error:
            status, key = next(STATUS[cls] for cls in type(error).__mro__ if cls in STATUS)
            return trouble(status, key)
        except Exception:  # the one place where a route's fault is caught: it is logged and gets an id
            error_id = uuid4().hex[:12]
            log.exception("route %s failed, id %s", request.url.path, error_id)
            return trouble(500, "fault", error_id)

    return answer
