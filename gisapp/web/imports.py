"""Files that departments send to be imported: kept as a draft, and what was found in them, for those who may."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from html import escape
from pathlib import Path
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from gisapp.assets import url_of_ours
from gisapp.flows.explain import explain, fault_sentence, faults_csv
from gisapp.flows.import_draft import NewLayer, NotYourLayer, importable, may_import, new_entry, opened
from gisapp.person import Person
from gisapp.town import Town
from gisapp.web.errors import STATUS, BodyTooLarge, answering
from gisapp.web.forms import whole_form
from gisapp.web.who import person_of
from gisapp.words import html_lang, say
from layers.catalogue import Entry
from layers.drafts import Draft, safe_name
from layers.errors import CatalogueError, LayersError
from layers.readers import MAX_BYTES

PARTS = 8  # a Shapefile comes in up to seven
FIELDS = 12
NOT_KEPT = {"Cache-Control": "no-store"}
MAIN = (".shp", ".tif", ".tiff")  # the part of several that the others belong to


def import_routes(town: Callable[[], Town]) -> list[Route]:
    """/imports/ over a town: sending a file, and the faults and repairs of a draft."""

    async def send(request: Request) -> Response:
        here = town()
        person = await run_in_threadpool(person_of, request, here)
        try:
            if not may_import(person):  # before a byte of the file is taken
                raise NotYourLayer(say("imports.any_layer"), say("imports.each_department"))
            async with whole_form(request, PARTS, FIELDS) as form:
                draft = await run_in_threadpool(_draft, form, person, here)
        except BodyTooLarge:
            return _problem(413, [explain(TooLarge())])
        except (MultiPartException, HTTPException):  # Starlette makes the one into the other
            return _problem(400, [say("imports.form_broken")])
        except CatalogueError as error:
            return _problem(400, [fault_sentence(fault) for fault in error.faults])
        except LayersError as error:
            return _problem(STATUS.get(type(error), (400, ""))[0], [explain(error)])
        return RedirectResponse(f"/layers?draft={draft.token}", 303, headers=NOT_KEPT)

    def shapes(which: str) -> Callable[[Request], object]:
        async def answer(request: Request) -> Response:
            draft = await run_in_threadpool(_opened, request, town())
            body = await run_in_threadpool(draft.shapes, which)
            return Response(body, media_type="application/geo+json", headers=NOT_KEPT)

        return answer

    async def faults(request: Request) -> Response:
        draft = await run_in_threadpool(_opened, request, town())
        body = await run_in_threadpool(lambda: faults_csv(draft.faults()))
        name = quote(say("imports.csv_name", file=Path(draft.source_name).stem))
        attached = {**NOT_KEPT, "Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
        return Response(body, media_type="text/csv; charset=utf-8", headers=attached)

    return [
        Route("/imports/", answering(send), methods=["POST"]),
        Route("/imports/{token:str}/before.json", answering(shapes("before"))),  # type: ignore[arg-type]
        Route("/imports/{token:str}/after.json", answering(shapes("after"))),  # type: ignore[arg-type]
        Route("/imports/{token:str}/faults.csv", answering(faults)),
    ]


def _opened(request: Request, here: Town) -> Draft:
    person = person_of(request, here)
    return opened(request.path_params["token"], person, here.drafts, here.layers.catalogue)


def _draft(form: FormData, person: Person, here: Town) -> Draft:
    entry, new, kind = _meant(form, person, here)
    files = [one for one in form.getlist("file") if isinstance(one, UploadFile) and one.filename]
    if not files:
        raise NothingSent
    with here.drafts.arriving() as folder:
        paths = [_written(one, folder) for one in files]
        if sum(path.stat().st_size for path in paths) > MAX_BYTES:
            raise TooLarge
        main = next((path for path in paths if path.suffix.lower() in MAIN), paths[0])
        return here.drafts.keep(main, by=person.login, at=here.now(), entry=entry, new=new, kind=kind)


def _meant(form: FormData, person: Person, here: Town) -> tuple[Entry, bool, str]:
    """The layer that the file is for, whether it is new, and the kind that was chosen for a new one."""
    catalogue = here.layers.catalogue
    if layer_id := _text(form, "layer"):
        return importable(person, catalogue.entry(layer_id)), False, ""
    kind = _text(form, "new_kind")
    asked = NewLayer(_text(form, "new_id"), _text(form, "new_title"), _text(form, "new_visibility"))
    return new_entry(asked, kind, person, catalogue), True, kind


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


def _written(sent: UploadFile, folder: Path) -> Path:
    path = folder / safe_name(sent.filename or "")
    with path.open("wb") as file:
        shutil.copyfileobj(sent.file, file, 1 << 20)
    return path


class NothingSent(LayersError):
    """The form came without a file."""

    code = "nothing_sent"


class TooLarge(LayersError):
    """The files together are larger than a reader takes."""

    code = "file_over_limit"


def _problem(status: int, sentences: list[str]) -> Response:
    """A plain page for a person whose file was not taken: why, and the way back."""
    lines = "".join(f'<p class="gp-alert" role="alert">{escape(one)}</p>' for one in sentences)
    title = escape(say("imports.not_taken"))
    body = (
        f'<!DOCTYPE html><html lang="{html_lang()}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{title}</title><link rel="stylesheet" href="{url_of_ours("plain.css")}">'
        f'<body><main><h1>{title}</h1>{lines}<p><a href="/layers">{escape(say("imports.back"))}</a></p></main>'
    )
    return HTMLResponse(body, status_code=status, headers=NOT_KEPT)
