"""ホットスポット: where reports crowd together, with places for a camera and a patrol; for the town hall only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gisapp.flows.category_words import category_name
from gisapp.flows.describe import day
from gisapp.flows.desk.figures_choice import FiguresChoice, figures_choice
from gisapp.flows.desk.figures_table import table_csv
from gisapp.flows.desk.hot_places import CAMERA_WORD, Place, Surroundings, camera_places, patrol_places
from gisapp.flows.desk.hotspots import CELL_M, FEWEST, LEVEL, Ground, HotSpots, NotWorkedOut, hot_spots
from gisapp.flows.desk.kept import Kept
from gisapp.flows.desk.telling import clock
from gisapp.flows.enquire.sites import road_graph
from gisapp.flows.find import visible_versions
from gisapp.person import Person, Right
from gisapp.town import Town
from gisapp.web.desk.door import NOT_KEPT, behind, desk_page
from gisapp.words import say, section
from reports_store.audit import EXPORT
from reports_store.fiscal import JST

DUMPING = "illegal_dumping"  # what is asked about where the address names nothing
USUAL = "three_years"
# Who may take places out of the house: those who export, and those who drive there.
TAKES_PLACES = (Right.EXPORT, Right.WORK)
CSV_HEADS = ("number", "n", "around_n", "expected", "z", "p", "q", "lon", "lat")


# One for the process: the patrol asks for the same hot spots.
_KEPT: Kept[HotSpots] = Kept(8)


def hot_spots_of(here: Town, person: Person, choice: FiguresChoice) -> HotSpots:
    """The hot spots of a choice, worked out anew only when the reports, the roads or the choice have changed.

    Raises NotWorkedOut.
    """
    now = here.now()
    filters = choice.filters(person, here.categories, now)
    there = surroundings(here, person)
    ground = Ground(here.profile.bounds, here.profile.zone, there.roads)
    roads = tuple((one.entry.id, one.number) for one in there.roads)
    asked = (here.settings.data, choice, filters.hidden, filters.own if filters.hidden else None, roads)
    return _KEPT.get(
        (*asked, now.astimezone(JST).date()), here.reports.revision(),
        lambda: hot_spots(here.reports, filters, ground, now),
    )  # fmt: skip


def surroundings(here: Town, person: Person) -> Surroundings:
    """The roads and the cameras that the person may see."""
    versions = visible_versions(here.layers, person)
    roads = tuple(one for one in versions if one.kind.id == "road_section")
    cameras = tuple(one for one in versions if CAMERA_WORD in one.entry.title)
    return Surroundings(here.profile.zone, road_graph(roads), roads, cameras)


def hotspot_routes(town: Callable[[], Town], offered: Callable[[Town], dict[str, Any]]) -> list[Route]:
    """/desk/hotspots and its file; offered is what the form lets people choose from."""

    async def page(request: Request, here: Town, person: Person) -> Response:
        choice = hotspot_choice(request, here)

        def look() -> dict[str, Any]:
            try:
                found = hot_spots_of(here, person, choice)
            except NotWorkedOut:
                return {"found": None, "cameras": [], "patrols": [], "there": None, **offered(here)}
            there = surroundings(here, person)
            cameras, patrols = camera_places(found, there), patrol_places(found, there)
            return {"found": found, "cameras": cameras, "patrols": patrols, "there": there, **offered(here)}

        values = await run_in_threadpool(look)
        told = {
            "center": here.profile.center,
            **_told(values["found"], values["cameras"], values["patrols"]),
        }
        kinds = [category_name(here.categories[code]) for code in choice.categories]
        return await desk_page(
            here, person, "desk/hotspots.html",
            here="figures", choice=choice, query=urlencode(choice.query()), told=told, kinds=kinds,
            few=FEWEST, level=round(LEVEL * 100), cell_m=round(CELL_M), day=day, moment=clock, **values,
        )  # fmt: skip

    async def as_csv(request: Request, here: Town, person: Person) -> Response:
        choice = hotspot_choice(request, here)

        def make() -> bytes:
            found = hot_spots_of(here, person, choice)
            detail = {"filter": urlencode(choice.query())}
            here.reports.note_audit(person.login, EXPORT, "hotspots.csv", detail, here.now())
            return _csv(found)

        body = await run_in_threadpool(make)
        named = {**NOT_KEPT, "Content-Disposition": 'attachment; filename="hotspots.csv"'}
        return Response(body, media_type="text/csv; charset=utf-8", headers=named)

    return [
        Route("/desk/hotspots", behind(Right.READ, town, page)),
        Route("/desk/hotspots.csv", behind(TAKES_PLACES, town, as_csv)),
    ]


def hotspot_choice(request: Request, here: Town) -> FiguresChoice:
    """What the address asks for; the three last years of 不法投棄 where it says nothing."""
    asked = request.query_params
    choice = figures_choice(asked.getlist, here.categories)
    if "category" not in asked and DUMPING in here.categories:
        choice = replace(choice, categories=(DUMPING,))
    return choice if "period" in asked else replace(choice, period=USUAL)


def _told(found: HotSpots | None, cameras: list[Place], patrols: list[Place]) -> dict[str, Any]:
    """What the script draws."""
    words = section("desk_hotspots")
    cells = [] if found is None else found.cells
    return {
        "kind": "hotspots",
        "cells": [
            {"ring": [(lat, lon) for lon, lat in one.ring], "n": one.n, "around": one.around_n, "number": one.number}
            for one in cells
        ],
        "places": [
            {"letter": f"{letter}{at}", "lon": one.lon, "lat": one.lat}
            for letter, places in (("C", cameras), ("P", patrols))
            for at, one in enumerate(places, start=1)
        ],
        "words": {name.removeprefix("js."): text for name, text in words.items() if name.startswith("js.")},
    }  # fmt: skip


def _csv(found: HotSpots) -> bytes:
    heads = [say(f"desk_hotspots.csv.{name}") for name in CSV_HEADS]
    rows = [
        [
            one.number or "", one.n, one.around_n, f"{one.expected:.2f}", f"{one.z:.2f}", f"{one.p:.2g}", f"{one.q:.2g}",
            f"{sum(lon for lon, _ in one.ring) / 4:.5f}", f"{sum(lat for _, lat in one.ring) / 4:.5f}",
        ]
        for one in sorted(found.cells, key=lambda one: -one.z)
    ]  # fmt: skip
    return table_csv([heads, *rows])
