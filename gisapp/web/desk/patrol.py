"""巡回ルート: a round over chosen reports or hot spots along the roads, on the screen, on paper and for a device."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gisapp.flows.category_words import category_name
from gisapp.flows.desk.figures_choice import PERIODS, FiguresChoice, figures_choice
from gisapp.flows.desk.hot_places import Place, patrol_places
from gisapp.flows.desk.hotspots import NotWorkedOut
from gisapp.flows.desk.patrol import MOST_STOPS, Patrol, Stop, geojson, gpx, patrol, town_hall
from gisapp.flows.find import landmarks
from gisapp.person import Person, Right
from gisapp.town import Town
from gisapp.web.desk.door import NOT_KEPT, behind, desk_page
from gisapp.web.desk.hotspots import TAKES_PLACES, hot_spots_of, hotspot_choice, surroundings
from gisapp.words import say, section
from reports_store.audit import EXPORT
from reports_store.fiscal import JST
from reports_store.tallies import Spot

COUNTED_TO = 1_000
HOT, CHOICE, NUMBERS = "hotspots", "choice", "ids"
_NUMBER = re.compile(r"[A-Z]\d{1,3}-\d{6}", re.ASCII)
FILES = {"gpx": "application/gpx+xml", "geojson": "application/geo+json"}


@dataclass(frozen=True, slots=True)
class Wish:
    """Over what the round goes: hot spots, reports by their numbers, or those of a choice.

    open_only: of a choice, those that are not finished. Nobody drives to what is done unless they ask to.
    """

    over: str
    choice: FiguresChoice
    numbers: tuple[str, ...] = ()
    open_only: bool = True

    def query(self) -> str:
        numbers = [("ids", ",".join(self.numbers))] if self.over == NUMBERS else []
        finished = [] if self.open_only else [("open", "0")]
        return urlencode([("over", self.over), *self.choice.query(), *finished, *numbers])


@dataclass(frozen=True, slots=True)
class Stops:
    """The places of a wish, and of how many: all_n is at most COUNTED_TO. known is False where the hot spots could
    not be worked out.
    """

    stops: tuple[Stop, ...]
    all_n: int
    known: bool = True


def patrol_routes(town: Callable[[], Town]) -> list[Route]:
    """/desk/patrol, and the same round as GPX and GeoJSON."""

    async def page(request: Request, here: Town, person: Person) -> Response:
        wish = _wish(request, here)
        stops, found = await run_in_threadpool(_round, here, person, wish)
        departments, areas = await run_in_threadpool(here.reports.whereabouts)
        usual = [category.department for category in here.categories.values()]
        return await desk_page(
            here, person, "desk/patrol.html",
            here="figures", wish=wish, choice=wish.choice, query=wish.query(), found=found, stops=stops, most=MOST_STOPS,
            counted_to=COUNTED_TO, told={"center": here.profile.center, **_told(found)},
            made_at=f"{here.now().astimezone(JST):%Y-%m-%d %H:%M}",
            categories=[(code, category_name(one)) for code, one in here.categories.items()],
            departments=[(one, one) for one in dict.fromkeys([*usual, *departments])],
            areas=[(one, one) for one in areas], periods=list(PERIODS),
        )  # fmt: skip

    def file(kind: str) -> Any:
        async def send(request: Request, here: Town, person: Person) -> Response:
            wish = _wish(request, here)

            def make() -> bytes:
                stops, found = _round(here, person, wish)
                detail = {"filter": wish.query(), "rows": len(stops.stops)}
                here.reports.note_audit(person.login, EXPORT, f"patrol.{kind}", detail, here.now())
                title = say("desk_patrol.title")
                return gpx(found, title, here.now()) if kind == "gpx" else geojson(found)

            body = await run_in_threadpool(make)
            named = {**NOT_KEPT, "Content-Disposition": f'attachment; filename="patrol.{kind}"'}
            return Response(body, media_type=FILES[kind], headers=named)

        return send

    return [
        Route("/desk/patrol", behind(Right.READ, town, page)),
        *(Route(f"/desk/patrol.{kind}", behind(TAKES_PLACES, town, file(kind))) for kind in FILES),
    ]


def _wish(request: Request, here: Town) -> Wish:
    asked = request.query_params
    given = [one for text in asked.getlist("ids") for one in text.split(",")]
    numbers = tuple(dict.fromkeys(one.strip() for one in given if _NUMBER.fullmatch(one.strip())))
    choice, said = figures_choice(asked.getlist, here.categories), asked.getlist("open")
    open_only = not said or "1" in said
    if numbers or "ids" in asked:
        return Wish(NUMBERS, choice, numbers[:COUNTED_TO])
    if asked.get("over") == CHOICE:
        return Wish(CHOICE, replace(choice, open_only=open_only), open_only=open_only)
    return Wish(HOT, replace(hotspot_choice(request, here), open_only=False), open_only=open_only)


def _round(here: Town, person: Person, wish: Wish) -> tuple[Stops, Patrol]:
    stops = _stops(here, person, wish)
    start = town_hall(here.profile, landmarks(here.layers), say("desk_patrol.middle"))
    graph = surroundings(here, person).graph
    return stops, patrol(start, stops.stops, graph, here.profile.zone)


def _stops(here: Town, person: Person, wish: Wish) -> Stops:
    if wish.over == HOT:
        try:
            found = hot_spots_of(here, person, wish.choice)
        except NotWorkedOut:
            return Stops((), 0, known=False)
        places = patrol_places(found, surroundings(here, person))
        stops = [_hot_stop(at, place) for at, place in enumerate(places, start=1)]
        return Stops(tuple(stops), len(stops))
    if wish.over == NUMBERS:
        everything = replace(
            wish.choice, period="all", categories=(), departments=(), areas=(), open_only=False
        )
        filters = everything.filters(person, here.categories, here.now())
        spots = here.reports.named_spots(wish.numbers[:MOST_STOPS], filters)
        return Stops(tuple(_stop(here, spot) for spot in spots), len(wish.numbers))
    filters = wish.choice.filters(person, here.categories, here.now())
    spots = here.reports.spots(filters, COUNTED_TO)
    return Stops(tuple(_stop(here, spot) for spot in spots[:MOST_STOPS]), len(spots))


def _stop(here: Town, spot: Spot) -> Stop:
    known = spot.category in here.categories
    name = category_name(here.categories[spot.category]) if known else spot.category
    return Stop(f"{name} {spot.public_id}", spot.area, spot.lon, spot.lat, f"/desk/r/{spot.public_id}")


def _hot_stop(number: int, place: Place) -> Stop:
    note = say(
        "desk_patrol.hot_note",
        n=place.n,
        around=place.of_n,
        latest=f"{place.latest.astimezone(JST):%Y-%m-%d}",
    )
    return Stop(say("desk_patrol.hot_name", number=number), note, place.lon, place.lat)


def _told(found: Patrol) -> dict[str, Any]:
    """What the script draws."""
    words = section("desk_patrol")
    return {
        "kind": "patrol",
        "start": {"lon": found.start.lon, "lat": found.start.lat, "name": found.start.name},
        "stops": [{"lon": one.lon, "lat": one.lat, "name": one.name} for one in found.stops],
        "lines": [[(lat, lon) for lon, lat in leg.line] for leg in found.legs],
        "words": {name.removeprefix("js."): text for name, text in words.items() if name.startswith("js.")},
    }
