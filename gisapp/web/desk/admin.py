"""設定・記録: the way to each page of those who set up, keep and answer for the desk, by their rights."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gisapp.person import Person, Right, may
from gisapp.town import Town
from gisapp.web.desk.door import behind, desk_page

# The pages by the right they ask for, in the order they are listed.
PAGES: tuple[tuple[str, str, Right], ...] = (
    ("routing", "/desk/admin/routing", Right.RULES),
    ("outbox", "/desk/admin/outbox", Right.RULES),
    ("hooks", "/desk/admin/hooks", Right.RULES),
    ("users", "/desk/admin/users", Right.USERS),
    ("trail", "/desk/admin/trail", Right.TRAIL),
    ("retention", "/desk/admin/retention", Right.RETAIN),
)


def admin_routes(town: Callable[[], Town]) -> list[Route]:
    """/desk/admin, which lists the others."""
    return [Route("/desk/admin", behind(Right.RULES, town, _listed))]


async def _listed(request: Request, here: Town, person: Person) -> Response:
    pages = [(name, address) for name, address, right in PAGES if may(person, right)]
    return await desk_page(here, person, "desk/admin.html", here="admin", pages=pages)
