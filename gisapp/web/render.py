"""Turns a template and values into a page: text is escaped, a name that is not there is a fault."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from gisapp.assets import url_of_ours
from gisapp.profile import TownProfile
from gisapp.words import LANGUAGES, html_lang, language, say, say_ruby

TEMPLATES = Path(__file__).parent / "templates"
NOT_KEPT = {"Cache-Control": "no-store"}


def page(
    template: str,
    town: TownProfile,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """A page in the language of the present request; headers are those of a page that nobody keeps."""
    return HTMLResponse(rendered(template, town, **values), status, headers or NOT_KEPT)


def rendered(template: str, town: TownProfile, **values: Any) -> str:
    """The text of a page. A template may use town, lang, html_lang, languages, say, say_ruby and url_of."""
    named = {"town": town, "lang": language(), "html_lang": html_lang(), **values}
    return _templates().get_template(template).render(named)


@cache
def _templates() -> Environment:
    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    found.globals.update(say=say, say_ruby=say_ruby, url_of=url_of_ours, languages=LANGUAGES)
    return found
