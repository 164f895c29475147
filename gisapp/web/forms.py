"""Reading a form that a browser sent, whole or broken."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request

FIELD_LIMIT = 1024 * 1024
UTF8 = ("", "utf-8", "utf8")


@asynccontextmanager
async def whole_form(
    request: Request, max_files: int, max_fields: int, field_limit: int = FIELD_LIMIT
) -> AsyncIterator[FormData]:
    """The fields and files of a form, its files put away at the end; field_limit in bytes.

    Raises HTTPException for one that cannot be read.
    """
    form = await _form(request, max_files, max_fields, field_limit)
    try:
        yield form
    finally:
        await form.close()


@asynccontextmanager
async def read_form(request: Request, max_files: int = 0, max_fields: int = 12) -> AsyncIterator[FormData]:
    """The same for a route that takes a form that cannot be read as an empty one."""
    try:
        form = await _form(request, max_files, max_fields, FIELD_LIMIT)
    except HTTPException:
        form = FormData()
    try:
        yield form
    finally:
        await form.close()


async def _form(request: Request, max_files: int, max_fields: int, field_limit: int) -> FormData:
    """Browsers send our forms in UTF-8; in another charset that a sender names, half letters come that no text holds."""
    if _charset(request) not in UTF8:
        raise HTTPException(400)
    return await request.form(max_files=max_files, max_fields=max_fields, max_part_size=field_limit)


def _charset(request: Request) -> str:
    _, options = parse_options_header(request.headers.get("content-type"))
    return options.get(b"charset", b"").decode("latin-1").strip().lower()


def whole_number(text: str) -> int | None:
    """A number that an address or a form says, as far as a database can hold it; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
