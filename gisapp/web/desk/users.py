"""職員のアカウント: who may do what at the desk; every change counts at once and stands in the trail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gisapp.auth.accounts import Account
from gisapp.auth.errors import AuthError, StaleAccount, UnknownLogin
from gisapp.auth.passwords import first_password
from gisapp.person import Person, Right, Role
from gisapp.town import Town
from gisapp.web.desk.door import NOT_KEPT, behind, desk_page
from gisapp.web.errors import BadRequest, refusal
from gisapp.web.forms import read_form
from gisapp.words import say

PAGE = "/desk/admin/users"
DONE = frozenset({"changed", "disabled"})


def user_routes(town: Callable[[], Town]) -> list[Route]:
    """/desk/admin/users: to list, add, change, close and reset accounts."""
    return [
        Route(PAGE, behind(Right.USERS, town, _look)),
        Route(f"{PAGE}/of/{{login:str}}", behind(Right.USERS, town, _one)),
        Route(f"{PAGE}/add", behind(Right.USERS, town, _add), methods=["POST"]),
        Route(f"{PAGE}/act", behind(Right.USERS, town, _act), methods=["POST"]),
    ]


async def _look(request: Request, town: Town, person: Person) -> Response:
    asked = request.query_params
    done = asked.get("done", "")
    return await _list(town, person, done=done if done in DONE else "", of=asked.get("of", "")[:60])


async def _list(
    town: Town, person: Person, *, status: int = 200, given: Person | None = None, **told: str
) -> Response:
    accounts = await run_in_threadpool(town.accounts.listing)
    shown = {"problem": "", "done": "", "of": "", "password": "", **told}
    return await desk_page(
        town, person, "desk/users.html", here="admin", status=status, accounts=accounts, state=_state,
        given=given or Person(roles=frozenset({Role.STAFF})), departments=_departments(town, accounts),
        all_roles=list(Role), address_of=_address, **shown,
    )  # fmt: skip


async def _one(request: Request, town: Town, person: Person) -> Response:
    try:
        account = await run_in_threadpool(town.accounts.account, request.path_params["login"])
    except UnknownLogin:
        return refusal(404, "not_found")
    return await _form(town, person, account)


async def _form(
    town: Town, person: Person, account: Account, status: int = 200, problem: str = ""
) -> Response:
    accounts = await run_in_threadpool(town.accounts.listing)
    return await desk_page(
        town, person, "desk/user.html", here="admin", status=status, problem=problem, account=account,
        state=_state, given=account.person, departments=_departments(town, accounts), all_roles=list(Role),
    )  # fmt: skip


async def _add(request: Request, town: Town, person: Person) -> Response:
    async with read_form(request, max_fields=20) as form:
        wanted, by_sign_on = _wanted(form), form.get("no_password") == "yes"
    password = "" if by_sign_on else first_password()

    def work() -> None:
        town.accounts.add(wanted, password, town.now(), by=person.login, must_change=bool(password))

    try:
        await run_in_threadpool(work)
    except AuthError as error:
        return await _list(town, person, status=422, given=wanted, problem=_sentence(error))
    return await _list(town, person, done="added", of=wanted.login, password=password)


async def _act(request: Request, town: Town, person: Person) -> Response:
    """Change, close or reset one account."""
    async with read_form(request, max_fields=20) as form:
        action, wanted, seen = str(form.get("action", "")), _wanted(form), _seen(form)
    accounts, now, password = town.accounts, town.now(), first_password()
    acts: dict[str, Callable[[], None]] = {
        "change": lambda: accounts.change(wanted, seen, now, by=person.login),
        "disable": lambda: accounts.disable(wanted.login, now, by=person.login),
        "reset": lambda: accounts.reset(wanted.login, password, now, by=person.login, must_change=True),
    }
    if action not in acts:
        raise BadRequest
    try:
        await run_in_threadpool(acts[action])
    except UnknownLogin:
        return refusal(404, "not_found")
    except AuthError as error:
        account = await run_in_threadpool(accounts.account, wanted.login)
        status = 409 if isinstance(error, StaleAccount) else 422
        return await _form(town, person, account, status, _sentence(error))
    if action == "reset":
        return await _list(town, person, done="reset", of=wanted.login, password=password)
    done = {"change": "changed", "disable": "disabled"}[action]
    return RedirectResponse(f"{PAGE}?done={done}&of={quote(wanted.login)}", 303, headers=NOT_KEPT)


def _wanted(form: FormData) -> Person:
    """The account as the form wants it."""
    words = {name: _text(form, name) for name in ("login", "name", "department")}
    return Person(**words, roles=_roles(form.getlist("role")))


def _seen(form: FormData) -> Person:
    """The account as it was when the form was drawn."""
    login, name, department = (_text(form, one) for one in ("login", "seen_name", "seen_department"))
    return Person(login, name, department, _roles(_text(form, "seen_roles").split(",")))


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip()[:200] if isinstance(value, str) else ""


def _roles(names: list[Any] | list[str]) -> frozenset[Role]:
    return frozenset(Role(str(name)) for name in names if name in list(Role))


def _sentence(error: AuthError) -> str:
    return say(f"auth.errors.{error.code}", value=error.value)


def _state(account: Account) -> str:
    """How an account stands, as the key of a word."""
    marks = {
        "disabled": account.disabled,
        "demo": account.demo,
        "waiting": account.must_change,
        "linked": account.linked,
    }
    return next((name for name, is_so in marks.items() if is_so), "open")


def _departments(town: Town, accounts: list[Account]) -> list[str]:
    """The departments that the town knows, to choose from: another may be typed."""
    of_reports = [category.department for category in town.categories.values()]
    of_layers = [entry.department for entry in town.layers.catalogue]
    return sorted({*of_reports, *of_layers, *(one.person.department for one in accounts)} - {""})


def _address(person: Person) -> str:
    return f"{PAGE}/of/{quote(person.login, safe='')}"
