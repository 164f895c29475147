"""One step with many reports at once, each by itself: what was done, what was refused and why, and taking it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID, uuid5

from gisapp.flows.desk.reading import report_for
from gisapp.flows.desk.steps import Desk, allow, assign, change_status, reply, set_priority
from gisapp.flows.explain import explain
from gisapp.person import Right
from gisapp.words import say
from reports_store import ActorType, Event, EventKind, NewEvent, Priority, Report, Status
from reports_store.errors import ReportsError, StaleVersion
from reports_store.workflow import ALLOWED

MOST = 200
# States that need a report or a body of their own named are left to the report's page; the first is no step.
BULK_STATES = tuple(
    one for one in Status if one not in {Status.RECEIVED, Status.DUPLICATE, Status.REFERRED, Status.WITHDRAWN}
)
NOBODY = ""


class Act(StrEnum):
    ASSIGN = "assign"
    STATE = "state"
    PRIORITY = "priority"
    REPLY = "reply"


@dataclass(frozen=True, slots=True)
class BulkStep:
    """What is to be done with each. assignee None leaves the person as it is, "" means nobody.

    triage: a report that nobody has decided about is decided by this. public is what residents read.
    """

    act: Act
    department: str | None = None
    assignee: str | None = None
    triage: bool = False
    status: Status | None = None
    priority: Priority | None = None
    public: str = ""
    internal: str = ""

    @property
    def complete(self) -> bool:
        """Whether it says enough to be taken."""
        return {
            Act.ASSIGN: self.department is not None or self.assignee is not None or self.triage,
            Act.STATE: self.status is not None,
            Act.PRIORITY: self.priority is not None,
            Act.REPLY: bool(self.public.strip()),
        }[self.act]


@dataclass(frozen=True, slots=True)
class Pick:
    """A report that was chosen, and the version in which it was seen."""

    public_id: str
    seen: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one report: changed or not, and in words what could not be done; both where a part was done."""

    public_id: str
    changed: bool
    problem: str = ""


def carry_out(step: BulkStep, picks: Sequence[Pick], uuid: str, desk: Desk) -> tuple[Outcome, ...]:
    """Take the step with each report, at most MOST, in the order given; one that is refused stops no other.

    uuid names the whole: sent again, nothing is done twice.
    """
    return tuple(_outcome(step, pick, uuid, desk) for pick in picks[:MOST])


def _outcome(step: BulkStep, pick: Pick, uuid: str, desk: Desk) -> Outcome:
    try:
        found = report_for(desk.person, pick.public_id, desk.reports, desk.categories)
        if found.version != pick.seen and _own_events(uuid, found, desk, "{}"):
            return Outcome(pick.public_id, True)  # pressed twice: told as the first time
        before = replace(found, version=pick.seen)
        after = _TAKE[step.act](step, before, uuid, desk)
    except ReportsError as error:
        return Outcome(pick.public_id, False, explain(error))
    if after.version == pick.seen:
        return Outcome(pick.public_id, False, say("desk_inbox.bulk.as_it_was"))
    return Outcome(pick.public_id, True)


def _assign(step: BulkStep, report: Report, uuid: str, desk: Desk) -> Report:
    """The decision first: who gives a report away may not work on it any more."""
    department = step.department if step.department != report.department else None
    # Whoever had it does not follow it to another department; said here, so that it can be taken back.
    assignee = NOBODY if department and step.assignee is None and report.assignee else step.assignee
    assignee = None if assignee is not None and (assignee or None) == report.assignee else assignee
    decided = step.triage and Status.TRIAGED in ALLOWED[report.status]
    if decided:
        allow(desk, report, Right.ASSIGN, Right.WORK)
        report = change_status(desk, report, Status.TRIAGED, client_uuid=_key(uuid, report, Act.STATE))
    if department is None and assignee is None:
        return report
    return assign(
        desk, report, department=department, assignee=assignee, client_uuid=_key(uuid, report, Act.ASSIGN)
    )


def _state(step: BulkStep, report: Report, uuid: str, desk: Desk) -> Report:
    if step.status is None or step.status is report.status:
        return report
    key = _key(uuid, report, Act.STATE)
    return change_status(
        desk, report, step.status, public=step.public, internal=step.internal, client_uuid=key
    )


def _priority(step: BulkStep, report: Report, uuid: str, desk: Desk) -> Report:
    if step.priority is None or step.priority is report.priority:
        return report
    return set_priority(desk, report, step.priority, client_uuid=_key(uuid, report, Act.PRIORITY))


