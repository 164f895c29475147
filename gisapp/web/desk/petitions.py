"""自治会の要望: the overview, taking a petition in, answering its items, its letter and its next year."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gisapp.flows.category_words import category_name
from gisapp.flows.desk import petitions as desk_petitions
from gisapp.flows.desk.acting import Desk, NotAllowed
from gisapp.flows.desk.petition_intake import (
    Fault,
    Intake,
    PetitionFaults,
    associations,
    checked,
    file_petition,
)
from gisapp.flows.desk.petition_letter import issue
from gisapp.flows.desk.petitions import answer_words, overview, petition_seen, year_words
from gisapp.flows.explain import explain
from gisapp.person import Person, Right
from gisapp.rules import rules_of
from gisapp.town import Town
from gisapp.web.desk.door import behind, desk_page
from gisapp.web.desk.petition_form import (
    MORE_ROWS,
    MOST_FIELDS,
    MOST_FILES,
    SentPetition,
    kept_photos,
    sent_petition,
    with_table,
)
from gisapp.web.desk.petition_papers import paper_routes
from gisapp.web.forms import read_form
from gisapp.words import say, section
from reports_store.errors import PetitionRefused, ReportsError, StaleVersion, UnknownPetition
from reports_store.fiscal import JST, fiscal_year
from reports_store.petition import Consent, PetitionAnswer, PetitionState, Revised

NUMBER = re.compile(r"[RHS]\d{1,3}-\d{3,6}", re.ASCII)
BASE = "/desk/petitions"
YEARS_AHEAD = 6
LEGEND = (*PetitionAnswer, None)
STATUS_OF = {StaleVersion: 409, NotAllowed: 403}
Act = Callable[[Desk, str, FormData], str]


def petition_routes(town: Callable[[], Town]) -> list[Route]:
    """/desk/petitions over a town."""
    one = f"{BASE}/{{number:str}}"
    return [
        Route(BASE, behind(Right.READ, town, _overview)),
        Route(f"{BASE}/new", behind(Right.PETITION, town, _new), methods=["GET"]),
        Route(f"{BASE}/new", behind(Right.PETITION, town, _sent), methods=["POST"]),
        *paper_routes(town),
        Route(one, behind(Right.READ, town, _page), methods=["GET"]),
        Route(f"{one}/edit", behind(Right.PETITION, town, _edit), methods=["GET"]),
        *(
            Route(f"{one}/{name}", behind(right, town, partial(_acted, name, act)), methods=["POST"])
            for name, right, act in ACTS
        ),
    ]


# --- the overview


async def _overview(request: Request, here: Town, person: Person) -> Response:
    asked = request.query_params
    association, only = asked.get("association", "")[:200], asked.get("answer", "")
    year = int(asked["year"]) if re.fullmatch(r"\d{4}", asked.get("year", ""), re.ASCII) else None
    only = only if only == "unanswered" or only in list(PetitionAnswer) else ""

    def values() -> dict[str, Any]:
        every = here.reports.petitions()
        return {
            "found": overview(here.reports, association, year, only),
            "years": sorted({one.fiscal_year for one in every}, reverse=True),
            "names": sorted({one.association for one in every}),
        }

    found = await run_in_threadpool(values)
    chosen = {"association": association, "year": year, "answer": only}
    return await desk_page(
        here, person, "desk/petitions.html", here="petitions", chosen=chosen, **found, **_words()
    )


# --- taking one in


async def _new(request: Request, here: Town, person: Person) -> Response:
    async with read_form(request) as form:
        sent = sent_petition(form, here)
    return await _form(here, person, sent)


async def _sent(request: Request, here: Town, person: Person) -> Response:
    async with read_form(request, MOST_FILES, MOST_FIELDS) as form:
        sent = await run_in_threadpool(sent_petition, form, here)
        if sent.act == "read":
            before = len(sent.draft.wishes)
            sent = await run_in_threadpool(with_table, sent, form, here)
            read = len(sent.draft.wishes) - before
            sent.faults += await run_in_threadpool(_faults_of_rows, sent, _intake(here, person))
            return await _form(here, person, sent, read=read)
    if sent.act == "more":
        return await _form(here, person, sent, more=MORE_ROWS)
    intake = _intake(here, person)
    try:
        petition, _ = await run_in_threadpool(file_petition, sent.draft, intake, sent.faults)
    except PetitionFaults as error:
        sent.faults = list(error.faults)
        return await _form(here, person, sent, status=422)
    except ReportsError as error:
        return await _form(here, person, sent, problem=explain(error), status=422)
    return RedirectResponse(f"{BASE}/{_path(petition.number)}?done=filed", 303)


def _faults_of_rows(sent: SentPetition, intake: Intake) -> list[Fault]:
    """What is wrong with rows that were just read, told at once; the head is still being filled in."""
    try:
        checked(sent.draft, intake)
    except PetitionFaults as error:
        return [one for one in error.faults if one.row]
    return []


def _intake(here: Town, person: Person) -> Intake:
    return Intake(here.reports, here.layers, here.profile, rules_of(here), person)


async def _form(
    here: Town, person: Person, sent: SentPetition, *, more: int = 0, read: int = 0, problem: str = "",
    status: int = 200,
) -> Response:  # fmt: skip
    def values() -> dict[str, Any]:
        draft = sent.draft
        return {
            "sent": sent,
            "draft": draft,
            "rows": [
                (n, wish, kept_photos(wish, draft.uuid, here.secret))
                for n, wish in enumerate(sent.padded(more), 1)
            ],
            "blank": sent.padded(1)[-1],
            "associations": associations(here.layers),
            "this_year": fiscal_year(here.now()),
        }

    found = await run_in_threadpool(values)
    told = {"center": here.profile.center, "words": section("desk_petitions.js")}
    return await desk_page(
        here, person, "desk/petition_new.html", here="petitions", status=status, read=read, problem=problem,
        told=told, categories=_categories(here), consents=list(Consent), **found, **_words(),
    )  # fmt: skip


# --- one petition


async def _page(request: Request, here: Town, person: Person) -> Response:
    done = request.query_params.get("done", "")
    return await _petition(request, here, person, notice=done if done in DONE else "")


async def _petition(
    request: Request, here: Town, person: Person, *, notice: str = "", problem: str = "", status: int = 200,
    typed: Mapping[str, str] | None = None, name: str | None = None,
) -> Response:  # fmt: skip
    """The page of a petition; typed is what was in a form that could not be taken."""
    found = await run_in_threadpool(petition_seen, _number(request), _desk(here, person))
    names = await run_in_threadpool(here.accounts.names)
    kept = typed or {}
    return await desk_page(
        here, person, "desk/petition.html", here="petitions", status=status, notice=notice, problem=problem,
        found=found, petition=found.petition, typed=kept, representative=name, told=_told(here, found),
        years=_years_ahead(here), next_year=found.petition.fiscal_year + 1, today=_today(here),
        fresh=lambda: str(uuid4()), category_of=lambda code: _category(here, code), names=names,
        carryable=[one for one in found.petition.items if one.carryable], **_words(),
    )  # fmt: skip


async def _edit(request: Request, here: Town, person: Person) -> Response:
    found = await run_in_threadpool(petition_seen, _number(request), _desk(here, person))
    if not found.may_issue:
        return await _petition(request, here, person, problem=_not_allowed(found.departments), status=403)
    return await desk_page(
        here, person, "desk/petition_edit.html", here="petitions", found=found, petition=found.petition,
        consents=list(Consent), **_words(),
    )  # fmt: skip


async def _acted(name: str, act: Act, request: Request, here: Town, person: Person) -> Response:
    """A form of the page: taken, or the page once more with the reason and everything typed."""
    number = _number(request)
    async with read_form(request, 0, MOST_FIELDS) as form:
        typed = {key: value for key, value in form.items() if isinstance(value, str)}
        try:
            went = await run_in_threadpool(act, _desk(here, person), number, form)
        except UnknownPetition:
            raise
        except ReportsError as error:
            status = next((code for kind, code in STATUS_OF.items() if isinstance(error, kind)), 422)
            return await _petition(
                request, here, person, problem=_why(error), status=status, typed={**typed, "form": name}
            )
        except BadField as error:
            return await _petition(
                request, here, person, problem=say(f"desk_petitions.refused.{error.key}"), status=422,
                typed={**typed, "form": name},
            )  # fmt: skip
    if name == "representative":
        return await _petition(request, here, person, name=went)
    return RedirectResponse(f"{BASE}/{_path(went)}?done={DID[name]}", 303)


class BadField(ValueError):
    """A field of a form that cannot be read; key says which sentence tells so."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _answer(desk: Desk, number: str, form: FormData) -> str:
    answer, year = _text(form, "answer"), _text(form, "planned_year")
    if answer not in list(PetitionAnswer):
        raise BadField("choose_answer")
    petition = desk_petitions.answer_item(
        desk, number, _whole(form, "position"), PetitionAnswer(answer), _text(form, "text").strip(),
        seen=_whole(form, "seen"), planned_year=int(year) if re.fullmatch(r"\d{4}", year, re.ASCII) else None,
        internal_note=_text(form, "internal_note").strip(), client_uuid=_text(form, "uuid") or None,
    )  # fmt: skip
    return petition.number


