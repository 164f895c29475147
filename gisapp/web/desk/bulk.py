"""Many reports at once: the form of the inbox is read, the step taken with each, and the result told and taken back."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from urllib.parse import parse_qsl, urlencode
from uuid import UUID, uuid4

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gisapp.flows.desk.bulk import MOST, Act, BulkStep, Outcome, Pick, carry_out, take_back
from gisapp.flows.desk.inbox import choice_of
from gisapp.flows.desk.steps import Desk
from gisapp.person import Person, Right
from gisapp.town import Town
from gisapp.web.desk.door import NOT_KEPT, behind
from gisapp.web.errors import BadRequest
from gisapp.web.forms import read_form
from reports_store import Priority, Status
from reports_store.plaintext import MESSAGE_LIMIT

KEPT = 200
FIELDS = 10 * MOST  # more than one step takes: who picks too many is told how many there may be
AS_IT_IS, NOBODY = "", "-"
UNDONE, TOO_MANY = "undone", "too_many"


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What a press did. heading: the key of its sentence; uuid: what may be taken back, "" for an undo."""

    login: str
    heading: str
    outcomes: tuple[Outcome, ...]
    uuid: str = ""

    @property
    def most(self) -> int:
        return MOST

    @property
    def done(self) -> list[str]:
        return [one.public_id for one in self.outcomes if one.changed and not one.problem]

    @property
    def told(self) -> list[tuple[str, list[Outcome]]]:
        """Those of which there is something to say, under the key of the sentence before them."""
        partly = [one for one in self.outcomes if one.changed and one.problem]
        refused = [one for one in self.outcomes if one.problem and not one.changed]
        groups = [("partly", partly), ("stayed" if self.heading == UNDONE else "told", refused)]
        return [(name, found) for name, found in groups if found]


class KeptBulks:
    """The latest results, until they have been shown: what was done stands in each report's history anyway."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, BulkResult] = OrderedDict()
        self._lock = Lock()

    def keep(self, name: str, result: BulkResult) -> None:
        with self._lock:
            self._kept[name] = result
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)

    def of(self, name: str, person: Person) -> BulkResult | None:
        """The result of a name, for whoever pressed; one that is not kept any more says so itself."""
        found = self._kept.get(name)
        if found is not None and found.login == person.login:
            return found
        return BulkResult(person.login, "gone", ()) if name else None


def bulk_routes(town: Callable[[], Town], kept: KeptBulks) -> list[Route]:
    """/desk/bulk and /desk/undo; what they did is shown by the inbox."""

    async def bulk(request: Request, here: Town, person: Person) -> Response:
        async with read_form(request, max_fields=FIELDS) as form:
            uuid, picks, back = _uuid(form), _picks(form), _back(form, here)
            step = await run_in_threadpool(_step, form, here, person)
        kept.keep(uuid, await run_in_threadpool(_taken, step, picks, uuid, here, person))
        return _to_inbox(back, uuid)

    async def undo(request: Request, here: Town, person: Person) -> Response:
        async with read_form(request, max_fields=FIELDS) as form:
            uuid, numbers, back = _uuid(form), _every(form, "number"), _back(form, here)
        outcomes = await run_in_threadpool(take_back, uuid, numbers[:MOST], _desk(here, person))
        name = str(uuid4())
        kept.keep(name, BulkResult(person.login, UNDONE, outcomes))
        return _to_inbox(back, name)

    return [
        Route("/desk/bulk", behind(Right.WORK, town, bulk), methods=["POST"]),
        Route("/desk/undo", behind(Right.WORK, town, undo), methods=["POST"]),
    ]


def _taken(step: BulkStep | None, picks: Sequence[Pick], uuid: str, here: Town, person: Person) -> BulkResult:
    if not picks:
        return BulkResult(person.login, "none_picked", ())
    if len(picks) > MOST:
        return BulkResult(person.login, TOO_MANY, ())
    if step is None or not step.complete:
        return BulkResult(person.login, "nothing_said", ())
    return BulkResult(person.login, step.act.value, carry_out(step, picks, uuid, _desk(here, person)), uuid)


def _step(form: FormData, here: Town, person: Person) -> BulkStep | None:
    """What is to be done; None where no button said so. "take" is one report's 「自分が担当する」."""
    if _text(form, "take"):
        return BulkStep(Act.ASSIGN, assignee=person.login, triage=True)
    act, status, priority = _text(form, "act"), _text(form, "status"), _text(form, "priority")
    if act not in list(Act):
        return None
    reply = act == Act.REPLY
    department, assignee = _to_whom(form, here)
    return BulkStep(
        act=Act(act),
        department=department,
        assignee=assignee,
        triage=_text(form, "triage") == "yes",
        status=Status(status) if status in list(Status) else None,
        priority=Priority(priority) if priority in list(Priority) else None,
        public=_text(form, "reply" if reply else "public"),
        internal=_text(form, "internal"),
    )


def _to_whom(form: FormData, here: Town) -> tuple[str | None, str | None]:
    """Department and person; a person brings their department. Raises BadRequest for one nobody belongs to."""
    department, assignee = _text(form, "department") or None, _text(form, "assignee")
    people = {one.login: one.department for one in here.accounts.people()}
    known = {*people.values(), *(each.department for each in here.categories.values())}
    if department not in {None, *known} or assignee not in {AS_IT_IS, NOBODY, *people}:
        raise BadRequest
    if assignee in people:
        return people[assignee] or department, assignee
    return department, {AS_IT_IS: None, NOBODY: ""}[assignee]


def _picks(form: FormData) -> list[Pick]:
    """The reports chosen, each with the version seen, such as R8-000123:4."""
    found = {}
    for text in [_text(form, "take")] if _text(form, "take") else _every(form, "pick"):
        number, _, seen = text.rpartition(":")
        if number and seen.isascii() and seen.isdecimal() and len(seen) < 10:
            found[number] = Pick(number, int(seen))
    return list(found.values())


def _every(form: FormData, name: str) -> list[str]:
    return [value for value in form.getlist(name) if isinstance(value, str)]


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value.strip()[:MESSAGE_LIMIT] if isinstance(value, str) else ""


def _uuid(form: FormData) -> str:
    try:
        return str(UUID(_text(form, "uuid")))
    except ValueError:
        raise BadRequest from None


def _back(form: FormData, here: Town) -> list[tuple[str, str]]:
    """The page of the inbox that was being looked at, as parameters of ours."""
    asked = parse_qsl(_text(form, "back"))
    after = [(name, value) for name, value in asked if name == "after"]
    return [*choice_of(asked, here.categories).query(), *after[:1]]


def _to_inbox(back: list[tuple[str, str]], name: str) -> Response:
    return RedirectResponse(f"/desk/?{urlencode([*back, ('done', name)])}", 303, headers=NOT_KEPT)


def _desk(here: Town, person: Person) -> Desk:
    return Desk(here.reports, here.categories, person, here.now)
