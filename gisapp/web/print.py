"""The routes of printing: a map sheet as a PDF, and what the map's page must know to show its frame."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gisapp.flows.describe import shown_layers, version_for
from gisapp.paper.drawing import Mark, base_versions
from gisapp.paper.fonts import FontsMissing
from gisapp.paper.map_sheet import (
    ORIENTATIONS,
    PAPERS_MM,
    Contents,
    Layout,
    frame_sizes_mm,
    map_sheet,
)
from gisapp.paper.report_marks import LIMIT as REPORTS_LIMIT
from gisapp.paper.report_marks import report_marks
from gisapp.paper.view import SCALES, View, Window
from gisapp.person import Person
from gisapp.town import Town
from gisapp.web.coordinates import place_asked
from gisapp.web.errors import BadRequest, answering, trouble
from gisapp.web.live import report_filters
from gisapp.web.who import person_of
from gisapp.words import language_with, say, speaking
from layers.box import JAPAN, Box
from layers.errors import SourceUnavailable
from layers.versions import LayerVersion

NOW = {"Cache-Control": "no-store"}
TITLE_LIMIT = 60
LAYERS_LIMIT = 60
SCALE_LIMITS = (100, 1_000_000)
AT_ONCE = 2  # a sheet keeps a core busy for about a second


@dataclass(frozen=True, slots=True)
class Wish:
    """What the address of a sheet asks for; layers is None for those that the map shows at first."""

    layout: Layout
    view: View
    layers: tuple[str, ...] | None
    title: str
    reports: bool


def print_routes(town: Callable[[], Town]) -> list[Route]:
    """GET /print/map.pdf and /print/papers.json."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def sheet(request: Request) -> Response:
        here = town()
        wish = _wish(request, here)
        person = await run_in_threadpool(person_of, request, here)
        async with turn:
            try:
                with speaking(language_with("paper")):  # whose letters are those of our fonts
                    pdf = await run_in_threadpool(_sheet, wish, person, request, here)
            except FontsMissing:
                return trouble(503, "fonts_missing")
        shown = {**NOW, "Content-Disposition": 'inline; filename="map.pdf"'}
        return Response(pdf, media_type="application/pdf", headers=shown)

    async def papers(request: Request) -> Response:
        return JSONResponse({"frames_mm": frame_sizes_mm(), "scales": SCALES}, headers=NOW)

    return [Route("/print/map.pdf", answering(sheet)), Route("/print/papers.json", answering(papers))]


def _wish(request: Request, here: Town) -> Wish:
    asked = request.query_params
    layout = Layout(asked.get("paper", "A4"), asked.get("orientation", "portrait"))
    if layout.paper not in PAPERS_MM or layout.orientation not in ORIENTATIONS:
        raise BadRequest
    ids = tuple(dict.fromkeys(asked["layers"].split(","))) if "layers" in asked else None
    wanted = tuple(one for one in ids if one) if ids is not None else None
    if len(wanted or ()) > LAYERS_LIMIT:
        raise BadRequest
    view = _view(request, layout, here)
    return Wish(layout, view, wanted, asked.get("title", "")[:TITLE_LIMIT], asked.get("reports") == "1")


def _view(request: Request, layout: Layout, here: Town) -> View:
    """By middle and scale, by a box that has to fit, or else the whole town."""
    asked = request.query_params
    if "lon" in asked or "lat" in asked:
        return View(*place_asked(request), _denominator(asked.get("scale", "5000")))
    box = _box(asked["bbox"]) if "bbox" in asked else Box(*here.profile.bounds)
    return View.fitting(box, layout.map, here.profile.zone)


def _denominator(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise BadRequest
    if not SCALE_LIMITS[0] <= int(text) <= SCALE_LIMITS[1]:
        raise BadRequest
    return int(text)


def _box(text: str) -> Box:
    try:
        west, south, east, north = (float(side) for side in text.split(","))
    except ValueError:
        raise BadRequest from None
    if not math.isfinite(west + south + east + north) or not (west < east and south < north):
        raise BadRequest
    if not (JAPAN.holds(west, south) and JAPAN.holds(east, north)):
        raise BadRequest("outside_japan")
    return Box(west, south, east, north)


def _sheet(wish: Wish, person: Person, request: Request, here: Town) -> bytes:
    versions, unread = _versions(wish, person, here)
    base, failed = base_versions(here.layers, person)
    marks, remarks = _reports(wish, request, here)
    contents = Contents(wish.title, versions, base, marks, (*unread, *failed), remarks)
    return map_sheet(contents, wish.view, wish.layout, here.profile, here.settings.assets, here.now())


def _versions(wish: Wish, person: Person, here: Town) -> tuple[list[LayerVersion], list[str]]:
    """What is asked for, in the order of the legend, and the titles of what cannot be read.

    Raises UnknownLayer for a layer that does not exist or that this person may not see.
    """
    first = [state.id for state in shown_layers(here.layers, person) if state.default_on]
    found, unread = [], []
    for layer_id in first if wish.layers is None else wish.layers:
        try:
            found.append(version_for(person, layer_id, here.layers))
        except SourceUnavailable:
            unread.append(here.layers.catalogue.entry(layer_id).title)
    return sorted(found, key=lambda version: version.entry.order), unread


def _reports(wish: Wish, request: Request, here: Town) -> tuple[tuple[Mark, ...], tuple[str, ...]]:
    """Signs for the public reports, and what a reader has to know of them."""
    filters = report_filters(request, here) if wish.reports else None
    if filters is None:
        return (), ()
    box = Window(wish.layout.map, wish.view, here.profile.zone).box
    found = report_marks(box, filters, here.reports, here.categories)
    remarks = [say("paper.sheet.letters", letters=found.letters)] if found.letters else []
    if found.more:
        remarks.append(say("paper.sheet.reports_cut", n=REPORTS_LIMIT))
    return found.marks, tuple(remarks)