def _revise(desk: Desk, number: str, form: FormData) -> str:
    revised = {}
    for name in form:
        if found := re.fullmatch(r"i(\d{1,4})-title", name, re.ASCII):
            key = f"i{found[1]}"
            consents = tuple(one for one in form.getlist(f"{key}-consents") if isinstance(one, str))
            revised[int(found[1])] = Revised(
                _text(form, f"{key}-title").strip(), _text(form, f"{key}-body").strip(),
                _whole(form, f"{key}-priority"), consents,  # type: ignore[arg-type]
            )  # fmt: skip
    return desk_petitions.revise(desk, number, revised, seen=_whole(form, "seen")).number


def _issue(desk: Desk, number: str, form: FormData) -> str:
    try:
        dated = date.fromisoformat(_text(form, "dated"))
    except ValueError:
        raise BadField("issue_day") from None
    return issue(
        desk, number, _text(form, "document_number"), dated, _text(form, "mayor"), seen=_whole(form, "seen")
    ).number


def _carry(desk: Desk, number: str, form: FormData) -> str:
    positions = tuple(
        int(one)
        for one in form.getlist("item")
        if isinstance(one, str) and re.fullmatch(r"\d{1,4}", one, re.ASCII)
    )
    if not positions:
        raise PetitionRefused("nothing_to_carry", number)
    return desk_petitions.carry(
        desk, number, positions, seen=_whole(form, "seen"), client_uuid=_text(form, "uuid")
    ).number


