"""What each form of a report's page does: one line of the table for each, and one step of the desk behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from gisapp.flows.desk import steps
from gisapp.flows.desk.assets import asset_of, known_asset
from gisapp.flows.desk.reading import report_for
from gisapp.flows.desk.replies import FIELDS, filled, strange_field
from gisapp.flows.desk.splitting import Part, split
from gisapp.flows.desk.steps import Desk
from gisapp.flows.locate import locate
from gisapp.person import Right
from gisapp.town import Town
from gisapp.web.desk.report_form import Refused, Sent
from gisapp.web.report.given import number_of
from gisapp.words import say
from layers.box import JAPAN
from reports_store import (
    Finding,
    GeomSource,
    PhotoRole,
    Place,
    Priority,
    Report,
    Status,
    Visibility,
)

Act = Callable[[Desk, Report, Sent, Town], object]
PARTS = 4
E = TypeVar("E", Status, Priority, Visibility, PhotoRole)


def act_of(sent: Sent) -> Act:
    """What a form does. Raises Refused for one that is none of ours."""
    if sent.act not in ACTS:
        raise Refused(say("desk_report.problem.no_act"), 400)
    return ACTS[sent.act]


def before_photos(desk: Desk, report: Report, sent: Sent) -> None:
    """What can be refused before a photo is kept: whoever may not act on a report fills no disk either.

    Raises Refused for an act that takes no photos, NotAllowed.
    """
    act_of(sent)
    rights = _with_photos(sent)
    if not rights:
        names = {one: say(f"desk_report.act_name.{one}") for one in ("status", "note")}
        raise Refused(say("desk_report.problem.no_photos", **names))
    steps.taken(desk, report, (*rights, *steps.to_speak(sent["public"])), sent.uuid)


def _with_photos(sent: Sent) -> tuple[Right, ...]:
    """The rights that a form with photos asks for; none where the step declares no photos and would lose them."""
    if sent.act == "note":
        return (Right.NOTE,)
    takes = sent.act in ("status", "refer") and sent["status"] in list(Status)
    status = Status(sent["status"]) if takes else Status.DUPLICATE
    return () if status is Status.DUPLICATE else steps.rights_into(status)


def take(desk: Desk, report: Report, sent: Sent, here: Town) -> None:
    """Do what a form says to the report as its page showed it; its photos, kept before, have arrived with it.

    Raises Refused, NotAllowed, StaleVersion, the WorkflowErrors and InvalidReport; then nothing has changed.
    """
    act_of(sent)(desk, replace(report, version=sent.seen), sent, here)


def _status(desk: Desk, report: Report, sent: Sent, here: Town) -> object:
    return steps.change_status(
        desk,
        report,
        _one_of(sent, "status", Status),
        public=_public(report, sent, here),
        internal=sent["internal"].strip(),
        declared=sent.photos,
        duplicate_of=sent["duplicate_of"].strip() or None,
        referred_to=sent["referred_to"].strip() or None,
        client_uuid=sent.uuid,
    )


def _assign(desk: Desk, report: Report, sent: Sent, here: Town) -> object:
    department, assignee = sent["department"].strip(), sent["assignee"]
    known = {one.login: one.department for one in here.accounts.people()}
    if department not in {*known.values(), *(one.department for one in here.categories.values())}:
        raise Refused(say("desk_report.problem.department"))
    if assignee and known.get(assignee) != department:
        raise Refused(say("desk_report.problem.assignee", department=department))
    changed = department if department != (report.department or "") else None
    if changed is None and assignee == (report.assignee or ""):
        raise Refused(say("desk_report.problem.same"))
    return steps.assign(
        desk, report, department=changed, assignee=assignee, why=sent["why"].strip(), client_uuid=sent.uuid
    )


def _priority(desk: Desk, report: Report, sent: Sent, here: Town) -> object:
    priority = _one_of(sent, "priority", Priority)
    return steps.set_priority(desk, report, priority, why=sent["why"].strip(), client_uuid=sent.uuid)


def _category(desk: Desk, report: Report, sent: Sent, here: Town) -> object:
    if sent["category"] not in here.categories:
        raise Refused(say("desk_report.problem.category"))
    return steps.recategorise(desk, report, sent["category"], why=sent["why"].strip(), client_uuid=sent.uuid)


def _place(desk: Desk, report: Report, sent: Sent, here: Town) -> object:
    lon, lat = number_of(sent["lon"]), number_of(sent["lat"])
    if lon is None or lat is None or not JAPAN.holds(lon, lat):
        raise Refused(say("desk_report.problem.place"))
    located = locate(lon, lat, here.layers, here.profile)
    if not located.near:
        raise Refused(say("errors.outside_town"))
    place = Place(lon, lat, GeomSource.STAFF)
    area, road = _named(located.area), _named(located.road)
    return steps.move(desk, report, place, area, road, why=sent["why"].strip(), client_uuid=sent.uuid)


def _named(finding: Finding) -> Finding | None:
    return finding if finding.name else None


def _asset(desk: Desk, report: Report, sent: Sent, here: Town) -> object:
    wanted = asset_of(sent["asset"]) if sent["asset"] else None
    asset = known_asset(wanted, desk.person, here.layers)
    if sent["asset"] and asset is None:
        raise Refused(say("desk_report.problem.asset"))
    return steps.point_at(desk, report, asset, client_uuid=sent.uuid)


def _note(desk: Desk, report: Report, sent: Sent, here: Town) -> object:
    if not sent["text"].strip() and not sent.photos:
        raise Refused(say("desk_report.problem.nothing"))
    role = _one_of(sent, "role", PhotoRole) if sent["role"] else PhotoRole.AFTER
    return steps.note(
        desk, report, sent["text"].strip(), declared=sent.photos, photo_role=role, client_uuid=sent.uuid
    )


def _reply(desk: Desk, report: Report, sent: Sent, here: Town) -> object:
    words = _public(report, sent, here)
    if not words:
        raise Refused(say("desk_report.problem.nothing"))
    return steps.reply(desk, report, words, client_uuid=sent.uuid)


def _release(desk: Desk, report: Report, sent: Sent, here: Town) -> object:
    visibility = _one_of(sent, "visibility", Visibility)
    shown = sent["body_public"] == "yes"
    return steps.release_words(
        desk,
        report,
        visibility=visibility if visibility is not report.visibility else None,
        body_public=shown if shown != report.body_public else None,
        why=sent["why"].strip(),
        client_uuid=sent.uuid,
    )


def _hold(desk: Desk, report: Report, sent: Sent, here: Town) -> object:
    return steps.hold(desk, report, sent["held"] == "yes", sent["why"].strip(), client_uuid=sent.uuid)


def _merge(desk: Desk, report: Report, sent: Sent, here: Town) -> object:
    """One of two becomes a duplicate of the other: of the pair on the page, the one that is not kept."""
    other = report_for(desk.person, sent["other"].strip(), desk.reports, desk.categories)
    if sent["keep"] == "other":
        return steps.merge(desk, report, other, internal=sent["why"].strip(), client_uuid=sent.uuid)
    seen = sent["other_seen"]
    if seen.isascii() and seen.isdigit() and len(seen) < 10:
        other = replace(other, version=int(seen))
    return steps.merge(desk, other, report, internal=sent["why"].strip(), client_uuid=sent.uuid)


def _unmerge(desk: Desk, report: Report, sent: Sent, here: Town) -> object:
    return steps.unmerge(desk, report, why=sent["why"].strip(), client_uuid=sent.uuid)


def _split(desk: Desk, report: Report, sent: Sent, here: Town) -> object:
    parts = [
        Part(sent[f"category_{n}"], sent[f"body_{n}"])
        for n in range(1, PARTS + 1)
        if sent[f"body_{n}"].strip()
    ]
    if any(one.category not in here.categories for one in parts):
        raise Refused(say("desk_report.problem.category"))
    return split(desk, report, parts, client_uuid=sent.uuid)


def _public(report: Report, sent: Sent, here: Town) -> str:
    """What residents will read, its {fields} filled in. Raises Refused for a field that would be left standing."""
    words = sent["public"].strip()
    if strange := strange_field(words):
        known = "、".join(f"{{{one}}}" for one in FIELDS)
        raise Refused(say("desk_report.problem.field", field=strange, known=known))
    return filled(words, report, here.categories.get(report.category), here.profile.name, report.lang)


def _one_of(sent: Sent, name: str, kinds: type[E]) -> E:
    if sent[name] not in list(kinds):
        raise Refused(say("desk_report.problem.choose"))
    return kinds(sent[name])


ACTS: Mapping[str, Act] = {
    "status": _status,
    "refer": _status,
    "assign": _assign,
    "priority": _priority,
    "category": _category,
    "place": _place,
    "asset": _asset,
    "note": _note,
    "reply": _reply,
    "release": _release,
    "hold": _hold,
    "merge": _merge,
    "unmerge": _unmerge,
    "split": _split,
}
