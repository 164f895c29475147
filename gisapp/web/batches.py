"""Answered tables for the person who asked, and for nobody else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from gisapp.flows.keep_answers import Answers, UnknownAnswer
from gisapp.person import Person
from gisapp.town import Town
from gisapp.web.errors import answering, trouble
from gisapp.web.who import person_of
from gisapp.words import say

NOW = {"Cache-Control": "private, no-store"}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
File = Callable[[Answers, str, Person], Path]


def batch_routes(town: Callable[[], Town]) -> list[Route]:
    """The /batches routes over a town."""

    def fetched(file: File, ending: str, media_type: str) -> Route:
        async def answer(request: Request) -> Response:
            here, token = town(), request.path_params["token"]
            person = await run_in_threadpool(person_of, request, here)
            try:
                path = await run_in_threadpool(file, here.answers, token, person)
                about = here.answers.about(token, person)
            except UnknownAnswer:
                return trouble(404, "not_found")
            name = quote(f"{say('batch.download_name', name=about.name)}.{ending}")
            headers = {**NOW, "Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
            return FileResponse(path, media_type=media_type, headers=headers)

        return Route(f"/batches/{{token:str}}.{ending}", answering(answer))

    async def points(request: Request) -> Response:
        here = town()
        person = await run_in_threadpool(person_of, request, here)
        try:
            body = await run_in_threadpool(here.answers.points, request.path_params["token"], person)
        except UnknownAnswer:
            return trouble(404, "not_found")
        return Response(body, media_type="application/json", headers=NOW)

    return [
        fetched(Answers.csv, "csv", "text/csv; charset=utf-8"),
        fetched(Answers.xlsx, "xlsx", XLSX),
        Route("/batches/{token:str}.json", answering(points)),
    ]
