"""集計・分析: the town hall's figures, the map of density and the hot spots, within what the person may see."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gisapp.flows.category_words import category_name
from gisapp.flows.desk.figures import FEWEST, Figures, figures
from gisapp.flows.desk.figures_choice import PERIODS, FiguresChoice, figures_choice
from gisapp.flows.desk.figures_table import age_label, figures_csv, label
from gisapp.flows.desk.kept import Kept
from gisapp.person import Person, Right
from gisapp.town import Town
from gisapp.web.desk.charts import line_chart
from gisapp.web.desk.door import NOT_KEPT, behind, desk_page
from gisapp.web.desk.hotspots import hotspot_routes
from gisapp.web.live import viewport
from gisapp.words import section
from reports_store import FIRST_LEVEL, LAST_LEVEL, CellCount
from reports_store.audit import EXPORT
from reports_store.fiscal import JST

CLASSES = 5
MOST_CELLS = 4_000
TOP, TOP_LEVEL = 10, 16  # the places of the table: cells of about 500 m
SHOWN_AREAS = 15
CSV = "text/csv; charset=utf-8"


def figures_routes(town: Callable[[], Town]) -> list[Route]:
    """/desk/figures and what hangs on it, and /desk/hotspots; figures and hot spots are kept between requests."""
    kept: Kept[Figures] = Kept()
    names: Kept[tuple[tuple[str, ...], tuple[str, ...]]] = Kept()

    def count(here: Town, person: Person, choice: FiguresChoice) -> Figures:
        now = here.now()
        filters = choice.filters(person, here.categories, now)
        asked = (choice, filters.hidden, filters.own if filters.hidden else None, now.astimezone(JST).date())
        return kept.get(
            asked, here.reports.revision(), lambda: figures(here.reports, filters, here.categories, now)
        )

    def offered(here: Town) -> dict[str, Any]:
        departments, areas = names.get("names", here.reports.revision(), here.reports.whereabouts)
        return offers(here, departments, areas)

    async def numbers(request: Request, here: Town, person: Person) -> Response:
        choice = choice_asked(request, here)

        def look() -> dict[str, Any]:
            found = count(here, person, choice)
            return {**offered(here), **_shown(found, here), "choice": choice}

        values = await run_in_threadpool(look)
        return await desk_page(
            here, person, "desk/figures.html", here="figures", query=urlencode(choice.query()), **values
        )

    async def numbers_csv(request: Request, here: Town, person: Person) -> Response:
        choice = choice_asked(request, here)

        def make() -> bytes:
            found = count(here, person, choice)
            detail = {"filter": urlencode(choice.query())}
            here.reports.note_audit(person.login, EXPORT, "figures.csv", detail, here.now())
            return figures_csv(found, here.categories)

        body = await run_in_threadpool(make)
        return download(body, CSV, "figures.csv")

    async def density(request: Request, here: Town, person: Person) -> Response:
        choice = choice_asked(request, here)

        def look() -> dict[str, Any]:
            cells = _cells(here, person, choice, here.profile.bounds, TOP_LEVEL)
            most = sorted(cells, key=lambda cell: -cell.n)[:TOP]
            return {**offered(here), "most": most, "total": sum(cell.n for cell in cells)}

        values = await run_in_threadpool(look)
        told = {
            "kind": "density",
            "center": here.profile.center,
            "query": urlencode(choice.query()),
            "words": script_words(),
        }
        return await desk_page(
            here, person, "desk/figures_density.html",
            here="figures", choice=choice, query=urlencode(choice.query()), told=told, **values,
        )  # fmt: skip

    async def density_json(request: Request, here: Town, person: Person) -> Response:
        box, zoom = viewport(request)
        choice = choice_asked(request, here)
        level = max(FIRST_LEVEL, min(LAST_LEVEL, zoom + 2))
        cells = await run_in_threadpool(_cells, here, person, choice, box, level)
        return Response(
            orjson.dumps(drawn_cells(cells, level)), media_type="application/json", headers=NOT_KEPT
        )

    return [
        Route("/desk/figures", behind(Right.READ, town, numbers)),
        Route("/desk/figures.csv", behind(Right.READ, town, numbers_csv)),
        Route("/desk/figures/density", behind(Right.READ, town, density)),
        Route("/desk/figures/density.json", behind(Right.READ, town, density_json, for_program=True)),
        *hotspot_routes(town, offered),
    ]


def choice_asked(request: Request, here: Town) -> FiguresChoice:
    """What the address asks for."""
    return figures_choice(request.query_params.getlist, here.categories)


def offers(here: Town, departments: Iterable[str], areas: Iterable[str]) -> dict[str, Any]:
    """What the form lets people choose from."""
    usual = [category.department for category in here.categories.values()]
    return {
        "periods": list(PERIODS),
        "categories": [(code, category_name(one)) for code, one in here.categories.items()],
        "departments": [(one, one) for one in dict.fromkeys([*usual, *departments])],
        "areas": [(one, one) for one in areas],
    }


def download(body: bytes, media_type: str, name: str) -> Response:
    """A file to keep, never shown in the window."""
    named = {**NOT_KEPT, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type=media_type, headers=named)


def script_words() -> dict[str, str]:
    """The sentences of the script."""
    found = section("desk_figures")
    return {name.removeprefix("js."): text for name, text in found.items() if name.startswith("js.")}


def _shown(found: Figures, here: Town) -> dict[str, Any]:
    return {
        "figures": found,
        "few": FEWEST,
        "counted_at": f"{found.at.astimezone(JST):%Y-%m-%d %H:%M}",
        "backlog": line_chart([month.open_at_end for month in found.backlog]),
        "label": lambda part, key: label(part, key, here.categories),
        "ages": [(age_label(number), n) for number, n in enumerate(found.ages)],
        "parts_of": [(part, lines, SHOWN_AREAS) for part, lines in found.by.items() if part != "month"],
        "months": list(reversed(found.by["month"])),
        "month_ends": {one.month: one for one in found.backlog},
    }


def _cells(here: Town, person: Person, choice: FiguresChoice, box: Any, level: int) -> list[CellCount]:
    filters = choice.filters(person, here.categories, here.now())
    found = here.reports.cell_counts(box, level, filters)
    return sorted(found, key=lambda cell: -cell.n)[:MOST_CELLS]


def drawn_cells(cells: list[CellCount], level: int) -> dict[str, Any]:
    """Cells with their corners (west, south, east, north), their numbers and classes, for the script."""
    most = max((cell.n for cell in cells), default=0)
    tops = class_tops(most)
    return {
        "cells": [
            [*_corners(cell, level), cell.n, next(at for at, top in enumerate(tops) if cell.n <= top)] for cell in cells
        ],
        "classes": [[low + 1, top] for low, top in zip([0, *tops], tops, strict=False)],
        "total": sum(cell.n for cell in cells),
    }  # fmt: skip


def class_tops(most: int) -> list[int]:
    """The highest number of each class: steps of one ratio, because most cells hold few and some hold many."""
    return (
        sorted({math.ceil(round(most ** (step / CLASSES), 6)) for step in range(1, CLASSES + 1)})
        if most
        else []
    )


def _corners(cell: CellCount, level: int) -> list[float]:
    side = 1 << level

    def lat(row: int) -> float:
        return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / side))))

    west, east = (column / side * 360 - 180 for column in (cell.cell_x, cell.cell_x + 1))
    return [round(one, 6) for one in (west, lat(cell.cell_y + 1), east, lat(cell.cell_y))]