def _representative(desk: Desk, number: str, form: FormData) -> str:
    return desk_petitions.look_at_representative(desk, number, _text(form, "why"))


# name, the right that is asked for at the door, what it does
ACTS: tuple[tuple[str, Right, Act], ...] = (
    ("answer", Right.PETITION, _answer),
    ("edit", Right.PETITION, _revise),
    ("issue", Right.PETITION, _issue),
    ("carry", Right.PETITION, _carry),
    ("representative", Right.CONTACT, _representative),
)
DID = {"answer": "answered", "edit": "revised", "issue": "issued", "carry": "carried"}
DONE = frozenset({"filed", *DID.values()})


def _why(error: ReportsError) -> str:
    if isinstance(error, PetitionRefused):
        return say(f"desk_petitions.refused.{error.why}", which=error.which)
    if isinstance(error, StaleVersion):
        return say("desk_petitions.refused.stale")
    return explain(error)


# --- small things of all pages


def _desk(here: Town, person: Person) -> Desk:
    return Desk(here.reports, here.categories, person, here.now)


def _number(request: Request) -> str:
    """The number in the address, which leaves its 要 out. Raises UnknownPetition for what is none."""
    given = request.path_params["number"]
    if not NUMBER.fullmatch(given):
        raise UnknownPetition(given[:40])
    return f"要{given}"


def _path(number: str) -> str:
    return quote(number.removeprefix("要"))


def _words() -> dict[str, Any]:
    return {
        "answers": list(PetitionAnswer),
        "legend": LEGEND,
        "answer_words": answer_words,
        "year_words": year_words,
        "path_of": _path,
        "day_of": lambda moment: f"{moment.astimezone(JST):%Y-%m-%d}",
        "issued_state": PetitionState.ISSUED,
    }


def _told(here: Town, found: desk_petitions.PetitionSeen) -> dict[str, Any]:
    """What the map's script is told: numbers and places, no words of anybody."""
    pins = [
        {
            "n": one.item.position,
            "lon": one.report.place.lon,
            "lat": one.report.place.lat,
            "answer": one.item.answer or "none",
            "answer_name": answer_words(one.item.answer),
        }
        for one in found.items
        if one.report and not one.hidden
    ]
    return {"pins": pins, "center": here.profile.center, "words": section("desk_petitions.js")}


def _years_ahead(here: Town) -> list[int]:
    first = fiscal_year(here.now())
    return list(range(first, first + YEARS_AHEAD))


def _today(here: Town) -> str:
    return here.now().astimezone(JST).date().isoformat()


def _categories(here: Town) -> list[tuple[str, str]]:
    return [(code, category_name(one)) for code, one in here.categories.items()]


def _category(here: Town, code: str) -> str:
    return category_name(here.categories[code]) if code in here.categories else code


def _not_allowed(departments: str) -> str:
    return explain(NotAllowed(Right.PETITION.value, departments))


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.replace("\r\n", "\n") if isinstance(value, str) else ""


def _whole(form: FormData, name: str) -> int:
    text = _text(form, name)
    return int(text) if re.fullmatch(r"\d{1,9}", text, re.ASCII) else 0
