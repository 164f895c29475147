"""外部への通知: who outside is told by webhook and who may tell us; keys are shown once, when they are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gisapp.flows.explain import explain
from gisapp.flows.hooks.signing import key_of, new_salt, shown
from gisapp.flows.hooks.telling import EVENTS, INTERNAL_ONLY
from gisapp.hook_line import NotAllowedThere, target_of
from gisapp.keep_hooks import try_out
from gisapp.person import Person, Right
from gisapp.town import Town
from gisapp.web.desk.door import NOT_KEPT, behind, desk_page
from gisapp.web.desk.outbox import day, why
from gisapp.web.errors import BadRequest
from gisapp.web.forms import read_form
from gisapp.words import say
from reports_store.audit import RULES_CHANGED
from reports_store.errors import InvalidReport
from reports_store.hooks import NewHook, NewSender

PAGE = "/desk/admin/hooks"


def hook_routes(town: Callable[[], Town]) -> list[Route]:
    """/desk/admin/hooks: to see, add, stop, start and try hooks, and to let senders in."""
    return [
        Route(PAGE, behind(Right.RULES, town, _look)),
        Route(f"{PAGE}/add", behind(Right.RULES, town, _add), methods=["POST"]),
        Route(f"{PAGE}/act", behind(Right.RULES, town, _act), methods=["POST"]),
        Route(f"{PAGE}/senders", behind(Right.RULES, town, _add_sender), methods=["POST"]),
        Route(f"{PAGE}/sender", behind(Right.RULES, town, _let_sender), methods=["POST"]),
    ]


async def _look(request: Request, town: Town, person: Person) -> Response:
    return await _page(town, person, done=request.query_params.get("done", ""))


async def _page(
    town: Town, person: Person, *, status: int = 200, problem: str = "", secret: str = "",
    of: str = "", done: str = "", given: dict[str, Any] | None = None,
) -> Response:  # fmt: skip
    hooks = await run_in_threadpool(town.reports.outgoing.hooks)
    senders = await run_in_threadpool(town.reports.outgoing.senders)
    return await desk_page(
        town, person, "desk/hooks.html", here="admin", status=status, problem=problem, secret=secret, of=of,
        done=done if done in {"stopped", "started", "tried", "let", "unlet"} else "", given=given or {}, hooks=hooks,
        senders=senders, events=EVENTS, internal_only=INTERNAL_ONLY, allowed=town.settings.hook_hosts, day=day, why=why,
        inbox=f"{town.settings.public_url}/hooks/in/",
    )  # fmt: skip


async def _add(request: Request, town: Town, person: Person) -> Response:
    async with read_form(request, max_fields=30) as form:
        given: dict[str, Any] = {name: _text(form, name) for name in ("name", "url")}
        given |= {
            "internal": form.get("internal") == "yes",
            "events": [str(one) for one in form.getlist("events")],
        }
    events = tuple(one for one in EVENTS if one in given["events"])
    salt = new_salt()

    def work() -> None:
        target_of(given["url"], town.settings.hook_hosts)
        new = NewHook(given["name"], given["url"], events, given["internal"], salt, town.now(), person.login)
        town.reports.outgoing.add_hook(new)
        _answer_for(
            town, person, f"hook:{given['name']}", "added", internal=given["internal"], events=list(events)
        )

    try:
        await run_in_threadpool(work)
    except NotAllowedThere as error:
        return await _page(
            town, person, status=422, problem=say(f"desk_hooks.why.{error.reason}"), given=given
        )
    except InvalidReport as error:
        problem = say("desk_hooks.no_event") if not events else explain(error)
        return await _page(town, person, status=422, problem=problem, given=given)
    return await _page(town, person, secret=shown(key_of(town.secret, "hook", salt)), of=given["name"])


async def _act(request: Request, town: Town, person: Person) -> Response:
    async with read_form(request) as form:
        action, number = _text(form, "action"), _text(form, "id")
    hooks = {str(one.id): one for one in await run_in_threadpool(town.reports.outgoing.hooks)}
    if number not in hooks or action not in {"stop", "start", "try"}:
        raise BadRequest
    hook, outgoing = hooks[number], town.reports.outgoing

    def work() -> None:
        match action:
            case "stop":
                outgoing.stop_hook(hook.id, town.now(), "by_hand")
            case "start":
                outgoing.start_hook(hook.id)
            case _:
                try_out(town, hook.id)
        _answer_for(town, person, f"hook:{hook.name}", action)

    await run_in_threadpool(work)
    done = {"stop": "stopped", "start": "started", "try": "tried"}[action]
    return RedirectResponse(f"{PAGE}?done={done}", 303, headers=NOT_KEPT)


async def _add_sender(request: Request, town: Town, person: Person) -> Response:
    async with read_form(request) as form:
        given = {"sender": _text(form, "sender"), "body": _text(form, "body")}
    salt = new_salt()

    def work() -> None:
        town.reports.outgoing.add_sender(
            NewSender(given["sender"], given["body"], salt, town.now(), person.login)
        )
        _answer_for(town, person, f"sender:{given['sender']}", "added")

    try:
        await run_in_threadpool(work)
    except InvalidReport as error:
        return await _page(town, person, status=422, problem=explain(error), given=given)
    return await _page(town, person, secret=shown(key_of(town.secret, "sender", salt)), of=given["sender"])


async def _let_sender(request: Request, town: Town, person: Person) -> Response:
    async with read_form(request) as form:
        name, action = _text(form, "name"), _text(form, "action")
    known = {one.name for one in await run_in_threadpool(town.reports.outgoing.senders)}
    if name not in known or action not in {"stop", "start"}:
        raise BadRequest

    def work() -> None:
        town.reports.outgoing.let_sender(name, town.now() if action == "stop" else None)
        _answer_for(town, person, f"sender:{name}", action)

    await run_in_threadpool(work)
    return RedirectResponse(f"{PAGE}?done={'unlet' if action == 'stop' else 'let'}", 303, headers=NOT_KEPT)


def _answer_for(town: Town, person: Person, target: str, what: str, **detail: object) -> None:
    town.reports.note_audit(person.login, RULES_CHANGED, target[:200], {"what": what, **detail}, town.now())


def _text(form: FormData, name: str) -> str:
    found = form.get(name)
    return found.strip() if isinstance(found, str) else ""