def _reply(step: BulkStep, report: Report, uuid: str, desk: Desk) -> Report:
    return reply(desk, report, step.public, client_uuid=_key(uuid, report, Act.REPLY))


_TAKE: Mapping[Act, Callable[[BulkStep, Report, str, Desk], Report]] = {
    Act.ASSIGN: _assign,
    Act.STATE: _state,
    Act.PRIORITY: _priority,
    Act.REPLY: _reply,
}


def take_back(uuid: str, numbers: Sequence[str], desk: Desk) -> tuple[Outcome, ...]:
    """Undo what a bulk step of this person did with these reports, by opposite events: nothing is erased.

    What somebody has changed since stays as it is, and so does what the workflow knows no way back from.
    """
    return tuple(_undone(uuid, number, desk) for number in numbers[:MOST])


_ACTS: Mapping[EventKind, Act] = {
    EventKind.ASSIGN: Act.ASSIGN,
    EventKind.STATUS: Act.STATE,
    EventKind.PRIORITY: Act.PRIORITY,
    EventKind.PUBLIC_REPLY: Act.REPLY,
}


def _undone(uuid: str, number: str, desk: Desk) -> Outcome:
    try:
        report = desk.reports.get(number)
        done = _own_events(uuid, report, desk, "{}")
        if not done:
            report_for(
                desk.person, number, desk.reports, desk.categories
            )  # hidden is as if it were not there
            return Outcome(number, False, say("desk_inbox.undo.not_yours"))
        if _own_events(uuid, report, desk, "undo {}"):
            return Outcome(number, False, say("desk_inbox.undo.already"))
        if done[-1].seq != report.version:
            raise StaleVersion(report.id, done[-1].seq, report.version)
        return _back(uuid, report, done, desk)
    except ReportsError as error:
        return Outcome(number, False, explain(error))


def _own_events(uuid: str, report: Report, desk: Desk, named: str) -> list[Event]:
    keys = {_key(uuid, report, named.format(act)) for act in Act}
    own = [event for event in desk.reports.events(report.id) if event.client_uuid in keys]
    return [event for event in own if event.actor == desk.person.login]


def _back(uuid: str, report: Report, done: Sequence[Event], desk: Desk) -> Outcome:
    back, problems = [], []
    for event in reversed(done):
        act = _ACTS[event.kind]
        after, problem = _one_back(report, event, _key(uuid, report, f"undo {act}"), desk)
        if problem:
            problems.append(problem)
        elif after.version != report.version:
            back.append(act)
        report = after
    parts = [say(f"desk_inbox.undo.back.{act}") for act in back] if problems else []
    return Outcome(report.public_id, bool(back), " ".join([*parts, *problems]))


def _one_back(report: Report, event: Event, key: str, desk: Desk) -> tuple[Report, str]:
    """The report after the opposite of one event, or as it stays, and in words why."""
    try:
        if event.kind is EventKind.PUBLIC_REPLY:
            return report, say("desk_inbox.undo.told")
        if event.kind is EventKind.ASSIGN:
            return _given_back(report, event, key, desk), ""
        if event.kind is EventKind.PRIORITY:
            former = Priority(str(event.changes["from"]["priority"]))
            return set_priority(desk, report, former, client_uuid=key), ""
        return _state_back(report, event, key, desk)
    except ReportsError as error:
        return report, explain(error)


def _given_back(report: Report, event: Event, key: str, desk: Desk) -> Report:
    """Straight to the store: who gave a report away has no right over it, but may take the gift back."""
    to = {**event.changes["from"], "why": say("desk_inbox.undo.why")}
    opposite = NewEvent(
        EventKind.ASSIGN, desk.now(), ActorType.STAFF, desk.person.login, {"to": to}, client_uuid=key
    )
    return desk.reports.append(report.id, opposite, seen=report.version)


def _state_back(report: Report, event: Event, key: str, desk: Desk) -> tuple[Report, str]:
    former = Status(str(event.changes["from"]["status"]))
    if former not in ALLOWED[report.status]:
        names = {"frm": say(f"report.status.{report.status}"), "to": say(f"report.status.{former}")}
        return report, say("desk_inbox.undo.no_way_back", **names)
    why = say("desk_inbox.undo.why")
    return change_status(desk, report, former, internal=why, client_uuid=key), ""


def _key(uuid: str, report: Report, name: str) -> str:
    """One event's own key: the same press gives the same keys."""
    return str(uuid5(UUID(uuid), f"{report.public_id} {name}"))
