"""Atom (RFC 4287): what is new, for whoever would rather not give an e-mail address. Public data only."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree as ET

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gisapp.flows.category_words import category_name
from gisapp.flows.feed import Choice, News, latest, life_of
from gisapp.town import Town
from gisapp.web.errors import BadRequest, answering
from gisapp.words import html_lang, language, say
from layers.box import JAPAN
from reports_store.cells import Box
from reports_store.errors import UnknownReport

ATOM = "http://www.w3.org/2005/Atom"
BEGUN = 2026  # of the tag: addresses below (RFC 4151); never changed, or every reader shows all entries anew
A_WHILE = "public, max-age=300"
KEPT = 64
NAME_LIMIT = 100
# What XML 1.0 cannot hold at all, however it is escaped.
_UNSPEAKABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Found = tuple[str, list[News]]


def feed_routes(town: Callable[[], Town]) -> list[Route]:
    """/feeds/ over a town."""
    shelf = _Shelf()

    def feed(look: Callable[[Request, Town], Found]) -> Callable[[Request], object]:
        async def answer(request: Request) -> Response:
            here = town()
            revision = await run_in_threadpool(here.reports.revision)
            address = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            mark = sha256(f"{revision} {language()} {address}".encode("utf-8", "surrogateescape")).hexdigest()
            headers = {"ETag": f'"{mark[:32]}"', "Cache-Control": A_WHILE, "Vary": "Accept-Language, Cookie"}
            if _matches(request.headers.get("if-none-match", ""), headers["ETag"]):
                # only what exists has ever been given this mark
                return Response(status_code=304, headers=headers)
            body = shelf.get(mark)
            if body is None:
                title, news = await run_in_threadpool(look, request, here)
                body = written(title, news, request.url.path, request.url.query, here)
                shelf.put(mark, body)
            return Response(body, media_type="application/atom+xml; charset=utf-8", headers=headers)

        return answer

    return [
        Route("/feeds/all.atom", answering(feed(_all))),  # type: ignore[arg-type]
        Route("/feeds/category/{code:str}.atom", answering(feed(_category))),  # type: ignore[arg-type]
        Route("/feeds/association/{name:str}.atom", answering(feed(_association))),  # type: ignore[arg-type]
        Route("/feeds/place.atom", answering(feed(_place))),  # type: ignore[arg-type]
        Route("/feeds/report/{public_id:str}.atom", answering(feed(_report))),  # type: ignore[arg-type]
    ]


def link_of(kind: str, value: str = "") -> str:
    """The address of a feed: all, category, association, place or report."""
    if kind == "place":
        return f"/feeds/place.atom?bbox={quote(value, safe=',')}"
    return f"/feeds/{kind}/{quote(value, safe='')}.atom" if value else f"/feeds/{kind}.atom"


def box_of(text: str) -> Box:
    """west,south,east,north in degrees within Japan. Raises BadRequest."""
    try:
        west, south, east, north = (float(side) for side in text.split(","))
    except ValueError:
        raise BadRequest from None
    if not (west < east and south < north):  # false for NaN as well
        raise BadRequest
    if not (JAPAN.holds(west, south) and JAPAN.holds(east, north)):
        raise BadRequest("outside_japan")
    return (west, south, east, north)


def _all(request: Request, here: Town) -> Found:
    return say("feeds.all", town=here.profile.name), latest(Choice(), here.reports, here.categories)


def _category(request: Request, here: Town) -> Found:
    code = request.path_params["code"]
    if code not in here.categories:
        raise UnknownReport("")  # answered like anything else that is not there
    title = say("feeds.category", town=here.profile.name, name=category_name(here.categories[code]))
    return title, latest(Choice(category=code), here.reports, here.categories)


def _association(request: Request, here: Town) -> Found:
    name = request.path_params["name"][:NAME_LIMIT]
    found = latest(Choice(association=name), here.reports, here.categories)
    return say("feeds.association", town=here.profile.name, name=name), found


def _place(request: Request, here: Town) -> Found:
    box = box_of(request.query_params.get("bbox", ""))
    return say("feeds.place", town=here.profile.name), latest(Choice(box=box), here.reports, here.categories)


def _report(request: Request, here: Town) -> Found:
    number = request.path_params["public_id"]
    found = life_of(number, here.reports, here.categories)
    return say("feeds.report", town=here.profile.name, number=number), found


def written(title: str, news: list[News], path: str, query: str, here: Town) -> bytes:
    """A feed as Atom. What XML cannot hold is left out; all else is text and is never read as markup."""
    base = here.settings.public_url
    own = f"tag:{urlsplit(base).hostname},{BEGUN}:{here.profile.code}"
    feed = ET.Element("feed", {"xmlns": ATOM, "xml:lang": html_lang()})
    _text(feed, "id", f"{own}:{quote(path)}{'?' + quote(query, safe=',=&') if query else ''}")
    _text(feed, "title", title)
    _text(feed, "subtitle", say("feeds.subtitle"))
    _text(
        feed, "updated", _time(max((one.updated for one in news), default=datetime(BEGUN, 1, 1, tzinfo=UTC)))
    )
    _text(ET.SubElement(feed, "author"), "name", say("feeds.author", town=here.profile.name))
    ET.SubElement(feed, "link", {"rel": "self", "href": f"{base}{quote(path)}{'?' + query if query else ''}"})
    ET.SubElement(feed, "link", {"rel": "alternate", "type": "text/html", "href": f"{base}/map/"})
    for one in news:
        entry = ET.SubElement(feed, "entry")
        _text(entry, "id", f"{own}:report:{one.key}")
        _text(entry, "title", one.title)
        _text(entry, "published", _time(one.since))
        _text(entry, "updated", _time(one.updated))
        where = f"{base}/map/r/{quote(one.number)}"
        ET.SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": where})
        ET.SubElement(entry, "category", {"term": _speakable(one.category)})
        _text(entry, "content", one.text, type="text")
    body: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return body


def _text(parent: ET.Element, name: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, name, attributes).text = _speakable(text)


def _speakable(text: str) -> str:
    return _UNSPEAKABLE.sub("", text)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _matches(given: str, etag: str) -> bool:
    return etag in {one.strip().removeprefix("W/") for one in given.split(",")}


class _Shelf:
    """The feeds written last, so that a hundred readers of one feed cost one."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, mark: str) -> bytes | None:
        with self._lock:
            return self._kept.get(mark)

    def put(self, mark: str, body: bytes) -> None:
        with self._lock:
            self._kept[mark] = body
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
