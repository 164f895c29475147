"""The inbox's list as a file: chosen on a page, written through our own route, and written down in the trail."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from gisapp.flows.desk.export import (
    MOST_ROWS,
    WRITERS,
    Format,
    csv_blocks,
    geojson_blocks,
    lines,
    write_cp932,
)
from gisapp.flows.desk.inbox import choice_of, filters_of, first_choice
from gisapp.flows.desk.inbox_words import chosen
from gisapp.person import Person, Right
from gisapp.town import Town
from gisapp.web.desk.door import NOT_KEPT, behind, desk_page
from gisapp.web.errors import BadRequest
from reports_store import Filters
from reports_store.audit import EXPORT

BLOCK = 1 << 18
_TYPES = {
    "csv": ("text/csv; charset=utf-8", "csv"),
    "cp932": ("application/zip", "zip"),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    "geojson": ("application/geo+json", "geojson"),
    "gpkg": ("application/geopackage+sqlite3", "gpkg"),
}


def export_routes(town: Callable[[], Town]) -> list[Route]:
    """/desk/export: a page to choose from, and with format= the file itself."""
    return [Route("/desk/export", behind(Right.EXPORT, town, _export))]


async def _export(request: Request, here: Town, person: Person) -> Response:
    asked = [each for each in request.query_params.multi_items() if each[0] not in ("format", "encoding")]
    choice = choice_of(asked, here.categories) if asked else first_choice(person)
    filters = filters_of(choice, person, here.categories, here.now())
    size = await run_in_threadpool(here.reports.export_size, filters)
    wanted = request.query_params.get("format", "")
    if not wanted:
        return await desk_page(
            here, person, "desk/export.html", here="inbox", size=size, too_many=size > MOST_ROWS,
            asked=choice.query(), chosen=[words for words, _ in chosen(choice, here.categories)],
        )  # fmt: skip
    if wanted not in list(Format) or (wanted == Format.XLSX and size > MOST_ROWS):
        raise BadRequest
    old = wanted == Format.CSV and request.query_params.get("encoding") == "cp932"
    kind = "cp932" if old else wanted
    told = {"filter": dict(_told(choice.query())), "rows": size, "format": kind}
    await run_in_threadpool(here.reports.note_audit, person.login, EXPORT, "通報の一覧", told, here.now())
    media, ending = _TYPES[kind]
    name = f"reports-{here.now():%Y%m%d-%H%M}.{ending}"
    headers = {**NOT_KEPT, "Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_blocks(here, filters, kind), media_type=media, headers=headers)


def _told(query: list[tuple[str, str]]) -> dict[str, str]:
    told: dict[str, str] = {}
    for name, value in query:
        told[name] = f"{told[name]}, {value}" if name in told else value
    return told


def _blocks(here: Town, filters: Filters, kind: str) -> Iterator[bytes]:
    found = lines(here.reports.export_rows(filters), here.categories, here.accounts.names())
    if kind == "csv":
        yield from csv_blocks(found)
    elif kind == "geojson":
        yield from geojson_blocks(found)
    else:
        yield from _by_file(here, kind, found)


def _by_file(here: Town, kind: str, found: Iterator[tuple[str | int | float | None, ...]]) -> Iterator[bytes]:
    """Formats that are not written from front to end: by way of a file that is gone afterwards."""
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="gisapp-export-")))
        target = folder / "export"
        if kind == "cp932":
            write_cp932(found, target)
        else:
            WRITERS[Format(kind)](found, target, here.now())
        file = held.enter_context(target.open("rb"))
        while block := file.read(BLOCK):
            yield block
