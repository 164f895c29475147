"""Layers as files: the public ones for everybody and every page, the others for those who may see them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from gisapp.flows.publish_layer import FORMAT_OF, LayerFile, layer_file, layer_index
from gisapp.person import may_see
from gisapp.town import Town
from gisapp.web.errors import answering, trouble
from gisapp.web.who import person_of
from layers.errors import SourceUnavailable, UnknownLayer

EVERYBODY = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, no-cache"}
SOME = {"Cache-Control": "private, no-store"}  # must not stay in a browser that the next person uses


def layer_file_routes(town: Callable[[], Town]) -> list[Route]:
    """The list of the public layers, and each layer in each format."""
    return [
        Route("/opendata/layers.json", answering(_index(town))),
        Route("/opendata/layers/{name:str}", answering(_file(town))),
    ]


def _index(town: Callable[[], Town]) -> Callable[[Request], Any]:
    async def index(request: Request) -> Response:
        found = await run_in_threadpool(layer_index, town().layers)
        return Response(orjson.dumps({"layers": found}), media_type="application/json", headers=EVERYBODY)

    return index


def _file(town: Callable[[], Town]) -> Callable[[Request], Any]:
    async def file(request: Request) -> Response:
        here = town()
        layer_id, dot, ending = request.path_params["name"].partition(".")
        format = FORMAT_OF.get(dot + ending)
        try:
            entry = here.layers.catalogue.entry(layer_id)
        except UnknownLayer:
            return trouble(404, "not_found")
        # The same answer for a layer that is not there and for one that this person may not know of.
        if format is None or not may_see(person_of(request, here), entry):
            return trouble(404, "not_found")
        try:
            found = await run_in_threadpool(_written, here, layer_id, format)
        except SourceUnavailable as error:
            if error.reason == "never_imported":
                return trouble(404, "not_found")
            raise
        return _answer(request, found, EVERYBODY if entry.visibility == "public" else SOME)

    return file


def _written(here: Town, layer_id: str, format: str) -> LayerFile:
    return layer_file(here.layers.current(layer_id), format, _folder(here))


def _folder(here: Town) -> Path:
    return here.settings.data / "exports"


def _answer(request: Request, found: LayerFile, headers: dict[str, str]) -> Response:
    headers = {**headers, "ETag": f'"{found.mark}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return FileResponse(found.path, media_type=found.media_type, filename=found.name, headers=headers)
