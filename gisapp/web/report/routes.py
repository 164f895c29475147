"""The residents' door under /report/ and /api/, over one town."""

from __future__ import annotations

from collections.abc import Callable

from starlette.routing import Route

from gisapp.town import Town
from gisapp.web.abuse import Quota
from gisapp.web.report.api import api_routes
from gisapp.web.report.app import app_routes
from gisapp.web.report.form import form_routes


def report_routes(town: Callable[[], Town]) -> list[Route]:
    """The form, its pages and its protocol; both faces count against one quota."""
    quota = Quota()
    return [*form_routes(town, quota), *api_routes(town, quota), *app_routes(town)]
