"""Reading a form that a browser sent, whole or broken."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request


@asynccontextmanager
async def read_form(request: Request, max_files: int = 0, max_fields: int = 12) -> AsyncIterator[FormData]:
    """The fields and files of a form, its files put away at the end; one that cannot be read is an empty one."""
    try:
        form = await request.form(max_files=max_files, max_fields=max_fields)
    except HTTPException:
        form = FormData()
    try:
        yield form
    finally:
        await form.close()
